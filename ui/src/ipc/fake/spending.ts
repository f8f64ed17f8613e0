// A year of plausible spending for the scripted host: the same every time, with weekends, a busy autumn, a
// model of unknown price, a local one and a demo.
import type { SpendAttempt } from '../generated/SpendAttempt';
import type { SpendBar } from '../generated/SpendBar';
import type { SpendPage } from '../generated/SpendPage';
import type { SpendQuery } from '../generated/SpendQuery';
import type { SpendRow } from '../generated/SpendRow';
import type { SpendSeries } from '../generated/SpendSeries';

interface Kind {
  key: string;
  name: string;
  provider: string;
  mark: number;
  /** Share of the day's dollars. */
  weight: number;
  /** Dollars an attempt costs. */
  each: number;
  tokens: [number, number];
  cached: number | null;
  reasoning: number | null;
  ttft: [number, number];
  rate: number;
}

const KINDS: Kind[] = [
  [
    'anthropic/claude-sonnet-4.5',
    'Claude Sonnet 4.5',
    'Anthropic',
    1,
    46,
    0.0415,
    7524,
    1797,
    0.4,
    null,
    610,
    1420,
    810,
  ],
  ['openai/gpt-5', 'GPT-5', 'OpenAI', 2, 23, 0.0229, 7060, 1700, 0.35, 0.5, 1800, 6900, 620],
  [
    'google/gemini-2.5-pro',
    'Gemini 2.5 Pro',
    'Google AI Studio',
    3,
    18,
    0.0238,
    7150,
    1640,
    0.2,
    0.48,
    930,
    2310,
    1160,
  ],
  [
    'anthropic/claude-haiku-4.5',
    'Claude Haiku 4.5',
    'Anthropic',
    7,
    5,
    0.0129,
    7270,
    1620,
    0.36,
    null,
    440,
    980,
    1480,
  ],
  ['openai/gpt-5-mini', 'GPT-5 mini', 'OpenAI', 8, 3, 0.0041, 6450, 1470, 0.33, 0.4, 970, 2700, 1270],
  [
    'deepseek/deepseek-v3.2',
    'DeepSeek V3.2',
    'Fireworks',
    4,
    2,
    0.0018,
    7030,
    1200,
    0.37,
    null,
    410,
    1640,
    460,
  ],
  [
    'mistral/mistral-medium-3.1',
    'Mistral Medium 3.1',
    'Mistral',
    6,
    2,
    0.0055,
    6350,
    1450,
    null,
    null,
    520,
    1200,
    880,
  ],
].map(([key, name, provider, mark, weight, each, input, output, cached, reasoning, p50, p95, rate]) => ({
  key: key as string,
  name: name as string,
  provider: provider as string,
  mark: mark as number,
  weight: weight as number,
  each: each as number,
  tokens: [input as number, output as number],
  cached: cached as number | null,
  reasoning: reasoning as number | null,
  ttft: [p50 as number, p95 as number],
  rate: rate as number,
}));

function pick<T>(list: readonly T[], place: number): T {
  const found = list[place];
  if (found === undefined) throw new Error(`no item ${place}`);
  return found;
}

const DAY = 86_400_000;
const usd = (value: number) => value.toFixed(6);

/** Between 0 and 1, the same for the same day. */
function noise(day: number, salt: number): number {
  let z = Math.imul(day * 31 + salt, 0x9e3779b1);
  z = Math.imul(z ^ (z >>> 15), 0x85ebca6b);
  return ((z ^ (z >>> 13)) >>> 0) / 2 ** 32;
}

/** Dollars of a day by model. */
function spentOn(start: number): number[] {
  const day = Math.floor(start / DAY);
  const date = new Date(start);
  const weekend = date.getDay() === 0 || date.getDay() === 6;
  const season = 1 + 0.5 * Math.sin((date.getMonth() / 12) * 2 * Math.PI);
  const total = (weekend ? 0.7 : 2.1) * season * (0.5 + noise(day, 1));
  return KINDS.map((kind, place) => (total * kind.weight * (0.6 + 0.8 * noise(day, place + 2))) / 100);
}

interface Slot {
  name: string;
  tick: string | null;
  from: number;
  until: number;
}

