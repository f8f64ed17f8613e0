// Words and fields of budgets.
import type { BudgetView } from '../../ipc/generated/BudgetView';
import { clock, dayMonth } from '../../shared/format';
import { rows, t, words } from '../../shared/i18n.svelte';
import { typed } from '../../shared/typed';

/** `resets tonight 00:00`, `resets 1 December`. */
export function resets(at: number, now: number = Date.now()): string {
  const soon = new Date(at - 1).toDateString() === new Date(now).toDateString();
  if (soon) {
    const time = clock(at);
    return t('resets tonight {time}', { time });
  }
  return t('resets {day}', { day: dayMonth(at) });
}

/** How a budget stands, in a few words; empty where the day it begins anew says enough. */
export const STANDING: Record<BudgetView['state'], string> = words({
  normal: '',
  near: 'Near the limit',
  over: 'Over the limit',
  holding: 'Holding requests',
});

/** Colour of a meter. */
export function tone(budget: BudgetView): 'ink' | 'warn' | 'bad' {
  if (budget.state === 'holding' || budget.state === 'over') return 'bad';
  return budget.state === 'near' ? 'warn' : 'ink';
}

/** `50, 80` to numbers; `null` if it is something else. */
export function thresholds(text: string): number[] | null {
  const parts = text
    .split(/[\s,;%]+/)
    .filter((part) => part !== '')
    .map(Number);
  const fine = parts.every((part) => Number.isInteger(part) && part >= 1 && part <= 100);
  return fine ? parts : null;
}

/** A plain amount of dollars as typed; `null` if it is something else. */
export function dollars(text: string): string | null {
  const plain = typed(text);
  return plain !== null && /^\d+(\.\d{1,12})?$/.test(plain) ? plain : null;
}

export const SORTS = rows(['label'], [
  { id: 'all', label: 'Everything' },
  { id: 'provider', label: 'One provider' },
  { id: 'model', label: 'One model' },
  { id: 'conversation', label: 'One chat' },
  { id: 'key', label: 'One key' },
] as const);
export type Sort = (typeof SORTS)[number]['id'];
