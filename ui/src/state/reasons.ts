// Why an endpoint stands where it stands, or is left out, in a few words.
import type { Reason } from '../ipc/generated/Reason';
import type { RouteRejected } from '../ipc/generated/RouteRejected';
import { words } from '../shared/i18n.svelte';

const WORDS: Record<Reason, string> = words({
  named: 'you named it',
  only_one: 'the only one',
  first_party: 'the model’s own author',
  cheaper: 'cheaper',
  local: 'on this machine',
  not_named: 'you named another provider',
  no_key: 'no key',
  dialect_missing: 'its protocol is not built in',
  context_too_small: 'the prompt does not fit',
  modality: 'cannot read what is attached',
  tools: 'calls no tools',
  structured_output: 'obeys no JSON schema',
  reasoning: 'does not reason',
  parameters: 'ignores a setting',
  output_too_short: 'its answers are too short',
  may_train: 'may train on prompts',
  training_unknown: 'not known whether it trains',
  retains: 'keeps prompts',
  retention_unknown: 'not known whether it keeps prompts',
  not_local: 'not on this machine',
  region: 'another region',
  region_unknown: 'region not known',
  not_allowed: 'not among those you allow',
  ignored: 'among those you leave out',
  quantization: 'another precision',
  max_price: 'above your price limit',
  price_unknown: 'price not known',
  budget: 'a budget does not cover it',
  ordered: 'your order',
  faster: 'answers sooner',
  best_value: 'best value',
  cached: 'has the prompt cached',
  explored: 'tried out to learn',
  fallback_model: 'another model, as you allowed',
  failing: 'moved back: it has just failed',
  rate_limited: 'moved back: it asked for a pause',
  key_refused: 'moved back: its key was refused',
  no_credit: 'moved back: no credit',
  model_missing: 'moved back: it did not have the model',
  too_slow: 'moved back: slower than you prefer',
});

export function reasonWords(reasons: readonly Reason[]): string {
  return reasons.map((reason) => WORDS[reason]).join(', ');
}

/** Reasons for which an endpoint was moved back although it may serve. */
const BACK: readonly Reason[] = [
  'failing',
  'rate_limited',
  'key_refused',
  'no_credit',
  'model_missing',
  'too_slow',
];

export function isBack(reasons: readonly Reason[]): boolean {
  return reasons.some((reason) => BACK.includes(reason));
}

export interface LeftOut {
  why: string;
  names: string[];
}

/** Endpoints that were left out, by their first reason; the reason that hits most comes first. */
export function leftOut(rejected: readonly RouteRejected[]): LeftOut[] {
  const groups = new Map<string, string[]>();
  for (const { place, reasons } of rejected) {
    const why = reasonWords(reasons.slice(0, 1));
    const names = groups.get(why) ?? [];
    if (!names.includes(place.provider_name)) names.push(place.provider_name);
    groups.set(why, names);
  }
  return [...groups].map(([why, names]) => ({ why, names })).sort((a, b) => b.names.length - a.names.length);
}
