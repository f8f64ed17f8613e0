// Words for a receipt.
import type { Basis } from '../../ipc/generated/Basis';
import type { Meter } from '../../ipc/generated/Meter';
import type { PriceOrigin } from '../../ipc/generated/PriceOrigin';
import type { PriceRule } from '../../ipc/generated/PriceRule';
import type { ReceiptAttempt } from '../../ipc/generated/ReceiptAttempt';
import type { Saw } from '../../ipc/generated/Saw';
import type { When } from '../../ipc/generated/When';
import { cost, firstToken, NONE, pico, price, tokens } from '../../shared/format';
import type { AdviceTable } from '../../state/errors';
import { t, words } from '../../shared/i18n.svelte';

const METERS: Record<Meter, string> = words({
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
});
/** Counted one by one, not by the million. */
const SINGLE: readonly Meter[] = ['request', 'web_search'];

export const ORIGINS: Record<PriceOrigin, string> = words({
  bundled: 'built into this version',
  live: 'fetched',
  user: 'set by you',
  local: 'on this machine, free',
  demo: 'demo, free',
  not_billed: 'asked, but not billed',
});

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
    rate: SINGLE.includes(meter)
      ? t('${rate} each', { rate: price(rate) })
      : t('${rate} per M', { rate: perMillion(rate) }),
  }));
}

export function condition(when: Partial<When>): string {
  const said: string[] = [];
  if (typeof when.prompt_tokens_gt === 'number')
    said.push(t('prompts over {promptTokensGt} tokens', { promptTokensGt: tokens(when.prompt_tokens_gt) }));
  if (when.from) said.push(t('from {from}', { from: when.from }));
  if (when.until) said.push(t('before {until}', { until: when.until }));
  if (when.utc)
    said.push(t('between {from} and {to} UTC', { from: clock(when.utc[0]), to: clock(when.utc[1]) }));
  if (when.weekdays)
    said.push(t('on weekdays {weekdays} (1 = Monday)', { weekdays: when.weekdays.join(', ') }));
  if (when.service_tier) said.push(t('tier {serviceTier}', { serviceTier: when.service_tier }));
  return said.length === 0 ? t('Always') : said.join(', ');
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** How an attempt went, in one line. `followed`: it is not the last of its answer. */
export function went(attempt: ReceiptAttempt, advice: AdviceTable, followed = false): string {
  const status = attempt.status === null ? '' : `${attempt.status}, `;
  const first =
    attempt.first_content === null
      ? ''
      : t('first word after {firstContent}', { firstContent: firstToken(attempt.first_content) });
  switch (attempt.outcome?.type) {
    case undefined:
      return first === '' ? t('waiting for the first word') : t('{first}, still writing', { first });
    case 'completed':
      return `${status}${first || t('no words')}`;
    case 'failed': {
      const short = advice[attempt.outcome.failure.kind].short.toLowerCase();
      return `${status}${short}${first === '' ? '' : `, ${first}`}`;
    }
    case 'cancelled':
      // Only what another one outran is stopped before the last.
      if (followed) return `${status}${t('stopped, another answered first')}`;
      return `${status}${t('stopped')}${first === '' ? '' : `, ${first}`}`;
    case 'interrupted':
      return `${status}${t('Parallax was closed')}`;
  }
}

export function saw(seen: Saw): string {
  switch (seen.type) {
    case 'prompt_only':
      return t('The prompt only');
    case 'own':
      return t('Its own {turns} before the prompt', { turns: t('{count} turns', { count: seen.turns }) });
    case 'other':
      return t('The branch of {model}, {turns}, before the prompt', {
        model: seen.model,
        turns: t('{count} turns', { count: seen.turns }),
      });
    case 'no_pick':
      return t('Its own {turns} before the prompt: no best answer was picked to continue from', {
        turns: t('{count} turns', { count: seen.turns }),
      });
    case 'all':
      return t('All {answers} of {turns} before the prompt', {
        answers: t('{count} answers', { count: seen.answers }),
        turns: t('{count} turns', { count: seen.turns }),
      });
    case 'chosen':
      return t('The answers of {models} in {turns} before the prompt', {
        models: seen.models.join(t(' and ')),
        turns: t('{count} turns', { count: seen.turns }),
      });
  }
}

/** Who says what something cost. */
export const BASES: Record<Basis, string> = words({
  reported: 'reported',
  computed: 'computed',
  estimated: 'estimated',
  unknown: 'unknown',
});

/** What an attempt has cost: `free` on this machine and of a demo. */
export function paid(attempt: ReceiptAttempt): string {
  const origin = attempt.prices?.source.origin;
  return cost({
    cost: attempt.cost?.total ?? null,
    basis: attempt.cost?.basis ?? null,
    free: origin === 'local' || origin === 'demo',
  });
}
