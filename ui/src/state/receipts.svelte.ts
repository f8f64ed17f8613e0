import type { Receipt } from '../ipc/generated/Receipt';
import type { ReceiptAttempt } from '../ipc/generated/ReceiptAttempt';
import type { SentRequest } from '../ipc/generated/SentRequest';
import type { Client } from '../ipc/client';
import { told } from './failures';
import { t } from '../shared/i18n.svelte';

/** "Route and request" of one answer: how it came about, and what was sent. */
export class Receipts {
  /** The answer it is of; `null` = closed. */
  run = $state<string | null>(null);
  receipt = $state.raw<Receipt | null>(null);
  /** Why it could not be read. */
  failed = $state<string | null>(null);
  /** The attempt whose request is shown. */
  attempt = $state.raw<ReceiptAttempt | null>(null);
  request = $state.raw<SentRequest | null>(null);
  /** Why there is no request. */
  missing = $state<string | null>(null);
  /** The answer it is compared with, and that answer's request. */
  other = $state<string | null>(null);
  otherRequest = $state.raw<SentRequest | null>(null);
  otherMissing = $state<string | null>(null);

  /** It was opened by the room there is, not by the user: it follows the answer looked at and takes no focus. */
  quiet = $state(false);
  /** The user closed it: it does not open by itself again. */
  private unwanted = false;

  /** What had the focus when it was opened. */
  private from: HTMLElement | null = null;
  private asked = 0;

  constructor(private readonly client: Client) {}

  async open(run: string): Promise<void> {
    if (this.run === null || this.quiet) {
      this.from = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    }
    if (this.run !== run) this.forget();
    this.quiet = false;
    this.unwanted = false;
    this.run = run;
    await this.load();
  }

  /** Shows an answer where there is room for it; what the user opened or closed stays so. */
  async offer(run: string): Promise<void> {
    if (this.unwanted || this.run === run || (this.run !== null && !this.quiet)) return;
    this.forget();
    this.quiet = true;
    this.run = run;
    await this.load();
  }

  /** The room is gone, or what it showed is not to be seen. */
  retract(): void {
    if (this.quiet) this.leave();
  }

  /** Closes it; the focus goes back where it was. */
  close(): void {
    this.forget();
    this.run = null;
    this.quiet = false;
    this.unwanted = true;
    const inside = Boolean(document.activeElement?.closest('.inspector'));
    const back = this.from ?? (inside ? document.querySelector<HTMLElement>('.thread') : null);
    back?.focus();
    this.from = null;
  }

  /** Another page is on the screen: there is nothing to go back to. */
  leave(): void {
    this.forget();
    this.run = null;
    this.quiet = false;
    this.from = null;
  }

  async toggle(run: string): Promise<void> {
    if (this.run === run && !this.quiet) this.close();
    else await this.open(run);
  }

  /** The ledger has grown: an answer on show may have ended. */
  async changed(): Promise<void> {
    if (this.run !== null) await this.load();
  }

  async choose(attempt: ReceiptAttempt): Promise<void> {
    this.attempt = attempt;
    this.request = null;
    this.missing = null;
    const got = await this.sent(attempt);
    if (this.attempt?.id !== attempt.id) return;
    this.request = got.request;
    this.missing = got.missing;
  }

  /** Lays the request of another answer beside this one. */
  async compare(run: string | null): Promise<void> {
    this.other = run;
    this.otherRequest = null;
    this.otherMissing = null;
    if (run === null) return;
    try {
      const receipt = await this.client.call('run/receipt', { run });
      const last = receipt.attempts.at(-1);
      const got = last ? await this.sent(last) : { request: null, missing: t('That answer sent nothing.') };
      if (this.other !== run) return;
      this.otherRequest = got.request;
      this.otherMissing = got.missing;
    } catch (reason) {
      if (this.other === run) this.otherMissing = told(reason);
    }
  }

  private async load(): Promise<void> {
    const { run } = this;
    const asked = ++this.asked;
    if (run === null) return;
    try {
      const receipt = await this.client.call('run/receipt', { run });
      if (asked !== this.asked || this.run !== run) return;
      this.receipt = receipt;
      this.failed = null;
      // The one looked at stays; otherwise the last is the one that answered.
      const known = receipt.attempts.find((attempt) => attempt.id === this.attempt?.id);
      const shown = known ?? receipt.attempts.at(-1) ?? null;
      if (known && this.request) this.attempt = known;
      else if (shown) await this.choose(shown);
    } catch (reason) {
      if (asked === this.asked) this.failed = told(reason);
    }
  }

  private async sent(
    attempt: ReceiptAttempt,
  ): Promise<{ request: SentRequest | null; missing: string | null }> {
    if (!attempt.request_kept) {
      return {
        request: null,
        missing: t('What this attempt sent was not kept: it is older than receipts are.'),
      };
    }
    try {
      return { request: await this.client.call('run/request', { attempt: attempt.id }), missing: null };
    } catch (reason) {
      return { request: null, missing: told(reason) };
    }
  }

  private forget(): void {
    this.asked += 1;
    this.receipt = null;
    this.failed = null;
    this.attempt = null;
    this.request = null;
    this.missing = null;
    this.other = null;
    this.otherRequest = null;
    this.otherMissing = null;
  }
}
