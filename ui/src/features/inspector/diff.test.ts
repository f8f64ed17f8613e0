import { describe, expect, it } from 'vitest';
import { diffLines, folded } from './diff';

const read = (lines: ReturnType<typeof diffLines>, side: 'left' | 'right') =>
  lines
    .filter((line) => line.side === 'both' || line.side === side)
    .map((line) => line.text)
    .join('\n');

describe('a comparison by lines', () => {
  it('marks what only one side has', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc')).toEqual([
      { side: 'both', text: 'a' },
      { side: 'left', text: 'b' },
      { side: 'right', text: 'x' },
      { side: 'both', text: 'c' },
    ]);
  });

  it('gives both texts back whatever they are', () => {
    const words = ['{', '}', 'a', 'b', 'c'];
    let seed = 7;
    const next = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648);
    for (let round = 0; round < 200; round += 1) {
      const text = () => Array.from({ length: next() % 12 }, () => words[next() % 5] ?? '').join('\n');
      const [left, right] = [text(), text()];
      const lines = diffLines(left, right);
      expect(read(lines, 'left')).toBe(left);
      expect(read(lines, 'right')).toBe(right);
    }
  });

  it('of long texts is still right, and ends', () => {
    const left = Array.from({ length: 3000 }, (_, n) => `left ${n}`).join('\n');
    const right = Array.from({ length: 3000 }, (_, n) => `right ${n}`).join('\n');
    const lines = diffLines(left, right);
    expect(read(lines, 'left')).toBe(left);
    expect(read(lines, 'right')).toBe(right);
  });

  it('leaves out what is far from a difference', () => {
    const left = Array.from({ length: 20 }, (_, n) => `${n}`);
    const right = left.with(10, 'x');
    const shown = folded(diffLines(left.join('\n'), right.join('\n')), 1);
    expect(shown.map((line) => line?.text ?? '…')).toEqual(['…', '9', '10', 'x', '11', '…']);
    expect(folded(diffLines('same', 'same'))).toEqual([null]);
  });
});
