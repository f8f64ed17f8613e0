import type { LedgerState } from '../ipc/generated/LedgerState';
import type { SpendPeriod } from '../ipc/generated/SpendPeriod';
import type { SpendAttempt } from '../ipc/generated/SpendAttempt';
import type { SpendBy } from '../ipc/generated/SpendBy';
import type { SpendFigure } from '../ipc/generated/SpendFigure';
import type { SpendFile } from '../ipc/generated/SpendFile';
import type { SpendPage } from '../ipc/generated/SpendPage';
import type { Client } from '../ipc/client';
import { told } from './failures';

/** A span of time and, if one was chosen, a row: what the attempts shown belong to. */
export interface Cut {
  title: string;
  from: number;
  until: number;
  key: string | null;
}

/** What the ledger says; asked for again when it has grown. */
export class Spend {
  today = $state.raw<SpendFigure | null>(null);
  page = $state.raw<SpendPage | null>(null);
  /** The period that page is of. */
  pagePeriod = $state<SpendPeriod>('month');
  ledger = $state.raw<LedgerState | null>(null);
  period = $state<SpendPeriod>('month');
  back = $state(0);
  by = $state<SpendBy>('model');
  failed = $state<string | null>(null);
  /** A page is on its way. */
  busy = $state(false);

  cut = $state.raw<Cut | null>(null);
  attempts = $state.raw<SpendAttempt[]>([]);
  more = $state(false);

  private shown = false;
  private asked = 0;

  constructor(private readonly client: Client) {}

  async load(): Promise<void> {
    try {
      this.today = await this.client.call('spend/today', null);
      this.failed = null;
    } catch (reason) {
      this.failed = told(reason);
    }
    if (this.shown) await this.loadPage();
  }

  /** The page is on screen: it follows the ledger until it is hidden again. */
  async show(): Promise<void> {
    this.shown = true;
    await this.loadPage();
    await this.verify();
  }

  hide(): void {
    this.shown = false;
    this.cut = null;
  }

  async choose(change: { period?: SpendPeriod; back?: number; by?: SpendBy }): Promise<void> {
    this.period = change.period ?? this.period;
    this.back = change.back ?? (change.period ? 0 : this.back);
    this.by = change.by ?? this.by;
    this.cut = null;
    await this.loadPage();
  }

  async loadPage(): Promise<void> {
    const asked = ++this.asked;
    this.busy = true;
    try {
      const query = { period: this.period, back: this.back, by: this.by };
      const page = await this.client.call('spend/page', query);
      // A later question has its own answer.
      if (asked !== this.asked) return;
      this.page = page;
      this.pagePeriod = query.period;
      this.failed = null;
    } catch (reason) {
      if (asked === this.asked) this.failed = told(reason);
    } finally {
      if (asked === this.asked) this.busy = false;
    }
  }

  /** Walks the whole chain, so once per window is enough. */
  private async verify(): Promise<void> {
    if (this.ledger) return;
    try {
      this.ledger = await this.client.call('spend/ledger', null);
    } catch (reason) {
      this.failed = told(reason);
    }
  }

  /** Lists the attempts of a bar, of a row, or no longer. */
  async open(cut: Cut | null): Promise<void> {
    this.cut = cut;
    this.attempts = [];
    this.more = false;
    if (cut) await this.older();
  }

  async older(): Promise<void> {
    const { cut, by } = this;
    if (!cut) return;
    const last = this.attempts.at(-1);
    try {
      const list = await this.client.call('spend/attempts', {
        from: cut.from,
        until: cut.until,
        by,
        key: cut.key,
        before: last ? { at: last.at, seq: last.seq } : null,
      });
      if (this.cut !== cut) return;
      this.attempts = [...this.attempts, ...list.rows];
      this.more = list.more;
    } catch (reason) {
      this.failed = told(reason);
    }
  }

  async export(format: 'csv' | 'json'): Promise<SpendFile | null> {
    if (!this.page) return null;
    const { from, until } = this.page;
    return this.client.call('spend/export', { from, until, format });
  }
}
