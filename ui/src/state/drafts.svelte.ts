import type { View } from './view';

/** One text field whose content survives a restart. */
export class Draft {
  text = $state('');
  /** False until the saved text has been looked up. */
  ready = $state(false);
  private readonly key: string;

  constructor(
    private readonly view: View,
    conversation: string | null,
  ) {
    this.key = `view.draft.${conversation ?? 'new'}`;
  }

  async load(): Promise<void> {
    const saved = await this.view.get<string>(this.key).catch(() => null);
    // Whoever has begun to type meanwhile keeps what is typed.
    if (this.text === '' && typeof saved === 'string') this.text = saved;
    this.ready = true;
  }

  set(text: string): void {
    this.text = text;
    this.view.setSoon(this.key, text === '' ? null : text);
  }

  clear(): void {
    this.text = '';
    void this.view.set(this.key, null);
  }
}
