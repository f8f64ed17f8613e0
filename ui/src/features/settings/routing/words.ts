// What a policy says, as its editor shows it.
import type { Sort } from '../../../ipc/generated/Sort';
import { pico } from '../../../shared/format';
import type { Prefs, Rules } from '../../../state/routing.svelte';
import { rows, t } from '../../../shared/i18n.svelte';
import { typed, typedWhole } from '../../../shared/typed';

export type Privacy = 'any' | 'no_training' | 'no_retention' | 'both' | 'local';

export const PRIVACY: Record<Privacy, { label: string; about: string }> = rows(['label', 'about'], {
  any: { label: 'Any provider', about: 'Every provider may be asked' },
  no_training: {
    label: 'No training',
    about: 'Only providers known not to train on prompts, and this machine',
  },
  no_retention: { label: 'Keeps nothing', about: 'Only providers known to keep nothing, and this machine' },
  both: {
    label: 'No training, keeps nothing',
    about: 'Only providers known to promise both, and this machine',
  },
  local: { label: 'This machine only', about: 'Nothing is sent anywhere' },
});

export function privacy(prefs: Prefs): Privacy {
  if (prefs.local_only) return 'local';
  const deny = prefs.data_collection === 'deny';
  if (prefs.zdr) return deny ? 'both' : 'no_retention';
  return deny ? 'no_training' : 'any';
}

export function withPrivacy(prefs: Prefs, wanted: Privacy): Prefs {
  const next = { ...prefs };
  delete next.data_collection;
  delete next.zdr;
  delete next.local_only;
  if (wanted === 'no_training' || wanted === 'both') next.data_collection = 'deny';
  if (wanted === 'no_retention' || wanted === 'both') next.zdr = true;
  if (wanted === 'local') next.local_only = true;
  return next;
}

export type Order = 'balanced' | Sort | 'own';

export const ORDER: Record<Order, { label: string; about: string }> = rows(['label', 'about'], {
  balanced: {
    label: 'Balanced',
    about: 'Price, speed and chance of success together; stays where the prompt is cached',
  },
  price: { label: 'Cheapest', about: 'The lowest expected cost over the whole chat first' },
  latency: { label: 'Quickest', about: 'The shortest expected time to the first word first' },
  throughput: { label: 'Fastest writer', about: 'Most tokens a second first' },
  own: { label: 'My own order', about: 'These providers first, exactly in this order' },
});

export function order(prefs: Prefs): Order {
  if ((prefs.order ?? []).length > 0) return 'own';
  return prefs.sort ?? 'balanced';
}

export type Who = 'any' | 'only' | 'ignore';

export const WHO: Record<Who, { label: string; about: string }> = rows(['label', 'about'], {
  any: { label: 'Any', about: 'Every provider with a key, and this machine' },
  only: { label: 'Only these', about: 'Nobody else is asked' },
  ignore: { label: 'All but these', about: 'These are never asked' },
});

export function who(prefs: Prefs): Who {
  if (prefs.only) return 'only';
  return (prefs.ignore ?? []).length > 0 ? 'ignore' : 'any';
}

/** A figure as typed: `undefined` = no number, `null` = none wanted. */
export function dollars(text: string): string | null | undefined {
  if (text.trim() === '') return null;
  const plain = typed(text);
  const value = plain === null ? null : pico(plain);
  return plain === null || value === null || value < 0n ? undefined : plain;
}

/** Seconds or tokens a second as typed: `undefined` = no number above zero, `null` = none wanted. */
export function figure(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(typed(text) ?? NaN);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Regions as typed, with commas or spaces between: `undefined` = no names of regions, `null` = any. */
export function regions(text: string): string[] | null | undefined {
  const names = text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
  if (names.length === 0) return null;
  return names.every((name) => /^[a-z0-9][a-z0-9-]*$/.test(name)) ? [...new Set(names)] : undefined;
}

/** A whole number as typed: `undefined` = none above zero, `null` = no limit. */
export function count(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(typedWhole(text) ?? NaN);
  return Number.isSafeInteger(value) && value > 0 && value < 2 ** 32 ? value : undefined;
}

/** The same with one field set, or without it where it says nothing. */
export function withField<T extends object, K extends keyof T>(from: T, field: K, value: T[K] | null): T {
  const rest = Object.fromEntries(Object.entries(from).filter(([name]) => name !== field)) as T;
  return value === null || value === undefined ? rest : { ...rest, [field]: value };
}

/** Rules that were set elsewhere and have no control here. */
export function further(prefs: Prefs): string[] {
  const said: string[] = [];
  if (prefs.only && (prefs.ignore ?? []).length > 0) {
    said.push(t('never asks {ignore}', { ignore: (prefs.ignore ?? []).join(', ') }));
  }
  if (prefs.quantizations)
    said.push(
      t('only precisions {quantizations}', { quantizations: prefs.quantizations.join(', ') || t('(none)') }),
    );
  if (prefs.max_price?.request)
    said.push(t('at most ${request} a request', { request: prefs.max_price.request }));
  const shares = (name: string, unit: string, of: Prefs['preferred_max_latency']) => {
    for (const share of ['p75', 'p90', 'p99'] as const) {
      const value = of?.[share];
      if (typeof value === 'number') said.push(`${name} ${share} ${value} ${unit}`);
    }
  };
  shares(t('first word'), 's', prefs.preferred_max_latency);
  shares(t('speed'), t('tokens/s'), prefs.preferred_min_throughput);
  return said;
}

export function usualWords(policy: Rules, usual: string): string {
  return policy.id === usual
    ? t('Used everywhere. What a chat or a lane adds can only make it stricter.')
    : t(
        'Used where a chat or a lane names it, together with the usual one; of what they forbid the stricter counts.',
      );
}
