import type { FoundTurn } from '../ipc/generated/FoundTurn';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';

/** Longest text that can be looked for; the core refuses more than 4 KB. */
export const LONGEST = 1000;

/** Looking something up in the open conversation. */
export class Finding {
  /** The bar is there. */
  opened = $state(false);
  /** What is looked for, as it is typed. It stays for the next time. */
  text = $state('');
  /** Rises with every wish to look for something: the bar takes the focus, and what is selected. */
  wished = $state(0);
  /** Where the wish goes; 0 = nowhere yet. */
  headed: 1 | -1 | 0 = 0;
  /** Goes to the next place, or back; set by the bar while it is there. */
  step: ((by: 1 | -1) => void) | null = null;
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  /** With a direction it goes to a place at once. */
  begin(by: 1 | -1 | 0 = 0): void {
    this.opened = true;
    this.headed = by;
    this.wished += 1;
  }

  /** To the next place, or back. Without a bar it opens one. */
  go(by: 1 | -1): void {
    if (this.opened && this.step) this.step(by);
    else this.begin(by);
  }

  close(): void {
    this.opened = false;
  }

  /**
   * The turns of the branch on the screen in which a text stands. `late` = a newer question has been asked
   * meanwhile; a failure has been said. Nothing but an empty text makes ready for the next.
   */
  async look(id: string, text: string): Promise<FoundTurn[] | 'late' | 'failed'> {
    const turn = ++this.asked;
    try {
      const found = await this.client.call('conversation/find', { id, text });
      return turn === this.asked ? found : 'late';
    } catch (reason) {
      if (turn !== this.asked) return 'late';
      this.toasts.fail(reason);
      return 'failed';
    }
  }

  /** Nothing more is looked for. */
  leave(id: string): void {
    this.asked += 1;
    // What is not given up goes with the next conversation.
    this.client.call('conversation/find', { id, text: null }).catch(() => {});
  }
}
