import type { BlindVote } from '../ipc/generated/BlindVote';
import type { Duel } from '../ipc/generated/Duel';
import type { ExperimentAnswer } from '../ipc/generated/ExperimentAnswer';
import type { ExperimentDetail } from '../ipc/generated/ExperimentDetail';
import type { ExperimentDraft } from '../ipc/generated/ExperimentDraft';
import type { ExperimentEstimate } from '../ipc/generated/ExperimentEstimate';
import type { ExperimentForm } from '../ipc/generated/ExperimentForm';
import type { ExperimentSummary } from '../ipc/generated/ExperimentSummary';
import type { RegressionView } from '../ipc/generated/RegressionView';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';
import { told } from './failures';
import { t } from '../shared/i18n.svelte';

/** Cells asked at once from the window. */
const AT_ONCE = 8;

export type CellMode = 'all' | 'failures' | 'different';

/** Prompt sets over several models. */
export class Experiments {
  list = $state.raw<ExperimentSummary[]>([]);
  loaded = $state(false);
  open = $state.raw<ExperimentDetail | null>(null);
  mode = $state<CellMode>('all');
  /** The cell on show. */
  cell = $state.raw<ExperimentAnswer | null>(null);
  /** The form for a new one. */
  making = $state(false);
  estimate = $state.raw<ExperimentEstimate | null>(null);
  /** What is wrong with the set as written. */
  problem = $state<string | null>(null);
  regression = $state.raw<RegressionView | null>(null);
  /** The row that is voted on blind; `null` inside = there is none left. */
  dueling = $state.raw<{ duel: Duel | null; names: string[] | null; best: string | null } | null>(null);
  private looking = false;
  private again = false;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  readonly running = $derived.by(() => this.list.find((one) => one.state === 'running'));

  async load(): Promise<void> {
    try {
      this.list = await this.client.call('experiment/list', null);
      this.loaded = true;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async show(id: string): Promise<void> {
    this.cell = null;
    this.regression = null;
    this.mode = 'all';
    await this.refresh(id);
  }

  close(): void {
    this.open = null;
    this.cell = null;
    this.regression = null;
    void this.load();
  }

  /** Cells have moved on. However many did meanwhile, one more look sees them all. */
  async changed(): Promise<void> {
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = true;
    do {
      this.again = false;
      await this.load();
      if (this.open) await this.refresh(this.open.summary.id);
    } while (this.again);
    this.looking = false;
  }

  private async refresh(id: string): Promise<void> {
    try {
      const detail = await this.client.call('experiment/open', { id });
      this.open = detail;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async look(position: number): Promise<void> {
    const id = this.open?.summary.id;
    if (id === undefined) return;
    try {
      const cell = await this.client.call('experiment/cell', { id, position });
      if (this.open?.summary.id === id) this.cell = cell;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** Keeps a note on the answer of a cell; false = that did not go. */
  async note(position: number, text: string): Promise<boolean> {
    const id = this.open?.summary.id;
    if (id === undefined) return false;
    try {
      await this.client.call('experiment/note', { id, position, text });
      if (this.cell?.position === position) this.cell = { ...this.cell, note: text === '' ? null : text };
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  async reckon(draft: ExperimentDraft): Promise<void> {
    try {
      this.estimate = await this.client.call('experiment/estimate', draft);
      this.problem = null;
    } catch (reason) {
      this.estimate = null;
      this.problem = told(reason);
    }
  }

  /** Stores a set and begins to run it. */
  async make(draft: ExperimentDraft): Promise<void> {
    try {
      const made = await this.client.call('experiment/make', draft);
      this.making = false;
      this.estimate = null;
      await this.run(made.id, { fresh: draft.fresh });
      await this.show(made.id);
    } catch (reason) {
      this.problem = told(reason);
    }
  }

  async run(
    id: string,
    how: { failed?: boolean; uncertain?: boolean; fresh?: boolean; cap?: string | null } = {},
  ): Promise<void> {
    try {
      await this.client.call('experiment/run', {
        id,
        at_once: AT_ONCE,
        retry_failed: how.failed ?? false,
        retry_uncertain: how.uncertain ?? false,
        fresh: how.fresh ?? false,
        cap: how.cap ?? null,
      });
      await this.changed();
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async pause(id: string): Promise<void> {
    try {
      await this.client.call('experiment/pause', { id });
      await this.changed();
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** The same set on another model; what became of its cells is shown when it is opened. */
  async rerun(id: string, model: string, cap: string | null): Promise<boolean> {
    try {
      const made = await this.client.call('experiment/rerun', { id, model, cap });
      await this.run(made.id);
      await this.show(made.id);
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  /** Puts one away, with a way back. */
  async remove(one: { id: string; title: string }): Promise<void> {
    try {
      await this.client.call('experiment/remove', { id: one.id });
      if (this.open?.summary.id === one.id) this.open = null;
      this.cell = null;
      await this.load();
      this.toasts.show(t('“{title}” removed. It can be restored for 30 days', { title: one.title }), () => {
        this.client
          .call('experiment/restore', { id: one.id })
          .then(() => this.load())
          .catch((reason: unknown) => this.toasts.fail(reason));
      });
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** The next row to vote on, without names. */
  async nextDuel(): Promise<void> {
    const id = this.open?.summary.id;
    if (id === undefined) return;
    try {
      const { duel } = await this.client.call('experiment/duel', { id });
      this.dueling = { duel, names: null, best: null };
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async voteDuel(vote: BlindVote): Promise<void> {
    const experiment = this.open?.summary.id;
    const now = this.dueling;
    if (experiment === undefined || !now?.duel || now.names) return;
    try {
      const shown = now.duel.answers.map((answer) => answer.run);
      const { names } = await this.client.call('experiment/vote', { experiment, shown, vote });
      this.dueling = { ...now, names, best: vote.type === 'best' ? vote.run : null };
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async compare(before: string, after: string): Promise<void> {
    try {
      this.regression = await this.client.call('experiment/compare', { before, after });
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async export(id: string, form: ExperimentForm): Promise<void> {
    try {
      const { path } = await this.client.call('experiment/export', { id, form });
      this.toasts.show(t('Saved as {path}', { path }));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }
}
