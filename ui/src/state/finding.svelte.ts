import type { FoundTurn } from '../ipc/generated/FoundTurn';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';

/** Longest needle that is sent; the core refuses more than 4 KB. */
const LONGEST = 1000;

/** Looking something up in the open conversation. */
export class Finding {
  /** The bar is there. */
  opened = $state(false);
  /** What is looked for, as it is typed. It stays for the next time. */
  text = $state('');
  /** Rises with every wish to look for something: the bar takes the focus, and what is selected. */
  wished = $state(0);
  /** Goes to the next place, or back; set by the bar while it is there. */
  step: ((by: 1 | -1) => void) | null = null;
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  begin(): void {
    this.opened = true;
    this.wished += 1;
  }

  /** To the next place, or back. Without a bar it opens one. */
  go(by: 1 | -1): void {
    if (this.opened && this.step) this.step(by);
    else this.begin();
  }

  close(): void {
    this.opened = false;
  }

  /**
   * The turns of the branch on the screen in which a text stands. `null` = a newer question has been asked
   * meanwhile. Nothing but an empty text makes ready for the next.
   */
  async look(id: string, text: string): Promise<FoundTurn[] | null> {
    const turn = ++this.asked;
    try {
      const found = await this.client.call('conversation/find', { id, text: text.slice(0, LONGEST) });
      return turn === this.asked ? found : null;
    } catch (reason) {
      if (turn !== this.asked) return null;
      this.toasts.fail(reason);
      return [];
    }
  }

  /** Nothing more is looked for. */
  leave(id: string): void {
    this.asked += 1;
    // What is not given up goes with the next conversation.
    this.client.call('conversation/find', { id, text: null }).catch(() => {});
  }
}
