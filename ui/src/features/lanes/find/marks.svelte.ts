// Places of a text in the turns that are on the page: counted, marked, and kept up while the page changes.
import { isDrawn, mark, rangeOf, Reading, type Span } from '../../../shared/found';
import type { Place } from './places';

/** Rest after a change of the page before it is read again: answers grow all the time. */
const CHANGED_MS = 200;
/** Places that are marked at once, those around the one gone to. */
const MOST_MARKED = 2000;
/** What is read of a turn. */
const READ = '.ask > h2[data-read], .think .md, .said .md';
/** Changes outside of this change nothing that is read. */
const READ_IN = '.ask, .think, .said, .md';

/** What a turn was read from, and what stood there. */
interface Read {
  section: HTMLElement;
  reading: Reading;
}

export class Marks {
  /** How many places each turn has. */
  counts = $state.raw<ReadonlyMap<string, number>>(new Map());
  private readonly read = new Map<string, Read>();
  private needle = '';
  /** Turns that have changed since they were read. Until they are read again, what was read holds. */
  private readonly changed = new Set<string>();
  /** Turns have come or gone. */
  private moved = false;
  private observer: MutationObserver | null = null;
  private later: ReturnType<typeof setTimeout> | null = null;
  private onchange = () => {};

  /** `content` holds the turns. */
  constructor(private readonly content: HTMLElement) {}

  /** Something that is read has changed since. */
  stale(): boolean {
    this.note(this.observer?.takeRecords() ?? []);
    return this.moved || this.changed.size > 0;
  }

  /**
   * Counts a folded text; turns that have changed are read again. Gives back a place as it counts now: others may
   * have come before it.
   */
  look(needle: string, at: Place | null): Place | null {
    const held = at && needle === this.needle ? this.read.get(at.turn)?.reading.standing(at.nth) : null;
    this.stale();
    const counts = new Map<string, number>();
    for (const section of this.sections()) {
      const id = section.dataset['turn'] ?? '';
      let known = this.read.get(id);
      if (known?.section !== section || this.changed.has(id)) {
        known = { section, reading: new Reading(section.querySelectorAll(READ)) };
        this.read.set(id, known);
      }
      counts.set(id, known.reading.look(needle));
    }
    for (const id of this.read.keys()) if (!counts.has(id)) this.read.delete(id);
    this.counts = counts;
    this.needle = needle;
    this.settled();
    const nth = at && held ? this.read.get(at.turn)?.reading.nth(held) : null;
    return at && typeof nth === 'number' ? { turn: at.turn, nth } : at;
  }

  /**
   * Marks the places of the turns that are here, and the one gone to. One that is not drawn is left out: WebKit
   * paints those of what is folded up over what stands below.
   */
  paint(here: readonly string[], at: Place | null): void {
    const middle = Math.max(0, here.indexOf(at?.turn ?? ''));
    const outward = here
      .map((turn, place) => ({ turn, far: Math.abs(place - middle) }))
      .sort((a, b) => a.far - b.far);
    const places: StaticRangeInit[] = [];
    let now: StaticRangeInit | null = null;
    for (const { turn } of outward) {
      for (const { root, from, to } of this.holders(turn)) {
        if (!isDrawn(root)) continue;
        for (let nth = from; nth < to && places.length < MOST_MARKED; nth += 1) {
          const place = this.at({ turn, nth });
          if (place) places.push(place);
        }
        if (at?.turn === turn && from <= at.nth && at.nth < to) now = this.at(at);
      }
    }
    mark('found', places);
    mark('found-now', now ? [now] : []);
  }

  /** Where a place begins and ends; `null` = it is not on the page. */
  at(place: Place): StaticRangeInit | null {
    return this.read.get(place.turn)?.reading.place(place.nth) ?? null;
  }

  /** Folds out what a place stands in; gives back which answer it stands in, `null` = in none. */
  unfold(place: Place): number | null {
    const around = this.at(place)?.startContainer.parentElement;
    around?.dispatchEvent(new Event('beforematch', { bubbles: true }));
    const answer = around?.closest<HTMLElement>('.answers > article.ans');
    return answer ? Number(answer.dataset['place'] ?? 0) : null;
  }

  /**
   * The first place that can be seen below a height of the window; else the first there that is folded up or behind
   * another tab.
   */
  firstBelow(top: number): Place | null {
    let hidden: Place | null = null;
    for (const section of this.sections()) {
      const turn = section.dataset['turn'] ?? '';
      const holders = this.holders(turn);
      if (holders.length === 0 || section.getBoundingClientRect().bottom <= top) continue;
      for (const { root, from, to } of holders) {
        // What is folded up has a size all the same in WebKit.
        const drawn = isDrawn(root);
        if (!drawn) hidden ??= { turn, nth: from };
        for (let nth = from; drawn && nth < to; nth += 1) {
          const place = this.at({ turn, nth });
          const seen = place && rangeOf(place).getBoundingClientRect();
          if (seen && seen.height > 0 && seen.bottom > top) return { turn, nth };
        }
      }
    }
    return hidden;
  }

  /**
   * Tells when what is read has changed, and when other parts of it may be drawn; gives back what ends that, and
   * takes the marks away.
   */
  watch(onchange: () => void, ondrawn: () => void): () => void {
    this.onchange = onchange;
    // It does not bubble.
    this.content.addEventListener('toggle', ondrawn, true);
    // A narrow thread shows one answer at a time.
    const resized = new ResizeObserver(ondrawn);
    if (this.content.parentElement) resized.observe(this.content.parentElement);
    this.observer = new MutationObserver((changes) => this.note(changes));
    this.observer.observe(this.content, { childList: true, characterData: true, subtree: true });
    return () => {
      this.content.removeEventListener('toggle', ondrawn, true);
      resized.disconnect();
      this.observer?.disconnect();
      this.observer = null;
      this.settled();
      mark('found', []);
      mark('found-now', []);
    };
  }

  private holders(turn: string): readonly Span[] {
    return this.read.get(turn)?.reading.holders() ?? [];
  }

  private note(changes: readonly MutationRecord[]): void {
    for (const { target } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      if (element !== this.content && !element?.closest(READ_IN)) continue;
      const turn = element.closest<HTMLElement>('.turn')?.dataset['turn'];
      if (turn === undefined) this.moved = true;
      else this.changed.add(turn);
    }
    if (!this.moved && this.changed.size === 0) return;
    this.later ??= setTimeout(() => {
      this.later = null;
      this.onchange();
    }, CHANGED_MS);
  }

  /** All that is on the page has been read. */
  private settled(): void {
    this.moved = false;
    this.changed.clear();
    if (this.later) clearTimeout(this.later);
    this.later = null;
  }

  private sections(): NodeListOf<HTMLElement> {
    return this.content.querySelectorAll('.turn[data-turn]');
  }
}
