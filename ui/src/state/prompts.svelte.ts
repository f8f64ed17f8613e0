// What the user keeps to use again: system prompts, prompts with gaps, and line-ups by name.
import type { Client } from '../ipc/client';
import type { LaneTarget } from '../ipc/generated/LaneTarget';
import type { PromptList } from '../ipc/generated/PromptList';
import type { PutPrompt } from '../ipc/generated/PutPrompt';
import type { SavedPrompt } from '../ipc/generated/SavedPrompt';
import type { Team } from '../ipc/generated/Team';
import type { Toasts } from './toasts.svelte';
import { t } from '../shared/i18n.svelte';

export class Prompts {
  all = $state.raw<SavedPrompt[]>([]);
  teams = $state.raw<Team[]>([]);
  loaded = $state(false);

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  get system(): SavedPrompt[] {
    return this.all.filter((prompt) => prompt.system);
  }

  get library(): SavedPrompt[] {
    return this.all.filter((prompt) => !prompt.system);
  }

  async load(): Promise<void> {
    try {
      this.take(await this.client.call('prompt/list', null));
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  /** Rejects with the core's words where it refuses. */
  async put(wanted: PutPrompt): Promise<void> {
    this.take(await this.client.call('prompt/put', wanted));
  }

  async putTeam(name: string, lineUp: LaneTarget[], id: string | null = null): Promise<void> {
    this.take(await this.client.call('team/put', { id, name, line_up: lineUp }));
  }

  async remove(prompt: SavedPrompt): Promise<void> {
    try {
      this.take(await this.client.call('prompt/remove', { id: prompt.id }));
      this.toasts.show(
        t('“{name}” removed', { name: prompt.name }),
        () => void this.put(prompt).catch(this.fail),
      );
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async removeTeam(team: Team): Promise<void> {
    try {
      this.take(await this.client.call('team/remove', { id: team.id }));
      const back = () => void this.putTeam(team.name, team.line_up, team.id).catch(this.fail);
      this.toasts.show(t('“{name}” removed', { name: team.name }), back);
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  private readonly fail = (reason: unknown) => this.toasts.fail(reason);

  private take(list: PromptList): void {
    this.all = list.prompts;
    this.teams = list.teams;
    this.loaded = true;
  }
}

/** The text with its gaps filled. What nobody filled stays as it is. */
export function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\{\{([^{}\n]+)\}\}/g, (gap, name: string) => values[name.trim()] || gap);
}
