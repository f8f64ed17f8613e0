import type { AuditLine } from '../ipc/generated/AuditLine';
import type { AuditQuery } from '../ipc/generated/AuditQuery';
import type { SpendFile } from '../ipc/generated/SpendFile';
import type { Client } from '../ipc/client';
import { told } from './failures';

export type Span = 'day' | 'week' | 'month' | 'all';
const DAYS: Record<Span, number | null> = { day: 1, week: 7, month: 30, all: null };
const DAY_MS = 86_400_000;

/** What left this machine, newest first, as far as it was asked for. */
export class Audit {
  rows = $state.raw<AuditLine[]>([]);
  more = $state(false);
  /** Calls for blind answers, left out until the vote. */
  hidden = $state(0);
  loaded = $state(false);
  failed = $state<string | null>(null);
  span = $state<Span>('week');
  provider = $state<string | null>(null);
  policy = $state<string | null>(null);

  private shown = false;
  private asked = 0;

  constructor(private readonly client: Client) {}

  /** The log is on screen: it follows what leaves until it is hidden again. */
  show(): () => void {
    this.shown = true;
    void this.load();
    return () => (this.shown = false);
  }

  async changed(): Promise<void> {
    if (this.shown) await this.load();
  }

  async filter(change: { span?: Span; provider?: string | null; policy?: string | null }): Promise<void> {
    if (change.span !== undefined) this.span = change.span;
    if (change.provider !== undefined) this.provider = change.provider;
    if (change.policy !== undefined) this.policy = change.policy;
    await this.load();
  }

  async older(): Promise<void> {
    const last = this.rows.at(-1);
    if (last) await this.ask(last.seq);
  }

  export(format: 'csv' | 'json'): Promise<SpendFile> {
    return this.client.call('audit/export', { query: this.query(null), format });
  }

  private load(): Promise<void> {
    return this.ask(null);
  }

  private async ask(before: number | null): Promise<void> {
    const asked = ++this.asked;
    try {
      const list = await this.client.call('audit/list', this.query(before));
      // A later question has its own answer.
      if (asked !== this.asked) return;
      this.rows = before === null ? list.rows : [...this.rows, ...list.rows];
      this.more = list.more;
      this.hidden = list.hidden ?? 0;
      this.failed = null;
      this.loaded = true;
    } catch (reason) {
      if (asked === this.asked) this.failed = told(reason);
    }
  }

  private query(before: number | null): AuditQuery {
    const days = DAYS[this.span];
    const from = days === null ? 0 : Date.now() - days * DAY_MS;
    return { from, until: null, provider: this.provider, policy: this.policy, before };
  }
}
