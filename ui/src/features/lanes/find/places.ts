// The places of a text in a conversation of which only some turns are here: those of the turns that are here as they
// are drawn, those of the others, and of turns that have just come and are not read yet, as the core counts them.
import type { FoundTurn } from '../../../ipc/generated/FoundTurn';

/** A turn with at least one place. */
export interface Spot {
  turn: string;
  count: number;
}

/** A place: the nth of a turn. */
export interface Place {
  turn: string;
  nth: number;
}

/** Every turn that has a place, oldest first. `here` are the turns on the page, of which the first has `earlier` before it. */
export function spots(
  found: readonly FoundTurn[],
  earlier: number,
  here: readonly string[],
  counts: ReadonlyMap<string, number>,
): Spot[] {
  const shown = new Set(here);
  const away = found.filter(({ turn }) => !shown.has(turn));
  const told = new Map(found.map(({ turn, count }) => [turn, count]));
  const drawn = here.map((turn) => ({ turn, count: counts.get(turn) ?? told.get(turn) ?? 0 }));
  return [
    ...away.filter(({ place }) => place < earlier),
    ...drawn.filter(({ count }) => count > 0),
    ...away.filter(({ place }) => place >= earlier),
  ];
}

export const total = (all: readonly Spot[]): number => all.reduce((sum, { count }) => sum + count, 0);

/** Which of all places this is, from 1; 0 = none of them. */
export function rank(all: readonly Spot[], at: Place | null): number {
  const turn = all.findIndex((spot) => spot.turn === at?.turn);
  if (turn < 0 || !at) return 0;
  return total(all.slice(0, turn)) + Math.min(at.nth, (all[turn]?.count ?? 1) - 1) + 1;
}

/** The place after this one, or before it; past the last comes the first. */
export function step(all: readonly Spot[], at: Place | null, by: 1 | -1): Place | null {
  const turn = all.findIndex((spot) => spot.turn === at?.turn);
  const edge = (spot: Spot | undefined): Place | null =>
    spot ? { turn: spot.turn, nth: by > 0 ? 0 : spot.count - 1 } : null;
  if (turn < 0 || !at) return edge(by > 0 ? all[0] : all.at(-1));
  const nth = Math.min(at.nth, (all[turn]?.count ?? 1) - 1) + by;
  if (nth >= 0 && nth < (all[turn]?.count ?? 0)) return { turn: at.turn, nth };
  return edge(all[(turn + by + all.length) % all.length]);
}

/** The first place behind the turns that are `here`, of which `behind` is the next; else the first of all. */
export function next(
  all: readonly Spot[],
  found: readonly FoundTurn[],
  behind: number,
  here: readonly string[],
): Place | null {
  const spot = found.find(({ turn, place }) => place >= behind && !here.includes(turn));
  return spot ? { turn: spot.turn, nth: 0 } : step(all, null, 1);
}
