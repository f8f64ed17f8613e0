import type { CatalogueRow } from '../../ipc/generated/CatalogueRow';
import type { DataPolicy } from '../../ipc/generated/DataPolicy';
import type { DataPromise } from '../../ipc/generated/DataPromise';
import type { Meter } from '../../ipc/generated/Meter';
import type { PriceOrigin } from '../../ipc/generated/PriceOrigin';
import type { PriceRate } from '../../ipc/generated/PriceRate';
import type { PriceView } from '../../ipc/generated/PriceView';
import { dated, monthYear, NONE, perMillion, pico, price, priced } from '../../shared/format';
import { rows, t, words } from '../../shared/i18n.svelte';

/** What a promise about data is called, and the tone of its dot. */
export const PROMISE: Record<DataPromise, { name: string; dot: string }> = rows(['name'], {
  on_device: { name: 'On device', dot: 'acc' },
  no_training: { name: 'No training', dot: 'ok' },
  by_offer: { name: 'By offer', dot: 'warn' },
  may_train: { name: 'May train', dot: 'bad' },
  unknown: { name: 'Unknown', dot: 'off' },
});

export const METER: Record<Meter, string> = words({
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
});

export const ORIGIN: Record<PriceOrigin, string> = words({
  bundled: 'came with Parallax',
  live: 'from a public list',
  user: 'your own',
  local: 'runs on this machine',
  demo: 'demo',
  not_billed: 'not billed by use',
});

export const DOUBT: Record<string, string> = words({
  first: 'there was no price before',
  fell: 'falls below a fifth',
  rose: 'rises above five times',
  unreadable: 'cannot be read in full',
});

/** The ordinary price of a row: `free` where it costs a known nothing. */
export function rowPrice(row: CatalogueRow, dollars: string | null): string {
  const free = row.model.local || row.model.demo;
  return free && (dollars === null || pico(dollars) === 0n) ? t('free') : perMillion(dollars);
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
  return each ? t('${amount} each', { amount: price(amount) }) : priced(amount, 2);
}

export function policyWords(policy: DataPolicy, local: boolean): string {
  if (local) return t('On device');
  const place = policy.region === null ? '' : `${policy.region.toUpperCase()}: `;
  if (policy.trains === null) return place ? t('{place}policy unknown', { place }) : t('Policy unknown');
  const kept =
    policy.zdr === true || policy.retention_days === 0
      ? t(', keeps nothing')
      : policy.retention_days === null
        ? ''
        : t(', keeps {retentionDays} d', { retentionDays: policy.retention_days });
  const promise = policy.trains ? t('may train') : t('no training');
  return `${place}${place ? promise : promise.replace(/^./, (first) => first.toUpperCase())}${kept}`;
}

const MODALITY = words({
  text: 'text',
  image: 'images',
  file: 'files',
  audio: 'sound',
  video: 'video',
} as const);

function list(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : t('{several} and {last}', { several: names.slice(0, -1).join(', '), last: names.at(-1) ?? '' });
}

/** What is known of a model, in sentences. */
export function about(row: CatalogueRow): string {
  const facts: string[] = [];
  if (row.model.demo) facts.push(t('Answers from a script, to try the window without a key. Not an AI.'));
  if (row.input.length > 0)
    facts.push(t('Reads {input}.', { input: list(row.input.map((kind) => MODALITY[kind])) }));
  if (row.output.some((kind) => kind !== 'text'))
    facts.push(t('Writes {output}.', { output: list(row.output.map((kind) => MODALITY[kind])) }));
  if (row.open_weights !== null) facts.push(row.open_weights ? t('Open weights.') : t('Closed weights.'));
  if (row.knowledge_cutoff !== null)
    facts.push(
      t('Knows the world up to {knowledgeCutoff}.', { knowledgeCutoff: month(row.knowledge_cutoff) }),
    );
  if (row.retires !== null) facts.push(t('Switched off on {retires}.', { retires: day(row.retires) }));
  return facts.join(' ');
}

/** `2025-09` or `2025-09-29` as `Sep 2025`. */
export function month(text: string | null): string {
  const match = /^(\d{4})-(\d{2})/.exec(text ?? '');
  if (!match) return text === null || text === '' ? NONE : text;
  return monthYear(Number(match[1]), Number(match[2]));
}

/** `2026-11-20` as `20 Nov 2026`. */
export function day(text: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return text;
  const [, year, month, date] = match.map(Number) as [number, number, number, number];
  return dated(new Date(year, month - 1, date).getTime(), {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
}
