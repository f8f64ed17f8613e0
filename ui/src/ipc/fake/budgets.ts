// Budgets and estimates for the scripted host: as in the design, with one that is used up.
import type { BudgetView } from '../generated/BudgetView';
import type { PromptEstimate } from '../generated/PromptEstimate';
import type { EstimateView } from '../generated/EstimateView';
import type { LaneEstimate } from '../generated/LaneEstimate';
import type { LaneTarget } from '../generated/LaneTarget';
import type { ModelRow } from '../generated/ModelRow';
import { heldByBudget } from './samples';

const DAY = 86_400_000;

function budgetView(part: Partial<BudgetView>): BudgetView {
  const midnight = new Date();
  midnight.setHours(24, 0, 0, 0);
  const month = new Date(midnight.getFullYear(), midnight.getMonth() + 1, 1);
  const ends = { day: midnight.getTime(), week: midnight.getTime() + 2 * DAY, month: month.getTime() };
  const period = part.period ?? 'month';
  return {
    id: 1,
    scope: 'all',
    name: 'Everything',
    period,
    limit: '60',
    hard: true,
    warn: [50, 80],
    unknown_price: null,
    spent: '0',
    unknown: 0,
    held: '0',
    left: '0',
    percent: 0,
    reached: null,
    from: ends[period] - 30 * DAY,
    resets_at: ends[period],
    state: 'normal',
    ...part,
  };
}

export function budgetViews(): BudgetView[] {
  return [
    budgetView({ id: 1, period: 'day', limit: '5', spent: '1.14', left: '3.86', percent: 22 }),
    budgetView({ id: 2, spent: '38.63', left: '21.37', percent: 64, reached: 50 }),
    budgetView({
      id: 3,
      scope: 'provider:openai',
      name: 'OpenAI',
      limit: '10',
      hard: false,
      spent: '9.72',
      left: '0.28',
      percent: 97,
      reached: 80,
      state: 'near',
    }),
    budgetView({
      id: 4,
      scope: 'model:deepseek/deepseek-v3.2',
      name: 'DeepSeek V3.2',
      period: 'day',
      limit: '0.5',
      spent: '0.4993',
      held: '0.0007',
      left: '0',
      percent: 99,
      reached: 80,
      state: 'holding',
    }),
    budgetView({
      id: 5,
      scope: 'key:groq/work',
      name: 'Groq, key “work”',
      period: 'week',
      limit: '3',
      spent: '0.88',
      left: '2.12',
      percent: 29,
      unknown: 2,
      unknown_price: '15',
    }),
  ];
}

/** What a prompt would cost the line-up, by its prices. `budgets`: one model has used its own up. */
export function estimateView(
  prompt: string,
  targets: LaneTarget[],
  rows: ModelRow[],
  budgets: boolean,
): EstimateView {
  const input = 1240 + Math.round(prompt.length / 4);
  const lanes = targets.map((target, place): LaneEstimate => {
    const row = rows.find((known) => known.reference.model === target.model.model);
    const price = (tokens: number) => {
      const [into, out] = [Number(row?.price_input ?? 0), Number(row?.price_output ?? 0)];
      return ((input * into + tokens * out) / 1e6).toFixed(12);
    };
    const free = (row?.local ?? false) || (row?.demo ?? false);
    const known = free || typeof row?.price_output === 'string';
    const held = budgets && target.model.model === 'deepseek/deepseek-v3.2';
    const cost = (tokens: number) => (free ? '0' : known ? price(tokens) : null);
    return {
      model: row?.name ?? target.model.model,
      provider: row?.providers[0] ?? null,
      free,
      input,
      cached: place === 0 ? 896 : 0,
      output_low: 210,
      output_high: 880,
      habit: 'model',
      low: cost(210),
      high: cost(880),
      at_most: held ? null : cost(32_000),
      shortened_to: null,
      failure: held ? heldByBudget() : null,
    };
  });
  const sent = lanes.filter((lane) => lane.failure === null);
  const sum = (of: (lane: LaneEstimate) => string | null) =>
    sent.reduce((total, lane) => total + Number(of(lane) ?? 0), 0).toFixed(12);
  const estimate: PromptEstimate = {
    lanes,
    low: sum((lane) => lane.low),
    high: sum((lane) => lane.high),
    at_most: sum((lane) => lane.at_most),
    unknown: sent.filter((lane) => lane.high === null).length,
    held: lanes.length - sent.length,
    budget: budgets ? { scope: 'all', period: 'day', left: '3.86', limit: '5', hard: true } : null,
    over: lanes.length > sent.length,
  };
  return { estimate, budget_name: budgets ? 'Everything' : null };
}
