import type { View } from './view';

/** Pixels across, of the sidebar. */
export const SIDE_LEAST = 200;
export const SIDE_MOST = 420;
export const SIDE_USUAL = 248;

/** How the user reads and types, kept for every conversation. */
export class Reading {
  /** Keys of one letter or digit do something where no text field has the focus. */
  singleKeys = $state(true);
  /** Columns that scroll by themselves scroll together, block by block. */
  together = $state(true);

  /** Long answers are announced by the desktop while the window is not in front. */
  notify = $state(false);

  /** Width of the sidebar; `null` is the usual one. */
  side = $state<number | null>(null);

  constructor(private readonly view: View) {}

  /** What the first paint needs. */
  async loadSide(): Promise<void> {
    const side = await this.view.get<number>('view.side').catch(() => null);
    this.side = typeof side === 'number' ? this.within(side) : null;
  }

  setSide(width: number | null): void {
    this.side = width === null ? null : this.within(width);
    this.view.setSoon('view.side', this.side);
  }

  private within(width: number): number {
    return Math.min(SIDE_MOST, Math.max(SIDE_LEAST, Math.round(width)));
  }

  async load(): Promise<void> {
    const [keys, together, notify] = await Promise.all([
      this.view.get<boolean>('view.single_keys').catch(() => null),
      this.view.get<boolean>('view.together').catch(() => null),
      this.view.get<boolean>('view.notify').catch(() => null),
    ]);
    this.singleKeys = keys ?? true;
    this.together = together ?? true;
    this.notify = notify ?? false;
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    void this.view.set('view.single_keys', on);
  }

  setNotify(on: boolean): void {
    this.notify = on;
    void this.view.set('view.notify', on);
  }

  setTogether(on: boolean): void {
    this.together = on;
    void this.view.set('view.together', on);
  }
}
