// A conversation of which only a stretch is given at once.
import type { ModelRow } from '../generated/ModelRow';
import type { FakeConversation } from './branches';
import { lane, metrics, run, section, turn } from './samples';

const TURNS = 60;

/** Sixty turns with two answers each; every tenth speaks of a heron, in the thoughts of its second answer. */
export function longScene(rows: ModelRow[]): FakeConversation {
  const lanes = rows.slice(0, 2).map((row, place) => lane(`long-${place}`, row, `long-head-${place}`));
  const said = (n: number, place: number) => [
    ...(place === 1
      ? [section(`Bird ${n}${n % 10 === 5 ? ' may be a grey heron' : ''}.`, { type: 'reasoning' })]
      : []),
    section(`Answer ${n}. ${'It stands in the water and waits. '.repeat(12)}`),
  ];
  const turns = Array.from({ length: TURNS }, (_, n) =>
    turn(
      `long-${n}`,
      lanes.map((column, place) =>
        run(`long-${n}-${place}`, column, place, {
          state: 'done',
          finish_reason: 'stop',
          sections: said(n, place),
          metrics: metrics({ ttft: 400, duration: 3000, output: 120, cost: '0.0012', basis: 'computed' }),
        }),
      ),
      { prompt: `Question ${n}`, created_at: Date.now() - (TURNS - n) * 60_000 },
    ),
  );
  return { id: 'long', title: 'Birds at the lake', policy: null, lanes, turns };
}
