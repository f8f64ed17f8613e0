// Figures as people read them. Money is never a float: it arrives as a decimal string of dollars, is
// turned into whole pico-dollars and rounded once, here.

export const NONE = '–';

const PICO = 1_000_000_000_000n;
const TEN_CENTS = PICO / 10n;

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
  return from === to ? to : `${from}–${to.replace('$', '')}`;
}

/** `$0.0140` below ten cents, `$1.14` above; an amount too small for four decimals is `< $0.0001`. */
export function money(dollars: string | null): string {
  const value = dollars === null ? null : pico(dollars);
  if (value === null) return NONE;
  const sign = value < 0n ? '−' : '';
  const size = value < 0n ? -value : value;
  if (size === 0n) return '$0.00';
  if (size >= TEN_CENTS) return `${sign}$${fixed(size, 2)}`;
  const text = fixed(size, 4);
  return text === '0.0000' ? `${sign}< $0.0001` : `${sign}$${text}`;
}

function fixed(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(12 - digits);
  const rounded = (value + unit / 2n) / unit;
  const scale = 10n ** BigInt(digits);
  const whole = (rounded / scale).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${whole}.${(rounded % scale).toString().padStart(digits, '0')}`;
}

export interface CostFacts {
  cost: string | null;
  basis: 'reported' | 'computed' | 'estimated' | 'unknown' | null;
  /** Local and demo models cost nothing. */
  free: boolean;
}

/** Cost of an answer: `free`, `–` when unknown, `≈` before an estimate. */
export function cost({ cost: dollars, basis, free }: CostFacts): string {
  if (free && (dollars === null || pico(dollars) === 0n)) return 'free';
  if (dollars === null || basis === 'unknown') return NONE;
  return basis === 'estimated' ? `≈ ${money(dollars)}` : money(dollars);
}

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
export function price(dollars: string | null): string {
  if (dollars === null) return NONE;
  const value = pico(dollars);
  if (value === null) return NONE;
  const whole = value / PICO;
  const fraction = (value % PICO).toString().padStart(12, '0').replace(/0+$/, '');
  return fraction === '' ? `${whole}` : `${whole}.${fraction}`;
}

/** `0.62 s`, `12.1 s`, `3 min`, `1 h 5 min`. */
export function span(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 10_000) return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `0.62 s` for a time to first token, two decimals up to ten seconds. */
export function firstToken(ms: number | null): string {
  if (ms === null) return NONE;
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : span(ms);
}

/** `1,240`, `3.10 M`. */
export function tokens(count: number | null): string {
  if (count === null) return NONE;
  if (count < 1_000_000) return count.toLocaleString('en-US');
  return `${(count / 1_000_000).toFixed(2)} M`;
}

/** Tokens a second from tenths: `82/s`, `4.3/s`. */
export function speed(tenths: number | null): string {
  if (tenths === null) return NONE;
  return tenths < 100 ? `${(tenths / 10).toFixed(1)}/s` : `${Math.round(tenths / 10)}/s`;
}

/** A context window: `128 k`, `1 M`. */
export function contextSize(count: number | null): string {
  if (count === null) return NONE;
  if (count >= 1_000_000) return `${+(count / 1_000_000).toFixed(1)} M`;
  return count >= 1000 ? `${Math.round(count / 1000)} k` : String(count);
}

/** `Today 09:41`, `Yesterday 18:02`, `12 Nov 09:41`, with the year if it is another one. */
export function moment(at: number, now: number = Date.now()): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = dayOf(at, now);
  if (day === 'Today' || day === 'Yesterday') return `${day} ${time}`;
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };
  if (!sameYear) options.year = 'numeric';
  return `${date.toLocaleDateString('en-GB', options)} ${time}`;
}

/** `just now`, `2 min ago`, then the moment. */
export function ago(at: number, now: number = Date.now()): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return moment(at, now).replace(/^T/, 't').replace(/^Y/, 'y');
}

/** Heading a conversation stands under. */
export function dayOf(at: number, now: number = Date.now()): string {
  const start = (ms: number) => {
    const date = new Date(ms);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  };
  // Rounded, because a day with a change of the clock is not 24 hours long.
  const days = Math.round((start(now) - start(at)) / 86_400_000);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 8) return 'Previous 7 days';
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return date.toLocaleDateString('en-GB', sameYear ? { month: 'long' } : { month: 'long', year: 'numeric' });
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** Small numbers as words. */
export function word(count: number): string {
  return NUMBERS[count] ?? String(count);
}

/** `1 turn`, `2 turns`. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** `820 B`, `18 kB`, `3.4 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 999_500) return `${Math.round(count / 1000)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
