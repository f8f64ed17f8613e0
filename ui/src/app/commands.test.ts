import { expect, it, vi } from 'vitest';
import type { Action } from '../shared/action';
import { listen } from './commands';

const action = (id: string, keys: string, run: () => void): Action => ({
  id,
  title: id,
  group: 'Test',
  keys,
  anywhere: true,
  run,
});

it('leaves Esc to an input method that is composing', () => {
  const run = vi.fn();
  const unlisten = listen([action('stop', 'Escape', run)], () => true);
  const press = (isComposing: boolean) =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', code: 'Escape', isComposing }));
  press(true);
  expect(run).not.toHaveBeenCalled();
  press(false);
  expect(run).toHaveBeenCalledTimes(1);
  unlisten();
});

it('goes by the keys the user chose, and by no letter where they are off', () => {
  const [first, second, letter] = [vi.fn(), vi.fn(), vi.fn()];
  const list = [action('a', '$mod+KeyA', first), action('b', '$mod+KeyB', second), action('c', 'c', letter)];
  const changed: Record<string, string> = { a: '$mod+KeyG', b: '' };
  const unlisten = listen(list, () => true, { of: (id, usual) => changed[id] ?? usual, letters: false });
  const press = (code: string, ctrlKey: boolean) =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: code.slice(3).toLowerCase(), code, ctrlKey }));
  press('KeyA', true);
  press('KeyB', true);
  press('KeyC', false);
  expect([first, second, letter].map((run) => run.mock.calls.length)).toEqual([0, 0, 0]);
  press('KeyG', true);
  expect(first).toHaveBeenCalledTimes(1);
  unlisten();
});
