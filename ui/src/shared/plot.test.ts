import { expect, it } from 'vitest';
import { labels } from './plot';

const room = { left: 0, top: 0, right: 400, bottom: 200 };

it('a name stands beside its mark, and on the other side where there is no room', () => {
  const [free, edge] = labels(
    [
      { x: 100, y: 100, text: 'GPT-5' },
      { x: 390, y: 40, text: 'Claude Sonnet 4.5' },
    ],
    room,
  );
  expect(free).toEqual({ x: 110, y: 104, anchor: 'start' });
  expect(edge?.anchor).toBe('end');
});

it('names of marks that stand close cover neither each other nor a line', () => {
  const spots = [
    { x: 200, y: 100, text: 'Claude Sonnet 4.5' },
    { x: 206, y: 108, text: 'GPT-5' },
    { x: 194, y: 92, text: 'Gemini 2.5 Pro' },
  ];
  const places = labels(spots, room);
  const areas = places.map(({ x, y, anchor }, n) => {
    const width = (spots[n]?.text.length ?? 0) * 6.2;
    const left = x - (anchor === 'start' ? 0 : anchor === 'end' ? width : width / 2);
    return { left, right: left + width, top: y - 9, bottom: y + 3 };
  });
  for (const [n, a] of areas.entries()) {
    for (const b of areas.slice(n + 1)) {
      const beside = a.right <= b.left || b.right <= a.left;
      expect(beside || a.bottom <= b.top || b.bottom <= a.top).toBe(true);
    }
  }
  const line = { left: 100, top: 99, right: 400, bottom: 101 };
  expect(labels([{ x: 100, y: 100, text: 'GPT-5' }], room, [line])[0]?.anchor).not.toBe('start');
});
