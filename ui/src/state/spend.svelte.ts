import type { SpendSummary } from '../ipc/generated/SpendSummary';
import type { Client } from '../ipc/client';

/** What the ledger says; asked for again when it has grown. */
export class Spend {
  summary = $state.raw<SpendSummary | null>(null);
  failed = $state<string | null>(null);

  constructor(private readonly client: Client) {}

  async load(): Promise<void> {
    try {
      this.summary = await this.client.call('spend/summary', null);
      this.failed = null;
    } catch (reason) {
      this.failed = (reason as { message: string }).message;
    }
  }
}