function slots({ period, back }: SpendQuery, now: number): { name: string; slots: Slot[] } {
  const today = new Date(now);
  const [year, month, date] = [today.getFullYear(), today.getMonth(), today.getDate()];
  const long = (at: number, options: Intl.DateTimeFormatOptions) =>
    new Date(at).toLocaleDateString('en-GB', options);
  const make = (
    count: number,
    start: (n: number) => number,
    label: (at: number) => string,
    tick: (at: number, n: number) => string | null,
  ) =>
    Array.from({ length: count }, (_, n) => ({
      name: label(start(n)),
      tick: tick(start(n), n),
      from: start(n),
      until: start(n + 1),
    }));
  const dayName = (at: number) => long(at, { day: 'numeric', month: 'long' });
  if (period === 'day') {
    const first = new Date(year, month, date - back).getTime();
    const hour = (at: number) => `${new Date(at).getHours()}:00`.padStart(5, '0');
    const list = make(
      24,
      (n) => first + n * 3_600_000,
      (at) => `${dayName(at)}, ${hour(at)}`,
      (at, n) => (n % 3 === 0 ? hour(at) : null),
    );
    return { name: long(first, { day: 'numeric', month: 'long', year: 'numeric' }), slots: list };
  }
  if (period === 'week') {
    const monday = date - ((today.getDay() + 6) % 7) - 7 * back;
    const start = (n: number) => new Date(year, month, monday + n).getTime();
    const list = make(7, start, dayName, (at) => long(at, { weekday: 'short', day: 'numeric' }));
    return {
      name: `Week of ${long(start(0), { day: 'numeric', month: 'long', year: 'numeric' })}`,
      slots: list,
    };
  }
  if (period === 'month') {
    const start = (n: number) => new Date(year, month - back, 1 + n).getTime();
    const days = new Date(year, month - back + 1, 0).getDate();
    const list = make(days, start, dayName, (at, n) => {
      if (start(n) <= now && now < start(n + 1)) return 'Today';
      if (n === 0) return long(at, { day: 'numeric', month: 'short' });
      return (n + 1) % 5 === 0 ? String(n + 1) : null;
    });
    return { name: long(start(0), { month: 'long', year: 'numeric' }), slots: list };
  }
  const first = period === 'year' ? new Date(year - back, 0) : new Date(year, month - 11);
  const start = (n: number) => new Date(first.getFullYear(), first.getMonth() + n).getTime();
  const list = make(
    12,
    start,
    (at) => long(at, { month: 'long', year: 'numeric' }),
    (at, n) => long(at, n === 0 ? { month: 'short', year: 'numeric' } : { month: 'short' }),
  );
  const since = `Since ${long(start(0), { month: 'long', year: 'numeric' })}`;
  return { name: period === 'year' ? String(year - back) : since, slots: list };
}

/** Dollars by model in a span; an hour is its share of the day. */
function spentIn(from: number, until: number, now: number): number[] {
  const sums = KINDS.map(() => 0);
  const end = Math.min(until, now);
  if (until - from < DAY / 2) {
    const hour = new Date(from).getHours();
    const busy = hour < 8 || hour > 21 ? 0 : 1 + Math.sin(((hour - 8) / 13) * Math.PI);
    return from > now ? sums : spentOn(from).map((amount) => (amount * busy) / 21);
  }
  for (let at = from; at < end; at += DAY)
    spentOn(at).forEach((amount, place) => (sums[place] = pick(sums, place) + amount));
  return sums;
}

function row(part: Partial<SpendRow> & { key: string; name: string }): SpendRow {
  return {
    mark: 0,
    demo: false,
    local: false,
    figure: { amount: '0', attempts: 0, unknown: 0 },
    answers: part.figure?.attempts ?? 0,
    uncounted: 0,
    input: 0,
    cache_read: null,
    output: 0,
    reasoning: null,
    share: 0,
    per_answer: null,
    ttft_p50: null,
    ttft_p95: null,
    tokens_per_second_x10: null,
    saved: null,
    ...part,
  };
}

function kindRow(kind: Kind, amount: number, top: number, unknown = 0): SpendRow {
  const attempts = Math.round(amount / kind.each) + unknown;
  const input = attempts * kind.tokens[0];
  const output = attempts * kind.tokens[1];
  const cached = kind.cached === null ? null : Math.round(input * kind.cached);
  return row({
    key: kind.key,
    name: kind.name,
    mark: kind.mark,
    figure: { amount: usd(amount), attempts, unknown },
    input,
    cache_read: cached,
    output,
    reasoning: kind.reasoning === null ? null : Math.round(output * kind.reasoning),
    share: Math.round((amount / top) * 1e6),
    per_answer: usd(kind.each),
    ttft_p50: kind.ttft[0],
    ttft_p95: kind.ttft[1],
    tokens_per_second_x10: kind.rate,
    saved: cached === null ? null : usd(cached * kind.each * 0.00006),
  });
}

const CHATS = [
  'Thesis: chapter 4 review',
  'Compare five invoice parsers',
  'Postgres distinct counts, 400 M rows',
  'Grant abstract, 250 words',
  'CRDT or OT for notes?',
  'Heat pump vs gas, 12-year cost',
];

const APPS = ['editor', 'nightly-eval', 'notebook'];

