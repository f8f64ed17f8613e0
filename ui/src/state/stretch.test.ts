import { describe, expect, it } from 'vitest';
import type { ConversationView } from '../ipc/generated/ConversationView';
import { begun, extended, MOST_TURNS, near, renewed, STEPS, type Stretch } from './stretch';
import type { LiveTurn } from './turns.svelte';

const turn = (n: number, live = false, siblings: string[] = []) =>
  ({ id: `t${n}`, view: { id: `t${n}`, live, siblings } }) as unknown as LiveTurn;
const turns = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, place) => turn(from + place));
const view = (earlier: number, later: number) => ({ earlier, later }) as unknown as ConversationView;
const names = (stretch: Stretch) => stretch.turns.map((one) => one.id);
const whole = (stretch: Stretch) => stretch.earlier + stretch.turns.length + stretch.later;

describe('a long conversation', () => {
  it('comes as it is scrolled up, and goes at the other end', () => {
    let here: Stretch = { turns: turns(188, 200), earlier: 188, later: 0 };
    for (let first = 188; first > 0; first -= 12) {
      const from = Math.max(0, first - 12);
      here = extended(here, turns(from, first), view(from, 0), 'before');
      expect(whole(here)).toBe(200);
      expect(here.turns.length).toBeLessThanOrEqual(MOST_TURNS);
      expect(here.turns[0]?.id).toBe(`t${from}`);
    }
    expect(here.later).toBe(200 - MOST_TURNS);
    here = extended(here, turns(MOST_TURNS, MOST_TURNS + 12), view(0, 200 - MOST_TURNS - 12), 'after');
    expect(names(here)).toEqual(names({ turns: turns(12, MOST_TURNS + 12), earlier: 0, later: 0 }));
    expect([here.earlier, whole(here)]).toEqual([12, 200]);
  });

  it('keeps what is being written', () => {
    const here = { turns: [...turns(152, 199), turn(199, true)], earlier: 152, later: 0 };
    const more = extended(here, turns(140, 152), view(140, 0), 'before');
    expect(more.turns.at(-1)?.id).toBe('t199');
    expect([whole(more), more.later]).toEqual([200, 0]);
  });

  it('goes on after the newest turn, also while older ones are shown', () => {
    const near = begun({ turns: turns(5, 9), earlier: 5, later: 0 }, turn(9));
    expect([names(near).at(-1), near.earlier, near.later]).toEqual(['t9', 5, 0]);
    const far = begun({ turns: turns(5, 9), earlier: 5, later: 11 }, turn(20));
    expect([names(far), far.earlier, far.later]).toEqual([['t20'], 20, 0]);
    const anew = begun({ turns: turns(5, 9), earlier: 5, later: 11 }, turn(30, false, ['t7', 't30']));
    expect([names(anew), anew.earlier, anew.later]).toEqual([['t5', 't6', 't30'], 5, 0]);
  });

  it('is renewed at its end without losing what was scrolled to', () => {
    const here = { turns: turns(160, 200), earlier: 160, later: 0 };
    const same = renewed(here, here.turns.slice(28), view(188, 0));
    expect([names(same), same.earlier]).toEqual([names(here), 160]);
    const other = renewed(here, turns(300, 312), view(50, 0));
    expect([names(other)[0], other.earlier, other.later]).toEqual(['t300', 50, 0]);
  });

  it('is extended to what is looked for close by, and gone to where that is far', () => {
    const here: Stretch = { turns: turns(197, 200), earlier: 197, later: 0 };
    const around = (first: number, length = 12, all = 200) =>
      ({
        turns: turns(first, first + length),
        earlier: first,
        later: all - first - length,
      }) as unknown as ConversationView;
    for (const [first, way] of [
      [188, 'before'],
      [180, 'before'],
      [161, 'before'],
      [160, null],
      [0, null],
    ] as const) {
      expect(near(here, around(first), `t${first + 6}`), `${first}`).toBe(way);
    }
    // A stretch is twelve turns: so many steps reach what is near.
    expect(197 - 161).toBeLessThanOrEqual(STEPS * 12);
    const old: Stretch = { turns: turns(0, 12), earlier: 0, later: 188 };
    expect(near(old, around(30), 't36')).toBe('after');
    expect(near(old, around(37), 't43')).toBeNull();
    expect(near(here, around(180), 't900'), 'it is not there').toBeNull();
    expect(near(here, around(180, 12, 300), 't186'), 'of another branch').toBeNull();
  });
});
