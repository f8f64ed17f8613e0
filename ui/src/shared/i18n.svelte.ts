// The words of the window in the language that was chosen. The English text is the key: it stands in the
// code where it is read, and the type of a message is the set of keys the German catalogue has. So a text
// without a translation does not compile, and the window comes up in English without a catalogue to load.
import { FORMS } from './messages/en';
import type { German } from './messages/de';
import type { Forms, Gap, Sentence } from './messages/forms';

/** An English text that is in the catalogue. What follows a `|` tells two meanings apart and is not shown. */
export type Message = keyof German;
/** A text with gaps, or its forms. */
export type Text = string | Forms;

/** The gaps of a text: `{count} of {total}` has `count` and `total`. */
type Gaps<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Gaps<Rest> : never;
/** Numbers are written as the language does; a string stands as it is. */
type Values<T extends string> = [Gaps<T>] extends [never] ? [] : [Record<Gaps<T>, string | number>];

export const LANGUAGES = {
  en: { name: 'English', tag: 'en-GB', dir: 'ltr' },
  de: { name: 'Deutsch', tag: 'de-DE', dir: 'ltr' },
} as const;
export type Language = keyof typeof LANGUAGES;

interface Speech {
  language: Language;
  /** `null`: the keys are the texts. */
  texts: Record<string, Text> | null;
  /** What the core says, by its English forms; `null`: as it says it. */
  core: Record<string, string> | null;
  /** Made when they are first needed: the start needs neither. */
  plurals: () => Intl.PluralRules;
  numbers: () => Intl.NumberFormat;
}

function once<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

const speech = (language: Language, texts: Speech['texts'], core: Speech['core']): Speech => ({
  language,
  texts,
  core,
  plurals: once(() => new Intl.PluralRules(LANGUAGES[language].tag)),
  numbers: once(() => new Intl.NumberFormat(LANGUAGES[language].tag)),
});

let now = $state.raw(speech('en', null, null));

/** The language of the window. */
export const language = (): Language => now.language;
/** What `Intl` calls it. */
export const locale = (): string => LANGUAGES[now.language].tag;

/** The first language of the desktop that there is a catalogue for. */
export function systemLanguage(wanted: readonly string[] = navigator.languages): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return known.find((name): name is Language => Object.hasOwn(LANGUAGES, name)) ?? 'en';
}

/** Turns the window to a language: its texts, its figures and the attributes of the page. */
export async function speak(wanted: Language): Promise<void> {
  const said = wanted === 'de' ? await import('./messages/de') : null;
  now = speech(wanted, said?.german ?? null, said?.core ?? null);
  document.documentElement.lang = wanted;
  document.documentElement.dir = LANGUAGES[wanted].dir;
}

function fill(message: string, values: Record<string, string | number> | undefined): string {
  const text = now.texts?.[message] ?? FORMS[message] ?? message.replace(/\|.*$/, '');
  const count = values?.['count'];
  const form =
    typeof text === 'string'
      ? text
      : (text[now.plurals().select(typeof count === 'number' ? count : 0)] ?? text.other);
  if (!values) return form;
  return form.replace(/\{(\w+)\}/g, (gap, name: string) => {
    const value = values[name];
    if (value === undefined) return gap;
    return typeof value === 'number' ? now.numbers().format(value) : value;
  });
}

/** A text of the window: `t('{count} turns', { count })`. */
export function t<T extends Message>(message: T, ...values: Values<T>): string {
  return fill(message, values[0]);
}

/** A sentence of the core in the language of the window; `null`: there are no words for it. */
export function sentence(said: Sentence | null | undefined): string | null {
  // What is stored may have come from a file: a form named like what every object has is none of ours.
  if (!said || !now.core || !Object.hasOwn(now.core, said.form)) return null;
  const form = now.core[said.form];
  if (form === undefined) return null;
  const gap = (filled: Gap) => (typeof filled === 'string' ? filled : (sentence(filled) ?? english(filled)));
  return filled(form, said.with, gap);
}

function english({ form, with: gaps }: Sentence): string {
  return filled(form, gaps, (gap) => (typeof gap === 'string' ? gap : english(gap)));
}

function filled(form: string, gaps: Sentence['with'] | undefined, say: (gap: Gap) => string): string {
  return form.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const gap = gaps && Object.hasOwn(gaps, name) ? gaps[name] : undefined;
    return gap === undefined ? hole : say(gap);
  });
}

/** What the core says, in the language of the window where it is said there. */
export const coreWords = ({ text, said }: { text: string; said?: Sentence }): string =>
  sentence(said) ?? text;

const bare = (text: string): string => (text === '' ? '' : fill(text, undefined));

function read(into: object, name: string, text: string): void {
  Object.defineProperty(into, name, { enumerable: true, configurable: true, get: () => bare(text) });
}

/** A table of texts that are in the language of the moment they are read in. */
export function words<K extends string>(table: Record<K, Message | ''>): Record<K, string> {
  const out = {} as Record<K, string>;
  for (const name of Object.keys(table) as K[]) read(out, name, table[name]);
  return out;
}

/** The same for some fields of one object. */
export function worded<F extends string, T extends Record<F, Message>>(fields: readonly F[], one: T): T {
  const out = { ...one };
  for (const field of fields) if (field in one) read(out, field, one[field]);
  return out;
}

/** The same for some fields of every row of a table. */
export function rows<
  F extends string,
  T extends readonly Record<F, Message>[] | Record<string, Record<F, Message>>,
>(fields: readonly F[], table: T): T {
  if (Array.isArray(table))
    return table.map((row: Record<F, Message>) => worded(fields, row)) as unknown as T;
  const pairs = Object.entries(table as Record<string, Record<F, Message>>);
  return Object.fromEntries(pairs.map(([name, row]) => [name, worded(fields, row)])) as T;
}
