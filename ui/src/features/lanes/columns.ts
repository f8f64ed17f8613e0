// Widths of the columns of a turn, as shares of the row.
import type { RunView } from '../../ipc/generated/RunView';

/** Shares of the width, one for each answer; `undefined` for a single one, and while no lane of the turn was ever resized. */
export function columns(
  runs: readonly RunView[],
  widths: Readonly<Record<string, number>>,
): number[] | undefined {
  if (runs.length < 2 || !runs.some((run) => widths[run.lane] !== undefined)) return undefined;
  return runs.map((run) => widths[run.lane] ?? 1);
}

/** The shares of two neighbours after `by` of their common width has gone from the right to the left. */
export function resized(left: number, right: number, by: number): [number, number] {
  const both = left + right;
  const next = Math.min(both - 0.25, Math.max(0.25, left + by * both));
  return [next, both - next];
}
