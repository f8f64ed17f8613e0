// Conversations with more columns, longer names and other scripts than most have.
import type { LaneView } from '../generated/LaneView';
import type { ModelRow } from '../generated/ModelRow';
import type { TurnView } from '../generated/TurnView';
import { lane, metrics, model, run, section, step, turn } from './samples';
import { partitions, plan, short, sketches } from './text';

export interface CrowdScene {
  id: string;
  title: string;
  lanes: LaneView[];
  turns: TurnView[];
  policy: string | null;
}

const EXTRA: [string, string, string, string, string][] = [
  [
    'meta-llama/llama-4-maverick-17b-128e-instruct',
    'Llama 4 Maverick 17B 128E Instruct (FP8, long context)',
    'Fireworks',
    '0.22',
    '0.88',
  ],
  ['x-ai/grok-4-fast', 'Grok 4 Fast', 'OpenRouter', '0.2', '0.5'],
  ['nvidia/nemotron-ultra', 'Llama-3.1-Nemotron-Ultra-253B-v1-Instruct', 'DeepInfra', '0.6', '1.8'],
];

const WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
const HEBREW =
  'התשובה הקצרה: צרו טבלה יומית daily_active(day, user_id) וספרו ממנה. כך השאילתה יורדת מ־40 שניות ל־9 אלפיות.';
const ARABIC =
  'الجواب المختصر: أنشئ جدولا يوميا ثم احسب منه. هكذا ينخفض زمن الاستعلام من 40 ثانية إلى 9 أجزاء من الألف.';

/** One conversation with `count` columns: names of every length, a very long word, two scripts from the right. */
export function crowd(rows: ModelRow[], count: number): CrowdScene {
  const known = rows.filter((row) => row.usable && !row.demo).slice(0, 6);
  const more = EXTRA.map(([reference, name, provider, input, output]) =>
    model(reference, name, { price_input: input, price_output: output, providers: [provider] }),
  );
  const all = [...known.slice(0, 4), ...more, ...known.slice(4)];
  const lanes = all
    .slice(0, count)
    .map((row, place) => lane(`crowd-${count}-${place}`, { ...row, mark: row.mark ?? place + 1 }));
  const bodies = [
    [{ kind: { type: 'answer' as const }, blocks: sketches }],
    [{ kind: { type: 'answer' as const }, blocks: partitions }],
    [{ kind: { type: 'answer' as const }, blocks: plan }],
    [section(`${WORD} ist ein Wort. https://example.org/a/very/long/address/${'0123456789'.repeat(9)}`)],
    [section(HEBREW), section(ARABIC)],
    [{ kind: { type: 'answer' as const }, blocks: short }],
    [{ kind: { type: 'answer' as const }, blocks: plan }],
    [{ kind: { type: 'answer' as const }, blocks: partitions }],
  ];
  const runs = lanes.map((column, place) =>
    run(`crowd-run-${count}-${place}`, column, place, {
      state: place === count - 1 ? 'streaming' : 'done',
      ...(place === count - 1 ? {} : { finish_reason: 'stop' as const }),
      route:
        place === 1
          ? [step('OpenAI', { failed: '529' }), step('Azure')]
          : [step(column.model.providers[0] ?? 'Provider', { local: column.model.local })],
      sections: bodies[place] ?? [],
      metrics: metrics({
        ttft: 380 + place * 230,
        duration: 4100 + place * 1900,
        tokens_per_second_x10: 1180 - place * 90,
        input: 12_400,
        output: 214 + place * 1_311,
        cost: column.model.local ? '0' : `0.${String(4 + place * 37).padStart(4, '0')}`,
        basis: 'computed',
      }),
    }),
  );
  const asked = turn(`crowd-turn-${count}`, runs, {
    prompt: 'The dashboard query that counts distinct users per day takes 40 s. What would you change first?',
    created_at: Date.now() - 120_000,
  });
  return {
    id: `crowd-${count}`,
    title: `The same question to ${count} models`,
    lanes,
    turns: [asked],
    policy: null,
  };
}
