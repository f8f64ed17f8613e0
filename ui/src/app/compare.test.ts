// Differences of two answers and agreement of all, as a user finds them.
import { screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import type { Differences } from '../ipc/generated/Differences';
import type { Services } from '../state/services.svelte';
import { altered, clean, host, open as start, stage, user } from './stage.help';

stage();
let services: Services;
beforeEach(async () => {
  services = await start('chat');
});

async function open(): Promise<void> {
  await user.click((await screen.findAllByTestId(ids.diff)).at(-1) ?? document.body);
  await screen.findAllByTestId(ids.diffRow);
}

describe('differences', () => {
  it('are opened from an answer by its key, with that answer on the left', async () => {
    const second = screen.getByTestId(ids.lane(1, true));
    second.focus();
    await user.keyboard('d');
    await screen.findAllByTestId(ids.diffRow);
    const [asked] = host.sent('compare/two');
    expect(asked?.left).toBe(second.dataset['run']);
    expect(asked?.right).not.toBe(asked?.left);
  });

  it('show the words of each side, fold away what is the same, and swap', async () => {
    await open();
    expect(screen.getAllByTestId(ids.diffRow)).toHaveLength(5);
    expect(screen.getAllByTestId(ids.diffRow)[2]).toHaveTextContent('Another number, or one denies');
    await user.keyboard('o');
    expect(screen.getAllByTestId(ids.diffRow)).toHaveLength(4);
    const before = host.sent('compare/two').at(-1);
    await user.keyboard('x');
    expect(host.sent('compare/two').at(-1)).toEqual({
      ...before,
      left: before?.right,
      right: before?.left,
    });
    await user.keyboard('{Escape}');
    expect(screen.getByTestId(ids.composer)).toBeInTheDocument();
  });

  it('say how long and how dear each side is, and where in the list one is', async () => {
    await open();
    const sides = [...document.querySelectorAll('.dsel')].map((side) => side.textContent);
    expect(sides[0]).toContain('83 words · $0.0140');
    expect(sides[1]).toContain('78 words · $0.0070');
    expect(screen.getByTestId(ids.navChats)).toHaveAttribute('aria-current', 'page');
    expect(screen.getByTestId(ids.conversation('chat'))).toHaveAttribute('aria-current', 'true');
  });

  it('lead from a statement to its place in an answer', async () => {
    await open();
    const contrary = screen.getByTestId(ids.agreedGroup('contrary'));
    const stands = within(contrary).getAllByRole('button');
    expect(stands[0]).toHaveAccessibleName(/says it/);
    await user.click(stands[0] ?? document.body);
    // The place asked for is the fourth of the left answer, which no line of this comparison holds: the line stays.
    await user.click(screen.getByTestId(ids.compareView('all')));
    const texts = screen.getAllByTestId(ids.agreedText);
    expect(texts.length).toBeGreaterThan(2);
    expect(texts[0]?.querySelector('mark.chosen')).toHaveTextContent('within 14 days of hearing from you');
  });

  it('go by the arrows from mark to mark of the agreement, past what is silent', async () => {
    await open();
    const marks = () => [...document.querySelectorAll<HTMLElement>('.agt button')];
    expect(marks().filter((mark) => mark.tabIndex === 0)).toHaveLength(1);
    marks()[0]?.focus();
    // Down to "some say", right over the one that is silent there, down to "they differ".
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowRight}{ArrowRight}');
    expect(document.activeElement).toHaveAccessibleName('DeepSeek V3.2 says it: show it');
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toHaveAccessibleName('DeepSeek V3.2 differs: show it');
    // Nobody else stands below: the mark keeps the focus.
    await user.keyboard('{ArrowDown}{ArrowRight}');
    expect(document.activeElement).toHaveAccessibleName('DeepSeek V3.2 differs: show it');
    expect(marks().filter((mark) => mark.tabIndex === 0)).toEqual([document.activeElement]);
  });

  it('call the answers of a demo free', async () => {
    await open();
    const [left] = services.compare.runs;
    const model = left && services.models.of(left.target);
    if (!left || !model) throw new Error('no answer');
    services.models.learn([[left.target, { ...model, demo: true }]]);
    left.metrics.cost = '0';
    await user.keyboard('xx');
    await waitFor(() => expect(document.querySelector('.dsel')).toHaveTextContent('words · free'));
  });

  it('set each text the way its script runs, and code always from the left', async () => {
    altered('compare/two', (diff: Differences) => {
      const last = diff.rows.at(-1);
      if (last) last.block = 'code';
      return diff;
    });
    await open();
    const cells = [...document.querySelectorAll<HTMLElement>('.dtext')];
    const ways = (code: boolean) => [
      ...new Set(cells.filter((cell) => cell.classList.contains('code') === code).map((cell) => cell.dir)),
    ];
    expect(ways(false)).toEqual(['auto']);
    expect(ways(true)).toEqual(['ltr']);
    for (const row of document.querySelectorAll('.agt tbody tr:not(.grp) th'))
      expect(row).toHaveAttribute('dir', 'auto');
    await user.click(screen.getByTestId(ids.compareView('all')));
    for (const text of screen.getAllByTestId(ids.agreedText)) expect(text).toHaveAttribute('dir', 'auto');
  });

  it('have no barrier', async () => {
    await open();
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.compareView('all')));
    expect(screen.getByRole('region', { name: 'All answers, scrollable' })).toHaveAttribute('tabindex', '0');
    expect(await clean()).toEqual([]);
  });
});
