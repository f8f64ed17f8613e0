// Blind turns and the leaderboard as a user finds them.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { speak } from '../shared/i18n.svelte';
import { ids } from '../shared/testids';
import { failure } from '../ipc/fake/samples';
import type { Board } from '../ipc/generated/Board';
import type { ConversationView } from '../ipc/generated/ConversationView';
import { altered, clean, host, open, stage, user } from './stage.help';

stage();

const thread = () => document.querySelector('.thread')?.textContent ?? '';

describe('a blind turn', () => {
  it('shows letters, votes by key, and then names and what changed', async () => {
    await open('blind');
    const bar = await screen.findByTestId(ids.voteBar);
    expect(within(bar).getAllByRole('button').length).toBeGreaterThan(6);
    for (const name of ['Claude', 'GPT', 'Gemini', 'Mistral', '$']) expect(thread()).not.toContain(name);
    expect(await clean()).toEqual([]);
    const menu = async () => {
      await user.click(screen.getAllByTestId(ids.answerMenu)[2] ?? document.body);
      const items = (await screen.findAllByRole('menuitem')).map((item) => item.textContent?.trim());
      await user.keyboard('{Escape}');
      return items;
    };
    expect(await menu()).toEqual(['Copy answerC']);
    screen.getByTestId(ids.voteBar).focus();
    await user.keyboard('3');
    await screen.findByTestId(ids.voteTold);
    expect(host.sent('blind/vote')).toEqual([
      { turn: 'blind-turn', vote: { type: 'best', run: 'blind-run-2' } },
    ]);
    expect(screen.getByTestId(ids.voteTold)).toHaveTextContent('Claude Sonnet 4.5 wins.');
    expect(screen.getAllByTestId(ids.blindName)[2]).toHaveTextContent('Your pick');
    expect(thread()).toContain('+11');
    expect(await menu()).toContain('RetryR');
    await user.click(screen.getByTestId(ids.voteUndo));
    await waitFor(() => expect(screen.getByTestId(ids.voteTold)).toHaveTextContent('without a vote'));
  });

  it('takes an order by keys, and nothing is voted while somebody types', async () => {
    await open('blind');
    await screen.findByTestId(ids.voteBar);
    await user.click(screen.getByTestId(ids.composer));
    await user.keyboard('1');
    expect(host.sent('blind/vote')).toEqual([]);
    screen.getByTestId(ids.voteBar).focus();
    await user.keyboard('o4100');
    expect(host.sent('blind/vote').map((sent) => sent.vote)).toEqual([{ type: 'tie' }]);
  });

  it('forgets an order that was begun by Escape', async () => {
    await open('blind');
    const bar = await screen.findByTestId(ids.voteBar);
    bar.focus();
    await user.keyboard('o21');
    expect(bar).toHaveTextContent('From best to worst');
    await user.keyboard('{Escape}');
    expect(bar).toHaveTextContent('Which one is best?');
    expect(host.sent('blind/vote')).toEqual([]);
    bar.focus();
    await user.keyboard('o');
    expect(screen.getByTestId(ids.voteRank)).toHaveTextContent('Order');
  });

  it('offers no vote where fewer than two answers came, and takes none by key', async () => {
    await open('blind', () =>
      altered('conversation/open', (view: ConversationView) => {
        const [turn] = view.turns;
        for (const run of turn?.runs.slice(1) ?? [])
          Object.assign(run, {
            state: 'failed',
            sections: [],
            failure: failure('upstream.internal', 'Broken.'),
          });
        if (turn?.blind) turn.blind.lost = 3;
        return view;
      }),
    );
    const bar = await screen.findByTestId(ids.voteBar);
    expect(bar).toHaveTextContent(
      /^Too few answers came to compare Reveal the names 3 failed and are left out\.$/,
    );
    expect(within(bar).getAllByRole('button')).toHaveLength(1);
    expect(thread()).toContain('Why is told with the names.');
    expect(await clean()).toEqual([]);
    bar.focus();
    await user.keyboard('10xo');
    expect(host.sent('blind/vote')).toEqual([]);
    expect(host.sent('turn/pick')).toEqual([]);
    await user.click(screen.getByTestId(ids.reveal));
    expect(host.sent('blind/reveal')).toHaveLength(1);
  });

  it('is asked for by one key, for two models or more', async () => {
    const services = await open('chat');
    await user.keyboard('{Control>}{Shift>}b{/Shift}{/Control}');
    expect(screen.getByTestId(ids.blind)).toHaveAttribute('aria-pressed', 'true');
    expect(services.conversations.asking('x').blind).toBe('together');
  });
});

