// What the lines and groups of a comparison are called.
import type { Agreed } from '../../ipc/generated/Agreed';
import type { AgreedGroup } from '../../ipc/generated/AgreedGroup';
import type { AgreedStatement } from '../../ipc/generated/AgreedStatement';
import type { Differences } from '../../ipc/generated/Differences';
import type { DiffRow } from '../../ipc/generated/DiffRow';
import type { DiffSide } from '../../ipc/generated/DiffSide';
import { t, words } from '../../shared/i18n.svelte';

/** What a line's sign means. */
export function told(row: DiffRow): string {
  if (row.kind === 'same') return t('Same');
  if (row.kind === 'left') return t('Only left');
  if (row.kind === 'right') return t('Only right');
  return row.contrary ? t('Another number, or one denies') : t('Other words');
}

export function tone(row: DiffRow): string {
  if (row.kind === 'same') return 'same';
  if (row.kind === 'changed') return row.contrary ? 'far' : 'near';
  return 'only';
}

export const holds = (side: DiffSide | null, from: number): boolean =>
  side !== null && side.from <= from && from < side.until;

/** Whole percents that make a hundred. */
export function shares(diff: Differences): { left: number; both: number; right: number } {
  const all = Math.max(1, diff.left_words + diff.both_words + diff.right_words);
  const left = Math.round((diff.left_words * 100) / all);
  const right = Math.round((diff.right_words * 100) / all);
  const none = diff.left_words + diff.both_words + diff.right_words === 0;
  return { left, right, both: none ? 0 : 100 - left - right };
}

/** Words of one of the two answers. */
export const wordsOf = (diff: Differences, side: 'left' | 'right'): number =>
  diff.both_words + (side === 'left' ? diff.left_words : diff.right_words);

const joined = (side: DiffSide | null) => side?.pieces.map((piece) => piece.text).join('') ?? '';

/** The lines that differ, as text. */
export function asText(diff: Differences, left: string, right: string): string {
  const lines = diff.rows
    .filter((row) => row.kind !== 'same')
    .flatMap((row) => [
      ...(row.left ? [`- ${joined(row.left)}`] : []),
      ...(row.right ? [`+ ${joined(row.right)}`] : []),
    ]);
  return [`--- ${left}`, `+++ ${right}`, ...lines].join('\n');
}

const NUMBERS: Record<string, string> = words({
  '2': 'Both',
  '3': 'All three',
  '4': 'All four',
  '5': 'All five',
  '6': 'All six',
});
const ORDER: readonly AgreedGroup[] = ['all', 'some', 'contrary', 'one'];

function label(group: AgreedGroup, answers: number): string {
  if (group === 'all') return t('{all} say', { all: NUMBERS[answers] ?? t('All {answers}', { answers }) });
  if (group === 'some') return t('Some say');
  return group === 'contrary' ? t('They differ') : t('Only one says');
}

export interface Grouped {
  name: AgreedGroup;
  label: string;
  statements: (AgreedStatement & { place: number })[];
}

/** The statements under their headings; a heading without any is left out. */
export function grouped(agreed: Agreed): Grouped[] {
  const placed = agreed.statements.map((statement, place) => ({ ...statement, place }));
  return ORDER.map((name) => ({
    name,
    label: label(name, agreed.answers.length),
    statements: placed.filter((statement) => statement.group === name),
  })).filter((group) => group.statements.length > 0);
}
