import { afterEach, expect, it } from 'vitest';
import { roam } from './roam';

function stage(places: string[], rows: number, columns: number): (key: string) => [string | null, boolean] {
  const root = document.createElement('div');
  for (const at of places) {
    const thing = document.createElement('button');
    thing.dataset['at'] = at;
    thing.append(document.createElement('i'));
    root.append(thing);
  }
  document.body.replaceChildren(root);
  root.addEventListener('keydown', (event) => roam(event, root, 'data-at', rows, columns));
  root.querySelector<HTMLElement>('[data-at]')?.focus();
  return (key) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
    return [document.activeElement?.getAttribute('data-at') ?? null, event.defaultPrevented];
  };
}

afterEach(() => document.body.replaceChildren());

it('goes by rows and columns, past gaps, and stays at the ends', () => {
  const press = stage(['0/0', '0/2', '1/0', '2/2'], 3, 3);
  expect(press('ArrowRight')).toEqual(['0/2', true]);
  expect(press('ArrowRight')).toEqual(['0/2', true]);
  expect(press('ArrowDown')).toEqual(['2/2', true]);
  expect(press('ArrowLeft')).toEqual(['2/2', true]);
  expect(press('ArrowUp')).toEqual(['0/2', true]);
  expect(press('ArrowLeft')).toEqual(['0/0', true]);
  expect(press('Enter')).toEqual(['0/0', false]);
});

it('leaves up and down to the page where there is one row', () => {
  const press = stage(['0/0', '0/1'], 1, 2);
  expect(press('ArrowDown')).toEqual(['0/0', false]);
  expect(press('ArrowRight')).toEqual(['0/1', true]);
});
