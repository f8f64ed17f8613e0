// What is asked beside the answers of a turn: a judge's opinion of them, and one answer made of them.
import type { Client } from '../ipc/client';
import type { EstimateView } from '../ipc/generated/EstimateView';
import type { JudgeTurn } from '../ipc/generated/JudgeTurn';
import type { Judgement } from '../ipc/generated/Judgement';
import type { MergeTurn } from '../ipc/generated/MergeTurn';
import type { ModelRef } from '../ipc/generated/ModelRef';
import type { Rule } from '../ipc/generated/Rule';
import type { Toasts } from './toasts.svelte';
import type { LiveTurn } from './turns.svelte';
import { told } from './failures';

/** What the dialog is open for. */
export interface Wanted {
  what: 'judge' | 'merge';
  turn: LiveTurn;
}

/** `author/name` or `author/name@provider`, as users write it. */
export function modelRef(text: string): ModelRef {
  const [model = '', provider] = text.trim().split('@');
  return { model, provider: provider === undefined || provider === '' ? null : provider };
}

export class Beside {
  /** Judgements of the open conversation by their turns, oldest first. */
  judgements = $state.raw<ReadonlyMap<string, Judgement[]>>(new Map());
  /** Turns that a judge was asked about and has not answered. */
  judging = $state.raw<ReadonlySet<string>>(new Set());
  wanted = $state.raw<Wanted | null>(null);
  estimate = $state.raw<EstimateView | null>(null);
  problem = $state<string | null>(null);
  /** What the last judge was asked by. */
  rubric = $state.raw<Rule[]>([]);
  judge = $state('');
  private conversation: string | null = null;
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  /** The judgements of a conversation that has come onto the screen. */
  async load(conversation: string): Promise<void> {
    if (this.conversation !== conversation) this.judgements = new Map();
    this.conversation = conversation;
    try {
      const all = await this.client.call('conversation/judgements', { id: conversation });
      if (this.conversation !== conversation) return;
      const byTurn = new Map<string, Judgement[]>();
      for (const one of all) byTurn.set(one.turn, [...(byTurn.get(one.turn) ?? []), one]);
      this.judgements = byTurn;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async reload(): Promise<void> {
    if (this.conversation !== null) await this.load(this.conversation);
  }

  /** Opens the dialog, with what was used last. */
  async open(what: Wanted['what'], turn: LiveTurn): Promise<void> {
    this.estimate = null;
    this.problem = null;
    try {
      const last = await this.client.call('judge/defaults', null);
      this.rubric = last.rubric;
      this.judge = last.model ?? '';
      this.wanted = { what, turn };
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  close(): void {
    this.asked += 1;
    this.wanted = null;
  }

  /** What it would cost. Nothing is sent. */
  async reckon(wish: JudgeTurn | MergeTurn): Promise<void> {
    const turn = ++this.asked;
    try {
      const estimate =
        'rubric' in wish
          ? await this.client.call('turn/judge_estimate', wish)
          : await this.client.call('turn/merge_estimate', wish);
      if (turn !== this.asked) return;
      this.estimate = estimate;
      this.problem = null;
    } catch (reason) {
      if (turn !== this.asked) return;
      this.estimate = null;
      this.problem = told(reason);
    }
  }

  /** Asks the judge; it goes on when the dialog, or the conversation, is left. */
  async ask(wish: JudgeTurn): Promise<void> {
    this.close();
    this.judging = new Set([...this.judging, wish.turn]);
    try {
      const judged = await this.client.call('turn/judge', wish);
      if (judged.failure) this.toasts.fail(judged.failure);
    } catch (reason) {
      this.toasts.fail(reason);
    }
    this.judging = new Set([...this.judging].filter((turn) => turn !== wish.turn));
    await this.reload();
  }

  async stop(turn: string): Promise<void> {
    await this.guarded(() => this.client.call('turn/judge_stop', { turn }));
  }

  async remove(id: string): Promise<void> {
    await this.guarded(() => this.client.call('judge/remove', { id }));
    await this.reload();
  }

  /** Makes one answer of those of a turn, in a lane of its own. */
  async merge(turn: LiveTurn, wish: MergeTurn): Promise<void> {
    this.close();
    await this.guarded(() => turn.merge(wish));
  }

  private async guarded(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }
}
