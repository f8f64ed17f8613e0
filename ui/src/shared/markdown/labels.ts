// What the core's HTML is read out as. It says so in English; the window says it in its own language.
import { untrack } from 'svelte';
import { words } from '../i18n.svelte';

const LABELS: Record<string, string> = words({
  Table: 'Table',
  Formula: 'Formula',
  'Copy code': 'Copy code',
  'Wrap long lines': 'Wrap long lines',
  'Draw the diagram': 'Draw the diagram',
});

/** Only inside of a tag: in what a model wrote `<` is escaped. */
const LABEL = /(<[^<>]*) aria-label="([^"<>]+)"/g;

/** The HTML with its labels in the language of this moment: it is not drawn anew in another one, see `relabel`. */
export const labelled = (html: string): string =>
  untrack(() =>
    html.replace(LABEL, (all, before: string, label: string) =>
      Object.hasOwn(LABELS, label)
        ? `${before} data-says="${label}" aria-label="${LABELS[label] ?? label}"`
        : all,
    ),
  );

/** What stands there, in the language of the window. */
export function relabel(page: Element): void {
  for (const element of page.querySelectorAll<HTMLElement>('[data-says]'))
    element.setAttribute('aria-label', LABELS[element.dataset['says'] ?? ''] ?? '');
}
