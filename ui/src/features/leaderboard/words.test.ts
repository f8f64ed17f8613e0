import { expect, it } from 'vitest';
import { apart, ticks } from './words';

it('labels that would stand on each other are moved apart, in their order and no further than they must', () => {
  expect(apart([10, 60, 100], 13, 160)).toEqual([10, 60, 100]);
  expect(apart([20, 10, 12], 13, 160)).toEqual([36, 10, 23]);
  // At the lower end there is only room above.
  expect(apart([150, 155, 158], 13, 160)).toEqual([134, 147, 160]);
  expect(apart([], 13, 160)).toEqual([]);
});

it('lines of a plot stand at round ratings, and are few', () => {
  expect(ticks({ low: 1350, high: 1600 })).toEqual([1350, 1400, 1450, 1500, 1550, 1600]);
  expect(ticks({ low: 1350, high: 1650 })).toEqual([1400, 1500, 1600]);
  expect(ticks({ low: 0, high: 3000 })).toEqual([0, 1000, 2000, 3000]);
});
