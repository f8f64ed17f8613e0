import { describe, expect, it } from 'vitest';
import { aligned, type Block } from './together';

const text = (top: number): Block => ({ top, heading: null });
const head = (top: number, heading: string): Block => ({ top, heading });

describe('columns that scroll together', () => {
  const left = [text(0), head(100, '1. Check the plan'), text(140), head(300, 'Costs'), text(340)];
  const right = [
    head(40, 'Summary'),
    text(80),
    head(200, 'Check the plan first'),
    text(260),
    head(900, 'costs:'),
  ];
  const ends = { from: 500, to: 1200 };

  it('meet at headings that say the same', () => {
    expect(aligned(100, left, right, ends)).toBe(200);
    expect(aligned(300, left, right, ends)).toBe(900);
  });

  it('keep the share of the way between two of them', () => {
    expect(aligned(200, left, right, ends)).toBe(550);
    expect(aligned(0, left, right, ends)).toBe(0);
    expect(aligned(500, left, right, ends)).toBe(1200);
  });

  it('go block by block where no heading is shared', () => {
    const one = [text(0), text(100), text(200)];
    const other = [text(0), text(400), text(500)];
    expect(aligned(100, one, other, { from: 300, to: 600 })).toBe(400);
    expect(aligned(150, one, other, { from: 300, to: 600 })).toBe(450);
  });

  it('go by the share of the whole where nothing is alike', () => {
    expect(aligned(50, [text(0)], [text(0), text(10)], { from: 100, to: 300 })).toBe(150);
  });
});
