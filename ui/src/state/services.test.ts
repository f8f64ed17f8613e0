import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errors } from './errors';
import { key, lane, model, provider, run, summary, target, turn } from '../ipc/fake/samples';
import type { AppState } from '../ipc/generated/AppState';
import type { RunView } from '../ipc/generated/RunView';
import { FakeHost } from '../ipc/host.fake';
import { marksOf } from './models.svelte';
import { Services } from './services.svelte';

const one = model('x/one', 'One', { mark: 1 });
const two = model('x/two', 'Two');
const lanes = [lane('l1', one, 'h1'), lane('l2', two, 'h2')];
const state: AppState = {
  version: '0.1.0',
  data_dir: '/data',
  storage: { state: 'ok', name: 'Keychain', message: 'Keys go there.' },
  onboarded: true,
  theme: 'dark',
  conversations: [summary('c1', { title: 'First' })],
  line_up: [target('x/one'), target('x/two')],
};

let host: FakeHost;
let values: Map<string, string>;

function services(): Services {
  return new Services(host, errors);
}

beforeEach(() => {
  vi.useFakeTimers();
  values = new Map();
  host = new FakeHost()
    .on('app/state', () => state)
    .on('prompt/list', () => ({ prompts: [], teams: [] }))
    .on('view/get', ({ key }) => ({ key, value: values.get(key) ?? null }))
    .on('view/set', ({ key, value }) => {
      if (value === null) values.delete(key);
      else values.set(key, value);
      return null;
    })
    .on('models/resolve', (targets) => targets.map((t) => (t.model.model === 'x/one' ? one : two)))
    .on('budget/list', () => [])
    .on('filing/list', () => ({ tags: [], folders: [] }))
    .on('spend/today', () => ({ amount: '0', attempts: 0, unknown: 0 }))
    .on('provider/list', () => [])
    .on('quick/take', () => ({ text: null, drafted: false }))
    .on('conversation/list', () => state.conversations)
    .on('conversation/open', ({ id }) => ({
      id,
      title: 'First',
      policy: null,
      lanes,
      turns: [],
      earlier: 0,
      later: 0,
    }));
});
afterEach(() => vi.useRealTimers());

describe('at the start', () => {
  it('paints theme, list and line-up from one answer', async () => {
    const s = services();
    await s.start();
    expect(document.documentElement.getAttribute('data-theme')).toBe('dark');
    expect(s.conversations.list.map((c) => c.title)).toEqual(['First']);
    expect(s.newLineUp.items.map((item) => item.model?.name)).toEqual(['One', 'Two']);
    expect(s.nav.page.name).toBe('new');
  });

  it('stands still with the reason when the data cannot be opened', async () => {
    host.fails('app/state', { kind: 'store.newer', message: 'Newer.', upstream: null });
    const s = services();
    await s.start();
    expect(s.started).toBe(false);
    expect(s.failure?.kind).toBe('store.newer');
    host.on('app/state', () => state);
    const again = s.start();
    // The page with the reason stays until there is something to show instead.
    expect(s.failure?.kind).toBe('store.newer');
    await again;
    expect([s.started, s.failure]).toEqual([true, null]);
  });

  it('hears of changes before it asks, once however often it is tried', async () => {
    const listens = vi.spyOn(host, 'onChanged');
    host.fails('app/state', { kind: 'store.busy', message: 'Busy.', upstream: null });
    const s = services();
    await s.start();
    host.on('app/state', () => {
      host.push({ tables: ['conversations'] });
      return state;
    });
    host.on('conversation/list', () => [summary('c9', { title: 'Came meanwhile' })]);
    await s.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(listens).toHaveBeenCalledTimes(1);
    expect(s.conversations.list.map((c) => c.title)).toEqual(['Came meanwhile']);
  });

  it('begins with onboarding once', async () => {
    host.on('app/state', () => ({ ...state, onboarded: false })).on('settings/onboarded', () => null);
    const s = services();
    await s.start();
    expect(s.nav.page.name).toBe('onboarding');
  });

  it('goes back to the conversation that was open', async () => {
    values.set('view.last', '"c1"');
    const s = services();
    await s.start();
    expect(s.nav.page).toEqual({ name: 'chat', id: 'c1' });
  });
});

