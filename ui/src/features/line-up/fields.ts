// The settings of a lane as fields of a form, and back.
import type { Effort } from '../../ipc/generated/Effort';
import type { LaneTarget } from '../../ipc/generated/LaneTarget';
import { t, words } from '../../shared/i18n.svelte';
import { typable, typed, typedWhole } from '../../shared/typed';

export interface LaneFields {
  system: string;
  temperature: string;
  top_p: string;
  max_completion_tokens: string;
  seed: string;
  effort: string;
  stop: string;
}

export const EFFORTS: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export const EFFORT_NAMES: Record<Effort, string> = words({
  none: 'none|effort',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'very high',
  max: 'max',
});

/** As it would be typed; what has no plain form, like 1e-7, stands as it is. */
const text = (value: number | null | undefined): string =>
  value == null ? '' : /^\d+\.\d+$/.test(String(value)) ? typable(String(value)) : String(value);

export function filled({ system, params }: LaneTarget): LaneFields {
  const effort = params.reasoning && 'effort' in params.reasoning ? params.reasoning.effort : '';
  return {
    system: system ?? '',
    temperature: text(params.temperature),
    top_p: text(params.top_p),
    max_completion_tokens: text(params.max_completion_tokens),
    seed: text(params.seed),
    effort,
    stop: params.stop?.join('\n') ?? '',
  };
}

/** `null` = left empty, `undefined` = no number of that sort. */
function number(value: string, least: number, most: number, whole: boolean): number | null | undefined {
  if (value.trim() === '') return null;
  const read = Number((whole ? typedWhole(value) : typed(value)) ?? NaN);
  if (!Number.isFinite(read) || read < least || read > most || (whole && !Number.isInteger(read))) {
    return undefined;
  }
  return read;
}

/** The lane with these settings, or what is wrong with them. */
export function changed(target: LaneTarget, fields: LaneFields): LaneTarget | string {
  const temperature = number(fields.temperature, 0, 2, false);
  if (temperature === undefined) return t('The temperature is a number from 0 to 2.');
  const top_p = number(fields.top_p, 0, 1, false);
  if (top_p === undefined) return t('Top p is a number from 0 to 1.');
  const longest = number(fields.max_completion_tokens, 1, 10_000_000, true);
  if (longest === undefined) return t('The longest answer is a whole number of tokens.');
  const seed = number(fields.seed, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
  if (seed === undefined) return t('The seed is a whole number.');
  const { reasoning } = target.params;
  // A budget of reasoning tokens has no field here: it stays, unless an effort takes its place.
  const kept = reasoning && 'budget' in reasoning ? reasoning : null;
  const effort = EFFORTS.find((known) => known === fields.effort);
  return {
    ...target,
    system: fields.system.trim() === '' ? null : fields.system,
    params: {
      ...target.params,
      temperature,
      top_p,
      max_completion_tokens: longest,
      seed,
      stop: fields.stop.split('\n').filter((line) => line !== ''),
      reasoning: effort === undefined ? kept : { effort },
    },
  };
}
