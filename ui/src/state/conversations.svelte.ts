import type { ContextPolicy } from '../ipc/generated/ContextPolicy';
import type { ConversationSummary } from '../ipc/generated/ConversationSummary';
import type { ConversationView } from '../ipc/generated/ConversationView';
import type { SendTurn } from '../ipc/generated/SendTurn';
import type { TurnFrame } from '../ipc/generated/TurnFrame';
import type { TurnStarted } from '../ipc/generated/TurnStarted';
import type { Client } from '../ipc/client';
import { Draft } from './drafts.svelte';
import { LanesLineUp, type NewLineUp } from './line-up.svelte';
import type { Models } from './models.svelte';
import type { Nav } from './nav.svelte';
import type { Toasts } from './toasts.svelte';
import { LiveTurn } from './turns.svelte';
import type { View } from './view';

export type Layout = 'columns' | 'grid' | 'focus';
const isLayout = (value: unknown): value is Layout =>
  value === 'columns' || value === 'grid' || value === 'focus';

export interface Parts {
  client: Client;
  view: View;
  toasts: Toasts;
  models: Models;
  nav: Nav;
}

/** Where to stand in a conversation. */
export interface Place {
  turn: string;
  /** An answer; `null` = the prompt. */
  run: string | null;
}

/** A conversation on the screen. */
export class OpenConversation {
  readonly id: string;
  readonly draft: Draft;
  readonly lineUp: LanesLineUp;
  title = $state('');
  turns = $state.raw<LiveTurn[]>([]);
  layout = $state<Layout>('columns');
  /** Column that tabs and keys speak of. */
  selected = $state(0);
  /** Policy it is routed under, beside the usual one. */
  routedUnder = $state<string | null>(null);
  /** Where to go next; `null` once it has been gone to. */
  place = $state.raw<Place | null>(null);
  private chosen = $state.raw<ContextPolicy>({ type: 'own' });

  constructor(
    private readonly parts: Parts,
    view: ConversationView,
    private readonly onEnd: () => void,
  ) {
    this.id = view.id;
    this.title = view.title;
    this.routedUnder = view.policy ?? null;
    this.draft = new Draft(parts.view, view.id);
    this.lineUp = new LanesLineUp(
      view.id,
      view.lanes,
      parts.client,
      parts.models,
      parts.toasts,
      () => this.running !== undefined,
    );
    this.turns = view.turns.map((turn) => this.live(turn));
    this.learnOthers(view);
  }

  /**
   * What the next turn's lanes are shown; back to `own` after it, and while the chosen message ends no
   * lane's branch: its lane has left the line-up or was asked again.
   */
  get policy(): ContextPolicy {
    const { chosen } = this;
    if (chosen.type === 'own') return chosen;
    const stands = this.lineUp.lanes.some((lane) => lane.head === chosen.message);
    return stands ? chosen : { type: 'own' };
  }

  set policy(policy: ContextPolicy) {
    this.chosen = policy;
  }

  get running(): LiveTurn | undefined {
    return this.turns.findLast((turn) => turn.view.live);
  }

  async load(): Promise<void> {
    const layout = await this.parts.view.get(`view.layout.${this.id}`).catch(() => null);
    if (isLayout(layout)) this.layout = layout;
    await this.draft.load();
    for (const turn of this.turns) await turn.subscribe();
  }

  setLayout(layout: Layout): void {
    this.layout = layout;
    void this.parts.view.set(`view.layout.${this.id}`, layout);
  }

