/** The forms of a text by the plural rules of its language; `{count}` chooses one. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** What the core says, as it is made of an English form and what fills its gaps. */
export interface Sentence {
  form: string;
  with: Partial<Record<string, Gap>>;
}
export type Gap = string | Sentence;
