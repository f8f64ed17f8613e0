import type { TitleView } from '../ipc/generated/TitleView';
import type { Client } from '../ipc/client';

/** Who gives titles to new chats. */
export class Titles {
  view = $state.raw<TitleView | null>(null);

  constructor(private readonly client: Client) {}

  async load(): Promise<void> {
    this.view = await this.client.call('title/state', null);
  }

  /** `null` = titles are the first words of prompts. */
  async choose(model: string | null): Promise<void> {
    this.view = await this.client.call('title/set', { model });
  }
}
