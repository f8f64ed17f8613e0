// A prompt set that ran, one that runs, and their cells.
import type { ExperimentDetail } from '../generated/ExperimentDetail';
import type { ExperimentSummary } from '../generated/ExperimentSummary';
import type { FakeHost } from '../host.fake';
import { failure, section } from './samples';

/** Rows that were voted on. */
let voted = 0;

const NAMES = [
  'Find the missing index',
  'Explain this deadlock',
  'Date math across DST',
  'Upsert without races',
];
const MODELS = ['Claude Sonnet 4.5', 'GPT-5', 'Gemini 2.5 Pro', 'Qwen3 32B'];
/** Checks passed of four, by row and model; -1 = queued, -2 = unknown. */
const PASSED = [
  [4, 4, 4, 3],
  [3, 4, 2, 4],
  [4, 4, 1, 2],
  [4, -2, -1, -1],
];

function summary(id: string, change: Partial<ExperimentSummary> = {}): ExperimentSummary {
  return {
    id,
    title: 'SQL review set',
    created_at: Date.now() - 7_200_000,
    state: 'paused',
    cells: 16,
    done: 13,
    passed: 8,
    failed: 0,
    uncertain: 1,
    reused: 0,
    paid: '0.1172',
    paid_incomplete: false,
    cap: '2',
    left: null,
    problem: null,
    ...change,
  };
}

function detail(one: ExperimentSummary): ExperimentDetail {
  return {
    summary: one,
    models: MODELS.map((label, column) => {
      const done = PASSED.filter((row) => (row[column] ?? -1) >= 0).length;
      return {
        label,
        model: label.toLowerCase(),
        mark: column + 1,
        done,
        passed: PASSED.filter((row) => row[column] === 4).length,
        cost: column === 3 ? '0' : String(0.01 * (column + 1)),
        median: 2400 + column * 2300,
        p95: 5200 + column * 3000,
      };
    }),
    prompts: [
      { label: 'Review', done: 14, passed: 9, cost: '0.1274', median: 3100 },
      { label: 'Review, step by step', done: 14, passed: 12, cost: '0.2210', median: 5400 },
    ],
    prompt_pairs: [
      {
        first: 'Review',
        second: 'Review, step by step',
        ahead: 1,
        behind: 4,
        even: 3,
        better: null,
        more: 6,
      },
    ],
    rows: NAMES.map((name, row) => ({
      prompt: row % 2 === 0 ? 'Review' : 'Review, step by step',
      vars: { task: name },
      sample: 0,
      different: row !== 0,
      cells: MODELS.map((_, column) => {
        const passed = PASSED[row]?.[column] ?? -1;
        return {
          position: row * MODELS.length + column,
          state:
            passed === -1 ? ('queued' as const) : passed === -2 ? ('uncertain' as const) : ('done' as const),
          passed: Math.max(0, passed),
          checks: passed < 0 ? 0 : 4,
          cost: passed < 0 ? null : '0.0091',
          reused: false,
          took: passed < 0 ? null : 3100,
        };
      }),
    })),
  };
}

export function experimentHost(host: FakeHost, none: boolean): void {
  voted = 0;
  const list: ExperimentSummary[] = none
    ? []
    : [summary('x1'), summary('x2', { title: 'Tone of replies', state: 'complete', done: 16, uncertain: 0 })];
  const removed: ExperimentSummary[] = [];
  const notes = new Map<number, string>();
  const find = (id: string) => {
    const one = list.find((known) => known.id === id);
    if (!one) throw failure('request.invalid', 'There is no such experiment.') as unknown as Error;
    return one;
  };
  host
    .on('experiment/duel', () => ({
      duel:
        voted === 2
          ? null
          : {
              prompt: NAMES[voted] ?? '',
              answers: ['a', 'b'].map((run) => ({ run, sections: [section(`Answer ${run}.`)] })),
              left: 2 - voted,
              voted,
              seen: voted === 1,
            },
    }))
    .on('experiment/vote', () => {
      voted += 1;
      return { names: ['GPT-5', 'Claude Sonnet 4.5'], topic: 'code' };
    })
    .on('experiment/list', () => list)
    .on('experiment/open', ({ id }) => detail(find(id)))
    .on('experiment/cell', ({ position }) => ({
      position,
      label: MODELS[position % MODELS.length] ?? '',
      state: 'done',
      prompt: 'Date math across DST: how many hours has 2026-10-25 in Berlin?',
      text: "SELECT count(*) FROM generate_series('2026-10-25'::timestamptz, …);",
      checks: [
        { name: 'contains', passed: true, reason: 'contains "generate_series"' },
        { name: 'number', passed: false, reason: 'nearest number 24, 25 ± 0 wanted' },
        {
          name: 'llm-rubric',
          passed: null,
          reason: 'not run: it names no judge: add “provider: author/model” to the check',
        },
      ],
      cost: '0.0091',
      basis: 'computed',
      reused: false,
      took: 3100,
      problem: null,
      run: `run-${position}`,
      note: notes.get(position) ?? null,
    }))
    .on('experiment/note', ({ position, text }) => {
      notes.set(position, text);
      return null;
    })
    .on('experiment/estimate', ({ text }) => {
      if (!text.includes('prompts'))
        throw failure('request.invalid', 'prompts: there are none.') as unknown as Error;
      return {
        title: 'My first set',
        cells: 8,
        requests: 8,
        judged: 0,
        prompt_tokens: 140,
        low: '0.0021',
        high: '0.0230',
        lasts: 95_000,
        assumed: [100, 800],
        unused: [],
      };
    })
    .on('experiment/remove', ({ id }) => {
      const at = list.indexOf(find(id));
      removed.push(...list.splice(at, 1));
      return null;
    })
    .on('experiment/restore', ({ id }) => {
      const at = removed.findIndex((one) => one.id === id);
      const [one] = removed.splice(at, 1);
      if (!one) throw failure('request.invalid', 'There is no such experiment.') as unknown as Error;
      list.push(one);
      return one;
    })
    .on('experiment/make', () => {
      const made = summary(`x${list.length + 1}`, {
        title: 'My first set',
        done: 0,
        passed: 0,
        uncertain: 0,
      });
      list.unshift(made);
      return made;
    })
    .on('experiment/run', ({ id, retry_uncertain }) =>
      Object.assign(find(id), { state: 'running', left: 180_000 }, retry_uncertain ? { uncertain: 0 } : {}),
    )
    .on('experiment/pause', ({ id }) => Object.assign(find(id), { state: 'paused', left: null }))
    .on('experiment/rerun', ({ model }) => {
      const made = summary(`x${list.length + 1}`, { title: `SQL review set on ${model}` });
      list.unshift(made);
      return made;
    })
    .on('experiment/compare', () => ({
      cost_before: '0.0410',
      cost_after: '0.0032',
      pairs: [
        {
          change: 'regressed',
          prompt: 'Review',
          vars: { task: 'Date math across DST' },
          before: ['GPT-5', 9],
          after: ['DeepSeek V3.2', 2],
          why: 'number: nearest number 24, 25 ± 0 wanted',
        },
        {
          change: 'still_passes',
          prompt: 'Review',
          vars: { task: 'Upsert without races' },
          before: ['GPT-5', 13],
          after: ['DeepSeek V3.2', 3],
          why: null,
        },
      ],
    }))
    .on('experiment/export', ({ form }) => ({ path: `Downloads/Parallax SQL review set.${form}` }));
}
