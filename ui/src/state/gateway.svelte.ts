import type { GatewayView } from '../ipc/generated/GatewayView';
import type { MadeAppKey } from '../ipc/generated/MadeAppKey';
import type { MakeAppKey } from '../ipc/generated/MakeAppKey';
import type { Client } from '../ipc/client';
import { told } from './failures';

/** The address for other programs: its switch, their keys, and what they ask now. */
export class Gateway {
  view = $state.raw<GatewayView | null>(null);
  failed = $state<string | null>(null);
  private shown = false;

  constructor(private readonly client: Client) {}

  /** Settings are on screen: what is asked is followed until they are hidden again. */
  show(): () => void {
    this.shown = true;
    void this.load();
    return () => (this.shown = false);
  }

  /** `itself`: it was switched, or its keys changed; else only what is asked through it. */
  async changed(itself: boolean): Promise<void> {
    if (this.shown || itself) await this.load();
  }

  async switch(on: boolean, port: number | null = null): Promise<void> {
    this.view = await this.client.call('gateway/switch', { on, port });
  }

  /** The key is given here and never again. */
  async make(key: MakeAppKey): Promise<MadeAppKey> {
    const made = await this.client.call('app_key/make', key);
    await this.load();
    return made;
  }

  async revoke(name: string): Promise<void> {
    this.view = await this.client.call('app_key/revoke', { name });
  }

  async load(): Promise<void> {
    try {
      this.view = await this.client.call('gateway/state', null);
      this.failed = null;
    } catch (reason) {
      this.failed = told(reason);
    }
  }
}
