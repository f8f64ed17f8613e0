import type { Budget } from '../ipc/generated/Budget';
import type { BudgetState } from '../ipc/generated/BudgetState';
import type { BudgetView } from '../ipc/generated/BudgetView';
import type { Client } from '../ipc/client';
import type { Toasts } from './toasts.svelte';
import { keyName } from './failures';
import { t, words } from '../shared/i18n.svelte';

const RANK: Record<BudgetState, number> = { normal: 0, near: 1, over: 2, holding: 3 };
const PER = words({ day: 'per day', week: 'per week', month: 'per month' } as const);

/** What a budget is for, as the window's language says it. */
export function budgetName({ scope, name, title }: Pick<BudgetView, 'scope' | 'name' | 'title'>): string {
  const sort = scope.split(':', 1)[0];
  if (sort === 'all') return t('Everything');
  if (sort === 'app') return t('App “{name}”', { name: scope.slice('app:'.length) });
  if (sort === 'key') return keyName(title ?? '', scope);
  if (sort === 'conversation')
    return title === undefined ? t('A chat that is gone') : t('Chat “{title}”', { title });
  return name;
}

/** `Everything, per month`. */
export const budgetTitle = (budget: Pick<BudgetView, 'scope' | 'name' | 'title' | 'period'>): string =>
  `${budgetName(budget)}, ${PER[budget.period]}`;

/** Limits on what may be spent, and how they stand. */
export class Budgets {
  list = $state.raw<BudgetView[]>([]);
  loaded = $state(false);
  /** Banners that were put away, until their budget stands otherwise. */
  private hidden = $state.raw<ReadonlySet<string>>(new Set());

  constructor(
    private readonly client: Client,
    private readonly toasts: Toasts,
  ) {}

  /** Says so once when a budget has come closer to its limit since the last look. */
  async load(): Promise<void> {
    const before = new Map(this.list.map((budget) => [budget.id, budget]));
    this.list = await this.client.call('budget/list', null);
    if (this.loaded) {
      for (const now of this.list) {
        const was = before.get(now.id);
        if (was && was.from === now.from && was.limit === now.limit && worse(was, now)) {
          this.toasts.show(t('{now}: {percent} % is used', { now: budgetTitle(now), percent: now.percent }));
        }
      }
    }
    this.loaded = true;
  }

  async set(budget: Budget): Promise<void> {
    await this.client.call('budget/set', budget);
    await this.load();
  }

  async remove(budget: BudgetView): Promise<void> {
    await this.client.call('budget/remove', { id: budget.id });
    await this.load();
    const { scope, period, limit, hard, warn, unknown_price } = budget;
    const back = () =>
      void this.set({ scope, period, limit, hard, warn, unknown_price }).catch((reason: unknown) =>
        this.toasts.fail(reason),
      );
    this.toasts.show(t('Budget removed'), back);
  }

  /** The budget of everything with the shortest period: what the top bar shows. */
  get main(): BudgetView | undefined {
    return this.whole('day') ?? this.whole('week') ?? this.whole('month');
  }

  /** The budget of everything for a period. */
  whole(period: BudgetView['period']): BudgetView | undefined {
    return this.list.find((budget) => budget.scope === 'all' && budget.period === period);
  }

  /** Used up, and the user has not put the message away. */
  get spent(): BudgetView[] {
    return this.list.filter(
      (budget) => (budget.state === 'holding' || budget.state === 'over') && !this.hidden.has(mark(budget)),
    );
  }

  hide(budget: BudgetView): void {
    this.hidden = new Set([...this.hidden, mark(budget)]);
  }
}

const mark = (budget: BudgetView): string => `${budget.id} ${budget.from} ${budget.state} ${budget.limit}`;

function worse(was: BudgetView, now: BudgetView): boolean {
  return RANK[now.state] > RANK[was.state] || (now.reached ?? 0) > (was.reached ?? 0);
}
