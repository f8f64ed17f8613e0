import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from '../ipc/client';
import { lane, model, run, section, turn } from '../ipc/fake/samples';
import type { RunView } from '../ipc/generated/RunView';
import type { TurnFrame } from '../ipc/generated/TurnFrame';
import { FakeHost, type Send } from '../ipc/host.fake';
import { LiveTurn, SILENCE_MS } from './turns.svelte';

const column = lane('l', model('x/m', 'M'));
const begin = (seq = 0) => turn('t', [run('r', column, 0, { state: 'streaming' })], { live: true, seq });
const text = (seq: number, words: string, last = false): TurnFrame => ({
  turn: 't',
  seq,
  last,
  runs: [
    {
      run: 'r',
      ops: [
        { type: 'section', index: 0, kind: { type: 'answer' } },
        { type: 'blocks', section: 0, keep: 0, blocks: [{ key: words, html: words }] },
      ],
    },
  ],
});
/** Nothing but further words. */
const more = (seq: number, words: string): TurnFrame => {
  const frame = text(seq, words);
  frame.runs[0]?.ops.shift();
  return frame;
};
const shown = (live: LiveTurn) => live.view.runs[0]?.sections[0]?.blocks[0]?.html;

let host: FakeHost;
let ended: number;
const open = (view = begin()) => new LiveTurn(new Client(host), view, () => (ended += 1));

beforeEach(() => {
  vi.useFakeTimers();
  host = new FakeHost();
  ended = 0;
});
afterEach(() => vi.useRealTimers());

