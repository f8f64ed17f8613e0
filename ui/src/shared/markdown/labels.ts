// What the core's HTML is read out as. It says so in English; the window says it in its own language.
import { language, words } from '../i18n.svelte';

const LABELS: Record<string, string> = words({
  Table: 'Table',
  Formula: 'Formula',
  'Copy code': 'Copy code',
  'Wrap long lines': 'Wrap long lines',
  'Draw the diagram': 'Draw the diagram',
});

/** Only inside of a tag: in what a model wrote `<` is escaped. */
const LABEL = /(<[^<>]* aria-label=")([^"<>]+)(?=")/g;

export function labelled(html: string): string {
  if (language() === 'en') return html;
  return html.replace(LABEL, (all, before: string, label: string) =>
    Object.hasOwn(LABELS, label) ? before + (LABELS[label] ?? label) : all,
  );
}