describe('opening a conversation', () => {
  it('does not pull back whoever went elsewhere while it was fetched', async () => {
    const s = services();
    await s.start();
    const shown = s.conversations.show('c1');
    s.nav.go({ name: 'settings', provider: null });
    await shown;
    expect([s.nav.page.name, s.conversations.open, s.conversations.opening]).toEqual([
      'settings',
      null,
      false,
    ]);
  });
});

describe('drafts', () => {
  it('are saved after a pause and come back after a restart', async () => {
    const s = services();
    await s.start();
    s.conversations.draft.set('Half a thou');
    s.conversations.draft.set('Half a thought');
    expect(values.has('view.draft.new')).toBe(false);
    await vi.advanceTimersByTimeAsync(450);
    expect(host.sent('view/set').filter((set) => set.key === 'view.draft.new')).toHaveLength(1);
    const again = services();
    await again.start();
    expect(again.conversations.draft.text).toBe('Half a thought');
  });

  it('are saved at once when the window goes away', async () => {
    const s = services();
    await s.start();
    s.conversations.draft.set('Almost lost');
    s.view.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(values.get('view.draft.new')).toBe('"Almost lost"');
  });
});

describe('sending', () => {
  const started = () => ({
    conversation: summary('c2', { title: 'Why?' }),
    lanes,
    turn: turn('t1', [run('r1', lanes[0] ?? lane('l1', one), 0)], { live: true }),
  });

  it('announces long answers to whoever looks elsewhere and has asked for it', async () => {
    const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    const ends: (() => void)[] = [];
    host
      .on('window/notify', () => null)
      .on('turn/start', (_, send) => {
        ends.push(() =>
          send({
            turn: 't1',
            seq: 1,
            last: true,
            runs: [{ run: 'r1', ops: [{ type: 'state', state: 'done' }] }],
          }),
        );
        const began = started();
        return { ...began, turn: { ...began.turn, created_at: Date.now() } };
      });
    const ask = async (wait: number): Promise<number> => {
      const s = services();
      await s.start();
      s.reading.notify = true;
      await s.conversations.send('Why?');
      await vi.advanceTimersByTimeAsync(wait);
      ends.at(-1)?.();
      await vi.advanceTimersByTimeAsync(100);
      return host.sent('window/notify').length;
    };
    expect(await ask(2_000)).toBe(0);
    expect(await ask(16_000)).toBe(1);
    expect(host.sent('window/notify')[0]).toEqual({ title: 'Why?', body: 'All answers are there.' });
    focus.mockReturnValue(true);
    expect(await ask(16_000)).toBe(1);
    focus.mockRestore();
  });

  it('begins a conversation, keeps early frames and clears the draft', async () => {
    host.on('turn/start', (_, send) => {
      send({
        turn: 't1',
        seq: 1,
        last: false,
        runs: [{ run: 'r1', ops: [{ type: 'state', state: 'connecting' }] }],
      });
      return started();
    });
    const s = services();
    await s.start();
    s.conversations.draft.set('Why?');
    expect(await s.conversations.send('Why?')).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(host.sent('turn/start')[0]).toMatchObject({
      conversation: null,
      prompt: 'Why?',
      context: { type: 'own' },
      line_up: [{ model: { model: 'x/one' } }, { model: { model: 'x/two' } }],
    });
    expect(s.nav.page).toEqual({ name: 'chat', id: 'c2' });
    expect(s.conversations.open?.turns[0]?.view.runs[0]?.state).toBe('connecting');
    expect(s.conversations.draft.text).toBe('');
    expect(s.conversations.list[0]?.id).toBe('c2');
    s.conversations.open?.close();
  });

  it('keeps what is typed while the prompt is on its way', async () => {
    host.on('turn/start', started);
    const s = services();
    await s.start();
    s.conversations.draft.set('Why?');
    const sent = s.conversations.send('Why?');
    s.conversations.draft.set('Why? And how?');
    await sent;
    expect(s.conversations.draft.text).toBe('Why? And how?');
    s.conversations.open?.close();
  });

  it('leaves whoever has gone elsewhere where they are', async () => {
    host.on('turn/start', started);
    const s = services();
    await s.start();
    const sent = s.conversations.send('Why?');
    s.nav.go({ name: 'spend' });
    expect(await sent).toBe(true);
    expect([s.nav.page.name, s.conversations.open]).toEqual(['spend', null]);
    expect(s.conversations.list[0]?.id).toBe('c2');
  });

  it('leaves whoever has opened another conversation there', async () => {
    host.on('turn/start', started);
    const s = services();
    await s.start();
    const shown = s.conversations.show('c1');
    await Promise.all([s.conversations.send('Why?'), shown]);
    expect(s.nav.page).toEqual({ name: 'chat', id: 'c1' });
    expect(s.conversations.open?.id).toBe('c1');
  });

  it('keeps the text when the core refuses', async () => {
    host.fails('turn/start', { kind: 'store.full', message: 'The disk is full.', upstream: null });
    const s = services();
    await s.start();
    s.conversations.draft.set('Why?');
    expect(await s.conversations.send('Why?')).toBe(false);
    expect(s.conversations.draft.text).toBe('Why?');
    expect(s.toasts.list.map((toast) => toast.text)).toEqual(['The disk is full.']);
  });

  it('sends the chosen context until it is changed', async () => {
    host.on('turn/start', started);
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    const open = s.conversations.open;
    if (!open) throw new Error('nothing open');
    open.setPolicy({ type: 'winner' });
    open.to = ['l1'];
    await s.conversations.send('And then?');
    expect(host.sent('turn/start')[0]).toMatchObject({
      conversation: 'c1',
      line_up: [],
      context: { type: 'winner' },
    });
    expect(open.policy).toEqual({ type: 'winner' });
    expect(open.to).toEqual([]);
    open.close();
  });

  it('shows another wording in the place of the old one', async () => {
    host.on('turn/start', started);
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    const open = s.conversations.open;
    if (!open) throw new Error('nothing open');
    await s.conversations.send('First');
    const first = open.turns[0]?.id ?? '';
    host.on('turn/start', () => {
      const made = started();
      return { ...made, turn: { ...made.turn, id: 'anew', siblings: [first, 'anew'] } };
    });
    await s.conversations.send('Second', false, first);
    expect(host.sent('turn/start')[1]).toMatchObject({ beside: first });
    expect(open.turns.map((turn) => turn.id)).toEqual(['anew']);
    open.close();
  });
});

