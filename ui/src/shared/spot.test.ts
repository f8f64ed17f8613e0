import { expect, test } from 'vitest';
import { findWords } from './spot';

const drawn = (html: string): HTMLElement => {
  const root = document.createElement('div');
  root.innerHTML = html;
  return root;
};

test('words are found across marks, and what is not there is not', () => {
  const root = drawn('<p>You have <b>14 days</b>, says</p><p>the shop.</p>');
  expect(findWords(root, 'have **14 days**, says the')?.toString()).toBe('have 14 days, saysthe');
  expect(findWords(root, '30 days')).toBeNull();
  expect(findWords(root, '…')).toBeNull();
});
