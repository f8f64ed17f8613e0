// Judges and what is made of answers, as the core would: one judge that finds the first the best.
import type { EstimateView } from '../generated/EstimateView';
import type { Judgement } from '../generated/Judgement';
import type { LaneEstimate } from '../generated/LaneEstimate';
import type { FakeHost } from '../host.fake';

function estimate(model: string, calls: number): EstimateView {
  const lane: LaneEstimate = {
    model,
    provider: 'Google',
    free: false,
    input: 2_140,
    cached: 0,
    output_low: 120,
    output_high: 480,
    habit: 'every',
    low: '0.0009',
    high: '0.0021',
    at_most: '0.0240',
    shortened_to: null,
    failure: null,
  };
  const times = (one: string) => (Number(one) * calls).toFixed(4);
  return {
    estimate: {
      lanes: Array.from({ length: calls }, () => lane),
      low: times('0.0009'),
      high: times('0.0021'),
      at_most: times('0.0240'),
      unknown: 0,
      held: 0,
      budget: null,
      over: false,
    },
    budget_name: null,
  };
}

export function judgingHost(host: FakeHost, runsOf: (turn: string) => string[] = () => []): void {
  let kept: Judgement[] = [];
  const rubric = [
    { name: 'Right', what: 'What it says is true, and follows.' },
    { name: 'Complete', what: 'It answers all of the question.' },
    { name: 'Clear', what: 'It can be followed at the first reading.' },
  ];
  host
    .on('conversation/judgements', () => kept)
    .on('judge/defaults', () => ({ model: 'google/gemini-2.5-flash', rubric }))
    .on('turn/judge_estimate', (wish) => estimate(wish.model.model, wish.findings ? 3 : 2))
    .on('turn/merge_estimate', (wish) => estimate(wish.model.model, 1))
    .on('turn/judge_stop', () => null)
    .on('judge/remove', ({ id }) => {
      kept = kept.filter((one) => one.id !== id);
      return null;
    })
    .on('turn/judge', (wish) => {
      const runs = runsOf(wish.turn);
      const judged: Judgement = {
        id: `judged-${kept.length}`,
        turn: wish.turn,
        at: Date.now(),
        model: wish.model.model,
        model_name: 'Gemini 2.5 Flash',
        rubric: wish.rubric,
        state: 'done',
        found: {
          answers: runs.map((run, place) => ({
            run,
            points: wish.rubric.map((_, at): [number, number] => [
              Math.max(1, 5 - place),
              Math.max(1, 5 - place - (at === 1 ? 1 : 0)),
            ]),
            why: ['It names the cause first.', 'It names the cause, and how to measure it.'],
          })),
          decision: { type: 'best', run: runs[0] ?? '' },
          shift: 40,
          findings: wish.findings
            ? [
                {
                  kind: 'consensus',
                  statement: 'An index alone does not help.',
                  quotes: runs.slice(0, 2).map((run) => ({ run, text: 'the index', from: 0, until: 9 })),
                },
                { kind: 'missing', statement: 'How long a change of the table locks it.', quotes: [] },
              ]
            : null,
        },
        failure: null,
        cost: '0.0046',
        basis: 'computed',
        stale: false,
        record: [14, 3],
      };
      kept = [...kept, judged];
      return judged;
    });
}
