import { describe, expect, it } from 'vitest';
import type { MapTurn } from '../../ipc/generated/MapTurn';
import { rows } from './map';

const turn = (id: string, parent: string | null): MapTurn => ({
  turn: id,
  parent,
  prompt: id,
  created_at: 0,
  answers: 1,
  best: null,
  on_screen: false,
});

describe('the map', () => {
  it('keeps a conversation that never forked on one line', () => {
    const drawn = rows([turn('a', null), turn('b', 'a'), turn('c', 'b')]);
    expect(drawn.map((row) => [row.turn.turn, row.depth, row.fork])).toEqual([
      ['a', 0, false],
      ['b', 0, false],
      ['c', 0, false],
    ]);
  });

  it('draws each wording with what stands behind it', () => {
    const drawn = rows([turn('a', null), turn('b', 'a'), turn('c', 'b'), turn('b2', 'a'), turn('d', 'b2')]);
    expect(drawn.map((row) => [row.turn.turn, row.depth, row.fork])).toEqual([
      ['a', 0, false],
      ['b', 1, true],
      ['c', 1, false],
      ['b2', 1, true],
      ['d', 1, false],
    ]);
    expect(drawn.map((row) => row.number)).toEqual([0, 1, 2, 3, 4]);
  });

  it('loses no turn whose parent is not there', () => {
    expect(rows([turn('b', 'gone')]).map((row) => row.turn.turn)).toEqual(['b']);
  });
});
