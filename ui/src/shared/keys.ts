// Chords as tinykeys writes them: read from an event, shown to a person, compared.
import { t, words } from './i18n.svelte';

const mac = () => typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

const WORDS: Record<string, string> = {
  Comma: ',',
  Period: '.',
  Slash: '/',
  Minus: '-',
  Equal: '=',
  Semicolon: ';',
  Quote: '’',
  Backquote: '`',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
};
const NAMES: Record<string, string> = words({
  Space: 'Space',
  Delete: 'Del',
  Control: 'Ctrl',
  Shift: 'Shift',
});

/** The pieces of a chord as key caps show them: `$mod+Shift+KeyB` is Ctrl, Shift, B. */
export function caps(chord: string): string[] {
  return chord.split('+').map((piece) => {
    if (piece === '$mod') return mac() ? '⌘' : t('Ctrl');
    if (piece === 'Alt') return mac() ? '⌥' : 'Alt';
    const code = /^(?:Key|Digit|Numpad)(.)$/.exec(piece);
    return WORDS[piece] ?? NAMES[piece] ?? code?.[1] ?? (piece.length === 1 ? piece.toUpperCase() : piece);
  });
}

/** A chord in words, for a sentence or a tooltip. */
export const chordText = (chord: string) => caps(chord).join(' ');

/** As `aria-keyshortcuts` wants it. */
export const ariaKeys = (chord: string) =>
  chord
    .replace('$mod', mac() ? 'Meta' : 'Control')
    .replace(/\b(?:Key|Digit)(.)\b/, '$1')
    .replace('Comma', ',');

const MODIFIERS = ['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Fn', 'Dead', 'Process'];

/** The chord of a key event; `null` while only modifiers are down. */
export function chordOf(event: KeyboardEvent): string | null {
  if (MODIFIERS.includes(event.key)) return null;
  const held = [
    (mac() ? event.metaKey : event.ctrlKey) ? '$mod' : null,
    mac() && event.ctrlKey ? 'Control' : null,
    event.altKey ? 'Alt' : null,
    event.shiftKey ? 'Shift' : null,
  ].filter((piece) => piece !== null);
  // A letter alone goes by what it writes, so that it is the same letter on every keyboard.
  const alone = held.every((piece) => piece === 'Shift') && event.key.length === 1 && event.key !== ' ';
  return [...held, alone ? event.key.toLowerCase() : event.code || event.key].join('+');
}

/** A key that also writes: it needs no text field to have the focus. */
export const isLetter = (chord: string) => {
  const key = chord.replace(/^Shift\+/, '');
  return key.length === 1 || /^(Key|Digit).$/.test(key);
};

const plain = (chord: string) =>
  chord
    .split('+')
    .map((piece) => piece.replace(/^Key(.)$/, '$1').toLowerCase())
    .sort()
    .join('+');

/** Whether two chords are the same keys. */
export const sameChord = (a: string, b: string) => plain(a) === plain(b);

const ARROWS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['ArrowUp', [-1, 0]],
  ['ArrowDown', [1, 0]],
  ['ArrowLeft', [0, -1]],
  ['ArrowRight', [0, 1]],
]);

/** How many rows and columns of a table an arrow key goes; `null` = it is another key. */
export const arrow = ({ key }: KeyboardEvent): readonly [number, number] | null => ARROWS.get(key) ?? null;

/** Takes back what a toast tells of, unless another is chosen. */
export const UNDO_KEY = 'z';

/** Letters that are typed there write. */
export const isText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
