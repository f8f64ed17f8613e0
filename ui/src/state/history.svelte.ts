import type { ExportFormName } from '../ipc/generated/ExportFormName';
import type { ImportOutcome } from '../ipc/generated/ImportOutcome';
import type { ImportState } from '../ipc/generated/ImportState';
import type { SearchCursor } from '../ipc/generated/SearchCursor';
import type { SearchHit } from '../ipc/generated/SearchHit';
import type { ShelfName } from '../ipc/generated/ShelfName';
import type { ShelvedConversation } from '../ipc/generated/ShelvedConversation';
import type { Client } from '../ipc/client';
import type { Conversations } from './conversations.svelte';
import type { Nav } from './nav.svelte';
import type { Toasts } from './toasts.svelte';
import { told } from './failures';
import { t } from '../shared/i18n.svelte';

/** Results fetched at once. */
const PAGE = 50;
/** How often a running import is looked at. */
const LOOK_MS = 400;

/** What was said before: found, put away, brought in, given out. */
export class History {
  /** The search is open. */
  searching = $state(false);
  /** What the search begins with. */
  beginning = $state('');
  /** The import is open. */
  importing = $state(false);

  hits = $state.raw<SearchHit[]>([]);
  /** More can be had. */
  more = $state(false);
  /** Only the newest messages were looked through. */
  partial = $state(false);
  /** What is wrong with the search as typed. */
  problem = $state<string | null>(null);
  /** The text that the results answer. */
  answered = $state('');
  private next: SearchCursor | null = null;
  private asked = 0;

  shelf = $state<ShelfName>('archived');
  shelved = $state.raw<ShelvedConversation[]>([]);

  imports = $state.raw<ImportState | null>(null);
  outcome = $state.raw<ImportOutcome | null>(null);
  /** An import of this window goes on. */
  running = $state(false);
  failure = $state<string | null>(null);

  constructor(
    private readonly client: Client,
    private readonly conversations: Conversations,
    private readonly nav: Nav,
    private readonly toasts: Toasts,
  ) {}

  /** Only the newest question may answer. */
  async search(text: string, on = false): Promise<void> {
    const turn = ++this.asked;
    if (text.trim() === '') {
      Object.assign(this, { hits: [], more: false, partial: false, problem: null, answered: '' });
      return;
    }
    const from = on ? this.next : null;
    try {
      const page = await this.client.call('history/search', { text, from, limit: PAGE });
      if (turn !== this.asked) return;
      this.hits = on ? [...this.hits, ...page.hits] : page.hits;
      this.next = page.next;
      this.more = page.next !== null;
      this.partial = page.partial;
      this.problem = null;
      this.answered = text;
    } catch (reason) {
      if (turn !== this.asked) return;
      this.problem = told(reason);
      if (!on) this.hits = [];
      this.more = false;
    }
  }

  /** Opens the search over messages with these words. */
  find(words: string): void {
    this.beginning = words;
    this.searching = true;
  }

  /** Opens the conversation of a result at the very place. */
  async goTo(hit: SearchHit): Promise<void> {
    this.searching = false;
    await this.conversations.show(hit.conversation, { turn: hit.turn, run: hit.run });
  }

  async loadShelf(shelf: ShelfName = this.shelf): Promise<void> {
    this.shelf = shelf;
    try {
      const found = await this.client.call('conversation/shelf', { shelf });
      if (this.shelf === shelf) this.shelved = found.conversations;
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** Out of the archive or the trash. */
  async restore(id: string): Promise<void> {
    try {
      if (this.shelf === 'trash') await this.client.call('conversation/restore', { id });
      else await this.client.call('conversation/archive', { id, archived: false });
      this.shelved = this.shelved.filter((known) => known.id !== id);
      await this.conversations.reload();
      this.toasts.show(t('Conversation restored'));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async remove(id: string): Promise<void> {
    await this.conversations.remove(id, () => void this.loadShelf());
    await this.loadShelf();
  }

  async purge(id: string): Promise<void> {
    try {
      await this.client.call('conversation/purge', { id });
      this.shelved = this.shelved.filter((known) => known.id !== id);
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async export(id: string, form: ExportFormName): Promise<void> {
    try {
      const { path } = await this.client.call('conversation/export', { id, form });
      this.toasts.show(t('Saved as {path}', { path }));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async loadImports(): Promise<void> {
    try {
      this.imports = await this.client.call('import/state', null);
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** Imports a file, or looks what it would bring. */
  async import(path: string, look: boolean): Promise<void> {
    if (this.running) return;
    Object.assign(this, { running: true, outcome: null, failure: null });
    const watch = setInterval(() => void this.loadImports(), LOOK_MS);
    try {
      this.outcome = await this.client.call('import/run', { path, dry_run: look });
      if (!look) await this.conversations.reload();
    } catch (reason) {
      this.failure = told(reason);
    } finally {
      clearInterval(watch);
      this.running = false;
      await this.loadImports();
    }
  }

  async stopImport(): Promise<void> {
    await this.client.call('import/stop', null).catch((reason: unknown) => this.toasts.fail(reason));
  }

  async undoImport(id: string): Promise<void> {
    try {
      const { gone, kept, elsewhere } = await this.client.call('import/undo', { id });
      let stayed = kept > 0 ? t('; {kept} stayed, because you went on with them', { kept }) : '';
      if (elsewhere === 1) stayed += t('; 1 message stays in a conversation of another import');
      if (elsewhere > 1) {
        stayed += t('; {elsewhere} messages stay in conversations of other imports', { elsewhere });
      }
      this.toasts.show(t('{gone} imported conversations removed{stayed}', { gone, stayed }));
      await Promise.all([this.loadImports(), this.conversations.reload()]);
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  openPage(): void {
    this.nav.go({ name: 'history' });
  }
}
