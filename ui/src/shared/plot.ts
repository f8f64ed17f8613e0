// Names of marks in a plot, each where it covers least.

export interface Spot {
  x: number;
  y: number;
  text: string;
}
export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Label {
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
}

/** A letter of 11 px, on average, and how far a line of them reaches over and under its foot. */
const LETTER = 6.2;
const OVER = 9;
const UNDER = 3;
/** Half of a mark. */
const MARK = 6;
/** What covering something counts, by area; and each step away from the usual place. */
const ON_LABEL = 4;
const ON_MARK = 3;
const ON_LINE = 1;
const OUTSIDE = 8;
const STEP = 4;

/** Beside it, over and under it, and the corners: in the order in which they are taken if nothing is in the way. */
const PLACES: Label[] = [
  { x: 10, y: 4, anchor: 'start' },
  { x: -10, y: 4, anchor: 'end' },
  { x: 0, y: -10, anchor: 'middle' },
  { x: 0, y: 18, anchor: 'middle' },
  { x: 8, y: -6, anchor: 'start' },
  { x: 8, y: 14, anchor: 'start' },
  { x: -8, y: -6, anchor: 'end' },
  { x: -8, y: 14, anchor: 'end' },
];

const shared = (a: Area, b: Area): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

function reach(label: Label, text: string): Area {
  const width = text.length * LETTER;
  const left = label.x - (label.anchor === 'start' ? 0 : label.anchor === 'end' ? width : width / 2);
  return { left, top: label.y - OVER, right: left + width, bottom: label.y + UNDER };
}

/** Places for the names of `spots` within `room`, which should not cover each other, the marks, or the `lines`. */
export function labels(spots: readonly Spot[], room: Area, lines: readonly Area[] = []): Label[] {
  const marks = spots.map(({ x, y }) => ({
    left: x - MARK,
    top: y - MARK,
    right: x + MARK,
    bottom: y + MARK,
  }));
  const taken: Area[] = [];
  const sum = (area: Area, others: readonly Area[]) =>
    others.reduce((all, other) => all + shared(area, other), 0);
  return spots.map(({ x, y, text }) => {
    let best: { label: Label; area: Area; cost: number } | null = null;
    for (const [steps, place] of PLACES.entries()) {
      const label = { x: x + place.x, y: y + place.y, anchor: place.anchor };
      const area = reach(label, text);
      const size = (area.right - area.left) * (area.bottom - area.top);
      const cost =
        steps * STEP +
        ON_LABEL * sum(area, taken) +
        ON_MARK * sum(area, marks) +
        ON_LINE * sum(area, lines) +
        OUTSIDE * (size - shared(area, room));
      if (best === null || cost < best.cost) best = { label, area, cost };
    }
    if (best === null) return { x, y, anchor: 'start' };
    taken.push(best.area);
    return best.label;
  });
}
