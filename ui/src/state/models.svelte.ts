import type { LaneTarget } from '../ipc/generated/LaneTarget';
import type { ModelList } from '../ipc/generated/ModelList';
import type { ModelQuery } from '../ipc/generated/ModelQuery';
import type { ModelRef } from '../ipc/generated/ModelRef';
import type { ModelRow } from '../ipc/generated/ModelRow';
import type { Client } from '../ipc/client';

/** `author/name` or `author/name@provider`, as users write it. */
export function refText(reference: ModelRef): string {
  return reference.provider ? `${reference.model}@${reference.provider}` : reference.model;
}

/** A target that leaves every setting to the provider. */
export function plainTarget(model: ModelRef): LaneTarget {
  return {
    model,
    system: null,
    params: {
      temperature: null,
      top_p: null,
      max_completion_tokens: null,
      stop: [],
      seed: null,
      reasoning: null,
      response_format: null,
    },
  };
}

/** Marks of a view's models: their own, and for models that never stood in a line-up the lowest free one. */
export function marksOf(rows: readonly (ModelRow | undefined)[]): number[] {
  const taken = new Set(rows.map((row) => row?.mark).filter((mark) => typeof mark === 'number'));
  return rows.map((row) => {
    if (typeof row?.mark === 'number') return row.mark;
    for (let mark = 1; mark <= 8; mark += 1) {
      if (!taken.has(mark)) {
        taken.add(mark);
        return mark;
      }
    }
    return 0;
  });
}

/** Facts about models, looked up in the core and kept by reference. */
export class Models {
  rows = $state.raw<ReadonlyMap<string, ModelRow>>(new Map());
  private readonly wanted = new Map<string, LaneTarget>();

  constructor(private readonly client: Client) {}

  of(target: LaneTarget): ModelRow | undefined {
    return this.rows.get(refText(target.model));
  }

  search(query: ModelQuery): Promise<ModelList> {
    return this.client.call('models/search', query);
  }

  /** What a request may call the models that fit some words. */
  async names(text: string): Promise<string[]> {
    const { rows } = await this.search({ text, usable_only: true, limit: 8 });
    return rows.map((row) => refText(row.reference));
  }

  /** Looks up what is not known yet. */
  async ensure(targets: readonly LaneTarget[]): Promise<void> {
    await this.load(targets.filter((target) => !this.rows.has(refText(target.model))));
  }

  /** Rows that came with an answer to another question. */
  learn(entries: Iterable<[LaneTarget, ModelRow]>): void {
    const rows = new Map(this.rows);
    for (const [target, row] of entries) {
      this.wanted.set(refText(target.model), target);
      rows.set(refText(target.model), row);
    }
    this.rows = rows;
  }

  /** Asks again for everything, after keys or the catalogue have changed. */
  async refresh(): Promise<void> {
    await this.load([...this.wanted.values()]);
  }

  private async load(targets: readonly LaneTarget[]): Promise<void> {
    if (targets.length === 0) return;
    const rows = await this.client.call('models/resolve', [...targets]);
    const entries: [LaneTarget, ModelRow][] = [];
    targets.forEach((target, index) => {
      const row = rows[index];
      if (row) entries.push([target, row]);
    });
    this.learn(entries);
  }
}
