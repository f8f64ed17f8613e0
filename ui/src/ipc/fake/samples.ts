// Shapes for tests and for the scripted host, with every field filled in.
import type { ConversationSummary } from '../generated/ConversationSummary';
import type { Failure } from '../generated/Failure';
import type { LaneTarget } from '../generated/LaneTarget';
import type { LaneView } from '../generated/LaneView';
import type { Metrics } from '../generated/Metrics';
import type { ModelRow } from '../generated/ModelRow';
import type { FieldRow } from '../generated/FieldRow';
import type { KeyRow } from '../generated/KeyRow';
import type { ProviderRow } from '../generated/ProviderRow';
import type { RouteStep } from '../generated/RouteStep';
import type { RunView } from '../generated/RunView';
import type { Section } from '../generated/Section';
import type { TurnView } from '../generated/TurnView';

export function target(model: string, provider: string | null = null): LaneTarget {
  return {
    model: { model, provider },
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

export function metrics(part: Partial<Metrics> = {}): Metrics {
  return {
    ttft: null,
    duration: null,
    tokens_per_second_x10: null,
    input: null,
    cache_read: null,
    output: null,
    reasoning: null,
    reasoned: null,
    cost: null,
    basis: null,
    estimated: false,
    ...part,
  };
}

export function step(provider: string, part: Partial<RouteStep> = {}): RouteStep {
  return { provider, upstream_model: 'model', failed: null, local: false, demo: false, ...part };
}

export function model(reference: string, name: string, part: Partial<ModelRow> = {}): ModelRow {
  const [slug = reference, provider = null] = reference.split('@');
  return {
    reference: { model: slug, provider },
    name,
    author: slug.split('/')[0] ?? slug,
    mark: null,
    context_length: 200_000,
    price_input: '3',
    price_output: '15',
    providers: ['Anthropic'],
    usable: true,
    local: false,
    demo: false,
    reasoning: false,
    catalogued: true,
    listed: null,
    ...part,
  };
}

export function lane(id: string, row: ModelRow, head: string | null = null): LaneView {
  return { id, target: target(row.reference.model, row.reference.provider ?? null), model: row, head };
}

export function section(text: string, kind: Section['kind'] = { type: 'answer' }): Section {
  const html = `<p>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`;
  return { kind, blocks: text === '' ? [] : [{ key: String(text.length) + text.slice(0, 12), html }] };
}

export function run(id: string, lane: LaneView, position: number, part: Partial<RunView> = {}): RunView {
  return {
    id,
    lane: lane.id,
    position,
    target: lane.target,
    model_name: lane.model.name,
    state: 'pending',
    message: `message-${id}`,
    saw: { type: 'prompt_only' },
    route: [],
    sections: [],
    metrics: metrics(),
    finish_reason: null,
    failure: null,
    notices: [],
    earlier: [],
    later: [],
    waiting: null,
    continue_on: [],
    ...part,
  };
}

export function turn(id: string, runs: RunView[], part: Partial<TurnView> = {}): TurnView {
  return {
    id,
    prompt: 'What is a lane?',
    created_at: Date.now(),
    seq: 0,
    live: false,
    runs,
    context: { type: 'own' },
    siblings: [id],
    pick: null,
    ...part,
  };
}

export function summary(id: string, part: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id,
    title: 'A conversation',
    updated_at: Date.now(),
    cost: '0.0312',
    cost_incomplete: false,
    live: false,
    pinned: false,
    folder: null,
    tags: [],
    ...part,
  };
}

export function failure(kind: Failure['kind'], message: string, part: Failure['upstream'] = null): Failure {
  return { kind, message, upstream: part };
}

/** A day's budget for one model that is nearly used up. */
export function heldByBudget(): Failure {
  const words =
    'Held by your budget. You allow $0.50 a day for the model deepseek/deepseek-v3.2; $0.4993 is spent. Even a ' +
    'short answer may need $0.0009. Nothing was sent. The budget begins anew on 22 November; raise it, or send ' +
    'this once all the same.';
  return {
    ...failure('billing.budget', words),
    budget: {
      why: 'used_up',
      scope: 'model:deepseek/deepseek-v3.2',
      period: 'day',
      limit: '0.50',
      spent: '0.4993',
      held: '0',
      perhaps: '0',
      needs: '0.0009',
      resets_at: new Date(2026, 10, 22).getTime(),
    },
  };
}

export function upstream(
  part: Partial<NonNullable<Failure['upstream']>> = {},
): NonNullable<Failure['upstream']> {
  return {
    provider: null,
    status: null,
    code: null,
    message: null,
    param: null,
    request_id: null,
    retry_after: null,
    ...part,
  };
}

export function key(lastFour: string, part: Partial<KeyRow> = {}): KeyRow {
  return { label: 'default', source: 'keychain', last_four: lastFour, tested: null, ...part };
}

export function field(name: string, label: string, part: Partial<FieldRow> = {}): FieldRow {
  return {
    name,
    label,
    help: '',
    value: null,
    default: null,
    example: null,
    choices: [],
    missing: false,
    ...part,
  };
}

export function provider(id: string, name: string, part: Partial<ProviderRow> = {}): ProviderRow {
  return {
    id,
    name,
    dialect: 'openai-chat',
    base_url: `https://api.${id}.example/v1`,
    needs_key: true,
    takes_key: true,
    keys: [],
    tested: null,
    data_policy: {
      trains: false,
      retention_days: 30,
      zdr: null,
      region: null,
      source: 'https://example.com',
      checked: '2026-10-01',
    },
    models: 5,
    spend: { amount: '0', attempts: 0, unknown: 0 },
    local: false,
    custom: false,
    unverified: false,
    keys_url: null,
    fields: [],
    listed_at: null,
    has_list: true,
    key_form: 'word',
    ...part,
  };
}
