// Questions asked in the small window: taken up here, in the order in which they were asked.
import type { Client } from '../ipc/client';
import type { Conversations } from './conversations.svelte';
import type { Nav } from './nav.svelte';
import type { View } from './view';

export class QuickQuestions {
  private taking = false;
  /** Another one came while the last was being taken up. */
  private more = false;

  constructor(
    private readonly client: Client,
    private readonly view: View,
    private readonly conversations: Conversations,
    private readonly nav: Nav,
  ) {}

  /** Asks each in a new chat. One that cannot be sent stands in the field for a new chat. */
  async take(): Promise<void> {
    this.more = true;
    if (this.taking) return;
    this.taking = true;
    try {
      while (this.more) {
        this.more = false;
        await this.takeAll();
      }
    } finally {
      this.taking = false;
    }
  }

  private async takeAll(): Promise<void> {
    // What has just been typed there must be kept before the core looks whether the field is empty.
    await this.view.flush();
    for (;;) {
      const { text, drafted } = await this.client.call('quick/take', null);
      if (text === null) return;
      await this.ask(text, drafted);
    }
  }

  private async ask(text: string, drafted: boolean): Promise<void> {
    const { draft } = this.conversations;
    this.nav.go({ name: 'new' });
    if (drafted) draft.set(text);
    // Files that wait for another question must not go with this one.
    const sent = draft.files.length === 0 && (await this.conversations.send(text));
    if (!sent && !drafted) draft.set(draft.text === '' ? text : `${draft.text}\n\n${text}`);
  }
}
