/** The forms of a text by the plural rules of its language; `{count}` chooses one. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
