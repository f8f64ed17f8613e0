import { expect, it, vi } from 'vitest';
import { listen } from './commands';

it('leaves Esc to an input method that is composing', () => {
  const run = vi.fn();
  const unlisten = listen([{ id: 'stop', keys: 'Escape', anywhere: true, run }], () => true);
  const press = (isComposing: boolean) =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', code: 'Escape', isComposing }));
  press(true);
  expect(run).not.toHaveBeenCalled();
  press(false);
  expect(run).toHaveBeenCalledTimes(1);
  unlisten();
});
