// What can be done with the tree of the open conversation: every one of these moves pointers or adds; nothing
// that was said is changed.
import type { Client } from '../ipc/client';
import type { MapTurn } from '../ipc/generated/MapTurn';
import type { ModelRow } from '../ipc/generated/ModelRow';
import type { Pick } from '../ipc/generated/Pick';
import type { PickChoice } from '../ipc/generated/PickChoice';
import type { RunView } from '../ipc/generated/RunView';
import type { Conversations } from './conversations.svelte';
import { plainTarget } from './models.svelte';
import type { Toasts } from './toasts.svelte';
import type { LiveTurn } from './turns.svelte';
import { t } from '../shared/i18n.svelte';

/** What was picked with the names seen; a blind vote shows as a pick too. */
function seen(turn: LiveTurn): Pick | null {
  const { pick, blind } = turn.view;
  const vote = blind?.vote;
  if (!vote) return pick;
  const blindly: Pick = vote.type === 'rank' ? { type: 'best', run: vote.runs[0] ?? '' } : vote;
  return JSON.stringify(blindly) === JSON.stringify(pick) ? null : pick;
}

export class Branches {
  constructor(
    private readonly client: Client,
    private readonly conversations: Conversations,
    private readonly toasts: Toasts,
  ) {}

  /** Says which answer is the best; the same again takes it back. A vote that was cast blind stays what it is. */
  async pick(turn: LiveTurn, choice: PickChoice): Promise<void> {
    const before = seen(turn);
    const again = JSON.stringify(before) === JSON.stringify(choice);
    await this.guarded(async () => {
      await this.cast(turn, again ? { type: 'nothing' } : choice);
      const said = choice.type === 'best' ? t('Best answer picked') : t('Vote kept');
      this.toasts.show(again ? t('Vote taken back') : said, () => {
        void this.guarded(() => this.cast(turn, before ?? { type: 'nothing' }));
      });
    });
  }

  /** Keeps a note on a turn; false = that did not go. */
  async note(turn: LiveTurn, text: string): Promise<boolean> {
    try {
      await this.client.call('turn/note', { turn: turn.id, text });
      turn.noted(text);
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  /** Shows the branch through another turn. */
  async go(turn: string): Promise<void> {
    const open = this.conversations.open;
    if (!open) return;
    await this.guarded(async () => {
      await open.adopt(await this.client.call('conversation/go', { id: open.id, turn }));
    });
  }

  /** Shows another answer of a lane. */
  async show(turn: LiveTurn, run: string): Promise<void> {
    await this.guarded(async () => {
      turn.take(await this.client.call('run/show', { run }));
      await this.conversations.open?.refresh();
    });
  }

  /** Every lane continues from one answer; `null` = each from its own again. */
  async continueFrom(run: RunView | null): Promise<void> {
    const open = this.conversations.open;
    if (!open) return;
    const from = (message: string | null) =>
      this.guarded(async () => {
        open.lineUp.take(await this.client.call('conversation/continue', { id: open.id, message }));
      });
    await from(run?.message ?? null);
    if (run === null) return;
    open.setPolicy({ type: 'own' });
    this.toasts.show(
      t('All continue from {modelName}', { modelName: run.model_name }),
      () => void from(null),
    );
  }

  /** A copy of the whole conversation, which is opened. */
  async duplicate(id: string): Promise<void> {
    await this.guarded(async () => {
      const copy = await this.client.call('conversation/duplicate', { id });
      await this.conversations.reload();
      await this.conversations.show(copy.id);
    });
  }

  /** A new conversation that begins with what stands up to an answer, or before a prompt. */
  async fork(turn: LiveTurn, run: RunView | null): Promise<void> {
    await this.guarded(async () => {
      const forked = await this.client.call('conversation/fork', { turn: turn.id, run: run?.id ?? null });
      await this.conversations.reload();
      await this.conversations.show(forked.conversation.id);
      const open = this.conversations.open;
      if (forked.prompt !== null && open?.id === forked.conversation.id) {
        open.draft.set(forked.prompt);
        for (const file of turn.view.attachments ?? []) open.draft.attach(file);
      }
      this.toasts.show(t('Forked into a new chat'));
    });
  }

  /** Asks one more model what others have answered; it joins the line-up. */
  async addLane(turn: LiveTurn, row: ModelRow): Promise<void> {
    await this.guarded(async () => {
      await turn.addLane(plainTarget(row.reference));
      await this.conversations.open?.relearn();
    });
  }

  async map(): Promise<MapTurn[]> {
    const id = this.conversations.open?.id;
    return id === undefined ? [] : this.client.call('conversation/map', { id });
  }

  private async cast(turn: LiveTurn, choice: PickChoice): Promise<void> {
    const { pick } = await this.client.call('turn/pick', { turn: turn.id, choice });
    turn.picked(pick);
  }

  private async guarded(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }
}
