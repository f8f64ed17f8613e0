import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Marks } from './marks.svelte';

let content: HTMLElement;
let unwatch: () => void;
let marks: Marks;
const changed = vi.fn();
const folded = vi.fn();

function part(selector: string): HTMLElement {
  const element = content.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`no ${selector}`);
  return element;
}
const word = (turn: string, nth: number) => marks.at({ turn, nth })?.startContainer.parentElement?.className;

beforeEach(() => {
  content = document.createElement('div');
  content.innerHTML = `
    <section class="turn" data-turn="a">
      <div class="think"><div class="md"><p class="thought">heron</p></div></div>
      <div class="said"><div class="md one"><p class="first">a heron</p></div></div>
      <div class="said"><div class="md two"><p class="second">heron</p><p class="third">heron</p></div></div>
    </section>
    <section class="turn" data-turn="b"><div class="said"><div class="md"><p class="last">heron</p></div></div></section>`;
  document.body.replaceChildren(content);
  marks = new Marks(content);
  unwatch = marks.watch(changed, folded);
  marks.look('heron', null);
});
afterEach(() => {
  unwatch();
  vi.clearAllMocks();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it('keeps the places of a turn that has changed until it is read again', () => {
  part('.first').append(' and a heron');
  expect(marks.stale()).toBe(true);
  expect(word('a', 3)).toBe('third');
  expect(marks.counts.get('a')).toBe(4);
  marks.look('heron', null);
  expect(marks.stale()).toBe(false);
  expect(marks.counts.get('a')).toBe(5);
});

it('tells of a change once, unless it has been read before', async () => {
  vi.useFakeTimers();
  try {
    part('.last').append(' heron');
    await vi.advanceTimersByTimeAsync(150);
    expect(changed).not.toHaveBeenCalled();
    part('.last').append(' heron');
    await vi.advanceTimersByTimeAsync(100);
    expect(changed).toHaveBeenCalledOnce();
    part('.last').append(' heron');
    marks.look('heron', null);
    await vi.advanceTimersByTimeAsync(500);
    expect(changed).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});

it('stays at a place while others come before it, and while it is drawn anew', () => {
  const at = { turn: 'a', nth: 3 };
  part('.first').append(', heron, heron');
  part('.third').replaceWith(Object.assign(document.createElement('p'), { textContent: 'heron!' }));
  expect(marks.look('heron', at)).toEqual({ turn: 'a', nth: 5 });
  // Another text has other places.
  expect(marks.look('a', at)).toEqual(at);
});

it('reads a turn anew that has gone and come back', () => {
  const section = part('[data-turn=b]');
  section.replaceWith(section.cloneNode(true));
  marks.look('heron', null);
  expect(word('b', 0)).toBe('last');
});

/** Thoughts are folded up, which leaves them their size. */
function fold(): void {
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return this.closest('.think') === null;
  });
}

it('begins with what can be seen, then with what is hidden on the page', () => {
  const tops: Record<string, number> = { thought: 10, first: -50, second: 20, last: 300 };
  const box = (top: number | undefined) => ({ top, bottom: (top ?? 0) + 10, height: 10 }) as DOMRect;
  vi.spyOn(Range.prototype, 'getBoundingClientRect').mockImplementation(function (this: Range) {
    return box(tops[this.startContainer.parentElement?.className ?? '']);
  });
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    return box(this.getAttribute('data-turn') === 'a' ? 40 : 300);
  });
  fold();
  expect(marks.firstBelow(0)).toEqual({ turn: 'a', nth: 2 });
  tops['second'] = tops['third'] = -20;
  expect(marks.firstBelow(0)).toEqual({ turn: 'b', nth: 0 });
  tops['last'] = -20;
  expect(marks.firstBelow(0)).toEqual({ turn: 'a', nth: 0 });
  expect(marks.firstBelow(60)).toBeNull();
});

it('marks only what is drawn, and tells when it is folded up or out', () => {
  const painted = new Map<string, Set<StaticRange>>();
  vi.stubGlobal('Highlight', class extends Set<StaticRange> {});
  vi.stubGlobal('StaticRange', class extends Range {});
  vi.stubGlobal('CSS', { highlights: painted });
  const paint = (nth: number) => {
    painted.clear();
    marks.paint(['a', 'b'], { turn: 'a', nth });
    return [painted.get('found')?.size, painted.get('found-now')?.size];
  };
  expect(paint(0)).toEqual([5, 1]);
  fold();
  expect(paint(0)).toEqual([4, undefined]);
  expect(paint(1)).toEqual([4, 1]);
  expect(folded).not.toHaveBeenCalled();
  part('.think').dispatchEvent(new Event('toggle'));
  expect(folded).toHaveBeenCalledOnce();
});
