// Figures as people read them. Money is never a float: it arrives as a decimal string of dollars, is
// turned into whole pico-dollars and rounded once, here.

import { locale, t } from './i18n.svelte';

export const NONE = '–';

const PICO = 1_000_000_000_000n;
const TEN_CENTS = PICO / 10n;

const DOLLARS: Intl.NumberFormatOptions = {
  style: 'currency',
  currency: 'USD',
  currencyDisplay: 'narrowSymbol',
};

/** Making a format takes far longer than using it, and figures change many times a second. */
const formats = new Map<string, Intl.NumberFormat>();
function format(digits: number | null, style: 'plain' | 'bare' | 'dollars'): Intl.NumberFormat {
  const key = `${locale()} ${digits} ${style}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale(), {
    ...(style === 'dollars' ? DOLLARS : {}),
    ...(style === 'bare' ? { useGrouping: false } : {}),
    ...(digits === null ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  });
  formats.set(key, made);
  return made;
}

/** A decimal text as the language writes it; it never passes through a float. */
const decimal = (text: string, digits: number, style: 'plain' | 'bare' | 'dollars' = 'plain'): string =>
  format(digits, style).format(text as `${number}`);

/** A measured figure with its decimals. */
export const figure = (value: number, digits: number): string => decimal(value.toFixed(digits), digits);

/** A count as the language groups it: `1,240`. */
export const number = (count: number): string => format(null, 'plain').format(count);

/** Decimal dollars to whole pico-dollars; `null` if the text is not a decimal number. */
export function pico(dollars: string): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(dollars.trim());
  if (!match) return null;
  const [, sign, whole = '0', fraction = ''] = match;
  const value = BigInt(whole) * PICO + BigInt(fraction.padEnd(12, '0'));
  return sign ? -value : value;
}

/** Order of two amounts, as for `sort`. */
export function compareMoney(a: string, b: string): number {
  const [x, y] = [pico(a) ?? 0n, pico(b) ?? 0n];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Sum of amounts, as dollars again; what is no amount is left out. */
export function addMoney(amounts: readonly string[]): string {
  const sum = amounts.reduce((total, amount) => total + (pico(amount) ?? 0n), 0n);
  const size = sum < 0n ? -sum : sum;
  return `${sum < 0n ? '-' : ''}${size / PICO}.${(size % PICO).toString().padStart(12, '0')}`;
}

/** `$0.03–0.05`; one amount where both look the same. */
export function moneyRange(low: string, high: string): string {
  const [from, to] = [money(low), money(high)];
  if (from === to) return to;
  return from.startsWith('$') ? `${from}–${to.replace('$', '')}` : `${from.replace(/\s*\$$/, '')}–${to}`;
}

/** `$0.0140` below ten cents, `$1.14` above; an amount too small for four decimals is `< $0.0001`. */
export function money(dollars: string | null): string {
  const value = dollars === null ? null : pico(dollars);
  if (value === null) return NONE;
  const sign = value < 0n ? '−' : '';
  const size = value < 0n ? -value : value;
  if (size === 0n || size >= TEN_CENTS) return `${sign}${decimal(fixed(size, 2), 2, 'dollars')}`;
  const text = fixed(size, 4);
  return text === '0.0000'
    ? `${sign}< ${decimal('0.0001', 4, 'dollars')}`
    : `${sign}${decimal(text, 4, 'dollars')}`;
}

/** The same without cents where there are none: `$20`. */
export function moneyShort(dollars: string | null): string {
  const value = dollars === null ? null : pico(dollars);
  return value !== null && value % PICO === 0n && value >= 0n
    ? decimal(fixed(value, 0), 0, 'dollars')
    : money(dollars);
}

/** An amount without its sign, for beside another: `0.42`. */
export const moneyBare = (dollars: string | null): string => money(dollars).replace(/\s*\$\s*/, '');

function fixed(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(12 - digits);
  const rounded = (value + unit / 2n) / unit;
  const scale = 10n ** BigInt(digits);
  return `${rounded / scale}.${(rounded % scale).toString().padStart(digits, '0')}`;
}

export interface CostFacts {
  cost: string | null;
  basis: 'reported' | 'computed' | 'estimated' | 'unknown' | null;
  /** Local and demo models cost nothing. */
  free: boolean;
}

/** Cost of an answer: `free`, `–` when unknown, `≈` before an estimate. */
export function cost({ cost: dollars, basis, free }: CostFacts): string {
  if (free && (dollars === null || pico(dollars) === 0n)) return t('free');
  if (dollars === null || basis === 'unknown') return NONE;
  return basis === 'estimated' ? `≈ ${money(dollars)}` : money(dollars);
}

/** Of what says nothing of its basis: known to be nothing is `free`, not known a dash. */
export const charge = (dollars: string | null): string =>
  cost({ cost: dollars, basis: null, free: dollars !== null });

export interface SumFacts {
  amount: string;
  attempts: number;
  unknown: number;
}

/** A sum: `–` if nothing in it is known, `≥ $x` if something is missing. */
export function sum({ amount, attempts, unknown }: SumFacts): string {
  if (attempts > 0 && unknown >= attempts && pico(amount) === 0n) return NONE;
  return unknown > 0 ? `≥ ${money(amount)}` : money(amount);
}

/** A price in dollars per million tokens, as short as it can be said: `3`, `1.25`, `0.28`. */
export const price = (dollars: string | null): string => short(dollars, 0, 'bare');

/** The same with cents at least, for tables: `3.00`, `0.28`. */
export const perMillion = (dollars: string | null): string => short(dollars, 2, 'bare');

/** The same with its sign: `$3`, `$0.28`; `least` decimals. */
export const priced = (dollars: string | null, least: 0 | 2 = 0): string => short(dollars, least, 'dollars');

function short(dollars: string | null, least: number, style: 'bare' | 'dollars'): string {
  const value = dollars === null ? null : pico(dollars);
  if (value === null) return NONE;
  const fraction = (value % PICO).toString().padStart(12, '0').replace(/0+$/, '').padEnd(least, '0');
  const whole = value / PICO;
  return decimal(fraction === '' ? `${whole}` : `${whole}.${fraction}`, fraction.length, style);
}

/** `0.62 s`, `12.1 s`, `3 min`, `1 h 5 min`. */
export function span(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 10_000) return t('{seconds} s', { seconds: figure(ms / 1000, ms < 1000 ? 2 : 1) });
  if (ms < 60_000) return t('{seconds} s', { seconds: Math.round(ms / 1000) });
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return t('{minutes} min', { minutes });
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0 ? t('{hours} h', { hours }) : t('{hours} h {minutes} min', { hours, minutes: rest });
}

/** `0.62 s` for a time to first token, two decimals up to ten seconds. */
export function firstToken(ms: number | null): string {
  if (ms === null) return NONE;
  return ms < 10_000 ? t('{seconds} s', { seconds: figure(ms / 1000, 2) }) : span(ms);
}

/** `1,240`, `3.10 M`. */
export function tokens(count: number | null): string {
  if (count === null) return NONE;
  if (count < 1_000_000) return number(count);
  return t('{count} M', { count: figure(count / 1_000_000, 2) });
}

/** Tokens a second from tenths: `82/s`, `4.3/s`. */
export function speed(tenths: number | null): string {
  if (tenths === null) return NONE;
  return t('{count}/s', { count: tenths < 100 ? figure(tenths / 10, 1) : Math.round(tenths / 10) });
}

/** A context window: `128 k`, `1 M`. */
export function contextSize(count: number | null): string {
  if (count === null) return NONE;
  if (count >= 1_000_000) return t('{count} M', { count: +(count / 1_000_000).toFixed(1) });
  return count >= 1000 ? t('{count} k', { count: Math.round(count / 1000) }) : String(count);
}

const moments = new Map<string, Intl.DateTimeFormat>();

/** A date or a time in the language of the window. */
export function dated(at: number, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(at);
  // A format keeps the zone it was made in, and whoever travels changes that of the desktop.
  const key = `${locale()} ${date.getTimezoneOffset()} ${JSON.stringify(options)}`;
  let made = moments.get(key);
  if (!made) moments.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made.format(date);
}

/** `09:41` */
export const clock = (at: number): string => dated(at, { hour: '2-digit', minute: '2-digit' });

/** `20 November` */
export const dayMonth = (at: number): string => dated(at, { day: 'numeric', month: 'long' });

/** `20 November 2026` */
export const fullDay = (at: number): string => dated(at, { day: 'numeric', month: 'long', year: 'numeric' });

/** Of a month in numbers, 1 is January: `Nov 2026`. */
export const monthYear = (year: number, month: number): string =>
  dated(new Date(year, month - 1, 1).getTime(), { month: 'short', year: 'numeric' });

/** Days between the day of a moment and that of another; a day with a change of the clock is not 24 hours long. */
function daysBack(at: number, now: number): number {
  const start = (ms: number) => {
    const date = new Date(ms);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  };
  return Math.round((start(now) - start(at)) / 86_400_000);
}

/** `Today 09:41`, `Yesterday 18:02`, `12 Nov 09:41`, with the year if it is another one. */
export function moment(at: number, now: number = Date.now()): string {
  const [time, days] = [clock(at), daysBack(at, now)];
  if (days <= 0) return t('Today {time}', { time });
  if (days === 1) return t('Yesterday {time}', { time });
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };
  if (new Date(at).getFullYear() !== new Date(now).getFullYear()) options.year = 'numeric';
  return `${dated(at, options)} ${time}`;
}

/** `just now`, `2 min ago`, then the moment as it stands in a sentence. */
export function ago(at: number, now: number = Date.now()): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return t('just now');
  if (minutes < 60) return t('{minutes} min ago', { minutes });
  const [time, days] = [clock(at), daysBack(at, now)];
  if (days <= 0) return t('today {time}', { time });
  return days === 1 ? t('yesterday {time}', { time }) : moment(at, now);
}

/** Heading a conversation stands under. */
export function dayOf(at: number, now: number = Date.now()): string {
  const days = daysBack(at, now);
  if (days <= 0) return t('Today');
  if (days === 1) return t('Yesterday');
  if (days < 8) return t('Previous 7 days');
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return dated(at, sameYear ? { month: 'long' } : { month: 'long', year: 'numeric' });
}

/** The same heading in no language. */
export function stretchOf(at: number, now: number = Date.now()): string {
  const days = daysBack(at, now);
  if (days < 8) return days <= 0 ? 'today' : days === 1 ? 'yesterday' : 'week';
  const date = new Date(at);
  return `${String(date.getFullYear())}-${String(date.getMonth())}`;
}

/** Small numbers as words. */
export function word(count: number): string {
  const names = [
    t('no|number'),
    t('one|number'),
    t('two|number'),
    t('three|number'),
    t('four|number'),
    t('five|number'),
    t('six|number'),
    t('seven|number'),
    t('eight|number'),
    t('nine|number'),
  ];
  return names[count] ?? number(count);
}

/** `820 B`, `18 kB`, `3.4 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return t('{size} B', { size: count });
  if (count < 999_500) return t('{size} kB', { size: Math.round(count / 1000) });
  return t('{size} MB', { size: figure(count / 1e6, 1) });
}

/** Why figures and lists are without some calls. */
export function blindLeftOut(count: number): string {
  return t('{count} calls for blind answers are left out until you have voted.', { count });
}