describe('line-ups', () => {
  it('of a new chat are remembered, and a removal can be undone', async () => {
    const s = services();
    await s.start();
    await s.newLineUp.remove(0);
    expect(s.newLineUp.targets.map((t) => t.model.model)).toEqual(['x/two']);
    expect(JSON.parse(values.get('view.line_up') ?? '[]')).toHaveLength(1);
    expect(s.toasts.undoLast()).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(s.newLineUp.targets.map((t) => t.model.model)).toEqual(['x/one', 'x/two']);
  });

  it('of a new chat keep what was added since the removal that is undone', async () => {
    const s = services();
    await s.start();
    await s.newLineUp.remove(0);
    await s.newLineUp.add({ model: 'x/three', provider: null });
    s.toasts.undoLast();
    expect(s.newLineUp.targets.map((t) => t.model.model)).toEqual(['x/one', 'x/two', 'x/three']);
  });

  it('of a conversation take back the removed lane alone, and none while answers arrive', async () => {
    const third = lane('l3', model('x/three', 'Three'));
    const known = [...lanes, third];
    host.on('conversation/line_up', ({ line_up }) =>
      line_up.flatMap((entry) => known.find((l) => l.id === (entry.lane ?? 'l3')) ?? []),
    );
    host.on('turn/start', () => ({
      conversation: summary('c1'),
      lanes: [lanes[1] ?? third, third],
      turn: turn('t1', [run('r1', third, 0)], { live: true }),
    }));
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    const open = s.conversations.open;
    if (!open) throw new Error('nothing open');
    const ids = () => open.lineUp.lanes.map((l) => l.id);
    await open.lineUp.remove(0);
    await open.lineUp.add({ model: 'x/three', provider: null });
    s.toasts.undoLast();
    await vi.advanceTimersByTimeAsync(0);
    expect(ids()).toEqual(['l1', 'l2', 'l3']);
    await open.lineUp.remove(0);
    await s.conversations.send('And then?');
    const stored = host.sent('conversation/line_up').length;
    s.toasts.undoLast();
    await vi.advanceTimersByTimeAsync(0);
    expect(host.sent('conversation/line_up')).toHaveLength(stored);
    expect(s.toasts.list.at(-1)?.text).toBe('One was not put back: answers are arriving');
    open.close();
  });

  it('of a conversation are stored by the core, lanes by their ids', async () => {
    host.on('conversation/line_up', ({ line_up }) =>
      line_up[0]?.lane === 'l2' ? [...lanes].reverse() : lanes,
    );
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    await s.conversations.open?.lineUp.move(1, 0);
    expect(host.sent('conversation/line_up')[0]?.line_up.map((entry) => entry.lane)).toEqual(['l2', 'l1']);
    expect(s.conversations.open?.lineUp.items.map((item) => item.model?.name)).toEqual(['Two', 'One']);
  });
});

