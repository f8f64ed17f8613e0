// Words and forms of the Spend page. Figures come ready from the core; here they only get their signs.
import type { SpendAttempt } from '../../ipc/generated/SpendAttempt';
import type { SpendBar } from '../../ipc/generated/SpendBar';
import type { SpendChart } from '../../ipc/generated/SpendChart';
import type { SpendFigure } from '../../ipc/generated/SpendFigure';
import type { SpendRow } from '../../ipc/generated/SpendRow';
import { number, cost, money, NONE, sum, tokens } from '../../shared/format';
import { t, words } from '../../shared/i18n.svelte';
import { barName } from './when';

/** Attempts, and how many of them nobody can price. */
export function under(figure: SpendFigure): string {
  const attempts = t('{count} attempts', { count: figure.attempts });
  return figure.unknown > 0
    ? t('{attempts}, the cost of {unknown} is not known', { attempts, unknown: figure.unknown })
    : attempts;
}

/** `free` for what runs here, else the sum with its sign for what is missing. */
export function rowCost(row: SpendRow): string {
  return row.demo || row.local ? t('free') : sum(row.figure);
}

/** A count of tokens; `≥` where some attempts were not counted, `–` where no provider said. */
export function counted(count: number | null, row: SpendRow): string {
  if (count === null || (count === 0 && row.uncounted > 0 && row.uncounted >= row.figure.attempts)) {
    return NONE;
  }
  return row.uncounted > 0 ? `≥ ${tokens(count)}` : tokens(count);
}

/** `+38 %`, `−16 %`. */
export function percent(value: number): string {
  if (value === 0) return '± 0 %';
  return `${value > 0 ? '+' : '−'}${number(Math.abs(value))} %`;
}

/** Everything a bar shows, for who does not see it. */
export function barLabel(bar: SpendBar, chart: SpendChart): string {
  const name = barName(bar);
  if (bar.figure.attempts === 0) {
    return bar.expected
      ? t('{name}: about {amount} expected', { name, amount: money(bar.expected.amount) })
      : t('{name}: nothing', { name });
  }
  const parts = bar.parts.map(
    (part) => `${chart.series[part.series]?.name ?? t('Other')} ${money(part.amount)}`,
  );
  return [`${name}: ${sum(bar.figure)}`, ...parts.reverse()].join(', ');
}

export function attemptCost(row: SpendAttempt): string {
  return cost({ cost: row.cost, basis: row.basis, free: false });
}

const METERS: Record<string, string> = words({
  input: 'Prompt',
  input_cache_read: 'Prompt from the cache',
  input_cache_write_5m: 'Prompt into the cache',
  input_cache_write_1h: 'Prompt into the cache, 1 h',
  input_image: 'Pictures in the prompt',
  input_audio: 'Sound in the prompt',
  output: 'Answer',
  output_reasoning: 'Reasoning',
  output_image: 'Pictures in the answer',
  output_audio: 'Sound in the answer',
  request: 'Request',
  web_search: 'Web searches',
});
export const meter = (name: string) => METERS[name] ?? name;

const BASES: Record<SpendAttempt['basis'], string> = words({
  reported: 'as the provider charged it',
  computed: 'counted by the provider, times the price',
  estimated: 'counted by Parallax, times the price',
  unknown: 'not known: the count or the price is missing',
});
export const basis = (name: SpendAttempt['basis']) => BASES[name];

const OUTCOMES: Record<string, string> = words({
  stop: 'Answered',
  completed: 'Answered',
  length: 'Cut at its limit',
  tool_calls: 'Asked for a tool',
  content_filter: 'Filtered',
  pause: 'Paused',
  other: 'Answered',
  cancelled: 'Stopped',
  interrupted: 'Interrupted',
});
/** How an attempt ended; an error kind says it itself. */
export const outcome = (name: string) => OUTCOMES[name] ?? name;
