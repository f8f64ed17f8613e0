import type { Attachment } from '../ipc/generated/Attachment';
import type { BlindPace } from '../ipc/generated/BlindPace';
import type { ContextPolicy } from '../ipc/generated/ContextPolicy';
import type { ConversationSummary } from '../ipc/generated/ConversationSummary';
import type { ConversationView } from '../ipc/generated/ConversationView';
import type { LaneView } from '../ipc/generated/LaneView';
import type { SendTurn } from '../ipc/generated/SendTurn';
import type { TurnFrame } from '../ipc/generated/TurnFrame';
import type { TurnStarted } from '../ipc/generated/TurnStarted';
import type { Client } from '../ipc/client';
import { Draft } from './drafts.svelte';
import { LanesLineUp, type NewLineUp } from './line-up.svelte';
import type { Models } from './models.svelte';
import type { Nav } from './nav.svelte';
import type { Toasts } from './toasts.svelte';
import { stand, type Place } from './stand';
import { begun, extended, near, renewed, same, type Stretch, STEPS } from './stretch';
import { isFinal, LiveTurn } from './turns.svelte';
import type { View } from './view';
import { t } from '../shared/i18n.svelte';

export type Layout = 'columns' | 'grid' | 'focus';
const isLayout = (value: unknown): value is Layout =>
  value === 'columns' || value === 'grid' || value === 'focus';

export interface Parts {
  client: Client;
  view: View;
  toasts: Toasts;
  models: Models;
  nav: Nav;
  /** Every answer of a turn has ended. */
  onTurnEnd?: (title: string, turn: LiveTurn) => void;
}

const POLICIES: readonly ContextPolicy['type'][] = ['own', 'winner', 'all', 'custom'];