/** The kinds of a breakdown with the amounts of each bar. */
function grouped(by: SpendQuery['by'], bars: number[][]): { kinds: Kind[]; bars: number[][] } {
  if (by === 'model') return { kinds: KINDS, bars };
  const names =
    by === 'provider' ? [...new Set(KINDS.map((kind) => kind.provider))] : by === 'app' ? APPS : CHATS;
  const place = (kind: number, bar: number) =>
    by === 'provider' ? names.indexOf(KINDS[kind]?.provider ?? '') : (kind + bar) % names.length;
  const kinds = names.map((name, n) => {
    const like =
      (by === 'provider' ? KINDS.find((kind) => kind.provider === name) : KINDS[n]) ?? pick(KINDS, 0);
    const key =
      by === 'provider'
        ? name.toLowerCase().replaceAll(' ', '-')
        : by === 'app'
          ? name
          : `00000000-0000-7000-8000-00000000000${n}`;
    return { ...like, key, name, mark: n + 1 };
  });
  const sums = bars.map((amounts, bar) => {
    const sum = names.map(() => 0);
    amounts.forEach((amount, kind) => (sum[place(kind, bar)] = pick(sum, place(kind, bar)) + amount));
    return sum;
  });
  return { kinds, bars: sums };
}

const total = (amounts: number[]) => amounts.reduce((sum, amount) => sum + amount, 0);

/** The page as the core would give it. */
export function spendPage(query: SpendQuery, empty: boolean, now = Date.now()): SpendPage {
  const { name, slots: list } = slots(query, now);
  const plain = list.map((slot) => (empty ? KINDS.map(() => 0) : spentIn(slot.from, slot.until, now)));
  const { kinds, bars } = grouped(query.by, plain);
  const sums = kinds.map((_, place) => total(bars.map((amounts) => amounts[place] ?? 0)));
  const present = new Date(now);
  const monthStart = new Date(present.getFullYear(), present.getMonth(), 1).getTime();
  const month = empty ? 0 : total(spentIn(monthStart, now, now));
  const today = empty ? 0 : total(spentOn(now)) * 0.5;
  const daily = list.length <= 31 && list.length !== 24 && list.length !== 12;
  const weekend = (at: number) => [0, 6].includes(new Date(at).getDay());
  const expected = (slot: { from: number }) =>
    slot.from > now && daily && !empty ? (weekend(slot.from) ? 0.7 : 2.1) : null;
  const highest = Math.max(...bars.map(total), ...list.map((slot) => expected(slot) ?? 0), 0.01);
  const power = 10 ** Math.floor(Math.log10(highest / 5));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one * 5 >= highest) ?? power;
  const axis = Math.ceil(highest / step) * step;
  const height = (amount: number) => Math.round((amount / axis) * 1e6);
  const order = kinds.map((_, place) => place).sort((a, b) => pick(kinds, a).mark - pick(kinds, b).mark);
  const series: SpendSeries[] = order
    .map((place) => pick(kinds, place))
    .map(({ key, name, mark }) => ({ key, name, mark }));
  const chart: SpendBar[] = list.map((slot, n) => {
    const amounts = bars[n] ?? [];
    const amount = total(amounts);
    const soon = expected(slot);
    return {
      name: slot.name,
      tick: slot.tick,
      from: slot.from,
      until: slot.until,
      present: slot.from <= now && now < slot.until,
      figure: { amount: usd(amount), attempts: Math.round(amount * 60), unknown: 0 },
      height: height(amount),
      parts: order
        .map((place, at) => ({
          series: at,
          amount: usd(amounts[place] ?? 0),
          height: height(amounts[place] ?? 0),
        }))
        .filter((part) => part.height > 0),
      expected: soon === null ? null : { amount: usd(soon), height: height(soon) },
    };
  });
  const top = Math.max(...sums, 0.01);
  const rows = kinds
    .map((kind, place) =>
      kindRow(kind, sums[place] ?? 0, top, query.by === 'model' && kind.mark === 2 ? 2 : 0),
    )
    .filter((one) => one.figure.attempts > 2)
    .sort((a, b) => Number(b.figure.amount) - Number(a.figure.amount));
  if (query.by === 'model' && !empty) {
    rows.push(
      row({
        key: 'my/house',
        name: 'House model',
        figure: { amount: '0', attempts: 12, unknown: 12 },
        uncounted: 12,
        ttft_p50: 300,
        ttft_p95: 900,
      }),
      row({
        key: 'qwen/qwen3-32b',
        name: 'Qwen3 32B',
        local: true,
        figure: { amount: '0', attempts: 268, unknown: 0 },
        input: 1_720_000,
        output: 290_000,
        ttft_p50: 290,
        ttft_p95: 710,
        tokens_per_second_x10: 340,
      }),
      row({
        key: 'demo/quick',
        name: 'Demo Quick',
        demo: true,
        figure: { amount: '0', attempts: 4, unknown: 0 },
        input: 40,
        output: 900,
      }),
    );
  }
  const spent = total(sums);
  const attempts = rows.reduce((sum, one) => sum + one.figure.attempts, 0);
  const unknown = rows.reduce((sum, one) => sum + one.figure.unknown, 0);
  const factors = [2.53, 1.38, 1.38, 0.84, 0.31, 0.15];
  const whatIf = KINDS.slice(0, 6)
    .map((kind, n) => ({ kind, amount: spent * pick(factors, n) }))
    .sort((a, b) => b.amount - a.amount);
  const ends = new Date(present.getFullYear(), present.getMonth() + 1, 0);
  return {
    name,
    from: list[0]?.from ?? now,
    until: list.at(-1)?.until ?? now,
    earlier: !empty && query.back < 11,
    today: { amount: usd(today), attempts: empty ? 0 : 31, unknown: 0 },
    today_answers: empty ? 0 : 31,
    month_name: present.toLocaleDateString('en-GB', { month: 'long' }),
    month: { amount: usd(month), attempts: Math.round(month * 58), unknown: empty ? 0 : 2 },
    change: empty ? null : { percent: -12, against: 'the month before' },
    forecast: empty
      ? null
      : {
          day: ends.toLocaleDateString('en-GB', { day: 'numeric', month: 'long' }),
          middle: usd(month * 1.4),
          low: usd(month * 1.3),
          high: usd(month * 1.52),
          margin: usd(month * 0.11),
        },
    chart: {
      series,
      bars: chart,
      ticks: Array.from({ length: Math.round(axis / step) + 1 }, (_, n) => ({
        amount: usd(n * step),
        height: height(n * step),
      })),
    },
    rows,
    more: 0,
    total: row({
      key: '',
      name: '',
      figure: { amount: usd(spent), attempts, unknown },
      answers: attempts,
      uncounted: unknown,
      input: rows.reduce((sum, one) => sum + one.input, 0),
      cache_read: rows.reduce((sum, one) => sum + (one.cache_read ?? 0), 0),
      output: rows.reduce((sum, one) => sum + one.output, 0),
      reasoning: rows.reduce((sum, one) => sum + (one.reasoning ?? 0), 0),
      per_answer: attempts === 0 ? null : usd(spent / attempts),
      saved: usd(rows.reduce((sum, one) => sum + Number(one.saved ?? 0), 0)),
    }),
    what_if: empty
      ? []
      : [
          { key: '', name: '', mark: 0, amount: usd(spent), share: Math.round(1e6 / 2.53), percent: null },
          ...whatIf.map(({ kind, amount }) => ({
            key: kind.key,
            name: kind.name,
            mark: kind.mark,
            amount: usd(amount),
            share: Math.round((amount / spent / 2.53) * 1e6),
            percent: Math.round((amount / spent - 1) * 100),
          })),
        ],
    what_if_uncounted: empty ? 0 : 14,
  };
}

