// Which of many lines a few typed letters mean.

export interface Fuzzy {
  /** Higher is better. */
  score: number;
  /** Places of the letters that were found. */
  at: number[];
}

/**
 * How well the letters of `typed` stand in `text`, in their order; `null` = they do not. Every word that was
 * typed has to be found; beginnings of words and letters side by side count most.
 */
export function fuzzy(typed: string, text: string): Fuzzy | null {
  const hay = fold(text);
  const words = fold(typed).split(/\s+/).filter(Boolean);
  let score = 0;
  const at: number[] = [];
  for (const word of words) {
    const found = whole(word, hay) ?? scattered(word, hay);
    if (!found) return null;
    score += found.score;
    at.push(...found.at);
  }
  return { score: score - hay.length / 200, at: [...new Set(at)].sort((a, b) => a - b) };
}

/** Without case and marks, letter for letter. */
function fold(text: string): string {
  return [...text].map((c) => (c.normalize('NFD')[0] ?? c).toLowerCase()[0] ?? ' ').join('');
}

const starts = (hay: string, at: number) => at === 0 || !/[\p{L}\p{N}]/u.test(hay[at - 1] ?? ' ');

function whole(word: string, hay: string): Fuzzy | null {
  let best = -1;
  for (let at = hay.indexOf(word); at >= 0; at = hay.indexOf(word, at + 1)) {
    if (starts(hay, at)) {
      best = at;
      break;
    }
    if (best < 0) best = at;
  }
  if (best < 0) return null;
  const score = 10 * word.length + (starts(hay, best) ? 20 : 0) - best / 20;
  return { score, at: [...word].map((_, place) => best + place) };
}

function scattered(word: string, hay: string): Fuzzy | null {
  const at: number[] = [];
  let score = 0;
  let from = 0;
  for (const letter of word) {
    // The beginning of a word further on is meant more often than a letter inside the next one.
    let place = hay.indexOf(letter, from);
    for (let next = place; next >= 0 && next < hay.length; next = hay.indexOf(letter, next + 1)) {
      if (next === from || starts(hay, next)) {
        place = next;
        break;
      }
    }
    if (place < 0) return null;
    score += place === from && at.length > 0 ? 5 : starts(hay, place) ? 4 : 0;
    at.push(place);
    from = place + 1;
  }
  // Letters strewn over a long line mean nothing.
  return score >= 4 * word.length ? { score, at } : null;
}
