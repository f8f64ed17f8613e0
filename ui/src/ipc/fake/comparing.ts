// Answers laid beside each other, as the core would.
import type { Agreed } from '../generated/Agreed';
import type { AgreedGroup } from '../generated/AgreedGroup';
import type { DiffRow } from '../generated/DiffRow';
import type { DiffSide } from '../generated/DiffSide';
import type { FakeHost } from '../host.fake';
import { judgingHost } from './judging';

/** Words between stars stand on this side only. */
function side(text: string, from: number): DiffSide {
  const pieces = text.split('*').map((part, place) => ({ text: part, only: place % 2 === 1 }));
  const length = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  return { from, until: from + length, pieces: pieces.filter((piece) => piece.text !== '') };
}

const ROWS: [DiffRow['kind'], string, string, boolean][] = [
  ['same', 'You can return your order within 14 days of delivery.', '', false],
  [
    'changed',
    '*Tell* us by email or *through* your account; *you do not* have to give a reason.',
    '*Let* us *know* by email or *in* your account. *You don’t* have to give a reason.',
    false,
  ],
  [
    'changed',
    'We refund the full price within *14* days of *hearing from you*.',
    'We refund the full price within *30* days of *getting the goods back*.',
    true,
  ],
  ['left', '*Personalised items cannot be returned, except when they are faulty.*', '', false],
  ['right', '', '*Express delivery is not refunded.*', false],
];

const SAID: [AgreedGroup, string, string][] = [
  ['all', 'You can return your order within 14 days of delivery', 'yyyyyy'],
  ['all', 'You do not have to give a reason', 'yyyyyy'],
  ['some', 'We may wait until you show proof of postage', 'yy-y--'],
  ['contrary', 'We refund the full price within 14 days of hearing from you', 'yxyx--'],
  ['one', 'Personalised items cannot be returned, except when they are faulty', 'y-----'],
  ['one', 'Express delivery is not refunded', '-y----'],
];

export function comparingHost(host: FakeHost, runsOf?: (turn: string) => string[]): void {
  judgingHost(host, runsOf);
  host
    .on('compare/two', () => ({
      left_words: 22,
      both_words: 61,
      right_words: 17,
      rows: ROWS.map(([kind, left, right, contrary], place) => ({
        kind,
        block: 'text' as const,
        contrary,
        left: left === '' ? null : side(left, place * 100),
        right: kind === 'same' ? side(left, place * 100) : right === '' ? null : side(right, place * 100),
      })),
    }))
    .on('compare/all', ({ runs }): Agreed => {
      const statements = SAID.map(([group, text, stands], place) => ({
        group,
        text,
        stands: runs.map((_, at) =>
          stands[at] === 'y'
            ? { type: 'says' as const, from: place * 100 }
            : stands[at] === 'x'
              ? { type: 'against' as const, from: place * 100 }
              : { type: 'silent' as const },
        ),
      }));
      return {
        statements,
        answers: runs.map((run, at) => ({
          run,
          pieces: statements.flatMap(({ text, stands }, place) =>
            stands[at]?.type === 'silent'
              ? []
              : [
                  { from: place * 100, text: `${text}.`, statement: place },
                  { from: place * 100 + 99, text: ' ', statement: null },
                ],
          ),
        })),
      };
    });
}
