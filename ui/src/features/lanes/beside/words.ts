// What a judge found, in words.
import type { Decision } from '../../../ipc/generated/Decision';
import type { FindingWord } from '../../../ipc/generated/FindingWord';
import { figure } from '../../../shared/format';
import { rows, t } from '../../../shared/i18n.svelte';

export const FINDINGS = rows(['label'], [
  { kind: 'consensus', label: 'They agree' },
  { kind: 'contradiction', label: 'They contradict' },
  { kind: 'unique', label: 'Only one says' },
  { kind: 'missing', label: 'Missing in all' },
] as const satisfies readonly { kind: FindingWord; label: string }[]);

/** Points of both orders, as the middle of the two. */
export function points(pairs: readonly (readonly [number, number])[]): string {
  const sum = pairs.reduce((all, [one, two]) => all + one + two, 0);
  return figure(sum / 2, sum % 2 === 0 ? 0 : 1);
}

export function verdict(decision: Decision, name: (run: string) => string): string {
  if (decision.type === 'best') return t('{name} is first in both orders.', { name: name(decision.run) });
  const names = decision.runs.map(name).join(', ');
  return decision.type === 'tie'
    ? t('Equal: {names}.', { names })
    : t('Each order has another first ({names}): counts as a tie.', { names });
}

/** What the place was worth, in hundredths of a point, here and over this judge's judgements. */
export function shiftWords(shift: number | null, [all, split]: readonly [number, number]): string {
  const record = t('The two orders disagreed in {split} of {all} judgements by this judge.', { split, all });
  if (shift === null) return record;
  // To the tenth that is shown.
  const tenths = Math.round(Math.abs(shift) / 10);
  if (tenths === 0) return `${t('Standing in front was worth nothing here.')} ${record}`;
  const points = `${shift < 0 ? '−' : '+'}${figure(tenths / 10, tenths % 10 === 0 ? 0 : 1)}`;
  return `${t('Standing in front was worth {points} points here.', { points })} ${record}`;
}
