// Figures of a turn side by side: their text, their bars and who is ahead.
import type { Basis } from '../../ipc/generated/Basis';
import type { RunView } from '../../ipc/generated/RunView';
import { compareMoney, cost, firstToken, NONE, pico, speed, tokens } from '../../shared/format';
import { t, words } from '../../shared/i18n.svelte';

export type CellId = 'ttft' | 'speed' | 'tokens' | 'cost';

export interface Cell {
  id: CellId;
  label: string;
  text: string;
  /** Bar, 0 to 100, of the largest value in the turn. */
  ratio: number;
  /** Said of the winner; `null` for all others. */
  win: string | null;
  title: string;
}

const LIVE = new Set(['pending', 'connecting', 'streaming']);
const BASIS: Record<Basis, string> = words({
  reported: 'Cost reported by the provider',
  computed: 'Computed from the price list and the reported tokens',
  estimated: 'Estimated: the tokens were counted here',
  unknown: 'The price is not known',
});

/** Local and demo models cost nothing. */
export function isFree(run: RunView): boolean {
  const step = run.route.at(-1);
  return step !== undefined && (step.local || step.demo);
}

export function strip(runs: readonly RunView[]): Cell[][] {
  const wins = {
    ttft: best(
      runs,
      (run) => run.metrics.ttft,
      (a, b) => a - b,
      () => true,
    ),
    speed: best(
      runs,
      (run) => run.metrics.tokens_per_second_x10,
      (a, b) => b - a,
      isDone,
    ),
    cost: best(runs, (run) => costOf(run), compareMoney, isDone),
  };
  const most = {
    ttft: max(runs.map((run) => run.metrics.ttft)),
    speed: max(runs.map((run) => run.metrics.tokens_per_second_x10)),
    tokens: max(runs.map((run) => run.metrics.output)),
    cost: runs.reduce((top, run) => bigger(top, pico(costOf(run) ?? '0') ?? 0n), 0n),
  };
  return runs.map((run) => {
    const m = run.metrics;
    const waiting = LIVE.has(run.state) && run.state !== 'pending' && m.ttft === null;
    return [
      {
        id: 'ttft',
        label: t('First token'),
        text: waiting ? t('waiting') : firstToken(m.ttft),
        ratio: share(m.ttft, most.ttft),
        win: wins.ttft === run.id ? t('fastest to first token') : null,
        title: t('From sending the request to the first content'),
      },
      {
        id: 'speed',
        label: t('Speed'),
        text: speed(m.tokens_per_second_x10),
        ratio: share(m.tokens_per_second_x10, most.speed),
        win: wins.speed === run.id ? t('highest tokens per second') : null,
        title: t('Tokens per second after the first content'),
      },
      {
        id: 'tokens',
        label: t('In / out'),
        text: inOut(run),
        ratio: share(m.output, most.tokens),
        win: null,
        title: tokenTitle(run),
      },
      {
        id: 'cost',
        label: t('Cost'),
        text: cost({ cost: m.cost, basis: m.basis, free: isFree(run) }),
        ratio: most.cost === 0n ? 0 : Number((100n * (pico(costOf(run) ?? '0') ?? 0n)) / most.cost),
        win: wins.cost === run.id ? t('cheapest') : null,
        title: isFree(run) ? t('Costs nothing') : BASIS[m.basis ?? 'unknown'],
      },
    ];
  });
}

const isDone = (run: RunView): boolean => run.state === 'done';

function costOf(run: RunView): string | null {
  if (run.metrics.cost !== null) return run.metrics.cost;
  return isFree(run) ? '0' : null;
}

/** The one run that is ahead, if at least two have a final value and none shares the best one. */
function best<T>(
  runs: readonly RunView[],
  value: (run: RunView) => T | null,
  order: (a: T, b: T) => number,
  counts: (run: RunView) => boolean,
): string | null {
  const rated = runs.filter(counts).flatMap((run) => {
    const v = value(run);
    return v === null ? [] : [{ id: run.id, v }];
  });
  if (rated.length < 2) return null;
  const [first, second] = rated.sort((a, b) => order(a.v, b.v));
  return first && second && order(first.v, second.v) !== 0 ? first.id : null;
}

function inOut(run: RunView): string {
  const { input, output, estimated } = run.metrics;
  if (input === null && output === null) return NONE;
  return `${estimated ? '≈ ' : ''}${tokens(input)} / ${tokens(output)}`;
}

function tokenTitle(run: RunView): string {
  const { cache_read, reasoning, estimated } = run.metrics;
  const parts = [t('Tokens in / out')];
  if (cache_read)
    parts.push(t('{cacheRead} of the prompt from the cache', { cacheRead: tokens(cache_read) }));
  if (reasoning) parts.push(t('{reasoning} for reasoning', { reasoning: tokens(reasoning) }));
  if (estimated) parts.push(t('counted here, not by the provider'));
  return parts.join(', ');
}

function max(values: readonly (number | null)[]): number {
  return values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
}

function bigger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function share(value: number | null, top: number): number {
  return value === null || top === 0 ? 0 : Math.round((100 * value) / top);
}
