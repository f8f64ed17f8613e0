import type { Board as BoardView } from '../ipc/generated/Board';
import type { BoardCast } from '../ipc/generated/BoardCast';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';
import { t } from '../shared/i18n.svelte';

/** The leaderboard of the user's own votes; reckoned by the core, asked for anew with each filter. */
export class Board {
  view = $state.raw<BoardView | null>(null);
  cast = $state<BoardCast>('all');
  topic = $state<string | null>(null);
  language = $state<string | null>(null);
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  async load(): Promise<void> {
    const turn = ++this.asked;
    const { cast, topic, language } = this;
    try {
      const view = await this.client.call('board/open', { cast, topic, language, since: null });
      if (turn === this.asked) this.view = view;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async choose(
    change: Partial<{ cast: BoardCast; topic: string | null; language: string | null }>,
  ): Promise<void> {
    Object.assign(this, change);
    await this.load();
  }

  async export(): Promise<void> {
    try {
      const { path } = await this.client.call('board/export', null);
      this.toasts.show(t('Saved as {path}', { path }));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }
}
