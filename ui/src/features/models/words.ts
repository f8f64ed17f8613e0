import type { CatalogueRow } from '../../ipc/generated/CatalogueRow';
import type { DataPolicy } from '../../ipc/generated/DataPolicy';
import type { DataPromise } from '../../ipc/generated/DataPromise';
import type { Meter } from '../../ipc/generated/Meter';
import type { PriceOrigin } from '../../ipc/generated/PriceOrigin';
import type { PriceRate } from '../../ipc/generated/PriceRate';
import type { PriceView } from '../../ipc/generated/PriceView';
import { NONE, pico, price } from '../../shared/format';

/** What a promise about data is called, and the tone of its dot. */
export const PROMISE: Record<DataPromise, { name: string; dot: string }> = {
  on_device: { name: 'On device', dot: 'acc' },
  no_training: { name: 'No training', dot: 'ok' },
  by_offer: { name: 'By offer', dot: 'warn' },
  may_train: { name: 'May train', dot: 'bad' },
  unknown: { name: 'Unknown', dot: 'off' },
};

export const METER: Record<Meter, string> = {
  input: 'Prompt',
  input_cache_read: 'Prompt, from cache',
  input_cache_write_5m: 'Cache write, 5 min',
  input_cache_write_1h: 'Cache write, 1 h',
  input_image: 'Image in',
  input_audio: 'Sound in',
  output: 'Completion',
  output_reasoning: 'Reasoning',
  output_image: 'Image out',
  output_audio: 'Sound out',
  request: 'A request',
  web_search: 'A web search',
};

export const ORIGIN: Record<PriceOrigin, string> = {
  bundled: 'came with Parallax',
  live: 'from a public list',
  user: 'your own',
  local: 'runs on this machine',
  demo: 'demo',
  not_billed: 'not billed by use',
};

export const DOUBT: Record<string, string> = {
  first: 'there was no price before',
  fell: 'falls below a fifth',
  rose: 'rises above five times',
  unreadable: 'cannot be read in full',
};

/** Dollars per million as a table shows them: two decimals at least. */
export function perMillion(dollars: string | null): string {
  if (dollars === null) return NONE;
  const text = price(dollars);
  const [whole = '0', fraction = ''] = text.split('.');
  return fraction.length >= 2 ? text : `${whole}.${fraction.padEnd(2, '0')}`;
}

/** The ordinary price of a row: `free` where it costs a known nothing. */
export function rowPrice(row: CatalogueRow, dollars: string | null): string {
  const free = row.model.local || row.model.demo;
  return free && (dollars === null || pico(dollars) === 0n) ? 'free' : perMillion(dollars);
}

/** The ordinary rate of a meter: of the last tier that holds always. */
export function ordinary(view: PriceView | null, meter: Meter): string | null {
  const always = view?.tiers.filter((tier) => tier.when === '').reverse() ?? [];
  for (const tier of always) {
    const found = tier.rates.find((rate) => rate.meter === meter);
    if (found) return found.amount;
  }
  return null;
}

export function rate({ amount, each }: PriceRate): string {
  return each ? `$${price(amount)} each` : `$${perMillion(amount)}`;
}

export function policyWords(policy: DataPolicy, local: boolean): string {
  if (local) return 'On device';
  const place = policy.region === null ? '' : `${policy.region.toUpperCase()}: `;
  if (policy.trains === null) return `${place}${place ? 'policy' : 'Policy'} unknown`;
  const kept =
    policy.zdr === true || policy.retention_days === 0
      ? ', keeps nothing'
      : policy.retention_days === null
        ? ''
        : `, keeps ${policy.retention_days} d`;
  const promise = policy.trains ? 'may train' : 'no training';
  return `${place}${place ? promise : promise.replace(/^./, (first) => first.toUpperCase())}${kept}`;
}

const MODALITY = { text: 'text', image: 'images', file: 'files', audio: 'sound', video: 'video' } as const;

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** What is known of a model, in sentences. */
export function about(row: CatalogueRow): string {
  const facts: string[] = [];
  if (row.model.demo) facts.push('Answers from a script, to try the window without a key. Not an AI.');
  if (row.input.length > 0) facts.push(`Reads ${list(row.input.map((kind) => MODALITY[kind]))}.`);
  if (row.output.some((kind) => kind !== 'text'))
    facts.push(`Writes ${list(row.output.map((kind) => MODALITY[kind]))}.`);
  if (row.open_weights !== null) facts.push(row.open_weights ? 'Open weights.' : 'Closed weights.');
  if (row.knowledge_cutoff !== null) facts.push(`Knows the world up to ${month(row.knowledge_cutoff)}.`);
  if (row.retires !== null) facts.push(`Switched off on ${day(row.retires)}.`);
  return facts.join(' ');
}

/** `2025-09` or `2025-09-29` as `Sep 2025`. */
export function month(text: string | null): string {
  const match = /^(\d{4})-(\d{2})/.exec(text ?? '');
  if (!match) return text === null || text === '' ? NONE : text;
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${names[Number(match[2]) - 1] ?? match[2]} ${match[1]}`;
}

/** `2026-11-20` as `20 Nov 2026`. */
export function day(text: string): string {
  const match = /^\d{4}-\d{2}-(\d{2})$/.exec(text);
  return match ? `${Number(match[1])} ${month(text)}` : text;
}
