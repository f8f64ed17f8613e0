import { afterEach, expect, it } from 'vitest';
import { speak } from './i18n.svelte';
import { typable, typed, typedWhole, unclear } from './typed';

afterEach(() => speak('en'));

const CASES: [string, string | null, string | null][] = [
  // as typed, read in English, read in German
  ['20', '20', '20'],
  [' $7.50 ', '7.50', '7.50'],
  ['7,50 $', '7.50', '7.50'],
  ['.5', '0.5', '0.5'],
  ['0.125', '0.125', '0.125'],
  ['0,125', '0.125', '0.125'],
  ['1.250', '1.250', null],
  ['1,250', null, '1.250'],
  ['1.234,56', '1234.56', '1234.56'],
  ['1,234.56', '1234.56', '1234.56'],
  ['1.234.567', '1234567', '1234567'],
  ['1,234,567', '1234567', '1234567'],
  ['1 234 567', '1234567', '1234567'],
  ['-3', '-3', '-3'],
  ['1234,567', null, '1234.567'],
  ['1.23.4', null, null],
  ['1,23.4,5', null, null],
  ['1..5', null, null],
  ['12 3', null, null],
  ['1e3', null, null],
  ['cheap', null, null],
  ['', null, null],
  ['.', null, null],
];

it('numbers are read as the language writes them, and what may be two is none', async () => {
  const read = () => CASES.map(([text]) => typed(text));
  expect(read()).toEqual(CASES.map(([, english]) => english));
  await speak('de');
  expect(read()).toEqual(CASES.map(([, , german]) => german));
});

it('a number with two readings is told with both', async () => {
  expect(unclear('1,000')).toBe('“1,000” may be 1000 or 1. Write one of these.');
  expect(unclear('1.000')).toBeNull();
  expect(unclear('cheap')).toBeNull();
  await speak('de');
  expect(unclear('1.250')).toBe('„1.250“ kann 1250 oder 1,25 sein. Schreiben Sie eins davon.');
});

it('among whole numbers a sign between thousands is clear', async () => {
  expect(['1,000', '12,345,678', '30', '1.5', '1.000'].map(typedWhole)).toEqual([
    '1000',
    '12345678',
    '30',
    null,
    null,
  ]);
  await speak('de');
  expect(['1.000', '1,5', '1,000'].map(typedWhole)).toEqual(['1000', null, null]);
});

it('what is filled in can be read again', async () => {
  for (const plain of ['20.000000', '0.59', '1.250', '1234.5', '1000']) {
    for (const language of ['en', 'de'] as const) {
      await speak(language);
      expect(Number(typed(typable(plain)))).toBe(Number(plain));
    }
  }
});
