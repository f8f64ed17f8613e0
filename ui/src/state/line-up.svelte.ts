import type { LaneTarget } from '../ipc/generated/LaneTarget';
import type { LaneView } from '../ipc/generated/LaneView';
import type { LineUpLane } from '../ipc/generated/LineUpLane';
import type { ModelRef } from '../ipc/generated/ModelRef';
import type { ModelRow } from '../ipc/generated/ModelRow';
import type { Client } from '../ipc/client';
import { marksOf, plainTarget, refText, type Models } from './models.svelte';
import type { Toasts } from './toasts.svelte';
import type { View } from './view';
import { t } from '../shared/i18n.svelte';

export interface LineUpItem {
  /** Stable while the list is open; the same model may stand in it twice. */
  key: string;
  lane: string | null;
  target: LaneTarget;
  model: ModelRow | undefined;
  mark: number;
}

/** The models a prompt goes to, left to right. */
export interface LineUp {
  readonly items: LineUpItem[];
  /** Fewer cannot be. */
  readonly least: number;
  add(model: ModelRef): Promise<void>;
  remove(index: number): Promise<void>;
  move(from: number, to: number): Promise<void>;
  /** Gives every lane this system prompt; `null` = none. */
  instruct(system: string | null): Promise<void>;
  /** Puts other lanes in the place of these; a model that stays keeps its branch. */
  replace(targets: readonly LaneTarget[]): Promise<void>;
  /** Puts one lane under a policy of its own, beside the conversation's and the usual one. */
  route(index: number, policy: string | null): Promise<void>;
  /** Changes what one lane asks: its model, its system prompt, its settings. Its branch stays. */
  change(index: number, target: LaneTarget): Promise<void>;
}

/** The core takes no more. */
export const MOST_LANES = 16;

const roomless = () => t('There is room for {most} models', { most: MOST_LANES });

const full = (name: string) =>
  t('{name} was not put back: there is room for {most} models', { name, most: MOST_LANES });

function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = list.slice();
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(Math.max(0, Math.min(to, next.length)), 0, item);
  return next;
}

function inserted<T>(list: readonly T[], index: number, item: T): T[] {
  return [...list.slice(0, index), item, ...list.slice(index)];
}

function routed(target: LaneTarget, policy: string | null): LaneTarget {
  const next = { ...target };
  if (policy === null) delete next.policy;
  else next.policy = policy;
  return next;
}

/** Line-up of the chat that is about to begin; remembered by the window. */
export class NewLineUp implements LineUp {
  readonly least = 0;
  private entries = $state.raw<{ key: string; target: LaneTarget }[]>([]);
  private next = 0;
  /** Policy the chat will be under, beside the usual one; remembered like the line-up. */
  policy = $state<string | null>(null);

  constructor(
    private readonly models: Models,
    private readonly view: View,
    private readonly toasts: Toasts,
  ) {}

  get targets(): LaneTarget[] {
    return this.entries.map((entry) => entry.target);
  }

  get items(): LineUpItem[] {
    const rows = this.entries.map((entry) => this.models.of(entry.target));
    const marks = marksOf(rows);
    return this.entries.map((entry, index) => ({
      ...entry,
      lane: null,
      model: rows[index],
      mark: marks[index] ?? 0,
    }));
  }

  async set(targets: LaneTarget[], save = true): Promise<void> {
    this.entries = targets.map((target) => ({ key: `new-${this.next++}`, target }));
    if (save) await this.view.set('view.line_up', targets);
    await this.models.ensure(targets);
  }

  async add(model: ModelRef): Promise<void> {
    if (this.entries.length >= MOST_LANES) return void this.toasts.show(roomless());
    await this.keep([...this.entries, { key: `new-${this.next++}`, target: plainTarget(model) }]);
  }

  async remove(index: number): Promise<void> {
    const removed = this.entries[index];
    if (!removed) return;
    const name = this.items[index]?.model?.name ?? t('Model');
    await this.keep(this.entries.filter((_, place) => place !== index));
    this.toasts.show(t('{name} removed', { name }), () => {
      // What was added or moved since then stays.
      if (this.entries.length >= MOST_LANES) this.toasts.show(full(name));
      else void this.keep(inserted(this.entries, index, removed));
    });
  }

  async move(from: number, to: number): Promise<void> {
    await this.keep(moved(this.entries, from, to));
  }

