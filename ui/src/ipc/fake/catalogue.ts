// A catalogue for the scripted host: a few models as they are, and enough others to scroll through.
import type { CatalogueRow } from '../generated/CatalogueRow';
import type { CatalogueView } from '../generated/CatalogueView';
import type { ModelDetail } from '../generated/ModelDetail';
import type { ModelRow } from '../generated/ModelRow';
import type { Offer } from '../generated/Offer';
import type { PriceView } from '../generated/PriceView';
import type { WaitingPrice } from '../generated/WaitingPrice';
import type { FakeHost } from '../host.fake';
import { failure, model } from './samples';

type Part = Partial<Omit<CatalogueRow, 'model'>> & { model?: Partial<ModelRow> };

export function catalogueRow(reference: string, name: string, part: Part = {}): CatalogueRow {
  const { model: row, ...rest } = part;
  return {
    model: model(reference, name, row),
    input: ['text'],
    output: ['text'],
    capabilities: { tools: true, structured_output: true, reasoning: false, temperature: true },
    open_weights: false,
    knowledge_cutoff: '2025-03',
    released: '2025-09-29',
    retires: null,
    max_completion_tokens: 64_000,
    offers: 1,
    policy: 'no_training',
    ...rest,
  };
}

export function priceView(input: string, output: string, part: Partial<PriceView> = {}): PriceView {
  return {
    origin: 'bundled',
    source: 'genai-prices 0.2.3',
    checked: '2026-11-10',
    tiers: [
      {
        when: '',
        rates: [
          { meter: 'input', amount: input, each: false },
          { meter: 'input_cache_read', amount: (Number(input) / 10).toFixed(4), each: false },
          { meter: 'output', amount: output, each: false },
        ],
      },
    ],
    ...part,
  };
}

/** Makers with what their models are called, for the long rest of the list. */
const MAKERS: [string, string, string, string, string][] = [
  ['qwen', 'Qwen3', '0.40', '1.60', 'Alibaba'],
  ['meta-llama', 'Llama 4', '0.27', '0.85', 'Together'],
  ['mistral', 'Mistral', '0.40', '2', 'Mistral'],
  ['z-ai', 'GLM', '0.60', '2.20', 'Z.ai'],
  ['moonshotai', 'Kimi K2', '0.60', '2.50', 'Moonshot'],
  ['minimax', 'MiniMax', '0.30', '1.20', 'MiniMax'],
  ['cohere', 'Command', '2.50', '10', 'Cohere'],
  ['x-ai', 'Grok', '3', '15', 'xAI'],
];

function rest(): CatalogueRow[] {
  const sizes = ['Nano', 'Mini', 'Small', 'Medium', 'Large', 'Pro', 'Coder', 'Vision', 'Thinking'];
  return MAKERS.flatMap(([author, family, input, output, provider], maker) =>
    Array.from({ length: 54 }, (_, index) => {
      const size = sizes[index % sizes.length] ?? 'Large';
      const year = 2026 - (index % 3);
      const month = String(1 + ((index * 7 + maker) % 10)).padStart(2, '0');
      const name = `${family} ${size} ${String(year).slice(2)}${month}${index >= 30 ? ' preview' : ''}`;
      return catalogueRow(`${author}/${name.toLowerCase().replaceAll(' ', '-')}-${index}`, name, {
        model: {
          price_input: index % 17 === 5 ? null : input,
          price_output: index % 17 === 5 ? null : output,
          providers: [provider, 'OpenRouter'],
          usable: maker % 3 === 0,
          context_length: [32_768, 131_072, 262_144, 1_048_576][index % 4] ?? null,
        },
        input: size === 'Vision' ? ['text', 'image'] : ['text'],
        capabilities: {
          tools: index % 5 !== 0,
          structured_output: index % 4 !== 0,
          reasoning: size === 'Thinking' || size === 'Pro',
          temperature: true,
        },
        open_weights: maker < 4,
        released: `${year}-${month}-1${index % 9}`,
        policy: maker % 2 === 0 ? 'by_offer' : 'no_training',
        offers: 2 + (index % 9),
      });
    }),
  );
}

function rows(known: ModelRow[]): CatalogueRow[] {
  const sees = ['anthropic', 'openai', 'google', 'x-ai'];
  const first = known.map((row, index) => {
    const local = row.local || row.demo;
    return catalogueRow(row.reference.model, row.name, {
      model: row,
      input: sees.includes(row.author) ? ['text', 'image'] : ['text'],
      capabilities: {
        tools: !row.demo,
        structured_output: !row.demo,
        reasoning: row.reasoning,
        temperature: !row.reasoning,
      },
      open_weights: row.demo ? null : ['deepseek', 'qwen'].includes(row.author),
      released: row.demo ? null : `2026-0${1 + (index % 9)}-12`,
      knowledge_cutoff: row.demo ? null : '2025-08',
      policy: local ? 'on_device' : row.author === 'deepseek' ? 'by_offer' : 'no_training',
      offers: row.providers.length,
    });
  });
  return [...first, ...rest()];
}

