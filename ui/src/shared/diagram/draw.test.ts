import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { address, draw, PATIENCE_MS, SANDBOX } from './draw';

const frame = () => document.querySelector('iframe');
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"></svg>';

/** A message as the browser brings it; from the frame unless said otherwise. */
function say(data: unknown, from: { source?: unknown; origin?: string } = {}): void {
  const source = 'source' in from ? from.source : frame()?.contentWindow;
  const event = new MessageEvent('message', { data, origin: from.origin ?? 'null' });
  Object.defineProperty(event, 'source', { value: source });
  window.dispatchEvent(event);
}

describe('a diagram', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    document.body.replaceChildren();
  });

  it('is drawn in a frame that may do nothing but run', () => {
    void draw('flowchart LR', false).catch(() => {});
    expect(frame()?.getAttribute('sandbox')).toBe(SANDBOX);
    expect(SANDBOX).toBe('allow-scripts');
  });

  it('has a scheme of its own in the window', () => {
    expect(address('tauri:')).toBe('diagram://localhost/');
    expect(address('http:')).toBe('./diagram/index.html');
  });

  it('comes back as an image, and the frame is gone', async () => {
    const drawn = draw('flowchart LR', false);
    say({ svg: SVG, width: 20, height: 10 });
    expect(await drawn).toEqual({
      src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(SVG)}`,
      width: 20,
      height: 10,
    });
    expect(frame()).toBeNull();
  });

  it('is taken from nobody else', async () => {
    const drawn = draw('flowchart LR', false);
    say({ svg: '<svg>another page</svg>', width: 1, height: 1 }, { source: window });
    say({ svg: '<svg>with an origin</svg>', width: 1, height: 1 }, { origin: 'tauri://localhost' });
    expect(frame()).not.toBeNull();
    say({ svg: SVG, width: 20, height: 10 });
    expect((await drawn).width).toBe(20);
  });

  it.each([
    { svg: '<html>', width: 20, height: 10 },
    { svg: `<svg${' '.repeat(1_000_001)}`, width: 20, height: 10 },
    { svg: SVG, width: -1, height: 10 },
    { svg: SVG, width: 20, height: Number.NaN },
    { svg: 7 },
  ])('is not shown when it is none', async (data) => {
    const drawn = draw('flowchart LR', false);
    say(data);
    await expect(drawn).rejects.toThrow('Nothing came of it.');
    expect(frame()).toBeNull();
  });

  it('is given up after a while', async () => {
    const drawn = draw('flowchart LR', false);
    const told = expect(drawn).rejects.toThrow('It took too long.');
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    await told;
    expect(frame()).toBeNull();
  });

  it('says what the library says, no longer than a line or two', async () => {
    const drawn = draw('flowchart LR', false);
    say({ error: 'words', words: 'x'.repeat(5_000) });
    await expect(drawn).rejects.toThrow(/^x{500}$/);
    await expect(draw('x'.repeat(20_001), false)).rejects.toThrow('It is too large.');
  });
});
