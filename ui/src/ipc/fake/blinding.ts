// A turn that was asked blind, and the leaderboard.
import type { Board } from '../generated/Board';
import type { BoardRow } from '../generated/BoardRow';
import type { LaneView } from '../generated/LaneView';
import type { ModelRow } from '../generated/ModelRow';
import type { Revealed } from '../generated/Revealed';
import type { TurnView } from '../generated/TurnView';
import type { FakeHost } from '../host.fake';
import { failure, lane, metrics, run, section, target, turn } from './samples';

const TEXTS = [
  'You asked for your data export on Monday and we promised it within 24 hours. It did not go out, because a change we made on Sunday stopped the queue.',
  'We want to let you know that your data export has been delayed. The cause was a configuration error on our side.',
  'Your export should have reached you on Tuesday. It did not, because we broke the job that builds it and failed to notice.',
  'We sincerely apologise for the inconvenience caused by the delay of your data export.',
];
const MODELS = [
  'google/gemini-2.5-pro',
  'openai/gpt-5',
  'anthropic/claude-sonnet-4.5',
  'mistral/mistral-medium-3.1',
];

export interface BlindScene {
  id: string;
  title: string;
  lanes: LaneView[];
  turns: TurnView[];
  policy: string | null;
}

/** A conversation whose only turn waits for a vote, as the core gives it out. */
export function blindScene(rows: ModelRow[]): BlindScene {
  const lanes = MODELS.flatMap((slug, place) => {
    const row = rows.find((known) => known.reference.model === slug);
    return row ? [lane(`blind-lane-${place}`, { ...row, mark: row.mark ?? place + 1 })] : [];
  });
  const runs = lanes.map((column, place) =>
    run(`blind-run-${place}`, column, place, {
      lane: `blind-run-${place}`,
      target: target(`Answer ${String.fromCharCode(65 + place)}`),
      model_name: `Answer ${String.fromCharCode(65 + place)}`,
      state: 'done',
      sections: [section(TEXTS[place] ?? '')],
    }),
  );
  const asked = turn('blind-turn', runs, {
    prompt: 'Write the two-paragraph email that tells a customer her data export was delayed by our mistake.',
    blind: { revealed: false, together: true, ready: runs.length, lost: 0, vote: null },
  });
  return { id: 'blind', title: 'Apology email, delayed export', lanes, turns: [asked], policy: null };
}

const ROWS: [string, string, number, number, number, number, number, string | null, number][] = [
  ['anthropic/claude-sonnet-4.5', 'Claude Sonnet 4.5', 1, 1558, 39, 136, 76, '0.0131', 9200],
  ['openai/gpt-5', 'GPT-5', 2, 1541, 41, 122, 82, '0.0089', 14800],
  ['google/gemini-2.5-pro', 'Gemini 2.5 Pro', 3, 1528, 42, 111, 87, '0.0082', 7400],
  ['qwen/qwen3-32b', 'Qwen3 32B', 5, 1462, 52, 53, 68, '0', 19100],
  ['mistral/mistral-medium-3.1', 'Mistral Medium 3.1', 6, 1451, 71, 24, 34, '0.0021', 5200],
];

export function boardOf(none: boolean): Board {
  const rows: BoardRow[] = none
    ? []
    : ROWS.map(([model, name, mark, rating, half, won, lost, cost, took], place) => ({
        model,
        name,
        mark,
        rating,
        low: rating - half,
        high: rating + half,
        best: Math.max(1, place - 1),
        worst: Math.min(ROWS.length, place + 2),
        won,
        lost,
        tied: 8,
        group: 0,
        cost,
        took,
        cost_front: place !== 4,
        time_front: place === 0 || place === 2 || place === 4,
      }));
  const wins = rows.map((_, row) =>
    rows.map((_, column) => ({ won: 12 + column - row, lost: 12 - column + row, tied: 3, bad: 1 })),
  );
  const day = 86_400_000;
  return {
    votes: none ? 0 : 612,
    blind: none ? 0 : 214,
    topics: none
      ? []
      : [
          { name: 'code', votes: 274 },
          { name: 'writing', votes: 161 },
          { name: 'facts', votes: 104 },
          { name: 'translation', votes: 73 },
        ],
    languages: none
      ? []
      : [
          { name: 'en', votes: 500 },
          { name: 'de', votes: 112 },
        ],
    tags: none
      ? []
      : [
          { name: 'work', votes: 208 },
          { name: 'thesis', votes: 31 },
        ],
    rows,
    verdict: none
      ? { type: 'too_few' }
      : { type: 'open', models: rows.slice(0, 3).map((row) => row.model), more: 40 },
    position: none ? null : { percent: 54.2, low: 51.1, high: 57.3 },
    length: none ? null : { percent: 51.8, low: 47.9, high: 55.7 },
    wins,
    history: none
      ? []
      : [0, 1, 2, 3, 4, 5].map((step) => ({
          at: Date.now() - (6 - step) * 12 * day,
          ratings: rows.map((row): [string, number, number, number] => {
            const wide = Math.round((row.high - row.low) * (1 + (5 - step) * 0.3)) / 2;
            const rating = Math.round(1500 + (row.rating - 1500) * (0.5 + step * 0.1));
            return [row.model, rating, Math.round(rating - wide), Math.round(rating + wide)];
          }),
        })),
  };
}

export function blindHost(host: FakeHost, scene: BlindScene, none: boolean): void {
  const reveal = (vote: NonNullable<TurnView['blind']>['vote']): Revealed => {
    const asked = scene.turns[0];
    if (!asked?.blind) throw failure('bug', 'Not found.') as unknown as Error;
    if (asked.blind.revealed) {
      throw failure(
        'request.invalid',
        'The names have been shown: a vote now would not be blind.',
      ) as unknown as Error;
    }
    asked.runs = asked.runs.map((old, place) => {
      const column = scene.lanes[place];
      if (!column) return old;
      return {
        ...old,
        target: column.target,
        model_name: column.model.name,
        metrics: metrics({ duration: 940 + place * 310, cost: '0.0038', basis: 'computed', output: 120 }),
      };
    });
    asked.blind = { ...asked.blind, revealed: true, vote };
    return {
      turn: asked,
      topic: 'writing',
      votes: 214,
      changes: vote
        ? scene.lanes.map((column, place) => ({
            model: column.target.model.model,
            before: 1500 + place * 12,
            after: 1500 + place * 12 + (place === 2 ? 11 : -4),
            low: 1450,
            high: 1590,
          }))
        : [],
    };
  };
  host
    .on('blind/vote', ({ vote }) => reveal(vote))
    .on('blind/reveal', () => reveal(null))
    .on('blind/undo', () => {
      const asked = scene.turns[0];
      if (!asked?.blind) throw failure('bug', 'Not found.') as unknown as Error;
      asked.blind = { ...asked.blind, vote: null };
      return asked;
    })
    .on('board/open', () => boardOf(none))
    .on('board/suppose', ({ model }) => ({
      name: ROWS.find(([slug]) => slug === model.model)?.[1] ?? model.model,
      prompts: 212,
      answers: 318,
      uncounted: 4,
      paid: '14.20',
      would: '2.80',
      won: 9,
      tied: 22,
      lost: 16,
    }))
    .on('board/export', () => ({ path: 'Downloads/Parallax votes.jsonl' }));
}
