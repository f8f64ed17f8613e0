// Which models of the catalogue are shown, in which order, and which filter is to blame when none is.
import type { CatalogueRow } from '../../ipc/generated/CatalogueRow';
import { compareMoney } from '../../shared/format';
import { rows, t } from '../../shared/i18n.svelte';

export type Flag = 'vision' | 'tools' | 'reasoning' | 'open' | 'local' | 'private' | 'usable';

export interface Filter {
  text: string;
  /** Display name of a provider; empty is any. */
  provider: string;
  /** Dollars per million completion tokens, at most; empty is any. */
  price: string;
  /** Tokens, at least; 0 is any. */
  context: number;
  flags: readonly Flag[];
}

export const EVERYTHING: Filter = { text: '', provider: '', price: '', context: 0, flags: [] };

export const FLAGS: { id: Flag; name: string }[] = rows(
  ['name'],
  [
    { id: 'vision', name: 'Vision' },
    { id: 'tools', name: 'Tools' },
    { id: 'reasoning', name: 'Reasoning' },
    { id: 'open', name: 'Open weights' },
    { id: 'local', name: 'Local' },
    { id: 'private', name: 'No training or local' },
    { id: 'usable', name: 'Usable now' },
  ],
);

const TESTS: Record<Flag, (row: CatalogueRow) => boolean> = {
  vision: (row) => row.input.includes('image'),
  tools: (row) => row.capabilities?.tools === true,
  reasoning: (row) => row.capabilities?.reasoning ?? row.model.reasoning,
  open: (row) => row.open_weights === true,
  local: (row) => row.policy === 'on_device',
  private: (row) => row.policy === 'on_device' || row.policy === 'no_training',
  usable: (row) => row.model.usable,
};

/** One part of a filter that is on, with its name and the filter without it. */
interface Part {
  name: string;
  fits: (row: CatalogueRow) => boolean;
  without: Filter;
}

function parts(filter: Filter): Part[] {
  const list: Part[] = [];
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length > 0) {
    const fits = ({ model }: CatalogueRow) => {
      const text =
        `${model.name} ${model.author} ${model.reference.model} ${model.providers.join(' ')}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    list.push({ name: t('“{text}”', { text: filter.text.trim() }), fits, without: { ...filter, text: '' } });
  }
  if (filter.provider !== '') {
    list.push({
      name: filter.provider,
      fits: (row) => row.model.providers.includes(filter.provider),
      without: { ...filter, provider: '' },
    });
  }
  if (filter.price !== '') {
    list.push({
      name: t('Price out ≤ ${price}', { price: filter.price }),
      // What has no known price is not known to be cheap.
      fits: ({ model }) => model.price_output !== null && compareMoney(model.price_output, filter.price) <= 0,
      without: { ...filter, price: '' },
    });
  }
  if (filter.context > 0) {
    list.push({
      name: t('Context'),
      fits: ({ model }) => (model.context_length ?? 0) >= filter.context,
      without: { ...filter, context: 0 },
    });
  }
  for (const { id, name } of FLAGS.filter((flag) => filter.flags.includes(flag.id))) {
    const flags = filter.flags.filter((other) => other !== id);
    list.push({ name, fits: TESTS[id], without: { ...filter, flags } });
  }
  return list;
}

export function matching(rows: readonly CatalogueRow[], filter: Filter): CatalogueRow[] {
  const on = parts(filter);
  return rows.filter((row) => on.every((part) => part.fits(row)));
}

/** The part of a filter without which most models would be shown. */
export function culprit(
  rows: readonly CatalogueRow[],
  filter: Filter,
): { name: string; without: Filter; count: number } | null {
  const tried = parts(filter).map(({ name, without }) => ({
    name,
    without,
    count: matching(rows, without).length,
  }));
  return tried.reduce<(typeof tried)[number] | null>(
    (best, part) => (best === null || part.count > best.count ? part : best),
    null,
  );
}

export type Column = 'name' | 'author' | 'input' | 'output' | 'context' | 'offers' | 'released';
export interface Order {
  column: Column;
  descending: boolean;
}

type Key = string | number | null;

const VALUE: Record<Exclude<Column, 'input' | 'output'>, (row: CatalogueRow) => Key> = {
  name: (row) => row.model.name.toLowerCase(),
  author: (row) => row.model.author.toLowerCase(),
  context: (row) => row.model.context_length,
  offers: (row) => row.offers,
  released: (row) => row.released,
};

/** Sorted by one column; what is unknown there stands last either way. */
export function sorted(rows: readonly CatalogueRow[], { column, descending }: Order): CatalogueRow[] {
  const sign = descending ? -1 : 1;
  const value = (row: CatalogueRow): Key => {
    if (column === 'input') return row.model.price_input;
    if (column === 'output') return row.model.price_output;
    return VALUE[column](row);
  };
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (column === 'input' || column === 'output') return sign * compareMoney(String(x), String(y));
    return x < y ? -sign : x > y ? sign : 0;
  });
}
