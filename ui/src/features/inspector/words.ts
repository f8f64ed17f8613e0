// Words for a receipt.
import type { Meter } from '../../ipc/generated/Meter';
import type { PriceOrigin } from '../../ipc/generated/PriceOrigin';
import type { PriceRule } from '../../ipc/generated/PriceRule';
import type { ReceiptAttempt } from '../../ipc/generated/ReceiptAttempt';
import type { Saw } from '../../ipc/generated/Saw';
import type { When } from '../../ipc/generated/When';
import { firstToken, NONE, pico, plural, price, tokens } from '../../shared/format';
import type { AdviceTable } from '../../state/services.svelte';

const METERS: Record<Meter, string> = {
  input: 'Prompt',
  input_cache_read: 'Prompt, from the cache',
  input_cache_write_5m: 'Prompt, into the cache for 5 min',
  input_cache_write_1h: 'Prompt, into the cache for 1 h',
  input_image: 'Pictures read',
  input_audio: 'Sound heard',
  output: 'Answer',
  output_reasoning: 'Reasoning',
  output_image: 'Pictures made',
  output_audio: 'Speech made',
  request: 'Request',
  web_search: 'Web search',
};
/** Counted one by one, not by the million. */
const SINGLE: readonly Meter[] = ['request', 'web_search'];

export const ORIGINS: Record<PriceOrigin, string> = {
  bundled: 'built into this version',
  live: 'fetched',
  user: 'set by you',
  local: 'on this machine, free',
  demo: 'demo, free',
  not_billed: 'asked, but not billed',
};

/** Dollars for a million of what costs so much each. */
export function perMillion(each: string): string {
  const value = pico(each);
  if (value === null) return NONE;
  // A pico-dollar each is a micro-dollar a million: six decimals.
  const micro = value.toString().padStart(7, '0');
  return price(`${micro.slice(0, -6)}.${micro.slice(-6)}`);
}

export function rates(rule: PriceRule): { name: string; rate: string }[] {
  return (Object.entries(rule.rates) as [Meter, string][]).map(([meter, rate]) => ({
    name: METERS[meter],
    rate: SINGLE.includes(meter) ? `$${price(rate)} each` : `$${perMillion(rate)} per M`,
  }));
}

export function condition(when: Partial<When>): string {
  const said: string[] = [];
  if (typeof when.prompt_tokens_gt === 'number')
    said.push(`prompts over ${tokens(when.prompt_tokens_gt)} tokens`);
  if (when.from) said.push(`from ${when.from}`);
  if (when.until) said.push(`before ${when.until}`);
  if (when.utc) said.push(`between ${clock(when.utc[0])} and ${clock(when.utc[1])} UTC`);
  if (when.weekdays) said.push(`on weekdays ${when.weekdays.join(', ')} (1 = Monday)`);
  if (when.service_tier) said.push(`tier ${when.service_tier}`);
  return said.length === 0 ? 'Always' : said.join(', ');
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** How an attempt went, in one line. */
export function went(attempt: ReceiptAttempt, advice: AdviceTable): string {
  const status = attempt.status === null ? '' : `${attempt.status}, `;
  const first = attempt.first_content === null ? '' : `first word after ${firstToken(attempt.first_content)}`;
  switch (attempt.outcome?.type) {
    case undefined:
      return first === '' ? 'waiting for the first word' : `${first}, still writing`;
    case 'completed':
      return `${status}${first || 'no words'}`;
    case 'failed': {
      const short = advice[attempt.outcome.failure.kind].short.toLowerCase();
      return `${status}${short}${first === '' ? '' : `, ${first}`}`;
    }
    case 'cancelled':
      return `${status}stopped${first === '' ? '' : `, ${first}`}`;
    case 'interrupted':
      return `${status}Parallax was closed`;
  }
}

export function saw(seen: Saw): string {
  switch (seen.type) {
    case 'prompt_only':
      return 'The prompt only';
    case 'own':
      return `Its own ${plural(seen.turns, 'turn')} before the prompt`;
    case 'other':
      return `The branch of ${seen.model}, ${plural(seen.turns, 'turn')}, before the prompt`;
    case 'no_pick':
      return `Its own ${plural(seen.turns, 'turn')} before the prompt: no best answer was picked to continue from`;
    case 'all':
      return `All ${plural(seen.answers, 'answer')} of ${plural(seen.turns, 'turn')} before the prompt`;
    case 'chosen':
      return `The answers of ${seen.models.join(' and ')} in ${plural(seen.turns, 'turn')} before the prompt`;
  }
}
