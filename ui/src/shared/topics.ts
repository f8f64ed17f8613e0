// What prompts are about, as the core finds it by their words.
import { words } from './i18n.svelte';

const NAMES: Record<string, string> = words({
  code: 'code|topic',
  maths: 'maths|topic',
  translation: 'translation|topic',
  summary: 'summary|topic',
  writing: 'writing|topic',
  planning: 'planning|topic',
  facts: 'facts|topic',
  other: 'other|topic',
});

/** A topic in the language of the window; one that is not known here stands as the core calls it. */
export const topicName = (name: string): string => NAMES[name] ?? name;
