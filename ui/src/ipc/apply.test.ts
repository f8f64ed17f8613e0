import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyFrame, applyOp } from './apply';
import { lane, metrics, model, run, section, turn } from './fake/samples';
import type { TurnFrame } from './generated/TurnFrame';
import type { TurnView } from './generated/TurnView';

const VECTORS = join(import.meta.dirname, '../../../tests/vectors/frames');
const a = lane('a', model('x/one', 'One'));
const b = lane('b', model('x/two', 'Two'));
const start = () => turn('t', [run('ra', a, 0), run('rb', b, 1)], { live: true });
const frame = (seq: number, runs: TurnFrame['runs'] = [], last = false): TurnFrame => ({
  turn: 't',
  seq,
  runs,
  last,
});

function folded(view: TurnView, frames: TurnFrame[]): TurnView {
  return frames.reduce((so_far, next) => {
    const result = applyFrame(so_far, next);
    if (typeof result === 'string') throw new Error(`frame ${next.seq}: ${result}`);
    return result.turn;
  }, view);
}

describe('the shared vectors', () => {
  const files = existsSync(VECTORS) ? readdirSync(VECTORS).filter((name) => name.endsWith('.json')) : [];
  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(6));
  it.each(files)('%s folds to its end', (name) => {
    const vector = JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as {
      start: TurnView;
      frames: TurnFrame[];
      end: TurnView;
    };
    expect(folded(vector.start, vector.frames)).toEqual(vector.end);
  });
});

describe('applyFrame', () => {
  it('knows a frame it has folded in already', () => {
    const view = folded(start(), [frame(1), frame(2)]);
    expect(applyFrame(view, frame(2))).toBe('known');
    expect(applyFrame(view, frame(1))).toBe('known');
  });

  it('reports a hole instead of skipping over it', () => {
    expect(applyFrame(start(), frame(2))).toBe('gap');
  });

  it('asks for a snapshot when a run is unknown', () => {
    expect(applyFrame(start(), frame(1, [{ run: 'new', ops: [] }]))).toBe('gap');
  });

  it('ignores frames of another turn', () => {
    expect(applyFrame(start(), { ...frame(1), turn: 'other' })).toBe('known');
  });

  it('ends the turn with its last frame', () => {
    expect(folded(start(), [frame(1, [], true)]).live).toBe(false);
  });

  it('keeps the identity of runs and blocks that did not change', () => {
    const before = folded(start(), [
      frame(1, [
        {
          run: 'ra',
          ops: [
            { type: 'section', index: 0, kind: { type: 'answer' } },
            { type: 'blocks', section: 0, keep: 0, blocks: [{ key: '1', html: '<p>1</p>' }] },
          ],
        },
      ]),
    ]);
    const after = folded(before, [
      frame(2, [
        {
          run: 'ra',
          ops: [{ type: 'blocks', section: 0, keep: 1, blocks: [{ key: '2', html: '<p>2</p>' }] }],
        },
      ]),
    ]);
    expect(after.runs[1]).toBe(before.runs[1]);
    expect(after.runs[0]?.sections[0]?.blocks[0]).toBe(before.runs[0]?.sections[0]?.blocks[0]);
    expect(after.runs[0]?.sections[0]?.blocks.map((block) => block.key)).toEqual(['1', '2']);
  });
});

describe('applyOp', () => {
  const some = run('r', a, 0, { sections: [section('text')] });
  it('keeps the text when a run fails', () => {
    const failure = { kind: 'time.idle' as const, message: 'Silent.', upstream: null };
    const ended = applyOp(some, {
      type: 'end',
      state: 'failed',
      finish_reason: null,
      failure,
      metrics: metrics({ output: 3 }),
      continue_on: [],
    });
    expect(ended).toMatchObject({ state: 'failed', failure, sections: some.sections });
  });

  it('leaves out blocks of a section that was never opened', () => {
    expect(applyOp(some, { type: 'blocks', section: 7, keep: 0, blocks: [] })).toBe(some);
  });

  it('collects notices in order', () => {
    const once = applyOp(some, { type: 'notice', kind: 'provider', detail: { text: 'a' } });
    const twice = applyOp(once, { type: 'notice', kind: 'skipped_event', detail: { text: 'b' } });
    expect(twice.notices.map((notice) => notice.detail.text)).toEqual(['a', 'b']);
  });
});