function offer(row: CatalogueRow, name: string, place: number): Offer {
  const here = row.model.local || row.model.demo;
  const price =
    row.model.price_input === null || row.model.price_output === null
      ? null
      : priceView(row.model.price_input, row.model.price_output);
  if (price && place === 0 && !here) {
    price.tiers.push({
      when: 'above 200000 prompt tokens',
      rates: [
        { meter: 'input', amount: '6', each: false },
        { meter: 'output', amount: '22.5', each: false },
      ],
    });
  }
  if (price && row.model.local) price.origin = 'local';
  if (price && row.model.demo) price.origin = 'demo';
  const provider = name.toLowerCase().replaceAll(' ', '-');
  return {
    endpoint: `${provider}/${row.model.reference.model}`,
    provider,
    name,
    upstream_model: row.model.reference.model.split('/').at(-1) ?? '',
    usable: row.model.usable && place === 0,
    local: row.model.local,
    context_length: row.model.context_length,
    max_completion_tokens: row.max_completion_tokens,
    policy: {
      trains: place === 0 ? false : null,
      retention_days: place === 0 ? 30 : null,
      zdr: null,
      source: null,
      checked: null,
      region: place === 0 ? 'US' : null,
    },
    price,
    waiting: null,
  };
}

/** Answers every command of the Models page. */
export function serveCatalogue(host: FakeHost, known: ModelRow[]): void {
  const all = rows(known);
  const own = new Map<string, PriceView>();
  const waits = (name: string, provider: string, now: PriceView, wanted: PriceView, why: string) => ({
    reference: { model: name.toLowerCase().replaceAll(' ', '-'), provider: provider.toLowerCase() },
    name,
    provider,
    now,
    wanted: { ...wanted, origin: 'live' as const, source: 'OpenRouter', checked: '2026-11-21' },
    why,
  });
  let waiting: WaitingPrice[] = [];
  const view = (): CatalogueView => ({ date: '2026-11-20', rows: all, waiting });
  const detail = (reference: string): ModelDetail => {
    const row = all.find((known) => known.model.reference.model === reference);
    if (!row) throw failure('request.no_model', 'It is no longer in the catalogue.') as unknown as Error;
    const offers = row.model.providers.map((name, place) => offer(row, name, place));
    for (const one of offers) one.price = own.get(`${one.upstream_model}@${one.provider}`) ?? one.price;
    return { row, offers };
  };
  const any = () => detail(all[0]?.model.reference.model ?? '');

  host
    .on('models/catalogue', view)
    .on('models/detail', ({ model: wanted }) => detail(wanted.model))
    .on('price/set', ({ model: wanted, input, output }) => {
      if (!/^\d+(\.\d+)?$/.test(input) || !/^\d+(\.\d+)?$/.test(output)) {
        throw failure('request.invalid', `“${input}” cannot be a price: not a number.`) as unknown as Error;
      }
      own.set(
        `${wanted.model}@${wanted.provider ?? ''}`,
        priceView(input, output, { origin: 'user', source: 'user', checked: '2026-11-21' }),
      );
      return any();
    })
    .on('price/reset', ({ model: wanted }) => {
      own.delete(`${wanted.model}@${wanted.provider ?? ''}`);
      return any();
    })
    .on('price/decide', ({ model: wanted }) => {
      const before = waiting.length;
      waiting = waiting.filter((one) => wanted !== null && one.reference.model !== wanted.model);
      return before - waiting.length;
    })
    .on('catalogue/refresh', () => {
      waiting = [
        waits('GPT-5', 'OpenRouter', priceView('1.25', '10'), priceView('0.20', '10'), 'fell'),
        waits('Grok 4', 'OpenRouter', priceView('3', '15'), priceView('3', '90'), 'rose'),
      ];
      return {
        lists: [
          { name: 'genai-prices', tally: { changed: 12, waiting: 0, same: 1540, refused: 0 }, failed: null },
          { name: 'OpenRouter', tally: { changed: 4, waiting: 2, same: 301, refused: 1 }, failed: null },
          {
            name: 'models.dev',
            tally: null,
            failed: 'models.dev answered with status 503. All prices stay as they were; try again later.',
          },
        ],
        at: Date.now(),
      };
    });
}
