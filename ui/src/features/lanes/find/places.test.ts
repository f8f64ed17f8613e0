import { expect, it } from 'vitest';
import { rank, spots, step, total } from './places';

const found = [
  { turn: 'a', place: 1, count: 2 },
  { turn: 'c', place: 11, count: 9 },
  { turn: 'd', place: 40, count: 1 },
];
// The turns `b` and `c` are here, from the tenth on; what is drawn of them counts.
const all = spots(
  found,
  10,
  ['b', 'c'],
  new Map([
    ['b', 1],
    ['c', 3],
  ]),
);

it('counts what is drawn where it is drawn, and goes round', () => {
  expect(all.map((spot) => `${spot.turn}${spot.count}`)).toEqual(['a2', 'b1', 'c3', 'd1']);
  expect(total(all)).toBe(7);
  let at = step(all, null, 1);
  const seen = [];
  for (let n = 0; n < 8; n += 1) {
    seen.push(rank(all, at));
    at = step(all, at, 1);
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
  expect(rank(all, step(all, { turn: 'a', nth: 0 }, -1))).toBe(7);
  expect(rank(all, step(all, null, -1))).toBe(7);
});

it('stays within a turn that has become shorter, and knows when there is nothing', () => {
  expect(rank(all, { turn: 'c', nth: 8 })).toBe(6);
  expect(step(all, { turn: 'c', nth: 8 }, 1)).toEqual({ turn: 'd', nth: 0 });
  expect(rank(all, { turn: 'gone', nth: 0 })).toBe(0);
  expect(step([], null, 1)).toBeNull();
});

it('takes the word of the core for turns that have come and are not read yet', () => {
  const come = spots(found, 10, ['b', 'c', 'd'], new Map([['c', 3]]));
  expect(come.map((spot) => `${spot.turn}${spot.count}`)).toEqual(['a2', 'c3', 'd1']);
});
