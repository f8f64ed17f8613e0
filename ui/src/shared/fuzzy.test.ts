import { describe, expect, it } from 'vitest';
import { fuzzy } from './fuzzy';

function best(typed: string, lines: string[]): string | undefined {
  return lines
    .map((line) => ({ line, found: fuzzy(typed, line) }))
    .filter(({ found }) => found !== null)
    .sort((a, b) => (b.found?.score ?? 0) - (a.found?.score ?? 0))[0]?.line;
}

describe('a few letters', () => {
  const lines = ['New chat', 'Toggle the sidebar', 'Open Settings', 'Layout: columns', 'Export as Markdown'];

  it('find what they begin', () => {
    expect(best('new', lines)).toBe('New chat');
    expect(best('sid', lines)).toBe('Toggle the sidebar');
    expect(best('set', lines)).toBe('Open Settings');
    expect(best('exp mark', lines)).toBe('Export as Markdown');
    expect(best('os', lines)).toBe('Open Settings');
    expect(best('uber', ['Über uns'])).toBe('Über uns');
  });

  it('say where they were found', () => {
    expect(fuzzy('chat', 'New chat')?.at).toEqual([4, 5, 6, 7]);
  });

  it('find nothing where they are strewn about', () => {
    expect(best('xyz', lines)).toBeUndefined();
    expect(best('eea', ['Toggle the sidebar'])).toBeUndefined();
  });
});
