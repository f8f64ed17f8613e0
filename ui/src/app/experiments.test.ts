// Experiments as a user finds them.
import { screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import type { ExperimentDetail } from '../ipc/generated/ExperimentDetail';
import { altered, clean, host, open as start, stage, user } from './stage.help';

stage();
beforeEach(async () => {
  await start('chat');
  await user.click(screen.getByTestId(ids.navExperiments));
});

async function open(): Promise<void> {
  await user.click(await screen.findByTestId(ids.experiment('x1')));
  await screen.findAllByTestId(ids.experimentRow);
}

describe('experiments', () => {
  it('say what is unknown and ask again only on the word', async () => {
    await open();
    expect(screen.getByRole('button', { name: /may have been billed/ })).toBeInTheDocument();
    await user.click(screen.getByTestId(ids.experimentUncertain));
    expect(host.sent('experiment/run')).toEqual([]);
    await user.click(screen.getByTestId(ids.experimentUncertainGo));
    await waitFor(() => expect(host.sent('experiment/run')[0]?.retry_uncertain).toBe(true));
    // Whoever speaks what is to be read there presses it.
    const nav = screen.getByTestId(ids.navExperiments);
    await waitFor(() => expect(nav).toHaveAccessibleName(/^Experiments \d+ %$/));
    expect(nav).toHaveTextContent(/^Experiments\s*\d+ %$/);
  });

  it('fold away rows, and lead by keys to an answer with its checks', async () => {
    await open();
    expect(screen.getAllByTestId(ids.experimentRow)).toHaveLength(4);
    // A bar is as wide as its place and cut to its share: of a width of its own it would be a share of a share.
    const bars = [...document.querySelectorAll<HTMLElement>('.mbar')];
    expect(bars.length).toBeGreaterThan(0);
    for (const bar of bars) {
      expect(bar.style.getPropertyValue('--v')).toMatch(/^\d+%$/);
      expect((bar.firstElementChild as HTMLElement).style.width).toBe('');
    }
    await user.click(screen.getByTestId(ids.experimentMode('different')));
    expect(screen.getAllByTestId(ids.experimentRow)).toHaveLength(3);
    document.querySelector<HTMLElement>('[data-cell="0/0"]')?.focus();
    await user.keyboard('{ArrowRight}{ArrowDown}{Enter}');
    const cell = await screen.findByTestId(ids.experimentCell);
    expect(cell).toHaveTextContent('llm-rubric not run');
    expect(host.sent('experiment/cell')[0]?.position).toBe(9);
    // Prompts and answers run the way of their script.
    for (const text of cell.querySelectorAll('pre')) expect(text).toHaveAttribute('dir', 'auto');
    expect(document.querySelector('.xm .xname .ell')).toHaveAttribute('dir', 'auto');
    expect(await clean()).toEqual([]);
  });

  it('call free what is known to have cost nothing, and leave open what is not known', async () => {
    altered('experiment/open', (view: ExperimentDetail) => {
      const [first, second, third] = view.models;
      if (!first || !second || !third) throw new Error('too few models');
      [first.cost, second.cost] = [null, '0'];
      return view;
    });
    await open();
    const costs = [...document.querySelectorAll('.xm tfoot data')].map((cost) => cost.textContent);
    expect(costs.slice(0, 2)).toEqual(['–', 'free']);
    expect(costs[2]).toMatch(/^\$\d/);
  });

  it('have their plot as a table, and its marks are gone through by the arrow keys', async () => {
    await open();
    const marks = within(screen.getByTestId(ids.plot)).getAllByRole('img');
    const at = () => document.activeElement?.getAttribute('data-at');
    marks.find((mark) => mark.getAttribute('tabindex') === '0')?.focus();
    expect(at()).toBe('0/0');
    await user.keyboard('{ArrowRight}');
    expect(at()).toBe('0/1');
    const said = document.activeElement?.getAttribute('aria-label') ?? '?';
    expect(said).toMatch(/^\S.*: \d+ %, [\d.]+ s, (\$[\d.]+|free)$/);
    expect(screen.getByText(said, { selector: 'p' })).toBeInTheDocument();
    expect(await clean()).toEqual([]);
    const table = screen.getByTestId(ids.plotTable);
    await user.click(table);
    expect(table).toHaveAttribute('aria-pressed', 'true');
    expect(screen.queryByTestId(ids.plot)).toBeNull();
    expect(await clean()).toEqual([]);
  });

  it('take an answer back by Escape first, to the cell it was opened from, then the experiment', async () => {
    await open();
    const from = document.querySelector<HTMLElement>('[data-cell="1/2"]');
    from?.focus();
    await user.keyboard('{Enter}');
    const cell = await screen.findByTestId(ids.experimentCell);
    // Nothing stands before what was asked for: in a narrow window the plots would hide it.
    expect(cell.parentElement?.firstElementChild).toBe(cell);
    await user.click(within(cell).getByRole('button', { name: 'Close the answer' }));
    expect(screen.queryByTestId(ids.experimentCell)).toBeNull();
    expect(document.activeElement).toBe(from);
    await user.keyboard('{Enter}');
    await screen.findByTestId(ids.experimentCell);
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId(ids.experimentCell)).toBeNull();
    expect(document.activeElement).toBe(from);
    await user.keyboard('{Escape}');
    expect(await screen.findByTestId(ids.experiment('x2'))).toBeInTheDocument();
  });

  it('offer the models they can be run again on', async () => {
    await open();
    await user.click(screen.getByTestId(ids.experimentRerun));
    const field = await screen.findByTestId(ids.experimentModel);
    await user.type(field, 'deepseek');
    await waitFor(() =>
      expect(document.querySelector(`#${field.getAttribute('list')} option`)).toHaveValue(
        'deepseek/deepseek-v3.2',
      ),
    );
  });

  it('are estimated as they are typed and refused with the reason', async () => {
    await user.click(screen.getByTestId(ids.experimentNew));
    expect(await screen.findByTestId(ids.experimentEstimate)).toHaveTextContent('8 requests');
    await user.clear(screen.getByTestId(ids.experimentText));
    await user.type(screen.getByTestId(ids.experimentText), 'x');
    expect(await screen.findByTestId(ids.experimentProblem)).toHaveTextContent('prompts');
    expect(screen.getByTestId(ids.experimentRun)).toBeDisabled();
    expect(await clean()).toEqual([]);
  });

  it('say of two prompts what chance leaves', async () => {
    await open();
    const said = screen.getByTestId(ids.experimentPrompts);
    expect(said).toHaveTextContent('cannot be told apart yet; about 6 more cases would tell');
    expect(said).toHaveTextContent('“Review, step by step” in 4');
  });

  it('are voted on row by row without names, which come after the vote', async () => {
    await open();
    await user.click(screen.getByTestId(ids.duel));
    expect(await screen.findByTestId(ids.duelLeft)).toHaveTextContent('2 rows left');
    expect(screen.getByTestId(ids.duelName(0))).toHaveTextContent('A');
    expect(await clean()).toEqual([]);
    await user.keyboard('2');
    await waitFor(() => expect(screen.getByTestId(ids.duelName(0))).toHaveTextContent('GPT-5'));
    expect(host.sent('experiment/vote')[0]?.vote).toEqual({ type: 'best', run: 'b' });
    expect(screen.queryByTestId(ids.duelSeen)).toBeNull();
    await user.keyboard('n');
    await waitFor(() => expect(screen.getByTestId(ids.duelName(0))).toHaveTextContent('A'));
    expect(screen.getByTestId(ids.duelSeen)).toHaveTextContent('counts as seen');
    await user.keyboard('0');
    await user.click(await screen.findByTestId(ids.duelNext));
    expect(await screen.findByTestId(ids.duelNone)).toBeInTheDocument();
  });

  it('are removed with a way back', async () => {
    await open();
    await user.click(screen.getByTestId(ids.experimentRemove));
    await waitFor(() => expect(screen.queryByTestId(ids.experiment('x1'))).toBeNull());
    expect(screen.getByTestId(ids.experiment('x2'))).toBeInTheDocument();
    await user.click(await screen.findByRole('button', { name: /Undo/ }));
    expect(await screen.findByTestId(ids.experiment('x1'))).toBeInTheDocument();
  });

  it('say before how long they take, and keep notes on answers', async () => {
    await user.click(screen.getByTestId(ids.experimentNew));
    expect(await screen.findByTestId(ids.experimentEstimate)).toHaveTextContent('≈ 2 min');
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await user.click(await screen.findByTestId(ids.experiment('x1')));
    const [first] = await screen.findAllByRole('button', { name: /^GPT-5,/ });
    if (first) await user.click(first);
    await user.click(await screen.findByTestId(ids.cellNoteAdd));
    await user.type(screen.getByTestId(ids.cellNote), 'Ask Ada.');
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(await screen.findByTestId(`${ids.cellNote}-text`)).toHaveTextContent('Ask Ada.');
    expect(host.sent('experiment/note')[0]?.text).toBe('Ask Ada.');
    expect(await clean()).toEqual([]);
  });
});
