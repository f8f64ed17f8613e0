// Names of periods and bars in the language of the window; the core's own, in English, are for the command line.
import type { SpendBar } from '../../ipc/generated/SpendBar';
import type { SpendPeriod } from '../../ipc/generated/SpendPeriod';
import { clock, dated, dayMonth, fullDay } from '../../shared/format';
import { t } from '../../shared/i18n.svelte';

type Span = Pick<SpendBar, 'from' | 'until'>;
const DAY = 86_400_000;

/** What a bar stands for. A day with a change of the clock is not 24 hours long. */
function unit({ from, until }: Span): 'hour' | 'day' | 'month' | 'year' {
  const days = (until - from) / DAY;
  if (days < 0.9) return 'hour';
  if (days < 1.5) return 'day';
  return days < 40 ? 'month' : 'year';
}

const month = (at: number) => dated(at, { month: 'long', year: 'numeric' });
const year = (at: number) => dated(at, { year: 'numeric' });

/** `1 November, 09:00`, `1 November`, `November 2026`, `2026`. */
export function barName(bar: Span): string {
  const { from } = bar;
  switch (unit(bar)) {
    case 'hour':
      return `${dayMonth(from)}, ${clock(from)}`;
    case 'day':
      return dayMonth(from);
    case 'month':
      return month(from);
    case 'year':
      return year(from);
  }
}

/** What stands under a bar, where the core gave it room: `09:00`, `Sat 21`, `15`, `Nov`, `2026`. */
export function barTick(
  bar: Span & Pick<SpendBar, 'tick' | 'present'>,
  place: number,
  count: number,
): string | null {
  if (bar.tick === null) return null;
  const at = new Date(bar.from);
  switch (unit(bar)) {
    case 'hour':
      return clock(bar.from);
    case 'day':
      if (bar.present) return t('Today');
      if (count < 9) return dated(bar.from, { weekday: 'short', day: 'numeric' });
      return at.getDate() === 1 ? dated(bar.from, { day: 'numeric', month: 'short' }) : String(at.getDate());
    case 'month':
      return at.getMonth() === 0 || place === 0
        ? dated(bar.from, { month: 'short', year: 'numeric' })
        : dated(bar.from, { month: 'short' });
    case 'year':
      return year(bar.from);
  }
}

/** `20 November 2026`, `Week of 16 November 2026`, `November 2026`, `2026`, `Since March 2025`. */
export function periodName(period: SpendPeriod, from: number): string {
  switch (period) {
    case 'day':
      return fullDay(from);
    case 'week':
      return t('Week of {day}', { day: fullDay(from) });
    case 'month':
      return month(from);
    case 'year':
      return year(from);
    case 'all':
      return t('Since {month}', { month: month(from) });
  }
}

/** `November` */
export const monthName = (now: number): string => dated(now, { month: 'long' });

/** `30 November` */
export function monthEnd(now: number): string {
  const at = new Date(now);
  return dayMonth(new Date(at.getFullYear(), at.getMonth() + 1, 0).getTime());
}

/** The month before up to the same day: `1 to 21 October`. A shorter month ends where it ends. */
export function monthBefore(now: number): string {
  const at = new Date(now);
  const last = new Date(at.getFullYear(), at.getMonth(), 0).getDate();
  const day = Math.min(at.getDate(), last);
  const until = dayMonth(new Date(at.getFullYear(), at.getMonth() - 1, day).getTime());
  return day === 1 ? until : t('1 to {day}', { day: until });
}