  /** Puts it under a policy from the next prompt on; refused, and said so, it stays where it was. */
  async route(policy: string | null): Promise<void> {
    try {
      await this.parts.client.call('conversation/policy', { id: this.id, policy });
      this.routedUnder = policy;
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  /** A turn that this window has just begun; `early` came in before the answer of the command. */
  begin(started: TurnStarted, early: readonly TurnFrame[]): LiveTurn {
    const turn = this.live(started.turn);
    this.lineUp.take(started.lanes);
    this.title = started.conversation.title;
    this.turns = [...this.turns, turn];
    this.policy = { type: 'own' };
    early.forEach(turn.frame);
    return turn;
  }

  /** Looks again at what another command or program may have changed; a running turn's end does so too. */
  async refresh(): Promise<void> {
    if (this.running) return;
    const view = await this.parts.client.call('conversation/open', { id: this.id });
    if (this.running) return;
    this.title = view.title;
    this.routedUnder = view.policy ?? null;
    this.lineUp.take(view.lanes);
    this.turns = view.turns.map((turn) => {
      const known = this.turns.find((candidate) => candidate.id === turn.id);
      if (!known) return this.live(turn);
      if (turn.seq !== known.view.seq || turn.live) known.take(turn);
      return known;
    });
    this.learnOthers(view);
    for (const turn of this.turns) if (turn.view.live) await turn.subscribe();
  }

  close(): void {
    for (const turn of this.turns) turn.close();
  }

  private live(view: ConversationView['turns'][number]): LiveTurn {
    return new LiveTurn(this.parts.client, view, () => {
      this.onEnd();
      // Lane heads moved with the answers.
      void this.refresh().catch((reason: unknown) => this.parts.toasts.fail(reason));
    });
  }

  /** Marks of models that answered once but have left the line-up. */
  private learnOthers(view: ConversationView): void {
    const targets = view.turns.flatMap((turn) => turn.runs.map((run) => run.target));
    this.parts.models.ensure(targets).catch((reason: unknown) => this.parts.toasts.fail(reason));
  }
}

/** The list in the sidebar and the one conversation that is open. */
export class Conversations {
  list = $state.raw<ConversationSummary[]>([]);
  open = $state.raw<OpenConversation | null>(null);
  /** A conversation is being fetched. */
  opening = $state(false);
  /** The prompt is on its way. */
  sending = $state(false);
  private wanted: string | null = null;

  constructor(
    private readonly parts: Parts,
    private readonly lineUp: NewLineUp,
    readonly draft: Draft,
    private readonly onEnd: () => void,
  ) {
    // Whoever goes elsewhere waits for no conversation any more; its late answer changes nothing.
    parts.nav.onGo((page) => {
      if (page.name !== 'chat' || page.id !== this.wanted) this.wanted = null;
    });
  }

  async reload(): Promise<void> {
    this.list = await this.parts.client.call('conversation/list', null);
    const open = this.list.find((summary) => summary.id === this.open?.id);
    if (open && this.open) this.open.title = open.title;
  }

  async show(id: string, place: Place | null = null): Promise<void> {
    this.wanted = id;
    if (this.open?.id === id) {
      this.opening = false;
      this.parts.nav.go({ name: 'chat', id });
      if (place) this.open.place = place;
      return;
    }
    this.opening = true;
    try {
      const view = await this.parts.client.call('conversation/open', { id });
      // The user has asked for another one or gone elsewhere meanwhile.
      if (this.wanted !== id) return;
      const next = new OpenConversation(this.parts, view, () => this.ended());
      next.place = place;
      this.replace(next);
      this.parts.nav.go({ name: 'chat', id });
      await next.load();
    } catch (reason) {
      this.parts.toasts.fail(reason);
      if (this.wanted === id) this.wanted = null;
    } finally {
      if (this.wanted === id || this.wanted === null) this.opening = false;
    }
  }

  /** A prompt to the open conversation or to a new one. */
  asking(prompt: string): SendTurn {
    const here = this.parts.nav.page.name === 'chat' ? this.open : null;
    return {
      conversation: here?.id ?? null,
      line_up: here ? [] : this.lineUp.targets,
      prompt,
      context: here?.policy ?? { type: 'own' },
      policy: here ? null : this.lineUp.policy,
    };
  }

  /**
   * Sends the prompt of the open conversation or of a new one; `anyway`: past the budgets, once. True if the
   * core has recorded it.
   */
  async send(prompt: string, anyway = false): Promise<boolean> {
    if (this.sending) return false;
    this.sending = true;
    const from = this.parts.nav.page.name;
    const here = from === 'chat' ? this.open : null;
    const early: TurnFrame[] = [];
    let turn: LiveTurn | null = null;
    let watched = true;
    try {
      const started = await this.parts.client.stream(
        anyway ? 'turn/start_anyway' : 'turn/start',
        this.asking(prompt),
        (frame) => {
          if (turn) turn.frame(frame);
          else if (watched) early.push(frame);
        },
      );
      // The same conversation may have been closed and opened again meanwhile.
      const shown = here && this.open?.id === here.id ? this.open : null;
      const draft = here ? (shown ?? here).draft : this.draft;
      // What was typed while the prompt was on its way stays.
      if (draft.text === prompt) draft.clear();
      const stayed = this.parts.nav.page.name === from && this.wanted === null;
      const target = here ? shown : stayed ? this.created(started) : null;
      if (target && !target.turns.some((known) => known.id === started.turn.id)) {
        turn = target.begin(started, early);
      }
      watched = turn !== null;
      this.note(started.conversation);
      return true;
    } catch (reason) {
      this.parts.toasts.fail(reason);
      return false;
    } finally {
      this.sending = false;
    }
  }

  async stopAll(): Promise<void> {
    await this.open?.running?.cancel(null).catch((reason: unknown) => this.parts.toasts.fail(reason));
  }

  async rename(id: string, title: string): Promise<void> {
    const trimmed = title.trim();
    if (trimmed === '') return;
    try {
      const summary = await this.parts.client.call('conversation/rename', { id, title: trimmed });
      this.note(summary);
      if (this.open?.id === id) this.open.title = summary.title;
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  async archive(id: string): Promise<void> {
    try {
      await this.parts.client.call('conversation/archive', { id, archived: true });
      this.leave(id);
      this.parts.toasts.show('Conversation archived', () => void this.restore(id));
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  /** Into the trash, with a way back. */
  async remove(id: string, onUndo: () => void = () => {}): Promise<void> {
    try {
      await this.parts.client.call('conversation/delete', { id });
      this.leave(id);
      const undo = async () => {
        await this.parts.client.call('conversation/restore', { id });
        await this.reload();
        onUndo();
      };
      this.parts.toasts.show('Conversation deleted. It stays in the trash for 30 days', () => {
        undo().catch((reason: unknown) => this.parts.toasts.fail(reason));
      });
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  /** It is no longer in the list. */
  private leave(id: string): void {
    this.list = this.list.filter((summary) => summary.id !== id);
    if (this.open?.id !== id) return;
    this.replace(null);
    if (this.parts.nav.page.name === 'chat') this.parts.nav.go({ name: 'new' });
  }

  private async restore(id: string): Promise<void> {
    try {
      await this.parts.client.call('conversation/archive', { id, archived: false });
      await this.reload();
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  private created(started: TurnStarted): OpenConversation {
    const { id, title } = started.conversation;
    const next = new OpenConversation(this.parts, { id, title, lanes: started.lanes, turns: [] }, () =>
      this.ended(),
    );
    next.draft.ready = true;
    this.wanted = id;
    this.replace(next);
    this.parts.nav.go({ name: 'chat', id });
    return next;
  }

  private replace(next: OpenConversation | null): void {
    this.open?.close();
    this.open = next;
  }

  private note(summary: ConversationSummary): void {
    this.list = [summary, ...this.list.filter((known) => known.id !== summary.id)].sort(
      (a, b) => b.updated_at - a.updated_at,
    );
  }

  private ended(): void {
    this.onEnd();
    this.reload().catch((reason: unknown) => this.parts.toasts.fail(reason));
  }
}