describe('marks', () => {
  it('keep their own slot; newcomers take the lowest free one', () => {
    const rows = [
      model('a/a', 'A', { mark: 2 }),
      model('a/b', 'B'),
      model('a/c', 'C', { mark: 1 }),
      undefined,
    ];
    expect(marksOf(rows)).toEqual([2, 3, 1, 4]);
  });
  it('beyond the eighth are neutral', () => {
    expect(marksOf(Array.from({ length: 9 }, () => undefined)).at(-1)).toBe(0);
  });
});

describe('a long chat', () => {
  it('is opened with its newest few turns, and follows what is written in those that come behind them', async () => {
    const first = lanes[0] ?? lane('l1', one);
    const asked = (id: string, state: RunView['state']) =>
      turn(id, [run(`r-${id}`, first, 0, { state })], { live: state === 'streaming' });
    host.on('conversation/open', ({ id, span }) => {
      const few = span?.type === 'few';
      const turns = few ? [asked('t9', 'done')] : [asked('t7', 'streaming'), asked('t8', 'done')];
      return { id, title: 'First', policy: null, lanes, turns, earlier: few ? 9 : 7, later: 0 };
    });
    // However long that takes: what else is brought does not wait for it.
    host.on('turn/subscribe', () => new Promise<never>(() => {}));
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    const names = () => s.conversations.open?.turns.map((one) => one.id);
    expect(names()).toEqual(['t9']);
    await s.conversations.open?.more('before');
    expect(names()).toEqual(['t7', 't8', 't9']);
    expect(host.sent('turn/subscribe')).toEqual([{ turn: 't7' }]);
  });
});

describe('changes pushed by the core', () => {
  it('reload what they touch and nothing else', async () => {
    const s = services();
    await s.start();
    const before = host.calls.length;
    host.push({ tables: ['spend'] });
    await vi.advanceTimersByTimeAsync(0);
    expect(host.calls.slice(before).map((call) => call.cmd)).toEqual(['spend/today', 'budget/list']);
  });

  it('read an open chat anew as long as another program is at its answers', async () => {
    const answered = (state: RunView['state']) =>
      host.on('conversation/open', ({ id }) => ({
        id,
        title: 'First',
        policy: null,
        lanes,
        turns: [turn('t1', [run('r1', lanes[0] ?? lane('l1', one), 0, { state })])],
        earlier: 0,
        later: 0,
      }));
    const opened = async () => {
      host.push({ tables: ['conversations'] });
      await vi.advanceTimersByTimeAsync(0);
      return host.sent('conversation/open').length;
    };
    answered('streaming');
    const s = services();
    await s.start();
    await s.conversations.show('c1');
    const state = () => s.conversations.open?.turns[0]?.view.runs[0]?.state;
    expect(await opened()).toBe(2);
    expect(state()).toBe('streaming');
    answered('interrupted');
    expect(await opened()).toBe(3);
    expect(state()).toBe('interrupted');
    // All has ended: nothing is waited for.
    expect(await opened()).toBe(3);
  });
});

describe('keys', () => {
  it('are stored even when looking again at the models fails', async () => {
    host.on('key/set', () => provider('p', 'P', { keys: [key('abcd')] }));
    const s = services();
    await s.start();
    host.fails('models/resolve', { kind: 'store.busy', message: 'Busy.', upstream: null });
    expect((await s.providers.setKey('p', 'secret-abcd')).keys[0]?.last_four).toBe('abcd');
    expect(s.providers.rows.map((row) => row.keys[0]?.last_four)).toEqual(['abcd']);
    expect(s.toasts.list.map((toast) => toast.text)).toEqual(['Busy.']);
  });
});

describe('archiving', () => {
  it('takes the conversation away and gives it back', async () => {
    host.on('conversation/archive', () => null);
    const s = services();
    await s.start();
    await s.conversations.archive('c1');
    expect(s.conversations.list).toEqual([]);
    s.toasts.undoLast();
    await vi.advanceTimersByTimeAsync(0);
    expect(host.sent('conversation/archive').map((call) => call.archived)).toEqual([true, false]);
    expect(s.conversations.list).toHaveLength(1);
  });
});
