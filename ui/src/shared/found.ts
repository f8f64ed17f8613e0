// Where a text stands in what is drawn. The core reads an answer in the same way where it is not drawn, and only
// counts (`find.rs`, `plain.rs`, `fold.rs`): what is changed here is changed there.

import { fold, Folded, lastAt } from './fold';

/** Stands between words that are not beside each other for a reader. No text holds it. */
const BREAK = '\0';
/** Elements that stand in the middle of a line. */
const INLINE = new Set(['A', 'CODE', 'EM', 'S', 'SPAN', 'STRONG', 'SUP', 'WBR']);
/** What is drawn beside the words that were written: labels, buttons, formulas, badges, drawings. */
const PASSED = 'figcaption,button,math,.formula,code.math,.hidden-char,.drawing';

/** Without the difference of kinds of spaces: each keeps its place. */
const evened = (text: string): string => text.replace(/\s/g, ' ');

/** As it is looked for, and without the difference of one space and many: a paragraph draws them as one. */
export const folded = (text: string): string => fold(evened(text)).replace(/ {2,}/g, ' ');

/** A folded text that nobody looks for. */
export const isBlank = (needle: string): boolean => /^ *$/.test(needle);

interface Piece {
  node: Text;
  at: number;
}

/** A place told by the element it stands in, which goes on to be while others and itself grow. */
export interface Standing {
  root: Element;
  nth: number;
}

/** The places that stand in one of the elements: from one up to before another. */
export interface Span {
  root: Element;
  from: number;
  to: number;
}

/** The text of some elements, folded, and where a needle stands in it. */
export class Reading {
  private readonly text: string;
  /** As it is drawn. */
  private readonly drawn: Folded;
  private readonly pieces: Piece[] = [];
  /** Where the text of each element ends. */
  private readonly ends: { root: Element; end: number }[] = [];
  /** Up to where spaces have gone that stood beside others, and how many by then. */
  private readonly gone: { end: number; spaces: number }[] = [];
  private starts: number[] = [];
  /** The last letter of each place. */
  private lasts: number[] = [];
  private spans: Span[] = [];

  constructor(roots: Iterable<Element>) {
    const texts: string[] = [];
    let at = 0;
    const put = (text: string) => {
      texts.push(text);
      at += text.length;
    };
    const take = (parent: Node) => {
      for (let child = parent.firstChild; child; child = child.nextSibling) {
        if (child instanceof Text) {
          if (child.data === '') continue;
          this.pieces.push({ node: child, at });
          put(child.data);
        } else if (child instanceof Element) {
          if (child.matches(PASSED)) {
            if (!child.matches('.hidden-char')) put(BREAK);
            continue;
          }
          const inline = INLINE.has(child.tagName);
          if (!inline) put(BREAK);
          take(child);
          if (!inline) put(BREAK);
        }
      }
    };
    for (const root of roots) {
      take(root);
      this.ends.push({ root, end: at });
      put(BREAK);
    }
    let spaces = 0;
    this.drawn = new Folded(evened(texts.join('')));
    this.text = this.drawn.text.replace(/ {2,}/g, (run, from: number) => {
      spaces += run.length - 1;
      this.gone.push({ end: from + run.length, spaces });
      return ' ';
    });
  }

  /** How often a folded needle stands here. One does not begin inside another. */
  look(needle: string): number {
    this.starts = [];
    this.lasts = [];
    this.spans = [];
    if (isBlank(needle)) return 0;
    let [passed, spaces] = [0, 0];
    /** Where a letter stood before spaces went. Later ones are asked for later. */
    const stood = (at: number): number => {
      for (let run = this.gone[passed]; run && run.end - run.spaces <= at; run = this.gone[passed]) {
        spaces = run.spaces;
        passed += 1;
      }
      return at + spaces;
    };
    for (let at = this.text.indexOf(needle); at >= 0; at = this.text.indexOf(needle, at + needle.length)) {
      this.starts.push(this.drawn.start(stood(at)));
      this.lasts.push(this.drawn.last(stood(at + needle.length - 1)));
    }
    let to = 0;
    for (const { root, end } of this.ends) {
      const from = to;
      while ((this.starts[to] ?? end) < end) to += 1;
      if (to > from) this.spans.push({ root, from, to });
    }
    return this.starts.length;
  }

