// How ratings and what may be said of them are told.
import type { BoardEffect } from '../../ipc/generated/BoardEffect';
import type { BoardPair } from '../../ipc/generated/BoardPair';
import type { BoardRow } from '../../ipc/generated/BoardRow';
import type { Board } from '../../ipc/generated/Board';
import { addMoney, money, number, pico } from '../../shared/format';
import { t } from '../../shared/i18n.svelte';

export const figure = (points: number): string => number(points);

/** Places of labels, so moved that none is nearer to the next than `gap`, none below `end`, each as near as can be. */
export function apart(places: readonly number[], gap: number, end: number): number[] {
  const order = places.map((_, index) => index).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const moved = [...places];
  // Downwards first, then what went too far is taken back.
  let last = -Infinity;
  for (const index of order) last = moved[index] = Math.max(moved[index] ?? 0, last + gap);
  let next = end + gap;
  for (const index of order.reverse()) next = moved[index] = Math.min(moved[index] ?? 0, next - gap);
  return moved;
}

/** What may be said about who leads. */
export function verdict(board: Board): { bold: string; rest: string } {
  const name = (model: string) => board.rows.find((row) => row.model === model)?.name ?? model;
  const said = board.verdict;
  if (said.type === 'too_few') {
    return { bold: t('Too few votes to compare.'), rest: t('Ten votes give a first ranking.') };
  }
  if (said.type === 'winner') {
    return {
      bold: t('{model} is ahead of all others.', { model: name(said.model) }),
      rest: t('Noise would look so in at most one of twenty histories like yours.'),
    };
  }
  const [first = '', second = ''] = said.models;
  const rest =
    said.more === null
      ? t('More duels between {first} and {second} would be needed than is worth telling.', {
          first: name(first),
          second: name(second),
        })
      : t('About {count} more duels between {first} and {second} would settle it.', {
          count: said.more,
          first: name(first),
          second: name(second),
        });
  const count = said.models.length;
  return { bold: t('The first {count} overlap: you cannot tell them apart yet.', { count }), rest };
}

/** An effect on the vote, with its interval; whether it is one at all is said first. */
export function effect(found: BoardEffect | null, of: string): string {
  if (found === null) return t('{of}: the votes do not tell yet.', { of });
  const round = (percent: number) => Math.round(percent);
  const range = t('{percent} % ({low} to {high})', {
    percent: round(found.percent),
    low: round(found.low),
    high: round(found.high),
  });
  const sure = found.low > 50 || found.high < 50;
  return sure
    ? t('{of} wins {range} between equals; the ratings leave that out.', { of, range })
    : t('{of} wins {range} between equals: no effect to be sure of.', { of, range });
}

/** How often the row wins of what was decided, in whole percents; `null` = they were never compared. */
export function share(pair: BoardPair): number | null {
  const ties = pair.tied + pair.bad;
  const all = pair.won + pair.lost + ties;
  return all === 0 ? null : Math.round(((pair.won + ties / 2) * 100) / all);
}

export function told(row: BoardRow, column: BoardRow, pair: BoardPair): string {
  const ties = pair.tied + pair.bad;
  return t('{name} against {other}: {won} won, {lost} lost, {ties} tied', {
    name: row.name,
    other: column.name,
    won: pair.won,
    lost: pair.lost,
    ties,
  });
}

/** Points that hold every interval, rounded outward to fifties. */
export function scale(rows: readonly Pick<BoardRow, 'low' | 'high'>[]): { low: number; high: number } {
  const low = Math.min(1450, ...rows.map((row) => row.low));
  const high = Math.max(1550, ...rows.map((row) => row.high));
  return { low: Math.floor(low / 50) * 50, high: Math.ceil(high / 50) * 50 };
}

/** Round ratings between the two ends, at most six: where lines are drawn. */
export function ticks({ low, high }: { low: number; high: number }): number[] {
  const step = [50, 100, 200, 500, 1000].find((one) => (high - low) / one <= 5) ?? 1000;
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, place) => first + place * step);
}

/** What another price would have saved or added. */
export function difference(paid: string, would: string): string {
  const by = addMoney([paid, `-${would}`]);
  if (pico(by) === 0n) return t('for the same money');
  return by.startsWith('-')
    ? t('{cost} more', { cost: money(by.slice(1)) })
    : t('{cost} less', { cost: money(by) });
}
