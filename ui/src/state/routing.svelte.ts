import type { ModelRef } from '../ipc/generated/ModelRef';
import type { Policy } from '../ipc/generated/Policy';
import type { PolicyList } from '../ipc/generated/PolicyList';
import type { RateLimit } from '../ipc/generated/RateLimit';
import type { RateRow } from '../ipc/generated/RateRow';
import type { RouteExplained } from '../ipc/generated/RouteExplained';
import type { RoutingPrefs } from '../ipc/generated/RoutingPrefs';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';
import { told } from './failures';
import { t, words } from '../shared/i18n.svelte';

/** What a policy says, as it travels: what it does not say is left out. */
export type Prefs = RoutingPrefs;
export type Rules = Policy;

/** Typing into the trial prompt is followed by a new plan after this long. */
const PLAN_AFTER_MS = 250;

const NAMES: Record<string, string> = words({
  everyday: 'Everyday',
  cheapest: 'Cheapest',
  fastest: 'Fastest',
  private: 'Private',
  local: 'Local only',
});
const ABOUT: Record<string, string> = words({
  everyday: 'Balances price, speed and reliability; stays where the prompt is cached.',
  cheapest: 'The lowest expected cost over the whole chat, however slow.',
  fastest: 'The shortest expected time to the first word.',
  private: 'Only providers that say they do not train on what is sent, and this machine.',
  local: 'Only models on this machine; nothing is sent anywhere.',
});
const shipped = (one: Rules): Rules =>
  one.built_in ? { ...one, name: NAMES[one.id] ?? one.name, about: ABOUT[one.id] ?? one.about } : one;

/** Policies, and where a prompt would go under one of them. */
export class Routing {
  private told = $state.raw<Rules[]>([]);
  /** Those that ship with the program are called as the window's language calls them. */
  readonly policies = $derived(this.told.map(shipped));
  usual = $state('everyday');
  loaded = $state(false);

  /** What each provider may be asked at most. */
  rates = $state.raw<RateRow[]>([]);

  /** Policy on the page. */
  shown = $state('');
  /** What is tried out. */
  model = $state.raw<{ reference: ModelRef; name: string } | null>(null);
  prompt = $state('');
  plan = $state.raw<RouteExplained | null>(null);
  /** Why there is no plan, in the core's words. */
  refused = $state<string | null>(null);

  private loading: Promise<boolean> | null = null;
  private watching = false;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  get policy(): Rules | undefined {
    return this.of(this.shown) ?? this.of(this.usual);
  }

  of(id: string): Rules | undefined {
    return this.policies.find((policy) => policy.id === id);
  }

  /** Name of a policy; of one that is gone its id. */
  name(id: string): string {
    return this.of(id)?.name ?? id;
  }

  /** Names of several, as they stand in a route: `private+cheapest`. */
  names(ids: string): string {
    return ids
      .split('+')
      .map((id) => this.name(id))
      .join(t(' and '));
  }

  /** Asked for by every part of the window that shows a policy; answered once. */
  async load(): Promise<void> {
    this.loading ??= this.change(() => this.client.call('policy/list', null));
    await this.loading;
    this.loading = null;
  }

  async put(policy: Rules): Promise<boolean> {
    const { id, name, about, prefs } = policy;
    return this.change(() => this.client.call('policy/put', { id, name, about, prefs }));
  }

  /** A policy of the user's own that says what `from` says, under a free id and name. */
  async copy(from: Rules | null): Promise<void> {
    const base = from ? t('{name}, changed', { name: from.name }) : t('New policy');
    const taken = new Set(this.policies.map((policy) => policy.name));
    let name = base;
    for (let n = 2; taken.has(name); n += 1) name = `${base} ${n}`;
    const id = this.freeId(name);
    const about = from?.built_in === false ? from.about : '';
    const made = await this.put({ id, name, about, built_in: false, prefs: from?.prefs ?? {} });
    if (made) this.show(id);
  }

  async use(id: string): Promise<void> {
    if (await this.change(() => this.client.call('policy/use', { id }))) void this.explain();
  }

  async remove(policy: Rules): Promise<void> {
    if (!(await this.change(() => this.client.call('policy/remove', { id: policy.id })))) return;
    if (this.shown === policy.id) this.show(this.usual);
    this.toasts.show(t('{name} deleted', { name: policy.name }), () => void this.put(policy));
  }

  show(id: string): void {
    this.shown = id;
    void this.explain();
  }

  /** The trial is on screen: it follows what providers do until it is hidden again. */
  watch(model: { reference: ModelRef; name: string } | null): () => void {
    this.watching = true;
    this.model ??= model;
    void this.explain();
    return () => {
      this.watching = false;
      clearTimeout(this.timer);
    };
  }

  tryModel(model: { reference: ModelRef; name: string }): void {
    this.model = model;
    void this.explain();
  }

  tryPrompt(prompt: string): void {
    this.prompt = prompt;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.explain(), PLAN_AFTER_MS);
  }

  /** Health, keys or the catalogue may have changed. */
  changed(): void {
    if (this.watching) void this.explain();
  }

  async loadRates(): Promise<void> {
    try {
      this.rates = await this.client.call('rate/list', null);
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  async setRate(provider: string, limit: RateLimit): Promise<void> {
    try {
      this.rates = await this.client.call('rate/set', { provider, limit });
    } catch (reason) {
      this.toasts.fail(reason);
    }
  }

  private async explain(): Promise<void> {
    const { model, policy } = this;
    if (!this.watching || model === null || policy === undefined) return;
    const asked = ++this.asked;
    try {
      const named = policy.id === this.usual ? null : policy.id;
      const plan = await this.client.call('route/explain', {
        model: model.reference,
        policy: named,
        conversation: null,
        prompt: this.prompt === '' ? t('Hello') : this.prompt,
      });
      // A later question has its own answer.
      if (asked !== this.asked) return;
      this.plan = plan;
      this.refused = null;
    } catch (reason) {
      if (asked !== this.asked) return;
      this.plan = null;
      this.refused = told(reason);
    }
  }

  private async change(call: () => Promise<PolicyList>): Promise<boolean> {
    try {
      const list = await call();
      this.told = list.policies;
      this.usual = list.usual;
      this.loaded = true;
      if (!this.of(this.shown)) this.shown = list.usual;
      void this.explain();
      return true;
    } catch (reason) {
      this.toasts.fail(reason);
      return false;
    }
  }

  private freeId(name: string): string {
    const plain = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 30);
    const base = plain === '' ? 'policy' : plain;
    let id = base;
    for (let n = 2; this.of(id); n += 1) id = `${base}-${n}`;
    return id;
  }
}
