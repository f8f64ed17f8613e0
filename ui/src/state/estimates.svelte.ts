import type { EstimateView } from '../ipc/generated/EstimateView';
import type { SendTurn } from '../ipc/generated/SendTurn';
import type { Client } from '../ipc/client';

/** Rest after the last key before a prompt is reckoned. */
const PAUSE_MS = 250;

/** What the prompt in a composer would cost. */
export class Estimates {
  view = $state.raw<EstimateView | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asked = 0;

  constructor(private readonly client: Client) {}

  /** Reckons this prompt once it rests; `null` = there is none. */
  want(prompt: SendTurn | null): void {
    if (this.timer) clearTimeout(this.timer);
    const asked = ++this.asked;
    if (prompt === null) {
      this.view = null;
      return;
    }
    this.timer = setTimeout(() => void this.ask(prompt, asked), PAUSE_MS);
  }

  stop(): void {
    this.asked++;
    if (this.timer) clearTimeout(this.timer);
  }

  private async ask(prompt: SendTurn, asked: number): Promise<void> {
    // Without an estimate the prompt can be sent all the same; sending says what is wrong.
    const view = await this.client.call('turn/estimate', prompt).catch(() => null);
    if (asked === this.asked) this.view = view;
  }
}
