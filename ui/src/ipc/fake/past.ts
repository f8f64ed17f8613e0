// Searching and importing as the scripted host does them.
import type { ImportOutcome } from '../generated/ImportOutcome';
import type { ImportState } from '../generated/ImportState';
import type { SearchHit } from '../generated/SearchHit';
import type { SearchPage } from '../generated/SearchPage';
import type { TurnView } from '../generated/TurnView';
import type { ConversationSummary } from '../generated/ConversationSummary';
import type { FakeHost } from '../host.fake';
import { failure } from './samples';

interface Conversation {
  id: string;
  title: string;
  turns: TurnView[];
}

/** Archive, trash, search, import and export; says which conversations are still in the list. */
export function pastHost(
  host: FakeHost,
  conversations: Map<string, Conversation>,
  line: (id: string) => ConversationSummary | undefined,
): { listed: (id: string) => boolean } {
  const trash = new Set<string>();
  const archived = new Set<string>();
  const shelved = (ids: Set<string>, removed: boolean) =>
    [...ids].map((id) => {
      const now = Date.now();
      const title = conversations.get(id)?.title ?? '';
      return { id, title, updated_at: now, since: now, until: removed ? now + 29.5 * DAY : null };
    });
  host
    .on('conversation/archive', ({ id, archived: away }) => {
      if (away) archived.add(id);
      else archived.delete(id);
      return null;
    })
    .on('conversation/delete', ({ id }) => {
      trash.add(id);
      return null;
    })
    .on('conversation/restore', ({ id }) => {
      trash.delete(id);
      const known = line(id);
      if (!known) throw failure('request.invalid', 'This conversation is gone.') as unknown as Error;
      return known;
    })
    .on('conversation/purge', ({ id }) => {
      trash.delete(id);
      conversations.delete(id);
      return null;
    })
    .on('conversation/shelf', ({ shelf }) => ({
      conversations: shelf === 'trash' ? shelved(trash, true) : shelved(archived, false),
    }))
    .on('conversation/export', ({ form }) => ({ path: `Downloads/Parallax conversation.${form}` }))
    .on('history/search', ({ text }) => foundIn([...conversations.values()], text))
    .on('backup/state', () => ({
      running: null,
      candidates: importState()
        .candidates.map((file) => ({ ...file, name: 'parallax-backup-2026-11-20.zip' }))
        .slice(0, 1),
      waits: false,
    }))
    .on('backup/make', () => backup('Downloads/parallax-backup-2026-11-21.zip'))
    .on('backup/restore', ({ path }) => backup(path))
    .on('backup/stop', () => null)
    .on('import/state', importState)
    .on('import/run', ({ dry_run }) => importOutcome(dry_run))
    .on('import/stop', () => null)
    .on('import/undo', () => ({ gone: 3, kept: 0, elsewhere: 0 }));
  return { listed: (id) => !trash.has(id) && !archived.has(id) };
}

/** The text of an answer without its markup. */
function words(html: string): string {
  const page = new DOMParser().parseFromString(html, 'text/html');
  return (page.body.textContent ?? '').replace(/\s+/g, ' ');
}

/** Every message that holds the text. */
function foundIn(conversations: Conversation[], text: string): SearchPage {
  const wanted = text.toLowerCase();
  const hits: SearchHit[] = [];
  for (const { id, title, turns } of conversations) {
    for (const turn of turns) {
      const said: [string | null, string | null, string][] = [
        [null, null, turn.prompt],
        ...turn.runs.map((run): [string, string, string] => [
          run.id,
          run.target.model.model,
          words(run.sections.flatMap((section) => section.blocks.map((block) => block.html)).join(' ')),
        ]),
      ];
      for (const [run, model, body] of said) {
        const at = body.toLowerCase().indexOf(wanted);
        if (at < 0) continue;
        const from = Math.max(0, at - 40);
        hits.push({
          message: `m-${turn.id}-${run ?? 'prompt'}`,
          conversation: id,
          title,
          archived: false,
          turn: turn.id,
          run,
          model,
          at: turn.created_at,
          cost: run === null ? null : '0.0042',
          snippet: [
            { text: (from > 0 ? '…' : '') + body.slice(from, at), hit: false },
            { text: body.slice(at, at + wanted.length), hit: true },
            { text: body.slice(at + wanted.length, at + wanted.length + 120), hit: false },
          ].filter((piece) => piece.text !== ''),
          part: false,
        });
      }
    }
  }
  return { hits, next: null, partial: false };
}

const DAY = 86_400_000;

function importState(): ImportState {
  const now = Date.now();
  return {
    running: null,
    candidates: [
      {
        path: '/data/downloads/chatgpt-export.zip',
        name: 'chatgpt-export.zip',
        size: 84_200_000,
        changed_at: now - DAY / 24,
      },
      {
        path: '/data/downloads/claude.json',
        name: 'claude.json',
        size: 2_310_000,
        changed_at: now - 3 * DAY,
      },
    ],
    done: [
      {
        id: '01890000-0000-8000-8000-000000000001',
        name: 'open-webui.json',
        source: 'open-webui',
        at: now - 9 * DAY,
        finished: true,
        conversations: 41,
        messages: 530,
      },
    ],
  };
}

function importOutcome(look: boolean): ImportOutcome {
  return {
    id: look ? null : '01890000-0000-8000-8000-000000000002',
    sources: ['ChatGPT'],
    added: 318,
    extended: 2,
    known: 17,
    in_trash: 0,
    messages: 4106,
    notes: [
      {
        text: '26 conversations have edited prompts or repeated answers; all of them are kept.',
        said: {
          form: '{n} conversations have edited prompts or repeated answers; all of them are kept.',
          with: { n: '26' },
        },
      },
      {
        text: '112 pictures and files do not come along; a note stands in each one’s place.',
        said: {
          form: "{n} pictures and files do not come along; a note stands in each one's place.",
          with: { n: '112' },
        },
      },
    ],
    complete: true,
    stopped: false,
    dry_run: look,
  };
}

const backup = (path: string) => ({
  path,
  stopped: false,
  bytes: 18_240_000,
  files: 12,
  made_at: Date.now(),
  damaged: 0,
});