  async route(index: number, policy: string | null): Promise<void> {
    const entry = this.entries[index];
    if (entry) await this.change(index, routed(entry.target, policy));
  }

  async loadPolicy(): Promise<void> {
    this.policy = await this.view.get<string>('view.policy');
  }

  async setPolicy(policy: string | null): Promise<void> {
    this.policy = policy;
    await this.view.set('view.policy', policy);
  }

  async change(index: number, target: LaneTarget): Promise<void> {
    await this.keep(this.entries.map((entry, place) => (place === index ? { ...entry, target } : entry)));
  }

  async instruct(system: string | null): Promise<void> {
    await this.keep(this.entries.map((entry) => ({ ...entry, target: { ...entry.target, system } })));
  }

  async replace(targets: readonly LaneTarget[]): Promise<void> {
    await this.set(targets.slice(0, MOST_LANES));
  }

  private async keep(entries: { key: string; target: LaneTarget }[]): Promise<void> {
    this.entries = entries;
    await this.view.set('view.line_up', this.targets);
    await this.models.ensure(this.targets);
  }
}

/** Line-up of a conversation; every change is stored by the core before it shows. */
export class LanesLineUp implements LineUp {
  readonly least = 1;
  lanes = $state.raw<LaneView[]>([]);

  constructor(
    private readonly conversation: string,
    lanes: LaneView[],
    private readonly client: Client,
    private readonly models: Models,
    private readonly toasts: Toasts,
    /** Answers are arriving; the line-up stands still meanwhile. */
    private readonly busy: () => boolean,
  ) {
    this.take(lanes);
  }

  get items(): LineUpItem[] {
    const rows = this.lanes.map((lane) => this.models.of(lane.target) ?? lane.model);
    const marks = marksOf(rows);
    return this.lanes.map((lane, index) => ({
      key: lane.id,
      lane: lane.id,
      target: lane.target,
      model: rows[index],
      mark: marks[index] ?? 0,
    }));
  }

  take(lanes: LaneView[]): void {
    this.lanes = lanes;
    this.models.learn(lanes.map((lane) => [lane.target, lane.model]));
  }

  async add(model: ModelRef): Promise<void> {
    if (this.lanes.length >= MOST_LANES) return void this.toasts.show(roomless());
    await this.store([...this.entries(), { lane: null, target: plainTarget(model) }]);
  }

  async remove(index: number): Promise<void> {
    const before = this.entries();
    const removed = before[index];
    if (!removed) return;
    const name = this.lanes[index]?.model.name ?? refText(removed.target.model);
    if (!(await this.store(before.filter((_, place) => place !== index)))) return;
    this.toasts.show(t('{name} removed', { name }), () => {
      if (this.busy()) this.toasts.show(t('{name} was not put back: answers are arriving', { name }));
      else if (this.lanes.length >= MOST_LANES) this.toasts.show(full(name));
      else void this.store(inserted(this.entries(), index, removed));
    });
  }

  async move(from: number, to: number): Promise<void> {
    await this.store(moved(this.entries(), from, to));
  }

  async route(index: number, policy: string | null): Promise<void> {
    const entry = this.entries()[index];
    if (entry) await this.change(index, routed(entry.target, policy));
  }

  async change(index: number, target: LaneTarget): Promise<void> {
    await this.store(this.entries().map((entry, place) => (place === index ? { ...entry, target } : entry)));
  }

  async instruct(system: string | null): Promise<void> {
    await this.store(this.entries().map((entry) => ({ ...entry, target: { ...entry.target, system } })));
  }

  async replace(targets: readonly LaneTarget[]): Promise<void> {
    const left = this.entries();
    const next = targets.slice(0, MOST_LANES).map((target): LineUpLane => {
      const at = left.findIndex((entry) => refText(entry.target.model) === refText(target.model));
      const [known] = at < 0 ? [] : left.splice(at, 1);
      return { lane: known?.lane ?? null, target };
    });
    await this.store(next);
  }

  private entries(): LineUpLane[] {
    return this.lanes.map((lane) => ({ lane: lane.id, target: lane.target }));
  }

  /** False, and said so, if the core refused. */
  private async store(entries: LineUpLane[]): Promise<boolean> {
    try {
      const lanes = await this.client.call('conversation/line_up', {
        id: this.conversation,
        line_up: entries,
      });
      this.take(lanes);
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }
}
