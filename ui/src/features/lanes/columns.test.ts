import { describe, expect, it } from 'vitest';
import { lane, model, run } from '../../ipc/fake/samples';
import { columns, resized } from './columns';

const runs = ['a', 'b'].map((id, place) => run(`run-${id}`, lane(id, model(`x/${id}`, id)), place));

describe('columns', () => {
  it('are left to the design until one was resized', () => {
    expect(columns(runs, {})).toBeUndefined();
    expect(columns(runs, { other: 2 })).toBeUndefined();
    expect(columns(runs, { b: 1.5 })).toEqual([1, 1.5]);
  });

  it('are none of an answer that stands alone', () => {
    expect(columns(runs.slice(0, 1), { a: 0.4 })).toBeUndefined();
  });

  it('give and take from each other alone, and none vanishes', () => {
    expect(resized(1, 1, 0.1)).toEqual([1.2, 0.8]);
    expect(resized(1, 1, 5)).toEqual([1.75, 0.25]);
    expect(resized(1, 1, -5)).toEqual([0.25, 1.75]);
  });
});
