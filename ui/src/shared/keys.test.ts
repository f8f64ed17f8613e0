import { describe, expect, it } from 'vitest';
import { ariaKeys, arrow, caps, chordOf, isLetter, sameChord } from './keys';

const press = (init: KeyboardEventInit) => chordOf(new KeyboardEvent('keydown', init));

describe('chords', () => {
  it('are read from the keys that are down', () => {
    expect(press({ key: 'k', code: 'KeyK', ctrlKey: true })).toBe('$mod+KeyK');
    expect(press({ key: 'B', code: 'KeyB', ctrlKey: true, shiftKey: true })).toBe('$mod+Shift+KeyB');
    expect(press({ key: 'z', code: 'KeyY' })).toBe('z');
    expect(press({ key: 'F6', code: 'F6' })).toBe('F6');
    expect(press({ key: 'Control', code: 'ControlLeft', ctrlKey: true })).toBeNull();
  });

  it('are shown as key caps and told to screen readers', () => {
    expect(caps('$mod+Shift+KeyB')).toEqual(['Ctrl', 'Shift', 'B']);
    expect(caps('$mod+Comma')).toEqual(['Ctrl', ',']);
    expect(caps('z')).toEqual(['Z']);
    expect(ariaKeys('$mod+KeyK')).toBe('Control+K');
  });

  it('are the same however they are written', () => {
    expect(sameChord('$mod+KeyK', '$mod+k')).toBe(true);
    expect(sameChord('Shift+$mod+KeyB', '$mod+Shift+KeyB')).toBe(true);
    expect(sameChord('$mod+KeyK', '$mod+KeyL')).toBe(false);
    expect([isLetter('z'), isLetter('Shift+b'), isLetter('F6'), isLetter('$mod+KeyK')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

it('go through a table by rows and columns', () => {
  const by = (key: string) => arrow(new KeyboardEvent('keydown', { key }));
  expect(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Enter', 'toString'].map(by)).toEqual([
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
    null,
    null,
  ]);
});
