// Whole backups: one is made or put back at a time, and the core says how far it is.
import type { Client } from '../ipc/client';
import type { BackupDone } from '../ipc/generated/BackupDone';
import type { BackupState } from '../ipc/generated/BackupState';
import { told } from './failures';

const LOOK_MS = 400;

export class Backups {
  state = $state.raw<BackupState | null>(null);
  running = $state(false);
  /** How the last one ended. */
  made = $state.raw<BackupDone | null>(null);
  restored = $state.raw<BackupDone | null>(null);
  failure = $state.raw<string | null>(null);

  constructor(private readonly client: Client) {}

  /** Of a hundred; 0 as long as nothing is known. */
  get part(): number {
    const now = this.state?.running;
    return now && now.all > 0 ? Math.min(100, Math.floor((now.done / now.all) * 100)) : 0;
  }

  async load(): Promise<void> {
    this.state = await this.client.call('backup/state', null);
  }

  async make(): Promise<void> {
    await this.watched(async () => (this.made = await this.client.call('backup/make', null)));
  }

  async restore(path: string): Promise<void> {
    await this.watched(async () => (this.restored = await this.client.call('backup/restore', { path })));
  }

  async stop(): Promise<void> {
    await this.client.call('backup/stop', null);
  }

  private async watched(work: () => Promise<unknown>): Promise<void> {
    if (this.running) return;
    Object.assign(this, { running: true, made: null, restored: null, failure: null });
    // A look that fails says nothing about the work; the next one is soon.
    const look = () => void this.load().catch(() => undefined);
    const watch = setInterval(look, LOOK_MS);
    try {
      await work();
    } catch (reason) {
      this.failure = told(reason);
    } finally {
      clearInterval(watch);
      this.running = false;
      await this.load().catch(() => undefined);
    }
  }
}
