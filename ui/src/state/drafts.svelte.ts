import type { Attachment } from '../ipc/generated/Attachment';
import type { View } from './view';

/** One text field, with its files, whose content survives a restart. */
export class Draft {
  text = $state('');
  files = $state.raw<Attachment[]>([]);
  /** False until what was saved has been looked up. */
  ready = $state(false);
  private readonly key: string;
  private readonly filesKey: string;

  constructor(
    private readonly view: View,
    conversation: string | null,
  ) {
    this.key = `view.draft.${conversation ?? 'new'}`;
    this.filesKey = `view.files.${conversation ?? 'new'}`;
  }

  async load(): Promise<void> {
    const [saved, files] = await Promise.all([
      this.view.get<string>(this.key).catch(() => null),
      this.view.get<Attachment[]>(this.filesKey).catch(() => null),
    ]);
    // Whoever has begun to type meanwhile keeps what is typed.
    if (this.text === '' && typeof saved === 'string') this.text = saved;
    if (this.files.length === 0 && Array.isArray(files)) this.files = files;
    this.ready = true;
  }

  set(text: string): void {
    this.text = text;
    this.view.setSoon(this.key, text === '' ? null : text);
  }

  attach(file: Attachment): void {
    if (this.files.some((known) => known.sha256 === file.sha256)) return;
    this.keep([...this.files, file]);
  }

  detach(sha256: string): void {
    this.keep(this.files.filter((file) => file.sha256 !== sha256));
  }

  /** Forgets what was sent; what came in while it was on its way stays. */
  clear(sent: readonly Attachment[] = this.files): void {
    this.text = '';
    void this.view.set(this.key, null);
    if (sent.length > 0) {
      this.keep(this.files.filter((file) => !sent.some((gone) => gone.sha256 === file.sha256)));
    }
  }

  private keep(files: Attachment[]): void {
    this.files = files;
    void this.view.set(this.filesKey, files.length === 0 ? null : files);
  }
}