/** Attempts of a span, newest first. */
export function spendAttempts(until: number, before: number | null, now = Date.now()): SpendAttempt[] {
  const end = before ?? Math.min(until, now);
  return Array.from({ length: 20 }, (_, n) => {
    const kind = pick(KINDS, n % KINDS.length);
    const [input, output] = kind.tokens;
    const known = n % 9 !== 8;
    const rate = (kind.each * 0.4) / input;
    const line = (meter: 'input' | 'output', units: number, amount: number) => ({
      meter,
      units,
      rate: usd(meter === 'input' ? rate : amount / units),
      amount: usd(amount),
    });
    return {
      seq: 2227 - n,
      at: end - (n + 1) * 1_900_000,
      model: kind.name,
      provider: kind.provider,
      origin: n % 5 === 4 ? 'cli' : 'window',
      outcome: n % 7 === 6 ? 'cancelled' : n % 11 === 10 ? 'limit.overloaded' : 'stop',
      input,
      cache_read: kind.cached === null ? null : Math.round(input * kind.cached),
      output,
      reasoning: kind.reasoning === null ? null : Math.round(output * kind.reasoning),
      cost: known ? usd(kind.each) : null,
      basis: known ? (n % 7 === 6 ? 'estimated' : 'computed') : 'unknown',
      lines: known ? [line('input', input, kind.each * 0.4), line('output', output, kind.each * 0.6)] : [],
      ttft: kind.ttft[0] + n * 13,
      duration: kind.ttft[0] + output * 12,
      conversation: n % 3 === 0 ? 'chat' : null,
      title: n % 3 === 0 ? pick(CHATS, 2) : null,
    };
  });
}
