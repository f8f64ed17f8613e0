import type { LaneTarget } from '../ipc/generated/LaneTarget';
import type { MergeTurn } from '../ipc/generated/MergeTurn';
import type { Op } from '../ipc/generated/Op';
import type { Pick } from '../ipc/generated/Pick';
import type { RunView } from '../ipc/generated/RunView';
import type { TurnFrame } from '../ipc/generated/TurnFrame';
import type { TurnView } from '../ipc/generated/TurnView';
import { applyFrame } from '../ipc/apply';
import type { Client } from '../ipc/client';
import { addMoney, type SumFacts } from '../shared/format';
import { NextFrame } from './next';
import { Pace } from './pace';

/** A live turn that stays silent this long is asked for as a whole. */
export const SILENCE_MS = 5000;
/**
 * Text that grows is drawn this often at most. To draw it takes much of a frame where the processor paints, and what is
 * typed or scrolled meanwhile waits for no more than one such frame if the next is free.
 */
const GROW_MS = 30;
/** What comes after this long a rest is folded in at once: the page has the time before its next frame for it. */
const REST_MS = 50;
/** Figures and clocks of answers that grow are renewed this often, all at once, in a frame that draws no text. */
const BEAT_MS = 250;
const RESYNC_PAUSE_MS = 250;

export const isFinal = (run: RunView): boolean =>
  run.state === 'done' || run.state === 'failed' || run.state === 'cancelled' || run.state === 'interrupted';

/** What the answers of a turn have cost, so far if some are still written. */
export function costSoFar(runs: readonly RunView[]): SumFacts {
  const asked = runs.filter((run) => run.route.length > 0);
  const known = asked.flatMap((run) => (run.metrics.cost === null ? [] : [run.metrics.cost]));
  const free = asked.filter((run) => {
    const step = run.route.at(-1);
    return run.metrics.cost === null && step !== undefined && (step.local || step.demo);
  });
  return {
    amount: addMoney(known),
    attempts: asked.length,
    unknown: asked.length - known.length - free.length,
  };
}

/** Does nothing but text and figures tell the two states of an answer apart, of which some already stand there? */
function isGrowth(shown: RunView | undefined, known: RunView | undefined): boolean {
  return (
    shown !== undefined &&
    known !== undefined &&
    shown.id === known.id &&
    shown.state === known.state &&
    shown.waiting === known.waiting &&
    shown.route === known.route &&
    shown.notices === known.notices &&
    shown.sections.length === known.sections.length &&
    hasText(shown)
  );
}

const hasText = (run: RunView | undefined): boolean =>
  run?.sections.some((section) => section.blocks.length > 0) ?? false;

/** An answer as whatever shows no text of it knows it: the one before, if it has but grown. */
function calmed(before: RunView | undefined, run: RunView): RunView {
  return before && before.metrics === run.metrics && isGrowth(before, run) ? before : run;
}

const isSame = (some: readonly RunView[], others: readonly RunView[]): boolean =>
  some.length === others.length && some.every((run, place) => run === others[place]);

const NOTHING: TurnView = {
  id: '',
  prompt: '',
  created_at: 0,
  seq: 0,
  live: false,
  runs: [],
  context: { type: 'own' },
  siblings: [],
  pick: null,
};

/** One turn as it is shown, fed by its stream. */
export class LiveTurn {
  view = $state.raw<TurnView>(NOTHING);
  /**
   * The same, except that answers which only grow stay what they were: whatever shows no text of theirs reads this,
   * and has nothing to do while they do.
   */
  calm = $state.raw<TurnView>(NOTHING);
  /** Moves while the turn is live, so that elapsed times do. */
  now = $state(Date.now());

