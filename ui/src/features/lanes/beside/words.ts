// What a judge found, in words.
import type { Decision } from '../../../ipc/generated/Decision';
import type { FindingWord } from '../../../ipc/generated/FindingWord';

export const FINDINGS: { kind: FindingWord; label: string }[] = [
  { kind: 'consensus', label: 'They agree' },
  { kind: 'contradiction', label: 'They contradict' },
  { kind: 'unique', label: 'Only one says' },
  { kind: 'missing', label: 'Missing in all' },
];

/** Points of both orders, as the middle of the two. */
export function points(pairs: readonly (readonly [number, number])[]): string {
  const sum = pairs.reduce((all, [one, two]) => all + one + two, 0);
  return sum % 2 === 0 ? String(sum / 2) : (sum / 2).toFixed(1);
}

export function verdict(decision: Decision, name: (run: string) => string): string {
  if (decision.type === 'best') return `${name(decision.run)} is first in both orders.`;
  const names = decision.runs.map(name).join(', ');
  return decision.type === 'tie'
    ? `Equal: ${names}.`
    : `Each order has another first (${names}): counts as a tie.`;
}

/** What the place was worth, here and over this judge's judgements. */
export function shiftWords(shift: number | null, [all, split]: readonly [number, number]): string {
  const gained = shift === null ? null : (shift / 100).toFixed(1).replace(/\.0$/, '');
  const here =
    gained === null
      ? ''
      : gained === '0' || gained === '-0'
        ? 'Standing in front was worth nothing here. '
        : `Standing in front was worth ${gained.startsWith('-') ? gained.replace('-', '−') : `+${gained}`} points here. `;
  return `${here}The two orders disagreed in ${split} of ${all} judgements by this judge.`;
}
