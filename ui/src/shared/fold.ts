// One spelling for what can be written in several ways. The core folds the same way (`fold.rs`), for other turns and
// other chats; both are held to `tests/vectors/fold.json`.

/** Nobody sees it, or it is the line by which Arabic words are drawn out. */
const UNSEEN =
  /\p{Variation_Selector}|\u034f|\u180e|[\u17b4\u17b5]|[\u00ad\u061c\u0640\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufc5e-\ufc63\ufe70-\ufe7f]/u;
/** It may become one letter with what stands before it. */
const CONTINUES = /[\p{M}\u0e33\u0eb3\uff9e\uff9f\u{16d67}\u{16d68}\u1160-\u11ff\ud7b0-\ud7ff]/u;
/** It is never taken apart: it would become a letter of the word beside it, a space with a mark, or a syllable. */
const STAYS =
  /^[™℠№\u3131-\u318e\uffa0-\uffdc\u00a8\u00af\u00b4\u00b8\u02d8-\u02dd\u037a\u0384\u0385\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed\u1fee\u1ffd\u1ffe\u2017\u203e\u309b\u309c\ufe49-\ufe4f\uffe3]/;
/** A mark of a script whose readers do without. */
const OPTIONAL =
  /^(?:[\u0300-\u036f]|[\u0483-\u0489]|[\u0590-\u074f]|[\u08ca-\u08ff]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]|[\ufe20-\ufe2f])/;
const MARK = /\p{M}/u;
const LETTER = /[\p{Alphabetic}\p{N}]/u;
const SPELT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ς: 'σ',
  '\u0640': '',
};

/** Without the mark it would be something else: й is not и, nor ≠ =. But ё is written е. */
function belongs(base: string, mark: string): boolean {
  const whole = (base + mark).normalize('NFC');
  if (base === '' || [...whole].length > 1) return false;
  return /[\u0400-\u052f]/.test(base) ? !/[ёЁѐЀѝЍ]/.test(whole) : !LETTER.test(base);
}

/** What becomes of a letter and its marks. */
function letter(cluster: string): string {
  const stays = STAYS.test(cluster) ? cluster.charAt(0) : '';
  let base = stays;
  let spelt = '';
  for (const c of cluster.slice(stays.length).normalize('NFKD')) {
    if (!MARK.test(c)) base = c;
    else if (OPTIONAL.test(c) && !belongs(base, c)) continue;
    for (const small of c.toLowerCase()) spelt += SPELT[small] ?? small;
  }
  return stays + spelt.normalize('NFC');
}

/** Letters that were folded; a text has few different ones. */
const known = new Map<string, string>();
const MOST_KNOWN = 5000;

function folded(cluster: string): string {
  let text = known.get(cluster);
  if (text === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    text = letter(cluster);
    known.set(cluster, text);
  }
  return text;
}

/** A piece of the folded text, and what it stands for. What follows stands as far from it as in the text. */
interface Piece {
  at: number;
  length: number;
  from: number;
  to: number;
}

/** A text as it is looked for, with the places it came from. */
export class Folded {
  readonly text: string;
  /** Pieces whose length is another than in the text, or which stand elsewhere than the one before lets expect. */
  private readonly pieces: Piece[] = [];

  constructor(text: string) {
    const out: string[] = [];
    let at = 0;
    let ahead = 0;
    const put = (letters: string, from: number, to: number) => {
      if (letters.length !== to - from || from - at !== ahead) {
        this.pieces.push({ at, length: letters.length, from, to });
      }
      out.push(letters);
      at += letters.length;
      ahead = to - at;
    };
    let taken = 0;
    const plain = (to: number) => {
      // As a piece of no length, so that each letter has its own place.
      if (to > taken) put('', taken, taken);
      if (to > taken) put(text.slice(taken, to).toLowerCase(), taken, to);
      taken = to;
    };
    // A letter of ASCII before others may have a mark.
    for (const run of text.matchAll(/[\0-\x7f]?[^\0-\x7f]+/g)) {
      plain(run.index);
      let [cluster, from, to] = ['', taken, taken];
      for (const c of run[0]) {
        if (!UNSEEN.test(c)) {
          if (!CONTINUES.test(c) && cluster !== '') {
            put(folded(cluster), from, to);
            cluster = '';
          }
          if (cluster === '') from = taken;
          cluster += c;
          to = taken + c.length;
        }
        taken += c.length;
      }
      if (cluster !== '') put(folded(cluster), from, to);
    }
    plain(text.length);
    this.text = out.join('');
  }

  /** Where in the text what stands at a place begins. */
  start(place: number): number {
    const piece = lastAt(this.pieces, place);
    if (!piece) return place;
    const behind = place - piece.at - piece.length;
    return behind < 0 ? piece.from : piece.to + behind;
  }

  /** The last letter in the text of what stands at a place. */
  last(place: number): number {
    const piece = lastAt(this.pieces, place);
    if (!piece) return place;
    const behind = place - piece.at - piece.length;
    return behind < 0 ? piece.to - 1 : piece.to + behind;
  }
}

/** The last of the pieces, which are in their order, that begins at or before a place. */
export function lastAt<P extends { at: number }>(pieces: readonly P[], place: number): P | undefined {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle]?.at ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return pieces[low - 1];
}

/** A text as it is looked for. */
export const fold = (text: string): string => new Folded(text).text;