  private readonly queue = new Map<number, TurnFrame>();
  /** All that has come; text and figures of answers that grow may be older in `view`. */
  private known: TurnView = NOTHING;
  /** What each answer was drawn from. */
  private readonly drawn = new Map<string, RunView>();
  /** The figures are to be renewed. */
  private beat = false;
  private readonly pace = new Pace();
  private readonly began = new Map<string, number>();
  private readonly next = new NextFrame(() => this.flush());
  /** When frames were folded in last, by the page's own clock. */
  private flushed = -Infinity;
  private asking = false;
  /** Something came since the frames were folded in last, so that a hole among them is worth a question. */
  private came = false;
  /** A frame of a turn with hidden names came that no snapshot has answered yet. */
  private news = false;
  private closed = false;
  private heard = Date.now();
  private watchdog: ReturnType<typeof setInterval> | null = null;
  private ticker: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly client: Client,
    view: TurnView,
    private readonly onEnd: (turn: LiveTurn) => void,
  ) {
    this.take(view);
  }

  get id(): string {
    return this.calm.id;
  }

  /** Frames arrive here; they may come early, twice or with holes. */
  readonly frame = (frame: TurnFrame): void => {
    if (this.closed || frame.turn !== this.view.id) return;
    this.heard = Date.now();
    if (this.view.blind && !this.view.blind.revealed) {
      // Such frames say only that something has ended.
      this.news = true;
      void this.resync();
      return;
    }
    this.queue.set(frame.seq, frame);
    this.came = true;
    this.schedule(this.isNews(frame));
  };

  /** Replaces the whole view, as after a snapshot. */
  take(view: TurnView): void {
    const wasLive = this.view.id === view.id && this.view.live;
    this.known = view;
    this.show(view, view);
    for (const run of view.runs) this.drawn.set(run.id, run);
    // An ended turn may come from the store, which counts no frames; nothing that waits can follow it.
    if (!view.live) this.queue.clear();
    else for (const seq of this.queue.keys()) if (seq <= view.seq) this.queue.delete(seq);
    for (const run of view.runs) {
      if (isFinal(run) || this.began.has(run.id)) continue;
      const known = run.metrics.duration;
      const first = run.earlier.length === 0 && known === null;
      this.began.set(run.id, first ? view.created_at : Date.now() - (known ?? 0));
    }
    if (view.live) this.wake();
    else this.rest(wasLive);
  }

  /** Follows the stream of a turn that was already running when this window met it. */
  async subscribe(): Promise<void> {
    if (!this.view.live) return;
    const shown = this.runs();
    const view = await this.client.stream('turn/subscribe', { turn: this.id }, this.frame);
    this.takeIfNewer(view, shown);
    this.schedule();
  }

  async cancel(run: string | null): Promise<void> {
    await this.client.call('turn/cancel', { turn: this.id, run });
  }

  /** Makes one answer of those of this turn, in a lane of its own. */
  async merge(wish: MergeTurn): Promise<void> {
    await this.follow((onFrame) => this.client.stream('turn/merge', wish, onFrame));
  }

  /** Asks a lane again, `anyway` past the budgets; its older answer is kept as an earlier one. */
  async retry(run: string, anyway = false): Promise<void> {
    const command = anyway ? 'run/send_anyway' : 'run/retry';
    await this.follow((onFrame) => this.client.stream(command, { run }, onFrame));
  }

  /** Goes on with an answer that broke off, behind a seam that stays visible; `anyway` past the budgets. */
  async goOn(run: string, endpoint: string | null, anyway = false): Promise<void> {
    const wanted = { run, endpoint, over_budget: anyway };
    await this.follow((onFrame) => this.client.stream('run/continue', wanted, onFrame));
  }

  /** Asks one more lane the prompt of this turn. */
  async addLane(target: LaneTarget): Promise<void> {
    await this.follow((onFrame) => this.client.stream('turn/add_lane', { turn: this.id, target }, onFrame));
  }

  /** What was said of its answers. */
  picked(pick: Pick | null): void {
    this.known = { ...this.known, pick };
    this.show({ ...this.view, pick }, { ...this.calm, pick });
  }

  /** What was written on it. */
  noted(text: string): void {
    const noted = (turn: TurnView) => {
      const view = { ...turn, note: text };
      if (text === '') delete (view as Partial<TurnView>).note;
      return view;
    };
    this.known = noted(this.known);
    this.show(noted(this.view), noted(this.calm));
  }

  /** Frames may come before the answer of the command that starts them. */
  private async follow(start: (onFrame: (frame: TurnFrame) => void) => Promise<TurnView>): Promise<void> {
    const early: TurnFrame[] = [];
    let ready = false;
    const view = await start((frame) => {
      if (ready) this.frame(frame);
      else early.push(frame);
    });
    ready = true;
    this.take(view);
    early.forEach(this.frame);
  }

  /** An answer came into sight, or left it: one that nobody sees is drawn now and then. */
  sees(run: string, seen: boolean): void {
    if (this.pace.isSeen(run) === seen) return;
    this.pace.sees(run, seen);
    if (seen && this.isBehind(run)) this.schedule();
  }

  /** An answer with its text, as far as that is to be seen yet. */
  written(run: RunView): RunView {
    return this.view.runs.find((known) => known.id === run.id) ?? run;
  }

  /** Elapsed time of a run in milliseconds; its own measure once it is final. */
  elapsed(run: RunView): number | null {
    if (isFinal(run)) return run.metrics.duration;
    const began = this.began.get(run.id) ?? this.calm.created_at;
    return Math.max(run.metrics.duration ?? 0, this.now - began, 0);
  }

  close(): void {
    this.closed = true;
    this.next.cancel();
    this.rest(false);
  }

  private wake(): void {
    if (this.closed || this.watchdog) return;
    this.heard = Date.now();
    this.now = Date.now();
    this.watchdog = setInterval(() => {
      if (Date.now() - this.heard >= SILENCE_MS) void this.resync();
    }, 1000);
    this.ticker = setInterval(() => {
      this.beat = true;
      this.next.ask(0);
    }, BEAT_MS);
  }

  private rest(tell: boolean): void {
    if (this.watchdog) clearInterval(this.watchdog);
    if (this.ticker) clearInterval(this.ticker);
    this.watchdog = null;
    this.ticker = null;
    if (tell) this.onEnd(this);
  }

  /**
   * Folds in what has come: anything but growth at once, so that the first words of several answers share a frame;
   * growing text in its time, and at once after a rest.
   */
  private schedule(isNews = false): void {
    if (this.closed) return;
    const rested = performance.now() - this.flushed;
    const isDue = isNews || (!this.next.waiting && rested >= REST_MS);
    if (isDue && this.queue.has(this.known.seq + 1)) this.flush();
    else this.next.ask(isNews ? 0 : GROW_MS - rested);
  }

  /** Does it bring more than figures, and further text of answers that show some already? */
  private isNews(frame: TurnFrame): boolean {
    const shows = (id: string) => hasText(this.view.runs.find((run) => run.id === id));
    const isNew = (id: string, op: Op) => op.type !== 'metrics' && (op.type !== 'blocks' || !shows(id));
    return frame.last || frame.runs.some(({ run, ops }) => ops.some((op) => isNew(run, op)));
  }

  private flush(): void {
    const { came, beat } = this;
    this.came = this.beat = false;
    // Text does not wait for a frame that shows figures alone.
    if (!beat) this.flushed = performance.now();
    let turn = this.known;
    let gap = false;
    for (const seq of [...this.queue.keys()].sort((a, b) => a - b)) {
      const frame = this.queue.get(seq);
      if (!frame) continue;
      const result = applyFrame(turn, frame);
      if (result === 'gap') {
        gap = true;
        break;
      }
      this.queue.delete(seq);
      if (result !== 'known') turn = result.turn;
    }
    const ended = this.view.live && !turn.live;
    this.known = turn;
    const waiting = this.draw(beat);
    if (ended) this.rest(true);
    else if (turn.live) this.wake();
    if (gap && came) void this.resync();
    if (waiting) this.schedule();
  }

  /**
   * Shows what has come: of answers that only grow either their figures or the text of as many as one frame is to draw.
   * Are others waiting for the next?
   */
  private draw(figures: boolean): boolean {
    const { known, view, calm } = this;
    if (!known.live) {
      this.show(known, known);
      return false;
    }
    const now = performance.now();
    if (figures) this.now = Date.now();
    const growing = known.runs.filter((run, place) => {
      return run !== this.drawn.get(run.id) && isGrowth(view.runs[place], run);
    });
    const ids = growing.map((run) => run.id);
    const turns = figures ? new Set<string>() : this.pace.turns(ids, now);
    const held = new Set(ids.filter((id) => !turns.has(id)));
    const runs = known.runs.map((run, place) => {
      const shown = view.runs[place];
      if (!shown || (run !== this.drawn.get(run.id) && !held.has(run.id)))
        return this.drawOne(shown, run, now);
      return figures && shown.metrics !== run.metrics ? { ...shown, metrics: run.metrics } : shown;
    });
    if (!view.live || !isSame(runs, view.runs)) {
      const still = runs.map((run, place) => calmed(calm.runs[place], run));
      this.show({ ...known, runs }, isSame(still, calm.runs) ? calm : { ...known, runs: still });
    }
    return [...held].some((id) => this.pace.isDue(id, now));
  }

  private show(view: TurnView, calm: TurnView): void {
    this.view = view;
    this.calm = calm;
  }

  /** An answer as it is to be shown: while it grows its figures stand still for a moment, so that they can be read. */
  private drawOne(shown: RunView | undefined, run: RunView, now: number): RunView {
    const grows = isGrowth(shown, run);
    this.drawn.set(run.id, run);
    this.pace.drew(run.id, now);
    return shown && grows ? { ...run, metrics: shown.metrics } : run;
  }

  /** Has more of it come than is drawn? */
  private isBehind(id: string): boolean {
    const run = this.known.runs.find((known) => known.id === id);
    return run !== undefined && run !== this.drawn.get(id);
  }

  private again(): void {
    this.came = true;
    this.schedule();
  }

  private runs(): string {
    return this.view.runs.map((run) => run.id).join(' ');
  }

  /**
   * Takes the answer to a question that was asked while the runs `shown` stood here. An ended turn is
   * taken whatever its `seq`, since the store knows none; unless a lane was asked again meanwhile, for
   * then the answer speaks of the run before.
   */
  private takeIfNewer(view: TurnView, shown: string): void {
    if (this.closed) return;
    if (view.live ? view.seq >= this.known.seq : shown === this.runs()) this.take(view);
  }

  private async resync(): Promise<void> {
    if (this.asking || this.closed) return;
    this.asking = true;
    this.news = false;
    this.heard = Date.now();
    try {
      const shown = this.runs();
      const view = await this.client.call('turn/snapshot', { turn: this.id });
      this.takeIfNewer(view, shown);
    } catch {
      // The next silence asks again; what is on the screen is committed text and stays.
    } finally {
      this.asking = false;
    }
    if (this.news) void this.resync();
    // Should a hole remain even so, ask again without haste.
    if (this.queue.size > 0 && !this.closed) setTimeout(() => this.again(), RESYNC_PAUSE_MS);
  }
}
