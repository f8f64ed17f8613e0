import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NextFrame } from './next';

describe('NextFrame', () => {
  let runs = 0;
  let next: NextFrame;
  beforeEach(() => {
    vi.useFakeTimers();
    runs = 0;
    next = new NextFrame(() => (runs += 1));
  });
  afterEach(() => vi.useRealTimers());

  it('runs once, however often it was asked', async () => {
    next.ask(0);
    next.ask(0);
    expect([runs, next.waiting]).toEqual([0, true]);
    await vi.advanceTimersToNextFrame();
    expect([runs, next.waiting]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(500);
    expect(runs).toBe(1);
  });

  it('lets frames go by during a pause, unless something comes that has none', async () => {
    next.ask(30);
    await vi.advanceTimersToNextFrame();
    expect(runs).toBe(0);
    await vi.advanceTimersByTimeAsync(34);
    expect(runs).toBe(1);
    next.ask(30);
    next.ask(0);
    next.ask(30);
    await vi.advanceTimersToNextFrame();
    expect(runs).toBe(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(runs).toBe(2);
  });

  it('keeps hold of the one frame it asked for', async () => {
    const asked = vi.spyOn(globalThis, 'requestAnimationFrame');
    next.ask(10);
    next.ask(0);
    vi.advanceTimersByTime(12);
    expect(asked).toHaveBeenCalledTimes(1);
    next.cancel();
    await vi.advanceTimersByTimeAsync(100);
    expect(runs).toBe(0);
    asked.mockRestore();
  });

  it('runs where no frame comes, and not at all once it is cancelled', async () => {
    vi.stubGlobal('requestAnimationFrame', () => 1);
    next.ask(30);
    await vi.advanceTimersByTimeAsync(200);
    expect(runs).toBe(1);
    next.ask(0);
    next.cancel();
    await vi.advanceTimersByTimeAsync(200);
    expect([runs, next.waiting]).toEqual([1, false]);
    vi.unstubAllGlobals();
  });
});
