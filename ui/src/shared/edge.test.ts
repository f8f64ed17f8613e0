import { afterEach, expect, it } from 'vitest';
import { step } from './edge';

afterEach(() => document.documentElement.removeAttribute('dir'));

function pressed(key: string): (number | 'usual')[] {
  const seen: (number | 'usual')[] = [];
  const event = new KeyboardEvent('keydown', { key, cancelable: true });
  step(
    event,
    (steps) => seen.push(steps),
    () => seen.push('usual'),
  );
  expect(event.defaultPrevented).toBe(seen.length > 0);
  return seen;
}

it('arrow keys move an edge to where they point, also where the window runs from the right', () => {
  expect([pressed('ArrowRight'), pressed('ArrowLeft'), pressed('Home'), pressed('x')]).toEqual([
    [1],
    [-1],
    ['usual'],
    [],
  ]);
  document.documentElement.dir = 'rtl';
  expect([pressed('ArrowRight'), pressed('ArrowLeft')]).toEqual([[-1], [1]]);
});
