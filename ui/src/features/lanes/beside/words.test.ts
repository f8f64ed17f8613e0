import { expect, test } from 'vitest';
import { points, shiftWords, verdict } from './words';

test('points of both orders come together', () => {
  expect(points([[5, 4]])).toBe('4.5');
  expect(
    points([
      [5, 5],
      [3, 4],
      [2, 3],
    ]),
  ).toBe('11');
});

test('a split is called a tie, and the place is told', () => {
  const name = (run: string) => run.toUpperCase();
  expect(verdict({ type: 'best', run: 'a' }, name)).toBe('A is first in both orders.');
  expect(verdict({ type: 'split', runs: ['a', 'b'] }, name)).toContain('counts as a tie');
  expect(shiftWords(40, [14, 3])).toBe(
    'Standing in front was worth +0.4 points here. The two orders disagreed in 3 of 14 judgements by this judge.',
  );
  expect(shiftWords(-100, [1, 0])).toContain('−1 points');
  expect(shiftWords(0, [1, 0])).toContain('worth nothing');
});
