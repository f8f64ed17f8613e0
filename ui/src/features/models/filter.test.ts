import { expect, it } from 'vitest';
import { catalogueRow } from '../../ipc/fake/catalogue';
import { culprit, EVERYTHING, matching, sorted } from './filter';

const names = (rows: { model: { name: string } }[]) => rows.map((row) => row.model.name);
const rows = [
  catalogueRow('a/cheap', 'Cheap', { model: { price_input: '0.1', price_output: '0.4' } }),
  catalogueRow('a/dear', 'Dear', {
    model: { price_input: '9', price_output: '15' },
    input: ['text', 'image'],
  }),
  catalogueRow('b/unknown', 'Unknown', { model: { price_input: null, price_output: null, author: 'b' } }),
  catalogueRow('c/here', 'Here', { model: { price_output: '0', local: true }, policy: 'on_device' }),
];

it('takes no unknown price for a low one', () => {
  expect(names(matching(rows, { ...EVERYTHING, price: '15' }))).toEqual(['Cheap', 'Dear', 'Here']);
  expect(names(matching(rows, { ...EVERYTHING, price: '0.4' }))).toEqual(['Cheap', 'Here']);
});

it('finds by every word, in any order, in name, author, id and providers', () => {
  expect(names(matching(rows, { ...EVERYTHING, text: 'ANTHROPIC dear' }))).toEqual(['Dear']);
  expect(names(matching(rows, { ...EVERYTHING, text: 'b/un' }))).toEqual(['Unknown']);
});

it('sorts by money as money, and what is unknown last either way', () => {
  const order = (descending: boolean) => names(sorted(rows, { column: 'output', descending }));
  expect(order(false)).toEqual(['Here', 'Cheap', 'Dear', 'Unknown']);
  expect(order(true)).toEqual(['Dear', 'Cheap', 'Here', 'Unknown']);
});

it('names the filter that hides most', () => {
  const blamed = culprit(rows, { ...EVERYTHING, flags: ['vision'], price: '1' });
  // Without the price one would be shown, without Vision two.
  expect([blamed?.name, blamed?.count]).toEqual(['Vision', 2]);
  expect(culprit(rows, EVERYTHING)).toBeNull();
});
