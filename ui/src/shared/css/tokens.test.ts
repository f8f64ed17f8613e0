import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const sheet = (name: string) =>
  readFileSync(join(import.meta.dirname, `${name}.css`), 'utf8').replace(/\/\*[^]*?\*\//g, '');

/** The third length of each shadow of a value: how far it is blurred. */
function blurs(value: string): string[] {
  const plain = value.replace(
    /(light-dark|color-mix|oklch)\((?:[^()]|\([^()]*(?:\([^()]*\))?[^()]*\))*\)/g,
    'colour',
  );
  return plain
    .split(',')
    .map((shadow) => shadow.replace('inset', '').trim())
    .filter((shadow) => shadow !== 'none' && !shadow.startsWith('var('))
    .map((shadow) => shadow.split(/\s+/)[2] ?? '');
}
const token = (name: string) => blurs(new RegExp(`--${name}:([^;]+);`).exec(sheet('tokens'))?.[1] ?? '');

describe('shadows', () => {
  it('of what stands on the chat while answers grow are not blurred', () => {
    expect(token('sh-3')).toEqual(['6px', '60px']);
    expect(token('sh-1')).toEqual(['0']);
    expect(new Set(token('sh-2'))).toEqual(new Set(['0']));
    for (const name of ['answers', 'branches', 'chat', 'controls', 'filing', 'find', 'layouts', 'prose']) {
      const rules = sheet(name);
      expect(rules, name).not.toContain('--sh-3');
      for (const [, value = ''] of rules.matchAll(/box-shadow:([^;]+);/g)) {
        expect(new Set(['0', ...blurs(value)]), `${name}: ${value}`).toEqual(new Set(['0']));
      }
    }
  });
});
