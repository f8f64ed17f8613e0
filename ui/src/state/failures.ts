// What is said of a failure, in the language of the window. Its kind decides. What the core wrote is English, is never
// looked into, and stands where the window is English or where a kind says too little by itself.
import type { BudgetScope } from '../ipc/generated/BudgetScope';
import type { ErrorKind } from '../ipc/generated/ErrorKind';
import type { Failure } from '../ipc/generated/Failure';
import type { HeldBy } from '../ipc/generated/HeldBy';
import type { KeyTest } from '../ipc/generated/KeyTest';
import type { StorageState } from '../ipc/generated/StorageState';
import { asFailure } from '../ipc/client';
import { dayMonth, money, priced, span } from '../shared/format';
import { language, sentence, t, words } from '../shared/i18n.svelte';
import { errors } from './errors';

export interface Said {
  lead: string;
  rest: string;
  /** What the provider wrote, in whatever language. */
  own: string | null;
  /** It says of itself that what came is kept. */
  kept: boolean;
  /** `lead` and `rest` are the core's own English in a window that speaks another language. */
  foreign: boolean;
}

/**
 * What exactly is wrong is not in these kinds, unless a provider said it: a backup that cannot be read is not the
 * database, nor is a folder for downloads the one for data. Mostly the core says what it is made of; what has no words
 * here stands as it is.
 */
const COARSE: ReadonlySet<ErrorKind> = new Set([
  'request.invalid',
  'request.unsupported',
  'request.no_model',
  'store.corrupt',
  'store.denied',
]);

/** Whose advice says that what came is kept. */
const KEPT: ReadonlySet<ErrorKind> = new Set([
  'policy.filtered',
  'time.idle',
  'time.total',
  'stream.truncated',
  'stream.malformed',
  'cancelled',
  'interrupted',
]);
/** The core's own English says so. */
const SAYS_KEPT = /(?<! not) kept\b/;
/** The same in German. */
const KEPT_SAID = /(?<! nicht) aufbewahrt\b/;

/** A failure of any kind; a sentence and what to do. `partial`: a part of the answer came before. */
export function said(failure: Failure, partial = false): Said {
  const { kind, message, upstream, budget } = failure;
  const kept = KEPT.has(kind);
  const own = upstream?.message ?? null;
  if (language() === 'en') {
    const { lead, rest } = inEnglish(failure);
    return { lead, rest, own: null, kept: SAYS_KEPT.test(`${lead} ${rest}`), foreign: false };
  }
  const { title, advice } = errors[kind];
  const lead = `${title}.`;
  if (kind === 'billing.budget' && partial) {
    const rest = t(
      'The answer has cost what was set aside for it. Raise the budget and retry, or send this once all the same.',
    );
    return { lead: t('Stopped by your budget.'), rest, own: null, kept, foreign: false };
  }
  if (budget) return { lead, rest: heldWords(budget), own: null, kept, foreign: false };
  const ours = sentence(failure.said);
  if (ours !== null) return { ...parted(ours), own, kept: KEPT_SAID.test(ours), foreign: false };
  if (COARSE.has(kind) && own === null && message !== '') {
    return { lead: message, rest: '', own: null, kept: SAYS_KEPT.test(message), foreign: true };
  }
  const wait = upstream?.retry_after ?? null;
  const asks = wait === null ? '' : ` ${t('It asks to wait {time}.', { time: span(wait) })}`;
  return { lead, rest: `${advice}${asks}`, own, kept, foreign: false };
}

/** The first sentence of several stands out. */
function parted(text: string): Pick<Said, 'lead' | 'rest'> {
  const split = /^(.+?[.:]) (.+)$/s.exec(text);
  return { lead: split?.[1] ?? text, rest: split?.[2] ?? '' };
}

/** The core says what happened and mostly what to do; where it only quotes the provider, the table adds it. */
function inEnglish(failure: Failure): Pick<Said, 'lead' | 'rest'> {
  const { title, advice } = errors[failure.kind];
  const split = /^(.+?)([.:]) (.+)$/s.exec(failure.message);
  if (!split) return { lead: failure.message || `${title}.`, rest: advice };
  const [, lead = '', mark, rest = ''] = split;
  return mark === '.' ? { lead: `${lead}.`, rest } : { lead: `${lead}:`, rest: `${rest} ${advice}` };
}

