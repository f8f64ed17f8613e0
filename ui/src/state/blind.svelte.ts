import type { BlindVote } from '../ipc/generated/BlindVote';
import type { Revealed } from '../ipc/generated/Revealed';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';
import type { LiveTurn } from './turns.svelte';
import { t } from '../shared/i18n.svelte';

/** Votes on turns whose names are hidden. The names come from the core with the answer to the vote, not before. */
export class Blind {
  /** What votes of this window brought to light, by turn. */
  revealed = $state.raw<ReadonlyMap<string, Revealed>>(new Map());
  private voting = false;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  async vote(turn: LiveTurn, vote: BlindVote): Promise<void> {
    await this.show(turn, () => this.client.call('blind/vote', { turn: turn.id, vote }));
  }

  async reveal(turn: LiveTurn): Promise<void> {
    await this.show(turn, () => this.client.call('blind/reveal', { turn: turn.id }));
  }

  /** Takes the vote back; the names stay seen. */
  async undo(turn: LiveTurn): Promise<void> {
    try {
      turn.take(await this.client.call('blind/undo', { turn: turn.id }));
      const next = new Map(this.revealed);
      next.delete(turn.id);
      this.revealed = next;
      this.toasts.show(t('Vote taken back'));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  private async show(turn: LiveTurn, ask: () => Promise<Revealed>): Promise<void> {
    if (this.voting) return;
    this.voting = true;
    try {
      const revealed = await ask();
      turn.take(revealed.turn);
      this.revealed = new Map([...this.revealed, [turn.id, revealed]]);
    } catch (reason) {
      this.toasts.fail(reason);
    } finally {
      this.voting = false;
    }
  }
}
