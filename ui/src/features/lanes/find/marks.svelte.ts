// Places of a text in the turns that are on the page: counted, marked, and kept up while the page changes.
import { mark, rangeOf, Reading } from '../../../shared/found';
import type { Place } from './places';

/** Rest after a change of the page before it is read again: answers grow all the time. */
const CHANGED_MS = 200;
/** Places that are marked at once, those around the one gone to. */
const MOST_MARKED = 2000;
/** What is read of a turn. */
const READ = '.ask > h2[data-read], .think .md, .said .md';
/** Changes outside of this change nothing that is read. */
const READ_IN = '.ask, .think, .said, .md';

export class Marks {
  /** How many places each turn has. */
  counts = $state.raw<ReadonlyMap<string, number>>(new Map());
  private readonly readings = new Map<string, Reading>();

  /** `content` holds the turns. */
  constructor(private readonly content: HTMLElement) {}

  /** Counts a folded text; turns that have changed are read again. */
  look(needle: string): void {
    const counts = new Map<string, number>();
    for (const section of this.sections()) {
      const id = section.dataset['turn'] ?? '';
      const reading = this.readings.get(id) ?? new Reading(section.querySelectorAll(READ));
      this.readings.set(id, reading);
      counts.set(id, reading.look(needle));
    }
    for (const id of this.readings.keys()) if (!counts.has(id)) this.readings.delete(id);
    this.counts = counts;
  }

  /** Marks the places of the turns that are here, and the one gone to. */
  paint(here: readonly string[], at: Place | null): void {
    const middle = Math.max(0, here.indexOf(at?.turn ?? ''));
    const outward = here
      .map((turn, place) => ({ turn, far: Math.abs(place - middle) }))
      .sort((a, b) => a.far - b.far);
    const places: StaticRangeInit[] = [];
    for (const { turn } of outward) {
      const many = this.counts.get(turn) ?? 0;
      for (let nth = 0; nth < many && places.length < MOST_MARKED; nth += 1) {
        const place = this.at({ turn, nth });
        if (place) places.push(place);
      }
    }
    mark('found', places);
    const now = at && this.at(at);
    mark('found-now', now ? [now] : []);
  }

  /** Where a place begins and ends; `null` = it is not on the page. */
  at(place: Place): StaticRangeInit | null {
    return this.readings.get(place.turn)?.place(place.nth) ?? null;
  }

  /** The first place that can be seen below a height of the window. */
  firstBelow(top: number): Place | null {
    for (const section of this.sections()) {
      const turn = section.dataset['turn'] ?? '';
      const many = this.counts.get(turn) ?? 0;
      if (many === 0 || section.getBoundingClientRect().bottom <= top) continue;
      for (let nth = 0; nth < many; nth += 1) {
        const place = this.at({ turn, nth });
        // What is folded up, or behind another tab, has no size.
        const seen = place && rangeOf(place).getBoundingClientRect();
        if (seen && seen.height > 0 && seen.bottom > top) return { turn, nth };
      }
    }
    return null;
  }

  /** Tells when what is read has changed; gives back what ends that, and takes the marks away. */
  watch(onchange: () => void): () => void {
    let later: ReturnType<typeof setTimeout> | null = null;
    const observer = new MutationObserver((changes) => {
      let read = false;
      for (const { target } of changes) {
        const element = target instanceof Element ? target : target.parentElement;
        if (element !== this.content && !element?.closest(READ_IN)) continue;
        const turn = element.closest<HTMLElement>('.turn')?.dataset['turn'];
        if (turn !== undefined) this.readings.delete(turn);
        read = true;
      }
      if (!read) return;
      later ??= setTimeout(() => {
        later = null;
        onchange();
      }, CHANGED_MS);
    });
    observer.observe(this.content, { childList: true, characterData: true, subtree: true });
    return () => {
      observer.disconnect();
      if (later) clearTimeout(later);
      mark('found', []);
      mark('found-now', []);
    };
  }

  private sections(): NodeListOf<HTMLElement> {
    return this.content.querySelectorAll('.turn[data-turn]');
  }
}
