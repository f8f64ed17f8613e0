import type { CabinetView } from '../ipc/generated/CabinetView';
import type { ConversationSummary } from '../ipc/generated/ConversationSummary';
import type { Client } from '../ipc/client';
import { t } from '../shared/i18n.svelte';
import type { Conversations } from './conversations.svelte';
import type { Toasts } from './toasts.svelte';
import type { View } from './view';

/** What is asked about where a conversation is kept. */
export type Asking =
  | { what: 'tags' | 'folder'; id: string; title: string }
  | { what: 'name'; of: 'folder' | 'tag'; name: string }
  | { what: 'new' };

/** A group of the list. */
export interface Group {
  kind: 'pinned' | 'folder' | 'day';
  name: string;
  list: ConversationSummary[];
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** Pins, tags and folders, and what of the list they let through. */
export class Filing {
  cabinet = $state.raw<CabinetView>({ folders: [], tags: [] });
  /** Only conversations with this tag are listed. */
  only = $state<string | null>(null);
  /** Folders that are folded. */
  folded = $state.raw<readonly string[]>([]);
  /** The dialog that is open. */
  asking = $state.raw<Asking | null>(null);
  private readonly known;

  constructor(
    private readonly client: Client,
    private readonly view: View,
    private readonly conversations: Conversations,
    private readonly toasts: Toasts,
  ) {
    this.known = $derived(new Map(conversations.list.map((row) => [row.id, row])));
  }

  of(id: string): ConversationSummary | undefined {
    return this.known.get(id);
  }

  async load(): Promise<void> {
    const [cabinet, folded] = await Promise.all([
      this.client.call('filing/list', null),
      this.view.get<string[]>('view.folded').catch(() => null),
    ]);
    this.cabinet = cabinet;
    if (Array.isArray(folded)) this.folded = folded;
    this.settle();
  }

  async changed(): Promise<void> {
    this.cabinet = await this.client.call('filing/list', null);
    this.settle();
  }

  /** The list in groups, newest first in each: pinned, folders by name, the rest by day. */
  groups(dayOf: (at: number) => string): Group[] {
    const only = this.only;
    const shown = this.conversations.list.filter(
      (row) => only === null || row.tags.some((tag) => same(tag, only)),
    );
    const pinned = shown.filter((row) => row.pinned);
    const loose = shown.filter((row) => !row.pinned);
    const folders = this.cabinet.folders.map(({ name }): Group => {
      const list = loose.filter((row) => row.folder !== null && same(row.folder, name));
      return { kind: 'folder', name, list };
    });
    const known = new Set(folders.map((group) => group.name.toLowerCase()));
    const days = new Map<string, ConversationSummary[]>();
    for (const row of loose) {
      if (row.folder !== null && known.has(row.folder.toLowerCase())) continue;
      const day = dayOf(row.updated_at);
      const list = days.get(day);
      if (list) list.push(row);
      else days.set(day, [row]);
    }
    return [
      ...(pinned.length > 0 ? [{ kind: 'pinned' as const, name: t('Pinned'), list: pinned }] : []),
      ...folders.filter((group) => only === null || group.list.length > 0),
      ...[...days].map(([name, list]): Group => ({ kind: 'day', name, list })),
    ];
  }

  fold(name: string, folded: boolean): void {
    const rest = this.folded.filter((known) => !same(known, name));
    this.folded = folded ? [...rest, name] : rest;
    this.view.setSoon('view.folded', this.folded);
  }

  isFolded(name: string): boolean {
    return this.folded.some((known) => same(known, name));
  }

  async pin(id: string, pinned: boolean): Promise<void> {
    await this.file(() => this.client.call('conversation/pin', { id, pinned }));
  }

  async tag(id: string, tag: string, on: boolean): Promise<void> {
    await this.file(() => this.client.call('conversation/tag', { id, tag, on }));
  }

  /** Into a folder, or into none; can be taken back. */
  async move(id: string, folder: string | null): Promise<void> {
    const before = this.of(id)?.folder ?? null;
    if (folder === before) return;
    const moved = await this.file(() => this.client.call('conversation/move', { id, folder }));
    if (!moved) return;
    const back = () => void this.file(() => this.client.call('conversation/move', { id, folder: before }));
    if (folder === null) this.toasts.show(t('Out of the folder'), back);
    else this.toasts.show(t('Moved to {folder}', { folder }), back);
  }

  async makeFolder(name: string): Promise<void> {
    await this.put(() => this.client.call('folder/put', { was: null, name }));
  }

  async rename(of: 'folder' | 'tag', was: string, name: string): Promise<void> {
    const done = await this.put(() =>
      this.client.call(of === 'folder' ? 'folder/put' : 'tag/rename', { was, name }),
    );
    if (done && of === 'folder' && this.isFolded(was)) {
      this.fold(was, false);
      this.fold(name, true);
    }
  }

  /** The conversations stay; they are put back where they were by taking it back. */
  async remove(of: 'folder' | 'tag', name: string): Promise<void> {
    const had = this.conversations.list.filter((row) =>
      of === 'folder'
        ? row.folder !== null && same(row.folder, name)
        : row.tags.some((tag) => same(tag, name)),
    );
    const gone = await this.put(() =>
      this.client.call(of === 'folder' ? 'folder/remove' : 'tag/remove', { name }),
    );
    if (!gone) return;
    const back = async () => {
      if (of === 'folder') await this.makeFolder(name);
      for (const { id } of had) {
        await (of === 'folder'
          ? this.file(() => this.client.call('conversation/move', { id, folder: name }))
          : this.tag(id, name, true));
      }
    };
    const text =
      of === 'folder'
        ? t('Folder {name} deleted. Its chats stay', { name })
        : t('Tag {name} deleted. Its chats stay', { name });
    this.toasts.show(text, () => void back());
  }

  private async file(change: () => Promise<ConversationSummary>): Promise<boolean> {
    try {
      const summary = await change();
      // What is archived stays out of the list.
      if (this.of(summary.id)) this.conversations.note(summary);
      await this.changed();
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  private async put(change: () => Promise<CabinetView>): Promise<boolean> {
    try {
      this.cabinet = await change();
      await this.conversations.reload();
      this.settle();
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  /** A tag that nothing has any more hides nothing. */
  private settle(): void {
    const only = this.only;
    if (only !== null && !this.cabinet.tags.some(({ name }) => same(name, only))) this.only = null;
  }
}
