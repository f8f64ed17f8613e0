// Plays answers into a turn, frame by frame, as the core would.
import type { HtmlBlock } from '../generated/HtmlBlock';
import type { Metrics } from '../generated/Metrics';
import type { Op } from '../generated/Op';
import type { RunView } from '../generated/RunView';
import type { TurnFrame } from '../generated/TurnFrame';
import type { TurnView } from '../generated/TurnView';
import { applyFrame } from '../apply';
import { failure, metrics, step, upstream } from './samples';
import { partitions, plan, sketches, thought } from './text';

const PACE_MS = 60;

interface Script {
  run: RunView;
  steps: Op[][];
  at: number;
  stopped: boolean;
}

/** Plays every run of the turn that has not ended. Returns how to stop one run, or all. */
export function play(
  turn: TurnView,
  onFrame: (turn: TurnView, frame: TurnFrame) => void,
): (run: string | null) => void {
  const scripts: Script[] = turn.runs
    .filter((run) => run.state === 'pending')
    .map((run) => ({ run, steps: write(run, run.position), at: 0, stopped: false }));
  let view = turn;

  const timer = setInterval(() => {
    const runs = scripts
      .filter((script) => script.at < script.steps.length)
      .map((script) => ({ run: script.run.id, ops: script.steps[script.at++] ?? [] }));
    const last = scripts.every((script) => script.at >= script.steps.length);
    const frame: TurnFrame = { turn: view.id, seq: view.seq + 1, runs, last };
    const applied = applyFrame(view, frame);
    if (typeof applied === 'object') view = applied.turn;
    if (last) clearInterval(timer);
    onFrame(view, frame);
  }, PACE_MS);

  return (which) => {
    for (const script of scripts) {
      if (script.at >= script.steps.length || (which !== null && script.run.id !== which)) continue;
      const current = view.runs.find((run) => run.id === script.run.id);
      script.steps = [
        [
          {
            type: 'end',
            state: 'cancelled',
            finish_reason: null,
            failure: null,
            metrics: current?.metrics ?? metrics(),
            continue_on: [],
          },
        ],
      ];
      script.at = 0;
    }
  };
}

function write(run: RunView, place: number): Op[][] {
  const wait: Op[][] = Array.from({ length: 4 + place * 3 }, () => []);
  const first: Op[][] = [[{ type: 'state', state: 'connecting' }], ...wait];
  const name = run.model_name;
  if (name === 'Demo Flaky' || place === 3) {
    const route = [step('Mistral', { failed: '503' })];
    return [
      ...first,
      [{ type: 'route', route }],
      [
        {
          type: 'end',
          state: 'failed',
          finish_reason: null,
          failure: failure(
            'limit.overloaded',
            'Mistral answered 503 (overloaded). No other provider of this model has a key.',
            upstream({
              provider: 'mistral',
              status: 503,
              code: 'service_unavailable',
              request_id: 'req_7f31c09e',
            }),
          ),
          metrics: metrics(),
          continue_on: [],
        },
      ],
    ];
  }
  const demo = run.target.model.model.startsWith('demo/');
  const route =
    place === 1 && !demo
      ? [step('OpenAI', { failed: '529' }), step('Azure')]
      : [step(demo ? 'Demo' : (['Anthropic', 'OpenAI', 'Google AI Studio'][place] ?? 'Provider'), { demo })];
  const blocks = [sketches, partitions, plan][place % 3] ?? sketches;
  const ttft = 380 + place * 520;
  const figures = (done: number): Metrics =>
    metrics({
      ttft,
      duration: ttft + done * 90,
      tokens_per_second_x10: 820 - place * 130,
      input: 1240,
      output: Math.round(done * 12),
      reasoning: place === 2 ? 320 : null,
      cost: demo ? '0' : `0.0${String(40 + done * (5 - place)).padStart(3, '0')}`,
      basis: 'computed',
    });
  const reasoning: Op[][] = place === 2 ? think() : [];
  const base = reasoning.length > 0 ? 1 : 0;
  const steps: Op[][] = [
    ...first,
    [
      { type: 'route', route },
      { type: 'state', state: 'streaming' },
      { type: 'metrics', metrics: figures(0) },
    ],
    ...reasoning,
    [{ type: 'section', index: base, kind: { type: 'answer' } }],
  ];
  let count = 0;
  for (const [index, block] of blocks.entries()) {
    for (const part of grow(block)) {
      count += 1;
      steps.push([
        { type: 'blocks', section: base, keep: index, blocks: [part] },
        { type: 'metrics', metrics: figures(count) },
      ]);
    }
  }
  steps.push([
    {
      type: 'end',
      state: 'done',
      finish_reason: 'stop',
      failure: null,
      metrics: figures(count),
      continue_on: [],
    },
  ]);
  return steps;
}

function think(): Op[][] {
  return [
    [{ type: 'section', index: 0, kind: { type: 'reasoning' } }],
    ...thought.flatMap((block, index) =>
      grow(block).map((part): Op[] => [{ type: 'blocks', section: 0, keep: index, blocks: [part] }]),
    ),
  ];
}

/** A paragraph grows word by word; other blocks appear whole. */
function grow(block: HtmlBlock): HtmlBlock[] {
  const inner = /^<p>([^<]*)<\/p>$/.exec(block.html)?.[1];
  if (inner === undefined) return [block];
  const words = inner.split(' ');
  return words.map((_, index) => ({
    key: `${block.key}-${index}`,
    html: `<p>${words.slice(0, index + 1).join(' ')}</p>`,
  }));
}
