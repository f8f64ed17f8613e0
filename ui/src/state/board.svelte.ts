import type { Board as BoardView } from '../ipc/generated/Board';
import type { BoardCast } from '../ipc/generated/BoardCast';
import type { Supposed } from '../ipc/generated/Supposed';
import type { Client } from '../ipc/client';
import { modelRef } from './beside.svelte';
import type { Toasts } from './toasts.svelte';
import { t } from '../shared/i18n.svelte';

/** The leaderboard of the user's own votes; reckoned by the core, asked for anew with each filter. */
export class Board {
  view = $state.raw<BoardView | null>(null);
  cast = $state<BoardCast>('all');
  topic = $state<string | null>(null);
  language = $state<string | null>(null);
  tag = $state<string | null>(null);
  supposed = $state.raw<Supposed | null>(null);
  private asked = 0;
  private supposing = 0;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  async load(): Promise<void> {
    const turn = ++this.asked;
    const { cast, topic, language, tag } = this;
    try {
      const view = await this.client.call('board/open', { cast, topic, language, tag, since: null });
      if (turn === this.asked) this.view = view;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async choose(
    change: Partial<{ cast: BoardCast; topic: string | null; language: string | null; tag: string | null }>,
  ): Promise<void> {
    Object.assign(this, change);
    await this.load();
  }

  /** The user's prompts, had they gone to a model. */
  async suppose(model: string, topic: string | null, tag: string | null): Promise<void> {
    const turn = ++this.supposing;
    try {
      const found = await this.client.call('board/suppose', { topic, tag, model: modelRef(model) });
      if (turn === this.supposing) this.supposed = found;
    } catch (reason) {
      if (turn === this.supposing) this.supposed = null;
      this.toasts.fail(reason);
    }
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
