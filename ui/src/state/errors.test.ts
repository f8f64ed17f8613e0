import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errors } from './errors';

const generated = readFileSync(join(import.meta.dirname, '../ipc/generated/ErrorKind.ts'), 'utf8');
const kinds = [...generated.matchAll(/"([a-z_.]+)"/g)].map((match) => match[1] ?? '');

it('every kind of failure the core can send has a row, and no row is left over', () => {
  expect(kinds.length).toBeGreaterThan(30);
  expect(Object.keys(errors).sort()).toEqual([...new Set(kinds)].sort());
});

it.each(Object.entries(errors))('%s says what to do in plain words', (_, row) => {
  expect(row.title).not.toMatch(/[.!]$/);
  expect(row.advice).toMatch(/^[A-Z].*\.$/);
  expect(row.short.length).toBeLessThanOrEqual(16);
  expect(`${row.title} ${row.advice} ${row.short}`).not.toMatch(/!|oops|sorry|please/i);
});

it('a failure of the key leads to the key', () => {
  expect(errors['auth.missing'].actions).toContain('add-key');
  expect(errors['auth.rejected'].actions).toContain('replace-key');
});
