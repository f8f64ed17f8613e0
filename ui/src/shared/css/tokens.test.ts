import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const tokens = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');

/** The third length of each shadow of a token: how far it is blurred. */
function blurs(name: string): string[] {
  const value = new RegExp(`--${name}:([^;]+);`).exec(tokens)?.[1] ?? '';
  const plain = value.replace(/light-dark\(oklch\([^)]*\), oklch\([^)]*\)\)/g, 'colour');
  return plain.split(',').map((shadow) => shadow.trim().split(/\s+/)[2] ?? '');
}

describe('the tokens', () => {
  it('blur no shadow that stands on the chat while answers grow', () => {
    expect(blurs('sh-3')).toEqual(['6px', '60px']);
    expect(blurs('sh-1')).toEqual(['0']);
    expect(new Set(blurs('sh-2'))).toEqual(new Set(['0']));
  });
});
