// The tree of turns as lines: a branch that goes on stays at its depth, another wording steps in.
import type { MapTurn } from '../../ipc/generated/MapTurn';

export interface MapRow {
  turn: MapTurn;
  /** How many times the tree has forked before it. */
  depth: number;
  /** Another wording stands beside it. */
  fork: boolean;
  /** From 0, from the top. */
  number: number;
}

/** Turns come oldest first. The first wording's branch is drawn before the second's. */
export function rows(turns: readonly MapTurn[]): MapRow[] {
  const known = new Set(turns.map((turn) => turn.turn));
  const under = new Map<string | null, MapTurn[]>();
  for (const turn of turns) {
    const parent = turn.parent !== null && known.has(turn.parent) ? turn.parent : null;
    under.set(parent, [...(under.get(parent) ?? []), turn]);
  }
  const drawn: MapRow[] = [];
  const left: { turn: MapTurn; depth: number; fork: boolean }[] = [];
  const push = (parent: string | null, depth: number) => {
    const children = under.get(parent) ?? [];
    const fork = children.length > 1;
    for (const turn of [...children].reverse()) left.push({ turn, depth: fork ? depth + 1 : depth, fork });
  };
  push(null, 0);
  for (let next = left.pop(); next; next = left.pop()) {
    drawn.push({ ...next, number: drawn.length });
    push(next.turn.turn, next.depth);
  }
  return drawn;
}
