import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fold, Folded } from './fold';

interface Vectors {
  folds: [string, string][];
  differ: [string, string][];
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../tests/vectors/fold.json'), 'utf8'),
) as Vectors;

it('folds every script as the core does', () => {
  expect(vectors.folds.length).toBeGreaterThanOrEqual(40);
  for (const [text, folded] of vectors.folds) {
    for (const form of [text, text.normalize('NFD'), text.normalize('NFC'), `\u200b${text}\u00ad`]) {
      expect(fold(form), text).toBe(folded);
    }
    expect(fold(folded)).toBe(folded);
  }
});

it('leaves another word another word', () => {
  expect(vectors.differ.length).toBeGreaterThanOrEqual(20);
  for (const [one, other] of vectors.differ) expect(fold(one)).not.toBe(fold(other));
});

it('knows where each letter stood', () => {
  const folded = new Folded('a\u00dfe\u0301! \u00adx\u{1d401}y');
  expect(folded.text).toBe('asse! xby');
  const places = [...folded.text].map((c, at) => [c, folded.start(at), folded.last(at)]);
  expect(places).toEqual([
    ['a', 0, 0],
    ['s', 1, 1],
    ['s', 1, 1],
    ['e', 2, 3],
    ['!', 4, 4],
    [' ', 5, 5],
    ['x', 7, 7],
    ['b', 8, 9],
    ['y', 10, 10],
  ]);
});

it('takes time in proportion', () => {
  expect(fold(`e${'\u0301'.repeat(200_000)}x`)).toBe('ex');
  expect(fold('Gr\u00f6\u00dfe '.repeat(50_000))).toBe('grosse '.repeat(50_000));
});
