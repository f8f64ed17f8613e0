// How ratings and what may be said of them are told.
import type { BoardEffect } from '../../ipc/generated/BoardEffect';
import type { BoardPair } from '../../ipc/generated/BoardPair';
import type { BoardRow } from '../../ipc/generated/BoardRow';
import type { Board } from '../../ipc/generated/Board';

export const figure = (points: number): string => points.toLocaleString('en');

/** What may be said about who leads. */
export function verdict(board: Board): { bold: string; rest: string } {
  const name = (model: string) => board.rows.find((row) => row.model === model)?.name ?? model;
  const said = board.verdict;
  if (said.type === 'too_few') {
    return { bold: 'Too few votes to compare.', rest: 'Ten votes give a first ranking.' };
  }
  if (said.type === 'winner') {
    return {
      bold: `${name(said.model)} is ahead of all others.`,
      rest: 'Noise would look so in at most one of twenty histories like yours.',
    };
  }
  const [first = '', second = ''] = said.models;
  const rest =
    said.more === null
      ? `More duels between ${name(first)} and ${name(second)} would be needed than is worth telling.`
      : `About ${said.more} more ${said.more === 1 ? 'duel' : 'duels'} between ${name(first)} and ${name(second)} would settle it.`;
  const count = said.models.length;
  return { bold: `The first ${count} overlap: you cannot tell them apart yet.`, rest };
}

/** An effect on the vote, with its interval; whether it is one at all is said first. */
export function effect(found: BoardEffect | null, of: string): string {
  if (found === null) return `${of}: the votes do not tell yet.`;
  const round = (percent: number) => Math.round(percent);
  const range = `${round(found.percent)} % (${round(found.low)} to ${round(found.high)})`;
  const sure = found.low > 50 || found.high < 50;
  return sure
    ? `${of} wins ${range} between equals; the ratings leave that out.`
    : `${of} wins ${range} between equals: no effect to be sure of.`;
}

/** How often the row wins of what was decided, in whole percents; `null` = they were never compared. */
export function share(pair: BoardPair): number | null {
  const ties = pair.tied + pair.bad;
  const all = pair.won + pair.lost + ties;
  return all === 0 ? null : Math.round(((pair.won + ties / 2) * 100) / all);
}

export function told(row: BoardRow, column: BoardRow, pair: BoardPair): string {
  const ties = pair.tied + pair.bad;
  return `${row.name} against ${column.name}: ${pair.won} won, ${pair.lost} lost, ${ties} tied`;
}

/** Points that hold every interval, rounded outward to fifties. */
export function scale(rows: readonly BoardRow[]): { low: number; high: number } {
  const low = Math.min(1450, ...rows.map((row) => row.low));
  const high = Math.max(1550, ...rows.map((row) => row.high));
  return { low: Math.floor(low / 50) * 50, high: Math.ceil(high / 50) * 50 };
}