/** A conversation on the screen. */
export class OpenConversation {
  readonly id: string;
  readonly draft: Draft;
  readonly lineUp: LanesLineUp;
  title = $state('');
  /** Without a gap, oldest first; not all there are. */
  turns = $state.raw<LiveTurn[]>([]);
  /** How many stand before and after them. */
  earlier = $state(0);
  later = $state(0);
  layout = $state<Layout>('columns');
  /** Column that tabs and keys speak of. */
  selected = $state(0);
  /** Policy it is routed under, beside the usual one. */
  routedUnder = $state<string | null>(null);
  /** Where to go next; `null` once it has been gone to. */
  place = $state.raw<Place | null>(null);
  /** What the next turn's lanes are shown. Stays until it is changed. */
  policy = $state.raw<ContextPolicy>({ type: 'own' });
  /** Lanes the next prompt is for; none = all of them. */
  to = $state.raw<string[]>([]);
  /** The turn whose prompt is being written anew. */
  editing = $state<string | null>(null);
  /** Share of the width each lane has, by its id; 1 where none is kept. */
  widths = $state.raw<Readonly<Record<string, number>>>({});
  /** Turns before or after are on their way. */
  private coming: Promise<void> | null = null;
  /** Rises with every wish to stand at other turns: only the last one is followed. */
  private headed = 0;

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
    this.earlier = view.earlier;
    this.later = view.later;
    this.learnOthers(view);
  }

  /** The one answer that every lane continues from, if they do. */
  get shared(): string | null {
    const { lanes } = this.lineUp;
    const head = lanes[0]?.head ?? null;
    return lanes.length > 1 && lanes.every((lane) => lane.head === head) ? head : null;
  }

  /** Lanes of the line-up that the next prompt is for. */
  get addressed(): LaneView[] {
    return this.lineUp.lanes.filter((lane) => this.to.includes(lane.id));
  }

  get running(): LiveTurn | undefined {
    return this.turns.findLast((turn) => turn.calm.live);
  }

  async load(): Promise<void> {
    const { view } = this.parts;
    const layout = await view.get(`view.layout.${this.id}`).catch(() => null);
    if (isLayout(layout)) this.layout = layout;
    const policy = await view.get<ContextPolicy>(`view.context.${this.id}`).catch(() => null);
    if (policy && POLICIES.includes(policy.type)) this.policy = policy;
    const widths = await view.get<Record<string, number>>(`view.widths.${this.id}`).catch(() => null);
    if (widths) this.widths = widths;
    await this.draft.load();
    for (const turn of this.turns) await turn.subscribe();
  }

  setLayout(layout: Layout): void {
    this.layout = layout;
    void this.parts.view.set(`view.layout.${this.id}`, layout);
  }

  setPolicy(policy: ContextPolicy): void {
    this.policy = policy;
    void this.parts.view.set(`view.context.${this.id}`, policy);
  }

  /** Gives a lane so much more of the width than one that was never resized. */
  setWidth(lane: string, share: number): void {
    this.widths = { ...this.widths, [lane]: Math.min(4, Math.max(0.25, share)) };
    this.parts.view.setSoon(`view.widths.${this.id}`, this.widths);
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
    this.put(begun(this, turn));
    this.to = [];
    this.editing = null;
    early.forEach(turn.frame);
    return turn;
  }

  /** Looks again at what another command or program may have changed; a running turn's end does so too. */
  async refresh(): Promise<void> {
    if (this.running) return;
    // Whoever reads what is long past is not taken from there.
    if (this.later > 0) return this.relearn();
    const view = await this.parts.client.call('conversation/open', { id: this.id });
    if (this.running) return;
    await this.adopt(view);
  }

  /** Brings the turns before or after those that are here; of the others as many go. What is on its way comes first. */
  more(side: 'before' | 'after'): Promise<void> {
    return (this.coming ??= this.bring(side).finally(() => (this.coming = null)));
  }

  private async bring(type: 'before' | 'after'): Promise<void> {
    const edge = () => (type === 'before' ? this.turns[0] : this.turns.at(-1));
    const turn = edge();
    if (!turn || (type === 'before' ? this.earlier : this.later) === 0) return;
    try {
      const span = { type, turn: turn.id };
      const view = await this.parts.client.call('conversation/open', { id: this.id, span });
      // Another branch may be shown by now.
      if (edge() !== turn || view.turns.length === 0) return;
      const found = view.turns.map((known) => this.live(known));
      this.put(extended(this, found, view, type));
      this.learnOthers(view);
      // Nothing waits for these: more can be brought meanwhile.
      for (const one of found.filter((known) => known.view.live)) {
        one.subscribe().catch((reason: unknown) => this.parts.toasts.fail(reason));
      }
    } catch (reason) {
      this.parts.toasts.fail(reason);
    }
  }

  /**
   * Brings the turns around one that is not here; false = it is not on this branch, `null` = other turns have been
   * asked for meanwhile, or nobody waits for these `still`.
   */
  async reach(turn: string, still: () => boolean = () => true): Promise<boolean | null> {
    const here = () => this.turns.some((known) => known.id === turn);
    const mine = ++this.headed;
    const wanted = () => mine === this.headed && still();
    if (!here()) {
      const asked = { id: this.id, span: { type: 'around' as const, turn } };
      const view = await this.parts.client.call('conversation/open', asked);
      const way = wanted() ? near(this, view, turn) : null;
      for (let step = 0; way && wanted() && step < STEPS && !here(); step += 1) await this.more(way);
      if (!wanted()) return null;
      if (!here()) await this.adopt(view);
    }
    return here();
  }

  /** Goes to the newest turns, if they are not here. */
  async toNewest(): Promise<void> {
    const mine = ++this.headed;
    if (this.later === 0) return;
    const view = await this.parts.client.call('conversation/open', { id: this.id });
    if (mine === this.headed) await this.adopt(view);
  }

  /** The line-up as the core has it, while answers arrive. */
  async relearn(): Promise<void> {
    const view = await this.parts.client.call('conversation/open', { id: this.id });
    this.lineUp.take(view.lanes);
    this.learnOthers(view);
  }

  /** Shows a branch as the core has it. Turns that are as they were are not drawn anew. */
  async adopt(view: ConversationView): Promise<void> {
    this.title = view.title;
    this.routedUnder = view.policy ?? null;
    this.lineUp.take(view.lanes);
    const before = this.turns;
    const turns = view.turns.map((turn) => {
      const known = before.find((candidate) => candidate.id === turn.id);
      if (!known) return this.live(turn);
      if (turn.live || !same(turn, known.view)) known.take(turn);
      return known;
    });
    this.put(renewed(this, turns, view));
    this.learnOthers(view);
    for (const turn of this.turns) if (turn.view.live) await turn.subscribe();
  }

  close(): void {
    for (const turn of this.turns) turn.close();
  }

  /** Turns that are here no longer are listened to no longer. */
  private put(next: Stretch): void {
    const gone = this.turns.filter((turn) => !next.turns.includes(turn));
    gone.forEach((turn) => turn.close());
    this.turns = next.turns;
    this.earlier = next.earlier;
    this.later = next.later;
  }

  private live(view: ConversationView['turns'][number]): LiveTurn {
    const turn = new LiveTurn(this.parts.client, view, () => {
      this.onEnd();
      this.parts.onTurnEnd?.(this.title, turn);
      // Lane heads moved with the answers.
      void this.refresh().catch((reason: unknown) => this.parts.toasts.fail(reason));
    });
    return turn;
  }

  /** Marks of models that answered once but have left the line-up. */
  private learnOthers(view: ConversationView): void {
    // Letters are no models.
    const named = view.turns.filter((turn) => !turn.blind || turn.blind.revealed);
    const targets = named.flatMap((turn) => turn.runs.map((run) => run.target));
    this.parts.models.ensure(targets).catch((reason: unknown) => this.parts.toasts.fail(reason));
  }
}

