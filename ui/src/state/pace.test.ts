import { describe, expect, it } from 'vitest';
import { Pace } from './pace';

const eight = [...'abcdefgh'];
const drawn = (pace: Pace, growing: string[], now: number): string[] => {
  const turns = [...pace.turns(growing, now)];
  turns.forEach((id) => pace.drew(id, now));
  return turns.sort();
};

describe('the answers of a frame', () => {
  it('are both of two', () => {
    expect(drawn(new Pace(), ['a', 'b'], 0)).toEqual(['a', 'b']);
    expect(drawn(new Pace(), [], 0)).toEqual([]);
  });

  it('are as many in each frame, and each comes before any comes twice', () => {
    const pace = new Pace();
    expect([0, 16].map((now) => drawn(pace, ['a', 'b', 'c', 'd'], now).length)).toEqual([2, 2]);
    const rounds = [32, 48, 64, 80].map((now) => drawn(pace, eight, now));
    expect(rounds.map((ids) => ids.length)).toEqual([2, 2, 2, 2]);
    expect([...new Set(rounds.flat())].sort()).toEqual(eight);
  });

  it('are more where very many grow, so that none waits long', () => {
    const pace = new Pace();
    const many = [...'abcdefghijklmnop'];
    const rounds = [0, 16, 32, 48].map((now) => drawn(pace, many, now));
    expect(rounds.map((ids) => ids.length)).toEqual([4, 4, 4, 4]);
    expect(rounds.flat().sort()).toEqual(many);
  });

  it('are those that can be seen, and now and then another', () => {
    const pace = new Pace();
    drawn(pace, ['a'], 0);
    pace.sees('a', false);
    expect(drawn(pace, ['a', 'b'], 100)).toEqual(['b']);
    expect(pace.isDue('a', 100)).toBe(false);
    expect(drawn(pace, ['a', 'b'], 250)).toEqual(['a', 'b']);
    pace.sees('a', true);
    expect(drawn(pace, ['a'], 251)).toEqual(['a']);
  });
});
