import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stickToEnd, type Stick, watchSight } from './scroll';

// A scroller of 100 px whose content grows; nothing is laid out here, so the box is played.
let height: number;
let node: HTMLElement;
let resized: () => void;
let stick: Stick;
let changes: boolean[];
/** How often the place was asked for. */
let asked: number;

const grow = (by: number) => {
  height += by;
  resized();
};
const scrollTo = (top: number) => {
  node.scrollTop = top;
  node.dispatchEvent(new Event('scroll'));
};
const wheel = (deltaY: number) => node.dispatchEvent(new WheelEvent('wheel', { deltaY }));

beforeEach(() => {
  height = 80;
  changes = [];
  asked = 0;
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: () => void) {
        resized = callback;
      }
      observe() {}
      disconnect() {}
    },
  );
  node = document.createElement('div');
  let top = 0;
  Object.defineProperties(node, {
    clientHeight: { get: () => 100 },
    scrollHeight: { get: () => Math.max(100, height) },
    scrollTop: {
      get: () => {
        asked += 1;
        return top;
      },
      set: (next: number) => (top = Math.max(0, Math.min(next, Math.max(100, height) - 100))),
    },
  });
  stick = stickToEnd(node, node, (following) => changes.push(following));
});
afterEach(() => {
  stick.destroy();
  vi.unstubAllGlobals();
});

describe('a scroller that follows', () => {
  it('stays at the end while text grows', () => {
    grow(500);
    expect(node.scrollTop).toBe(480);
    grow(500);
    expect(node.scrollTop).toBe(980);
    expect(changes).toEqual([]);
  });

  it('stays where it is told to, and follows again when the reader goes to the end', () => {
    grow(500);
    stick.stay();
    grow(500);
    expect(node.scrollTop).toBe(480);
    scrollTo(980);
    expect(stick.following).toBe(true);
  });

  it('asks nothing of the layout when it has moved by itself', () => {
    grow(500);
    const before = asked;
    node.dispatchEvent(new Event('scroll'));
    expect(asked).toBe(before);
    wheel(-40);
    node.dispatchEvent(new Event('scroll'));
    expect(asked).toBeGreaterThan(before);
  });

  it('lets go where it came back to the end and nothing has grown since', () => {
    grow(500);
    wheel(-40);
    scrollTo(200);
    scrollTo(height - 100 - 40);
    scrollTo(height - 100);
    expect(stick.following).toBe(true);
    wheel(-40);
    // The way up in steps, as it is animated.
    scrollTo(height - 100 - 10);
    scrollTo(height - 100 - 100);
    expect(stick.following).toBe(false);
  });

  it('is not led astray when a placeholder goes and a block comes', () => {
    grow(500);
    height -= 60;
    node.scrollTop = height;
    height += 400;
    node.dispatchEvent(new Event('scroll'));
    expect(stick.following).toBe(true);
  });

  it('lets go at the first wheel upward and never pulls the reader back', () => {
    grow(500);
    wheel(-40);
    scrollTo(300);
    grow(500);
    expect(node.scrollTop).toBe(300);
    expect(changes).toEqual([false]);
  });

  it('lets go at a key or a drag upward', () => {
    grow(500);
    node.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageUp' }));
    expect(stick.following).toBe(false);
    stick.follow();
    node.dispatchEvent(new Event('pointerdown'));
    scrollTo(100);
    expect(stick.following).toBe(false);
  });

  it('does not care for a wheel where there is nothing to scroll', () => {
    wheel(-40);
    expect(stick.following).toBe(true);
  });

  it('follows again within 48 px of the end', () => {
    grow(500);
    wheel(-40);
    scrollTo(200);
    scrollTo(420);
    expect(stick.following).toBe(false);
    scrollTo(440);
    expect(stick.following).toBe(true);
    grow(100);
    expect(node.scrollTop).toBe(580);
  });
});

describe('whether something can be seen', () => {
  it('is told until nobody asks any more, and counts as seen from then on', () => {
    let tell: (all: { isIntersecting: boolean }[]) => void = () => {};
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(callback: typeof tell) {
          tell = callback;
        }
        observe() {}
        disconnect() {}
      },
    );
    const told: boolean[] = [];
    const end = watchSight(node, (seen) => told.push(seen));
    tell([{ isIntersecting: true }, { isIntersecting: false }]);
    tell([{ isIntersecting: true }]);
    tell([{ isIntersecting: false }]);
    end();
    expect(told).toEqual([false, true, false, true]);
  });
});
