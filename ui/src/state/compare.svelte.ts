import type { Agreed } from '../ipc/generated/Agreed';
import type { Differences } from '../ipc/generated/Differences';
import type { RunView } from '../ipc/generated/RunView';
import type { Client } from '../ipc/client';
import type { Nav } from './nav.svelte';
import { told } from './failures';

/** Two beside each other, one after the other, or all answers whole. */
export type CompareView = 'side' | 'inline' | 'all';

/** A place in an answer that was asked for. */
export interface Spot {
  run: string;
  from: number;
}

/** The answers of one turn laid beside each other. The core compares; here it is only asked and shown. */
export class Compare {
  runs = $state.raw<RunView[]>([]);
  turn = $state<string | null>(null);
  left = $state('');
  right = $state('');
  view = $state<CompareView>('side');
  ignoreFormatting = $state(true);
  onlyDifferences = $state(false);
  diff = $state.raw<Differences | null>(null);
  agreed = $state.raw<Agreed | null>(null);
  /** Why the two on show cannot be compared. */
  failed = $state<string | null>(null);
  /** Why there is no agreement. */
  disagreed = $state<string | null>(null);
  spot = $state.raw<Spot | null>(null);
  private conversation = '';
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly nav: Nav,
  ) {}

  /** Opens the answers of a turn, one of them on the left. */
  async open(conversation: string, turn: string, runs: RunView[], first: string | null): Promise<void> {
    if (runs.length < 2) return;
    // Names that have been shown meanwhile are in the texts too.
    const same = (run: RunView, place: number) =>
      this.runs[place]?.id === run.id && this.runs[place].model_name === run.model_name;
    const known = this.turn === turn && this.runs.length === runs.length && runs.every(same);
    Object.assign(this, { turn, runs, conversation, spot: null, failed: null, disagreed: null });
    if (!known || !runs.some((run) => run.id === this.left)) {
      this.left = runs[0]?.id ?? '';
      this.right = runs[1]?.id ?? '';
      this.agreed = null;
      this.diff = null;
    }
    if (first !== null && first !== this.left) {
      if (first === this.right) this.right = this.left;
      this.left = first;
    }
    this.nav.go({ name: 'compare', id: conversation });
    await Promise.all([this.loadDiff(), this.agreed ? null : this.loadAgreed()]);
  }

  back(): void {
    this.nav.go({ name: 'chat', id: this.conversation });
  }

  run(id: string): RunView | undefined {
    return this.runs.find((run) => run.id === id);
  }

  async choose(side: 'left' | 'right', id: string): Promise<void> {
    const other = side === 'left' ? 'right' : 'left';
    if (this[other] === id) this[other] = this[side];
    this[side] = id;
    await this.loadDiff();
  }

  async swap(): Promise<void> {
    [this.left, this.right] = [this.right, this.left];
    await this.loadDiff();
  }

  async setIgnoreFormatting(ignore: boolean): Promise<void> {
    this.ignoreFormatting = ignore;
    await this.loadDiff();
  }

  /** Shows a place of an answer; one that is on neither side comes to the right. */
  async goTo(spot: Spot): Promise<void> {
    this.onlyDifferences = false;
    if (this.view !== 'all' && spot.run !== this.left && spot.run !== this.right) {
      this.right = spot.run;
      await this.loadDiff();
    }
    this.spot = { ...spot };
  }

  private async loadDiff(): Promise<void> {
    const turn = ++this.asked;
    const { left, right } = this;
    try {
      const diff = await this.client.call('compare/two', {
        left,
        right,
        ignore_formatting: this.ignoreFormatting,
      });
      if (turn === this.asked) Object.assign(this, { diff, failed: null });
    } catch (reason) {
      if (turn === this.asked) this.failed = told(reason);
    }
  }

  private async loadAgreed(): Promise<void> {
    const { turn } = this;
    try {
      const agreed = await this.client.call('compare/all', { runs: this.runs.map((run) => run.id) });
      if (turn === this.turn) this.agreed = agreed;
    } catch (reason) {
      if (turn === this.turn) this.disagreed = told(reason);
    }
  }
}