/** Whatever was thrown, as one text. */
export function told(reason: unknown): string {
  // What was thrown in the window is in its language.
  if (reason instanceof Error) return reason.message;
  const failure = asFailure(reason);
  if (language() === 'en') return failure.message;
  const { lead, rest, own } = said(failure);
  return [lead, rest, own === null ? '' : t('The provider says: “{words}”', { words: own })]
    .filter((text) => text !== '')
    .join(' ');
}

/** For what shows the `message` of whatever is thrown. */
export function inWords(reason: unknown): never {
  throw new Error(told(reason), { cause: reason });
}

const PER = words({ day: 'per day', week: 'per week', month: 'per month' } as const);

function heldWords(held: HeldBy): string {
  const budget = `${scopeName(held.scope)}, ${PER[held.period]}`;
  const stands = t('{budget}: {spent} of {limit} is spent.', {
    budget,
    // Nearly all of a limit is not all of it.
    spent: money(held.spent) === money(held.limit) ? priced(held.spent, 2) : money(held.spent),
    limit: money(held.limit),
  });
  const why = {
    used_up: () => [
      Number(held.held) > 0 ? t('{held} is held for answers under way.', { held: money(held.held) }) : '',
      Number(held.perhaps) > 0
        ? t('Up to {perhaps} may still be billed for answers that broke off.', {
            perhaps: money(held.perhaps),
          })
        : '',
      held.needs === null ? '' : t('Even a short answer may need {needs}.', { needs: money(held.needs) }),
      t('Nothing was sent. The budget begins anew on {day}; raise it, or send this once all the same.', {
        day: dayMonth(held.resets_at),
      }),
    ],
    price_unknown: () => [
      t(
        'Nothing was sent: the price of this model is unknown. Give the budget a price to reckon with, or send this once all the same.',
      ),
    ],
    no_limit: () => [
      t(
        'Nothing was sent: what the request uses at the provider has no limit. Limit its uses, or make the budget one that only warns.',
      ),
    ],
  }[held.why]();
  return [stands, ...why].filter((text) => text !== '').join(' ');
}

/** Whose spending a budget limits, where nothing but that is known. */
function scopeName(scope: BudgetScope): string {
  const cut = scope.indexOf(':');
  const name = scope.slice(cut + 1);
  switch (cut < 0 ? scope : scope.slice(0, cut)) {
    case 'all':
      return t('Everything');
    case 'conversation':
      return t('This chat');
    case 'app':
      return t('App “{name}”', { name });
    case 'key':
      return keyName(name.split('/')[0] ?? '', scope);
    default:
      return name;
  }
}

/** `OpenAI, key “work”`: the provider as it is called, the key by the scope of its budget. */
export function keyName(provider: string, scope: BudgetScope): string {
  return t('{provider}, key “{label}”', { provider, label: scope.slice(scope.indexOf('/') + 1) });
}

const STORAGE = {
  ok: (name: string) => t('Keys are kept in: {name}.', { name }),
  locked: (name: string) =>
    t('{name} is locked, does not answer or refuses. Unlock it, then check again.', { name }),
  absent: () => t('No keychain can be used here: keys are kept for this run only, and never in a file.'),
  checking: () => t('Checking the keychain…'),
};

/** How the keychain stands. */
export function storageWords({ state, name, message }: StorageState): string {
  if (language() === 'en' || !Object.hasOwn(STORAGE, state)) return message;
  return STORAGE[state as keyof typeof STORAGE](name);
}

const TESTED: Record<string, () => string> = {
  valid: () => t('The key works.'),
  rejected: () => `${errors['auth.rejected'].title}. ${errors['auth.rejected'].advice}`,
  no_credit: () => `${errors['billing.credits'].title}. ${errors['billing.credits'].advice}`,
  no_permission: () => `${errors['auth.forbidden'].title}. ${errors['auth.forbidden'].advice}`,
  unreachable: () => `${errors['net.connect'].title}. ${errors['net.connect'].advice}`,
  unknown: () => t('The provider gave no clear answer. Test again later.'),
};

/** What a test of a key or server found. */
export function testWords(tested: KeyTest): string {
  const found = TESTED[tested.result];
  return language() === 'en' || !found ? tested.message : found();
}
