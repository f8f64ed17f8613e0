// What a window keeps for itself: drafts, layouts, the last page. Kept by the core, under `view.` keys.
import type { Client } from '../ipc/client';

/** Typing is saved this long after the last key. */
export const SAVE_AFTER_MS = 400;

export class View {
  private readonly waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; value: unknown }>();

  constructor(
    private readonly client: Client,
    private readonly onFailure: (reason: unknown) => void,
  ) {}

  /** The value under a key, or `null`. One that is not valid JSON counts as absent. */
  async get<T>(key: string): Promise<T | null> {
    const unsaved = this.waiting.get(key);
    if (unsaved) return unsaved.value as T | null;
    const { value } = await this.client.call('view/get', { key });
    if (value === null) return null;
    try {
      return JSON.parse(value) as T;
    } catch {
      return null;
    }
  }

  async set(key: string, value: unknown): Promise<void> {
    this.forget(key);
    try {
      await this.client.call('view/set', { key, value: value === null ? null : JSON.stringify(value) });
    } catch (reason) {
      this.onFailure(reason);
    }
  }

  /** As `set`, but waits for a pause in the changes. */
  setSoon(key: string, value: unknown): void {
    this.forget(key);
    const timer = setTimeout(() => void this.set(key, value), SAVE_AFTER_MS);
    this.waiting.set(key, { timer, value });
  }

  /** Saves at once whatever still waits; for when the window goes away. */
  async flush(): Promise<void> {
    await Promise.all([...this.waiting].map(([key, { value }]) => this.set(key, value)));
  }

  private forget(key: string): void {
    clearTimeout(this.waiting.get(key)?.timer);
    this.waiting.delete(key);
  }
}
