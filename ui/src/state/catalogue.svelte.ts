import type { CatalogueRow } from '../ipc/generated/CatalogueRow';
import type { ModelDetail } from '../ipc/generated/ModelDetail';
import type { ModelRef } from '../ipc/generated/ModelRef';
import type { RefreshReport } from '../ipc/generated/RefreshReport';
import type { WaitingPrice } from '../ipc/generated/WaitingPrice';
import type { Client } from '../ipc/client';
import { refText } from './models.svelte';
import { told } from './failures';

/** Figures of a price as they were typed, dollars per million tokens. */
export interface Figures {
  input: string;
  output: string;
  cacheRead: string | null;
}

/** Every model that can be asked, with what it costs where. Fetched while the Models page is shown. */
export class Catalogue {
  rows = $state.raw<CatalogueRow[]>([]);
  /** Day of the bundled figures; empty until the first answer. */
  date = $state('');
  waiting = $state.raw<WaitingPrice[]>([]);
  failed = $state<string | null>(null);
  detail = $state.raw<ModelDetail | null>(null);
  /** The public lists are being asked. */
  refreshing = $state(false);
  report = $state.raw<RefreshReport | null>(null);

  private shown = false;
  private wanted: string | null = null;

  constructor(private readonly client: Client) {}

  async show(): Promise<void> {
    this.shown = true;
    await this.load();
  }

  hide(): void {
    this.shown = false;
    this.close();
    this.report = null;
  }

  /** Something changed: what is on screen is asked for again. */
  async load(): Promise<void> {
    if (!this.shown) return;
    try {
      const view = await this.client.call('models/catalogue', null);
      this.rows = view.rows;
      this.date = view.date;
      this.waiting = view.waiting;
      this.failed = null;
      if (this.detail) await this.open(this.detail.row.model.reference);
    } catch (reason) {
      // The list that is there stays.
      this.failed = told(reason);
    }
  }

  async open(model: ModelRef): Promise<void> {
    const name = refText(model);
    this.wanted = name;
    const detail = await this.client.call('models/detail', { model });
    // A later choice has its own answer.
    if (this.wanted === name) this.detail = detail;
  }

  close(): void {
    this.wanted = null;
    this.detail = null;
  }

  /** Sets the user's own price of one model at one provider. Rejects with what is wrong with a figure. */
  async setPrice(model: ModelRef, { input, output, cacheRead }: Figures): Promise<void> {
    await this.client.call('price/set', { model, input, output, cache_read: cacheRead });
    await this.load();
  }

  async resetPrice(model: ModelRef): Promise<void> {
    await this.client.call('price/reset', { model });
    await this.load();
  }

  /** Believes or declines what waits; `null` is all of it. */
  async decide(model: ModelRef | null, accept: boolean): Promise<number> {
    const count = await this.client.call('price/decide', { model, accept });
    await this.load();
    return count;
  }

  /** Asks the public price lists. */
  async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      this.report = await this.client.call('catalogue/refresh', null);
      await this.load();
    } finally {
      this.refreshing = false;
    }
  }
}
