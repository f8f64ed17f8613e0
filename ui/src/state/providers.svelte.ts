import type { AddProvider } from '../ipc/generated/AddProvider';
import type { BudgetView } from '../ipc/generated/BudgetView';
import type { LocalServer } from '../ipc/generated/LocalServer';
import type { ProviderModels } from '../ipc/generated/ProviderModels';
import type { ProviderRow } from '../ipc/generated/ProviderRow';
import type { Client } from '../ipc/client';

/** Providers, their keys as last four characters, and the servers of this machine. */
export class Providers {
  rows = $state.raw<ProviderRow[]>([]);
  loaded = $state(false);
  local = $state.raw<LocalServer[]>([]);
  looking = $state(false);
  /** What may be spent with a key in a month. */
  limits = $state.raw<BudgetView[]>([]);
  /** Providers whose key is being tested. */
  testing = $state.raw<ReadonlySet<string>>(new Set());

  constructor(
    private readonly client: Client,
    /** Looks again at what keys decide. Never rejects: the key is stored whatever comes of it. */
    private readonly onKeys: () => Promise<void>,
  ) {}

  async load(): Promise<void> {
    this.rows = await this.client.call('provider/list', null);
    this.loaded = true;
  }

  named(name: string): ProviderRow | undefined {
    return this.rows.find((row) => row.name === name || row.id === name);
  }

  /** Stores a key; with no provider named, the core recognises it by its beginning. */
  async setKey(provider: string | null, key: string, label: string | null = null): Promise<ProviderRow> {
    const row = await this.client.call('key/set', { provider, label, key });
    this.take(row);
    await this.onKeys();
    return row;
  }

  async deleteKey(id: string, label: string | null = null): Promise<void> {
    this.take(await this.client.call('key/delete', { id, label }));
    await this.onKeys();
  }

  /** The first label is asked first. */
  async orderKeys(id: string, labels: string[]): Promise<void> {
    this.take(await this.client.call('key/order', { id, labels }));
  }

  /** Tests one key, or without a label the first. */
  async test(id: string, label: string | null = null): Promise<void> {
    const name = label === null ? id : `${id}/${label}`;
    if (this.testing.has(name)) return;
    this.testing = new Set([...this.testing, name]);
    try {
      await this.client.call('provider/test', { id, label });
      await this.load();
      await this.onKeys();
    } finally {
      this.testing = new Set([...this.testing].filter((other) => other !== name));
    }
  }

  async loadLimits(): Promise<void> {
    const budgets = await this.client.call('budget/list', null);
    this.limits = budgets.filter((budget) => budget.scope.startsWith('key:') && budget.period === 'month');
  }

  limitOf(id: string, label: string): BudgetView | undefined {
    return this.limits.find((budget) => budget.scope === `key:${id}/${label}`);
  }

  /** Limits what a key may spend in a month, in dollars; `null` takes the limit away. */
  async setLimit(id: string, label: string, dollars: string | null): Promise<void> {
    const known = this.limitOf(id, label);
    if (dollars !== null) {
      await this.client.call('budget/set', {
        scope: `key:${id}/${label}`,
        period: 'month',
        limit: dollars,
        hard: known?.hard ?? true,
        warn: known?.warn ?? [50, 80],
        unknown_price: known?.unknown_price ?? null,
      });
    } else if (known) {
      await this.client.call('budget/remove', { id: known.id });
    }
    await this.loadLimits();
  }

  async add(provider: AddProvider): Promise<void> {
    this.take(await this.client.call('provider/add', provider));
    await this.onKeys();
  }

  async remove(id: string): Promise<void> {
    await this.client.call('provider/remove', { id });
    this.rows = this.rows.filter((row) => row.id !== id);
    await this.onKeys();
  }

  /** Sets what of the account stands in the address; an empty value forgets one. */
  async setFields(id: string, values: Record<string, string>): Promise<void> {
    this.take(await this.client.call('provider/set', { id, values }));
    await this.onKeys();
  }

  models(id: string): Promise<ProviderModels> {
    return this.client.call('provider/models', { id });
  }

  /** Reads the provider's own list of models again. */
  async refresh(id: string): Promise<void> {
    this.take(await this.client.call('provider/refresh', { id }));
    await this.onKeys();
  }

  async discover(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      this.local = await this.client.call('local/discover', null);
    } finally {
      this.looking = false;
    }
  }

  async enable(provider: string, enabled: boolean): Promise<void> {
    this.local = await this.client.call('local/enable', { provider, enabled });
    await this.load();
    await this.onKeys();
  }

  private take(row: ProviderRow): void {
    const known = this.rows.some((other) => other.id === row.id);
    this.rows = known ? this.rows.map((other) => (other.id === row.id ? row : other)) : [...this.rows, row];
  }
}