/** The list in the sidebar and the one conversation that is open. */
export class Conversations {
  list = $state.raw<ConversationSummary[]>([]);
  open = $state.raw<OpenConversation | null>(null);
  /** A conversation is being fetched. */
  opening = $state(false);
  /** The next prompt is asked with the names hidden until a vote. */
  blind = $state(false);
  /** When its answers are shown: all at once, or each when it is there. */
  pace = $state<BlindPace>('together');
  /** The prompt is on its way. */
  sending = $state(false);
  /** The map of the open one is shown. */
  mapping = $state(false);
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
    // Answers of another program end without a word to this window.
    if (this.open?.turns.some(({ view }) => !view.live && !view.runs.every(isFinal)))
      await this.open.refresh();
  }

  async show(id: string, place: Place | null = null): Promise<void> {
    this.wanted = id;
    if (this.open?.id === id) {
      this.opening = false;
      this.parts.nav.go({ name: 'chat', id });
      if (place) await stand(this.parts.client, this.open, place);
      return;
    }
    this.opening = true;
    try {
      const view = await this.parts.client.call('conversation/open', { id, span: { type: 'few' } });
      // The user has asked for another one or gone elsewhere meanwhile.
      if (this.wanted !== id) return;
      const next = new OpenConversation(this.parts, view, () => this.ended());
      this.replace(next);
      this.parts.nav.go({ name: 'chat', id });
      await next.load();
      if (place) await stand(this.parts.client, next, place);
    } catch (reason) {
      this.parts.toasts.fail(reason);
      if (this.wanted === id) this.wanted = null;
    } finally {
      if (this.wanted === id || this.wanted === null) this.opening = false;
    }
  }

  /** A prompt to the open conversation or to a new one; `beside` = another wording of that turn's. */
  asking(prompt: string, beside: string | null = null): SendTurn {
    const here = this.parts.nav.page.name === 'chat' ? this.open : null;
    // What the lanes are shown hangs on these too: an estimate is reckoned anew when they change.
    void [here?.turns.at(-1)?.calm.pick, here?.lineUp.lanes];
    const models = here ? here.lineUp.items.length : this.lineUp.targets.length;
    return {
      conversation: here?.id ?? null,
      line_up: here ? [] : this.lineUp.targets,
      prompt,
      attachments: this.carried(here, beside),
      context: here?.policy ?? { type: 'own' },
      policy: here ? null : this.lineUp.policy,
      lanes: beside === null ? (here?.addressed.map((lane) => lane.id) ?? []) : [],
      beside,
      ...(this.blind && models > 1 ? { blind: this.pace } : {}),
    };
  }

  /**
   * Sends the prompt of the open conversation or of a new one; `anyway`: past the budgets, once. True if the
   * core has recorded it.
   */
  async send(prompt: string, anyway = false, beside: string | null = null): Promise<boolean> {
    if (this.sending) return false;
    this.sending = true;
    const from = this.parts.nav.page.name;
    const here = from === 'chat' ? this.open : null;
    const asking = this.asking(prompt, beside);
    const early: TurnFrame[] = [];
    let turn: LiveTurn | null = null;
    let watched = true;
    try {
      const started = await this.parts.client.stream(
        anyway ? 'turn/start_anyway' : 'turn/start',
        asking,
        (frame) => {
          if (turn) turn.frame(frame);
          else if (watched) early.push(frame);
        },
      );
      // The same conversation may have been closed and opened again meanwhile.
      const shown = here && this.open?.id === here.id ? this.open : null;
      const draft = here ? (shown ?? here).draft : this.draft;
      // What was typed while the prompt was on its way stays.
      if (beside === null && draft.text === prompt) draft.clear(asking.attachments ?? []);
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

  /** Files of a prompt: those of the draft, or of the turn whose prompt is written anew. */
  private carried(here: OpenConversation | null, beside: string | null): Attachment[] {
    if (beside === null) return (here?.draft ?? this.draft).files;
    return here?.turns.find((turn) => turn.id === beside)?.view.attachments ?? [];
  }

  async stopAll(): Promise<void> {
    const running = this.open?.turns.filter((turn) => turn.view.live) ?? [];
    await Promise.all(
      running.map((turn) => turn.cancel(null).catch((reason: unknown) => this.parts.toasts.fail(reason))),
    );
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
      this.parts.toasts.show(t('Conversation archived'), () => void this.restore(id));
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
      this.parts.toasts.show(t('Conversation deleted. It stays in the trash for 30 days'), () => {
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
    const next = new OpenConversation(
      this.parts,
      { id, title, lanes: started.lanes, turns: [], earlier: 0, later: 0 },
      () => this.ended(),
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

  note(summary: ConversationSummary): void {
    const others = this.list.filter((known) => known.id !== summary.id);
    this.list = [summary, ...others].sort((a, b) => b.updated_at - a.updated_at);
  }

  private ended(): void {
    this.onEnd();
    this.reload().catch((reason: unknown) => this.parts.toasts.fail(reason));
  }
}
