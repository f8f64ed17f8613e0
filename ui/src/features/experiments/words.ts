// How experiments and their cells are told.
import type { CellChange } from '../../ipc/generated/CellChange';
import type { ExperimentCell } from '../../ipc/generated/ExperimentCell';
import type { ExperimentModel } from '../../ipc/generated/ExperimentModel';
import type { ExperimentPromptPair } from '../../ipc/generated/ExperimentPromptPair';
import type { ExperimentRowView } from '../../ipc/generated/ExperimentRowView';
import type { ExperimentSummary } from '../../ipc/generated/ExperimentSummary';
import { charge, money, pico, span } from '../../shared/format';
import type { CellMode } from '../../state/experiments.svelte';
import { t, words } from '../../shared/i18n.svelte';

export const STATES: Record<ExperimentSummary['state'], string> = words({
  running: 'Running',
  pausing: 'Pausing',
  paused: 'Paused',
  held: 'Held by its cap or a budget',
  uncertain: 'Some cells may have been billed',
  complete: 'Complete',
});

export const paid = (one: ExperimentSummary): string =>
  one.paid_incomplete ? (pico(one.paid) === 0n ? '–' : `≥ ${money(one.paid)}`) : money(one.paid);

/** `84 of 144 answers, about 3 min left`. */
export function progress(one: ExperimentSummary): string {
  const said = t('{done} of {cells} answers', { done: one.done, cells: one.cells });
  return one.left === null ? said : t('{said}, about {left} left', { said, left: span(one.left) });
}

export function tone(cell: ExperimentCell): string {
  if (cell.state === 'queued') return 'wait';
  if (cell.state === 'running') return 'run';
  if (cell.state === 'failed') return 'err';
  if (cell.state === 'uncertain') return 'unsure';
  if (cell.passed === cell.checks) return 'pass';
  return cell.passed === 0 || cell.passed * 2 < cell.checks ? 'fail' : 'part';
}

/** What a cell says for people who do not see it. */
export function spoken(cell: ExperimentCell): string {
  if (cell.state === 'queued') return t('queued');
  if (cell.state === 'running') return t('running');
  if (cell.state === 'failed') return t('no answer came');
  if (cell.state === 'uncertain') return t('unknown, may have been billed');
  if (cell.checks === 0) return t('answered, {cell}', { cell: cost(cell) });
  return t('{passed} of {checks} checks passed, {cell}', {
    passed: cell.passed,
    checks: cell.checks,
    cell: cost(cell),
  });
}

export const cost = (cell: ExperimentCell): string => (cell.reused ? t('reused') : charge(cell.cost));

/** The rows of a mode. A failure is a cell without an answer, or one that fails a check. */
export function filtered(rows: readonly ExperimentRowView[], mode: CellMode): ExperimentRowView[] {
  if (mode === 'different') return rows.filter((row) => row.different);
  if (mode === 'all') return [...rows];
  return rows.filter((row) =>
    row.cells.some(
      (cell) =>
        cell !== null &&
        (cell.state === 'failed' ||
          cell.state === 'uncertain' ||
          (cell.state === 'done' && cell.passed < cell.checks)),
    ),
  );
}

/** What names a row: its variables, else its prompt; both where there are several prompts. */
export function rowName(row: ExperimentRowView, several = false): string {
  const values = Object.values(row.vars);
  const name = (values.length === 0 ? [row.prompt] : several ? [...values, row.prompt] : values).join(' · ');
  return row.sample > 0 ? `${name} (${row.sample + 1})` : name;
}

export const percent = (model: Pick<ExperimentModel, 'done' | 'passed'>): number | null =>
  model.done === 0 ? null : Math.round((model.passed * 100) / model.done);

/** What may be said of two prompts. */
export function promptsSay(pair: ExperimentPromptPair): { bold: string; rest: string } {
  const { first, second, ahead, behind, even } = pair;
  const rest = t(
    'Of the cases, “{first}” passes more often in {ahead}, “{second}” in {behind}, both as often in {even}.',
    { ahead, first, behind, second, even },
  );
  if (pair.better !== null) return { bold: t('“{better}” is better.', { better: pair.better }), rest };
  const bold =
    pair.more === null
      ? t('They cannot be told apart.')
      : t('They cannot be told apart yet; about {count} more cases would tell.', { count: pair.more });
  return { bold, rest };
}

export const CHANGES: Record<CellChange, string> = words({
  regressed: 'Got worse',
  fixed: 'Got better',
  still_fails: 'Fails in both',
  still_passes: 'Passes in both',
  no_answer: 'Without an answer',
});

/** A set to begin with, over these models. */
export function template(models: readonly string[]): string {
  const list = models.length > 0 ? models : ['author/model'];
  return [
    'description: My first set',
    'prompts:',
    "  - 'What is the capital of {{country}}? One word.'",
    'models:',
    ...list.map((model) => `  - ${model}`),
    'tests:',
    '  - vars: { country: France }',
    '    assert:',
    '      - { type: icontains, value: Paris }',
    '  - vars: { country: Mongolia }',
    '    assert:',
    '      - { type: icontains, value: Ulaanbaatar }',
    '      - { type: word-count, value: { max: 5 } }',
    '',
  ].join('\n');
}
