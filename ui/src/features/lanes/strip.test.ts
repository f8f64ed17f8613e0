import { describe, expect, it } from 'vitest';
import { lane, metrics, model, run, step } from '../../ipc/fake/samples';
import type { RunView } from '../../ipc/generated/RunView';
import { strip, type CellId } from './strip';

const column = lane('l', model('x/m', 'M'));
const done = (id: string, part: Parameters<typeof metrics>[0], more: Partial<RunView> = {}) =>
  run(id, column, 0, {
    state: 'done',
    route: [step('P')],
    metrics: metrics({ basis: 'computed', ...part }),
    ...more,
  });
const winners = (runs: RunView[], id: CellId) =>
  strip(runs).map((cells) => cells.find((cell) => cell.id === id)?.win !== null);
const text = (one: RunView, id: CellId) => strip([one])[0]?.find((cell) => cell.id === id)?.text;

describe('winners', () => {
  it('need two final values', () => {
    expect(winners([done('a', { cost: '0.01' })], 'cost')).toEqual([false]);
    expect(winners([done('a', { cost: '0.01' }), done('b', { cost: '0.02' })], 'cost')).toEqual([
      true,
      false,
    ]);
  });
  it('are not named in a tie', () => {
    expect(winners([done('a', { cost: '0.01' }), done('b', { cost: '0.010' })], 'cost')).toEqual([
      false,
      false,
    ]);
  });
  it('of cost and speed are finished answers; a stopped one may be first', () => {
    const stopped = done(
      's',
      { cost: '0.001', tokens_per_second_x10: 999, ttft: 100 },
      { state: 'cancelled' },
    );
    const others = [
      done('a', { cost: '0.01', tokens_per_second_x10: 500, ttft: 300 }),
      done('b', { cost: '0.02', tokens_per_second_x10: 400, ttft: 400 }),
    ];
    expect(winners([stopped, ...others], 'cost')).toEqual([false, true, false]);
    expect(winners([stopped, ...others], 'speed')).toEqual([false, true, false]);
    expect(winners([stopped, ...others], 'ttft')).toEqual([true, false, false]);
  });
  it('are told apart beyond the precision of a float', () => {
    const runs = [done('a', { cost: '9007.199254740993' }), done('b', { cost: '9007.199254740992' })];
    expect(winners(runs, 'cost')).toEqual([false, true]);
  });
  it('count a local answer as free', () => {
    const local = done('a', { cost: null, basis: null }, { route: [step('Ollama', { local: true })] });
    expect(winners([local, done('b', { cost: '0.01' })], 'cost')).toEqual([true, false]);
    expect(text(local, 'cost')).toBe('free');
  });
});

describe('figures', () => {
  it('that are not known are dashes, never zeros', () => {
    const failed = run('f', column, 0, { state: 'failed' });
    expect(strip([failed])[0]?.map((cell) => cell.text)).toEqual(['–', '–', '–', '–']);
  });
  it('say when they were counted here', () => {
    const one = done('a', { input: 1240, output: 214, estimated: true, cost: '0.0004', basis: 'estimated' });
    expect(text(one, 'tokens')).toBe('≈ 1,240 / 214');
    expect(text(one, 'cost')).toBe('≈ $0.0004');
  });
  it('have bars of the largest in the turn', () => {
    const cells = strip([done('a', { ttft: 500 }), done('b', { ttft: 2000 })]).map((row) => row[0]?.ratio);
    expect(cells).toEqual([25, 100]);
  });
});
