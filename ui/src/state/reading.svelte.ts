import type { View } from './view';

/** How the user reads and types, kept for every conversation. */
export class Reading {
  /** Keys of one letter or digit do something where no text field has the focus. */
  singleKeys = $state(true);
  /** Columns that scroll by themselves scroll together, block by block. */
  together = $state(true);

  /** Long answers are announced by the desktop while the window is not in front. */
  notify = $state(false);

  constructor(private readonly view: View) {}

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
