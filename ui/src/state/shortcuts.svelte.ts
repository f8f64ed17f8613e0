// Keys as the user wants them. What is not changed has the keys it came with.
import type { View } from './view';

const KEY = 'view.shortcuts';

export class Shortcuts {
  private changed = $state.raw<Record<string, string>>({});

  constructor(private readonly view: View) {}

  async load(): Promise<void> {
    const stored = await this.view.get<Record<string, unknown>>(KEY).catch(() => null);
    if (stored === null || typeof stored !== 'object') return;
    const pairs = Object.entries(stored).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    this.changed = Object.fromEntries(pairs);
  }

  /** The keys of an action; empty = none. */
  of(id: string, usual: string): string {
    return this.changed[id] ?? usual;
  }

  isChanged(id: string): boolean {
    return id in this.changed;
  }

  get anyChanged(): boolean {
    return Object.keys(this.changed).length > 0;
  }

  set(id: string, chord: string): void {
    this.keep({ ...this.changed, [id]: chord });
  }

  reset(id: string): void {
    this.keep(Object.fromEntries(Object.entries(this.changed).filter(([known]) => known !== id)));
  }

  resetAll(): void {
    this.keep({});
  }

  private keep(changed: Record<string, string>): void {
    this.changed = changed;
    void this.view.set(KEY, this.anyChanged ? changed : null);
  }
}