describe('the leaderboard', () => {
  it('names topics in the language of the window', async () => {
    await open('chat');
    await speak('de');
    await user.click(screen.getByTestId(ids.navLeaderboard));
    expect(await screen.findByTestId(ids.boardTopic('writing'))).toHaveTextContent(/^Schreiben 161$/);
    await user.click(screen.getByTestId(ids.boardTopic('facts')));
    expect(host.sent('board/open').at(-1)?.topic).toBe('facts');
    await speak('en');
  });

  it('counts one vote as one', async () => {
    await open('chat');
    altered('board/open', (board: Board) => ({ ...board, votes: 1, blind: 1 }));
    await user.click(screen.getByTestId(ids.navLeaderboard));
    expect(await screen.findByText(/^1 vote, 1 of them blind/)).toBeInTheDocument();
    await speak('de');
    expect(await screen.findByText(/^1 Stimme, davon 1 blind/)).toBeInTheDocument();
    await speak('en');
  });

  it('tells ratings with their intervals, what is open, and filters', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navLeaderboard));
    expect(await screen.findAllByTestId(ids.boardRow)).toHaveLength(5);
    expect(screen.getByTestId(ids.boardVerdict)).toHaveTextContent('About 40 more duels');
    expect(screen.getAllByTestId(ids.boardRow)[0]).toHaveTextContent('1,519–1,597');
    await user.click(screen.getByTestId(ids.boardCast('blind')));
    await user.click(screen.getByTestId(ids.boardTopic('writing')));
    expect(host.sent('board/open').at(-1)).toEqual({
      cast: 'blind',
      topic: 'writing',
      language: null,
      tag: null,
      since: null,
    });
    await user.selectOptions(screen.getByTestId(ids.boardTag), 'thesis');
    expect(host.sent('board/open').at(-1)).toMatchObject({ topic: 'writing', tag: 'thesis' });
    expect(await clean()).toEqual([]);
  });

  it('has each plot as a table, and goes through its marks by the arrow keys', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navLeaderboard));
    const front = within(await screen.findByTestId(ids.frontPlot));
    const marks = front.getAllByRole('img');
    const stop = marks.find((mark) => mark.getAttribute('tabindex') === '0');
    expect(stop).toHaveAttribute('data-at', '0/0');
    stop?.focus();
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement).toHaveAttribute('data-at', '0/1');
    const said = document.activeElement?.getAttribute('aria-label') ?? '?';
    expect(said).toMatch(/^\S.*: 1,\d{3} \(1,\d{3}–1,\d{3}\), (\$|free)/);
    expect(screen.getByText(said, { selector: 'p' })).toBeInTheDocument();
    expect(marks.filter((mark) => mark.getAttribute('tabindex') === '0')).toEqual([document.activeElement]);

    const history = within(screen.getByTestId(ids.historyPlot));
    const newest = history.getAllByRole('img').find((mark) => mark.getAttribute('tabindex') === '0');
    newest?.focus();
    const before = newest?.getAttribute('data-at') ?? '';
    expect(before).toMatch(/^0\//);
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement?.getAttribute('data-at')).toBe(before.replace('0/', '1/'));
    await user.keyboard('{ArrowLeft}');
    expect(Number(document.activeElement?.getAttribute('data-at')?.slice(2))).toBe(
      Number(before.slice(2)) - 1,
    );
    expect(await clean()).toEqual([]);

    await user.click(screen.getByTestId(ids.frontTable));
    await user.click(screen.getByTestId(ids.historyTable));
    expect(screen.queryByTestId(ids.frontPlot)).toBeNull();
    expect(screen.queryByTestId(ids.historyPlot)).toBeNull();
    const table = within(screen.getByRole('group', { name: 'Quality for money' })).getByRole('table');
    expect(within(table).getAllByRole('row')).toHaveLength(6);
    expect(within(table).getAllByRole('row')[1]).toHaveTextContent('1,519–1,597');
    const times = within(screen.getByRole('group', { name: 'Ratings over time' })).getByRole('table');
    expect(within(times).getAllByRole('columnheader')).toHaveLength(6);
    expect(await clean()).toEqual([]);
  });

  it('says what to do while there are no votes', async () => {
    await open('empty');
    await user.click(screen.getByTestId(ids.navLeaderboard));
    expect(await screen.findByText('Ten votes give a first ranking')).toBeInTheDocument();
  });

  it('says what the same prompts had cost on another model, measured and assumed', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navLeaderboard));
    await screen.findAllByTestId(ids.boardRow);
    await user.click(screen.getByTestId(ids.boardTopic('writing')));
    const choice = screen.getByTestId<HTMLSelectElement>(ids.suppose);
    await user.selectOptions(choice, choice.options[1]?.value ?? '');
    const said = await screen.findByTestId(ids.supposed);
    expect(said).toHaveTextContent('Your 212 prompts on writing');
    expect(said).toHaveTextContent('47 % ties');
    expect(said).toHaveTextContent('$11.40 less');
    expect(host.sent('board/suppose').at(-1)?.topic).toBe('writing');
  });
});
