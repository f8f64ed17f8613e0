// Pins, tags and folders of the scripted host.
import type { CabinetView } from '../generated/CabinetView';
import type { ConversationSummary } from '../generated/ConversationSummary';
import type { TitleView } from '../generated/TitleView';
import type { FakeHost } from '../host.fake';
import { failure } from './samples';

type Kept = Pick<ConversationSummary, 'pinned' | 'folder' | 'tags'>;

/** Says where a conversation is kept. */
export function filingHost(
  host: FakeHost,
  filled: boolean,
  line: (id: string) => ConversationSummary | undefined,
): { of: (id: string) => Kept } {
  let titles: TitleView = { model: null, failure: null };
  const kept = new Map<string, Kept>();
  const folders = new Set<string>(filled ? ['Work'] : []);
  if (filled) {
    kept.set('chat', { pinned: true, folder: null, tags: ['sql'] });
    kept.set('old', { pinned: false, folder: 'Work', tags: ['sql', 'to read'] });
  }
  const of = (id: string): Kept => kept.get(id) ?? { pinned: false, folder: null, tags: [] };
  const put = (id: string, change: Partial<Kept>): ConversationSummary => {
    kept.set(id, { ...of(id), ...change });
    const row = line(id);
    if (!row) throw failure('request.invalid', 'This conversation is gone.') as unknown as Error;
    return row;
  };
  const each = (change: (known: Kept) => Kept) => {
    for (const [id, known] of kept) kept.set(id, change(known));
  };
  const count = (name: string, has: (known: Kept) => boolean) => ({
    name,
    conversations: [...kept.values()].filter(has).length,
  });
  const cabinet = (): CabinetView => ({
    folders: [...folders].sort().map((name) => count(name, (known) => known.folder === name)),
    tags: [...new Set([...kept.values()].flatMap((known) => known.tags))]
      .sort()
      .map((name) => count(name, (known) => known.tags.includes(name))),
  });
  const unique = (tags: string[]) => [...new Set(tags)].sort();
  host
    .on('conversation/pin', ({ id, pinned }) => put(id, { pinned }))
    .on('conversation/tag', ({ id, tag, on }) => {
      const others = of(id).tags.filter((known) => known !== tag);
      return put(id, { tags: unique(on ? [...others, tag] : others) });
    })
    .on('conversation/move', ({ id, folder }) => {
      if (folder !== null) folders.add(folder);
      return put(id, { folder });
    })
    .on('title/state', () => titles)
    .on('title/set', ({ model }) => {
      if (model !== null && !model.includes('/')) {
        throw failure('request.invalid', `Nobody offers ${model}.`) as unknown as Error;
      }
      return (titles = { model, failure: null });
    })
    .on('filing/list', cabinet)
    .on('folder/put', ({ was, name }) => {
      if (was !== null) folders.delete(was);
      folders.add(name);
      each((known) => (known.folder === was && was !== null ? { ...known, folder: name } : known));
      return cabinet();
    })
    .on('folder/remove', ({ name }) => {
      folders.delete(name);
      each((known) => (known.folder === name ? { ...known, folder: null } : known));
      return cabinet();
    })
    .on('tag/rename', ({ was, name }) => {
      each((known) => ({ ...known, tags: unique(known.tags.map((tag) => (tag === was ? name : tag))) }));
      return cabinet();
    })
    .on('tag/remove', ({ name }) => {
      each((known) => ({ ...known, tags: known.tags.filter((tag) => tag !== name) }));
      return cabinet();
    });
  return { of };
}
