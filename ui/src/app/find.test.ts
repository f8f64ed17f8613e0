// Looking something up in the conversation on the screen.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, lane, open, stage, user } from './stage.help';

stage();

const field = () => screen.getByTestId(ids.chatFind);
const says = (words: string) =>
  waitFor(() => expect(screen.getByTestId(ids.chatFindCount)).toHaveTextContent(words));

async function find(text: string): Promise<void> {
  await user.keyboard('{Control>}[KeyF]{/Control}');
  await waitFor(() => expect(field()).toHaveFocus());
  if (text !== '') await user.keyboard(text);
}

describe('finding in a chat', () => {
  it('opens by key, counts, goes on and back, and gives the focus back', async () => {
    await open('chat');
    const composer = await screen.findByTestId(ids.composer);
    composer.focus();
    await find('sketch');
    const bar = screen.getByRole('search', { name: 'Find in this chat' });
    await says('1 of 4');
    expect(await clean()).toEqual([]);
    await user.keyboard('{Enter}');
    await says('2 of 4');
    await user.keyboard('{F3}{F3}{F3}');
    await says('1 of 4');
    await user.keyboard('{Shift>}{Enter}{/Shift}');
    await says('4 of 4');
    await user.click(within(bar).getByLabelText('Previous match'));
    await says('3 of 4');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('search')).toBeNull());
    expect(composer).toHaveFocus();
    expect(host.sent('conversation/find').at(-1)).toEqual({ id: 'chat', text: null });
  });

  it('opens thoughts that are folded, and the tab an answer stands behind', async () => {
    const services = await open('chat');
    await user.keyboard('{Control>}[Digit3]{/Control}');
    expect(services.conversations.open?.selected).toBe(0);
    await find('linear counting');
    await says('1 of 1');
    await waitFor(() => expect(lane(2).getByTestId(ids.reasoning)).toHaveAttribute('open'));
    expect(services.conversations.open?.selected).toBe(2);
    expect(field()).toHaveFocus();
  });

  it('finds what is in turns that are not here, and brings them', async () => {
    await open('long');
    await screen.findByText('Question 59');
    expect(screen.queryByText('Question 15')).toBeNull();
    await find('grey heron');
    await says('1 of 6');
    await screen.findByText('Question 5');
    expect(field()).toHaveFocus();
    await user.keyboard('{Enter}');
    await says('2 of 6');
    await screen.findByText('Question 15');
    await user.keyboard('{Shift>}{Enter}{Enter}{/Shift}');
    await says('6 of 6');
    await screen.findByText('Question 55');
  });

  it('says so when there is nothing, and asks nothing while it is closed', async () => {
    await open('chat');
    await screen.findByTestId(ids.composer);
    expect(host.sent('conversation/find')).toEqual([]);
    await find('quagga');
    await says('Not found');
    await user.keyboard('{Enter}');
    await says('Not found');
    // A key is no question of its own.
    expect(host.sent('conversation/find').length).toBeLessThan(5);
  });

  it('takes what is selected, and finds no name that a blind turn hides', async () => {
    await open('chat');
    const said = await screen.findByText('Stop counting rows at read time.');
    const range = document.createRange();
    range.selectNodeContents(said);
    document.getSelection()?.addRange(range);
    await find('');
    expect(field()).toHaveValue('Stop counting rows at read time.');
    await says('1 of 1');
  });

  it('finds no name before the vote', async () => {
    await open('blind');
    await screen.findByTestId(ids.blindNote);
    for (const name of ['Claude', 'Sonnet', 'GPT']) {
      await find(name);
      await says('Not found');
      await user.clear(field());
    }
  });

  it('is in the menu of the chat and in the table of keys', async () => {
    await open('chat');
    await user.click(await screen.findByTestId(ids.more));
    await user.click(await screen.findByText('Find in this chat'));
    await waitFor(() => expect(field()).toHaveFocus());
    await user.keyboard('{Escape}');
    await user.keyboard('{Shift>}?{/Shift}');
    expect(await screen.findByTestId(ids.shortcut('find'))).toHaveTextContent('F');
    expect(screen.getByTestId(ids.shortcut('find.next'))).toHaveTextContent('F3');
  });
});