  /** The elements that hold places, in their order. */
  holders(): readonly Span[] {
    return this.spans;
  }

  /** The ends of the nth; `null` = there is none, or what it stood in is gone. */
  place(nth: number): StaticRangeInit | null {
    const [start, end] = [this.starts[nth], this.lasts[nth]];
    if (start === undefined || end === undefined) return null;
    const first = lastAt(this.pieces, start);
    const last = lastAt(this.pieces, end);
    if (!first?.node.isConnected || !last?.node.isConnected) return null;
    const [startOffset, endOffset] = [start - first.at, end + 1 - last.at];
    if (startOffset > first.node.length || endOffset > last.node.length) return null;
    return { startContainer: first.node, startOffset, endContainer: last.node, endOffset };
  }

  /** Which of the places of its element the nth is. */
  standing(nth: number): Standing | null {
    const span = this.spans.find(({ from, to }) => from <= nth && nth < to);
    return span ? { root: span.root, nth: nth - span.from } : null;
  }

  /** Which of all places this is; `null` = there is none any more. */
  nth({ root, nth }: Standing): number | null {
    const span = this.spans.find((candidate) => candidate.root === root);
    return span && span.from + nth < span.to ? span.from + nth : null;
  }
}

/** Whether an element is drawn: neither it nor what it stands in is folded up or behind another tab. */
export const isDrawn = (element: Element): boolean => element.checkVisibility?.() ?? true;

/** A range that the page keeps up while it changes; for a moment only. */
export function rangeOf(place: StaticRangeInit): Range {
  const range = document.createRange();
  range.setStart(place.startContainer, place.startOffset);
  range.setEnd(place.endContainer, place.endOffset);
  return range;
}

/**
 * Marks places under a name that the style sheet knows; the page itself is not changed. Does nothing where the
 * engine has no such marks.
 */
export function mark(name: 'found' | 'found-now', places: readonly StaticRangeInit[]): void {
  if (typeof Highlight === 'undefined' || !('highlights' in CSS)) return;
  // WebKitGTK draws the page anew where a highlight that it shows changes, not where one is taken away.
  CSS.highlights.get(name)?.clear();
  if (places.length === 0) {
    CSS.highlights.delete(name);
    return;
  }
  const marks = new Highlight();
  for (const place of places) marks.add(new StaticRange(place));
  if (name === 'found-now') marks.priority = 1;
  CSS.highlights.set(name, marks);
}

/** Room above and below what is shown, in pixels. */
const ROOM = 24;

/** Brings a place into view inside of the boxes around it that scroll by themselves, up to `outer`. */
export function revealInside(range: Range, outer: Element): void {
  let box = range.startContainer.parentElement;
  for (; box && box !== outer; box = box.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(box);
    const edge = box.getBoundingClientRect();
    const place = range.getBoundingClientRect();
    if (/auto|scroll/.test(overflowY) && box.scrollHeight > box.clientHeight) {
      if (place.top < edge.top + ROOM || place.bottom > edge.bottom - ROOM) {
        box.scrollTop += place.top - edge.top - box.clientHeight / 3;
      }
    }
    if (/auto|scroll/.test(overflowX) && box.scrollWidth > box.clientWidth) {
      if (place.left < edge.left + ROOM) box.scrollLeft += place.left - edge.left - ROOM;
      else if (place.right > edge.right - ROOM) box.scrollLeft += place.right - edge.right + ROOM;
    }
  }
}

/** Longest selection that is looked for. */
const LONGEST = 100;

/** A few words on one line that are selected inside of something; `null` = there are none. */
export function selectedIn(root: Element): string | null {
  const selection = document.getSelection();
  const text = selection?.toString().trim() ?? '';
  const taken = text !== '' && text.length <= LONGEST && !/[\n\r]/.test(text);
  return taken && root.contains(selection?.anchorNode ?? null) ? text : null;
}