describe('a live turn', () => {
  it('folds frames in whatever order they come', async () => {
    const live = open();
    live.frame(more(2, 'two'));
    expect(shown(live)).toBeUndefined();
    live.frame(text(1, 'one'));
    live.frame(more(4, 'four'));
    live.frame(more(3, 'three'));
    await vi.advanceTimersByTimeAsync(200);
    expect(shown(live)).toBe('four');
    expect(host.calls).toEqual([]);
    live.close();
  });

  it('shows at once what is new or comes after a rest, and text that follows in its time', async () => {
    const live = open();
    live.frame(text(1, 'one'));
    expect(shown(live)).toBe('one');
    live.frame(more(2, 'two'));
    expect(shown(live)).toBe('one');
    await vi.advanceTimersByTimeAsync(200);
    expect(shown(live)).toBe('two');
    live.frame(more(3, 'three'));
    expect(shown(live)).toBe('three');
    live.frame(text(4, 'four'));
    expect(shown(live)).toBe('four');
    live.close();
  });

  it('asks for a snapshot when a frame is missing, and goes on from there', async () => {
    const snapshot = begin(3);
    snapshot.runs[0]?.sections.push(section('three'));
    host.on('turn/snapshot', () => snapshot);
    const live = open();
    live.frame(text(1, 'one'));
    live.frame(text(4, 'four'));
    await vi.advanceTimersByTimeAsync(600);
    expect(host.sent('turn/snapshot')).toEqual([{ turn: 't' }]);
    expect(live.view.seq).toBe(4);
    expect(shown(live)).toBe('four');
    live.close();
  });

  it('asks at once for what is missing, whenever it is noticed', async () => {
    for (let phase = 0; phase < 260; phase += 10) {
      host = new FakeHost();
      host.on('turn/snapshot', () => begin(9));
      const live = open();
      await vi.advanceTimersByTimeAsync(phase);
      live.frame(text(2, 'two', phase % 20 === 0));
      await vi.advanceTimersByTimeAsync(60);
      expect([phase, host.sent('turn/snapshot').length]).toEqual([phase, 1]);
      live.close();
    }
  });

  it('does not hammer the core when the snapshot does not close the hole', async () => {
    host.on('turn/snapshot', () => begin(1));
    const live = open();
    live.frame(text(9, 'nine'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.sent('turn/snapshot').length).toBeLessThan(6);
    live.close();
  });

  it('asks after five seconds of silence, and no sooner', async () => {
    host.on('turn/snapshot', () => begin(0));
    const live = open();
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1500);
    expect(host.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(2500);
    expect(host.sent('turn/snapshot').length).toBe(1);
    live.close();
  });

  it('keeps what it shows when the snapshot fails', async () => {
    host.fails('turn/snapshot', { kind: 'store.busy', message: 'Busy.', upstream: null });
    const live = open();
    live.frame(text(1, 'one'));
    live.frame(text(3, 'three'));
    await vi.advanceTimersByTimeAsync(300);
    expect(shown(live)).toBe('one');
    live.close();
  });

  it('ends once, and is silent afterwards', async () => {
    const live = open();
    live.frame(text(1, 'one', true));
    await vi.advanceTimersByTimeAsync(200);
    expect([live.view.live, ended]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ended, host.calls.length]).toEqual([1, 0]);
  });

  it('ends when the core answers from the store, where no frames are counted', async () => {
    const stored = turn('t', [run('r', column, 0, { state: 'done' })], { live: false, seq: 0 });
    host.on('turn/snapshot', () => stored).on('turn/subscribe', () => stored);
    const silent = open(begin(7));
    silent.frame(text(9, 'nine'));
    await vi.advanceTimersByTimeAsync(1000);
    expect([silent.view.live, ended]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.sent('turn/snapshot')).toHaveLength(1);
    const late = open(begin(7));
    await late.subscribe();
    expect([late.view.live, ended]).toEqual([false, 2]);
  });

  it('drops an ended snapshot that was asked for before a retry', async () => {
    const stored = turn('t', [run('r', column, 0, { state: 'done' })], { live: false, seq: 0 });
    let answer = () => {};
    host.on('turn/snapshot', () => new Promise((resolve) => (answer = () => resolve(stored))));
    host.on('run/retry', () => turn('t', [run('r2', column, 0, { earlier: ['r'] })], { live: true, seq: 1 }));
    const live = open(begin(7));
    live.frame(text(9, 'nine'));
    await vi.advanceTimersByTimeAsync(200);
    await live.retry('r');
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.view).toMatchObject({ live: true, runs: [{ id: 'r2' }] });
    live.close();
  });

  it('counts time while it runs', async () => {
    vi.setSystemTime(10_000);
    const live = open({ ...begin(), created_at: 10_000 });
    await vi.advanceTimersByTimeAsync(1500);
    const [only] = live.view.runs;
    const elapsed = (only && live.elapsed(only)) ?? 0;
    expect([elapsed > 1200, elapsed <= 1500]).toEqual([true, true]);
    live.close();
  });

  it('takes frames of a retry that come before its answer', async () => {
    const second = turn('t', [run('r2', column, 0, { earlier: ['r'] })], { live: true, seq: 5 });
    host.on('run/retry', (_, send: Send) => {
      send({
        turn: 't',
        seq: 6,
        last: false,
        runs: [{ run: 'r2', ops: [{ type: 'state', state: 'connecting' }] }],
      });
      return second;
    });
    const done = turn('t', [run('r', column, 0, { state: 'failed' })], { seq: 4 });
    const live = open(done);
    await live.retry('r');
    await vi.advanceTimersByTimeAsync(200);
    expect(live.view.runs[0]).toMatchObject({ id: 'r2', state: 'connecting' });
    live.close();
  });

  describe('while answers grow', () => {
    const ids = [...'abcdefgh'];
    const eight = () => {
      const written = { sections: [section('head')] };
      const runs = ids.map((id) => run(id, column, 0, { state: 'streaming', ...written }));
      return turn('t', runs, { live: true, seq: 0 });
    };
    const grow = (seq: number, words: string, last = false): TurnFrame => ({
      turn: 't',
      seq,
      last,
      runs: ids.map((id) => ({
        run: id,
        ops: [{ type: 'blocks', section: 0, keep: 1, blocks: [{ key: words, html: words }] }],
      })),
    });
    const told = (live: LiveTurn, words: string) =>
      live.view.runs.filter((one) => one.sections[0]?.blocks[1]?.html === words).map((one) => one.id);

    it('leaves whatever shows no text of them alone', async () => {
      const live = open(eight());
      live.frame(grow(1, 'one'));
      await vi.advanceTimersToNextFrame();
      const { calm } = live;
      live.frame(grow(2, 'two'));
      await vi.advanceTimersByTimeAsync(150);
      expect([told(live, 'two').length, live.calm === calm]).toEqual([8, true]);
      // Whoever shows the text asks for it.
      expect(calm.runs.map((run) => live.written(run))).toEqual(live.view.runs);
      const ended = grow(3, 'three');
      ended.runs[0]?.ops.push({ type: 'state', state: 'done' });
      live.frame(ended);
      await vi.advanceTimersToNextFrame();
      expect(live.calm.runs[0]).toBe(live.view.runs[0]);
      expect(live.calm.runs.slice(1)).toEqual(calm.runs.slice(1));
      live.picked({ type: 'best', run: 'a' });
      expect([live.view.pick, live.calm.pick]).toEqual(Array(2).fill({ type: 'best', run: 'a' }));
      live.frame(grow(4, 'four', true));
      await vi.advanceTimersToNextFrame();
      expect(live.calm).toBe(live.view);
    });

    it('lets eight of them take turns, and draws what nobody sees now and then', async () => {
      const live = open(eight());
      live.frame(grow(1, 'one'));
      expect(told(live, 'one').length).toBe(2);
      // The frames between are left to whatever else is to be drawn.
      await vi.advanceTimersToNextFrame();
      expect(told(live, 'one').length).toBe(2);
      await vi.advanceTimersByTimeAsync(34);
      expect(told(live, 'one').length).toBe(4);
      await vi.advanceTimersByTimeAsync(96);
      expect(told(live, 'one')).toEqual(ids);
      ids.slice(1).forEach((id) => live.sees(id, false));
      live.frame(grow(2, 'two'));
      await vi.advanceTimersByTimeAsync(50);
      expect(told(live, 'two')).toEqual(['a']);
      live.sees('b', true);
      await vi.advanceTimersByTimeAsync(48);
      expect(told(live, 'two')).toEqual(['a', 'b']);
      await vi.advanceTimersByTimeAsync(600);
      expect(told(live, 'two')).toEqual(ids);
      // An end is shown whoever sees it, with all that came.
      const ended = grow(3, 'three');
      ended.runs[7]?.ops.push({ type: 'state', state: 'done' });
      live.frame(ended);
      await vi.advanceTimersToNextFrame();
      expect([told(live, 'three').includes('h'), told(live, 'three').includes('g')]).toEqual([true, false]);
      live.frame(grow(4, 'four', true));
      await vi.advanceTimersToNextFrame();
      expect(told(live, 'four')).toEqual(ids);
    });

    it('lets figures stand for a moment while text grows, and forgets none', async () => {
      const live = open(eight());
      const counted = (seq: number, output: number): TurnFrame => {
        const frame = grow(seq, String(seq));
        frame.runs = frame.runs.slice(0, 1);
        const metrics = { ...live.view.runs[0]?.metrics, output } as RunView['metrics'];
        frame.runs[0]?.ops.push({ type: 'metrics', metrics });
        return frame;
      };
      const output = () => live.view.runs[0]?.metrics.output;
      live.frame(counted(1, 10));
      await vi.advanceTimersByTimeAsync(270);
      live.frame(counted(2, 20));
      await vi.advanceTimersByTimeAsync(50);
      expect([output(), told(live, '2')]).toEqual([10, ['a']]);
      await vi.advanceTimersByTimeAsync(500);
      expect(output()).toBe(20);
      live.frame({ ...counted(3, 30), last: true });
      await vi.advanceTimersToNextFrame();
      expect(output()).toBe(30);
      live.close();
    });
  });
});
