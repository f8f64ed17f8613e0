// Pins, tags and folders in the window: by the mouse and by keys alone.
import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, open, stage, user } from './stage.help';

stage();

const list = () => screen.getByRole('navigation', { name: 'Conversations' });
/** Headings of the list and the conversations under each. */
const groups = () =>
  [...list().querySelectorAll('section')].map((section) => ({
    name: section.querySelector('h2')?.textContent?.replace(/\s+/g, ' ').trim(),
    titles: [...section.querySelectorAll('.conv > span')].map((span) => span.textContent),
  }));
const action = async (words: string) => {
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await screen.findByTestId(ids.palette), `>${words}{Enter}`);
};

describe('where a conversation is kept', () => {
  it('stands pinned on top and in its folder, with its tags by the title, without a barrier', async () => {
    await open('filed');
    await waitFor(() => expect(screen.getByTestId(ids.folder('Work'))).toBeInTheDocument());
    const [pinned, work] = groups();
    expect(pinned?.name).toBe('Pinned');
    expect(pinned?.titles).toHaveLength(1);
    expect(work).toEqual({ name: 'Work1', titles: ['Compare five invoice parsers'] });
    expect(document.querySelector('.bar .tag')).toHaveTextContent('sql');
    expect(await clean()).toEqual([]);
  });

  it('is pinned, tagged and moved by the menu of its line', async () => {
    await open('chat');
    const menu = async (item: string) => {
      await user.click(screen.getByTestId(ids.conversationMenu('old')));
      await user.click(await screen.findByRole('menuitem', { name: item }));
    };
    await menu('Pin to the top');
    await waitFor(() => expect(groups()[0]).toMatchObject({ name: 'Pinned' }));
    await menu('Unpin');
    await waitFor(() => expect(groups()[0]?.name).not.toBe('Pinned'));
    await menu('Tags…');
    await user.type(await screen.findByTestId(ids.tagName), 'invoices{Enter}');
    const tag = await screen.findByTestId(ids.tagCheck('invoices'));
    await waitFor(() => expect(tag).toBeChecked());
    expect(await clean()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Done' }));
    await menu('Move to a folder…');
    await user.type(await screen.findByTestId(ids.folderName), 'Money{Enter}');
    await waitFor(() =>
      expect(groups()[0]).toEqual({ name: 'Money1', titles: ['Compare five invoice parsers'] }),
    );
    // Taken back as everything is.
    await user.click(await screen.findByRole('button', { name: /Undo/ }));
    await waitFor(() => expect(groups()[0]).toEqual({ name: 'Money0', titles: [] }));
  });

  it('is filed by keys alone, from the palette', async () => {
    await open('chat');
    await action('pin or unpin');
    await waitFor(() => expect(host.sent('conversation/pin')).toEqual([{ id: 'chat', pinned: true }]));
    await action('tags of this');
    await user.type(await screen.findByTestId(ids.tagName), 'sql{Enter}');
    const tag = await screen.findByTestId(ids.tagCheck('sql'));
    await waitFor(() => expect(tag).toBeChecked());
    tag.focus();
    await user.keyboard(' ');
    await waitFor(() =>
      expect(host.sent('conversation/tag').at(-1)).toMatchObject({ tag: 'sql', on: false }),
    );
    await user.keyboard('{Escape}');
    await action('move this conversation');
    await user.type(await screen.findByTestId(ids.folderName), 'Work{Enter}');
    await waitFor(() => expect(host.sent('conversation/move')).toEqual([{ id: 'chat', folder: 'Work' }]));
  });

  it('shows one tag alone, folds its folders and keeps them so', async () => {
    await open('filed');
    await waitFor(() => expect(screen.getByTestId(ids.tagFilter)).toBeInTheDocument());
    screen.getByTestId(ids.tagFilter).focus();
    await user.keyboard('{Enter}');
    await user.click(await screen.findByRole('menuitemradio', { name: 'to read' }));
    await waitFor(() =>
      expect(groups()).toEqual([{ name: 'Work1', titles: ['Compare five invoice parsers'] }]),
    );
    await user.click(screen.getByTestId(ids.fold('Work')));
    expect(screen.getByTestId(ids.fold('Work'))).toHaveAttribute('aria-expanded', 'false');
    expect(groups()).toEqual([{ name: 'Work1', titles: [] }]);
    await waitFor(() =>
      expect(host.sent('view/set').find(({ key }) => key === 'view.folded')?.value).toBe('["Work"]'),
    );
  });

  it('is dragged into a folder and out of it', async () => {
    await open('filed');
    const folder = await screen.findByTestId(ids.folder('Work'));
    const loose = groups().find((group) => group.name !== 'Pinned' && group.name !== 'Work1');
    const title = loose?.titles[0] ?? '';
    const line = within(list()).getByText(title).closest('button');
    await fireEvent.dragStart(line as Element);
    await fireEvent.dragOver(folder);
    await fireEvent.drop(folder);
    await waitFor(() => expect(groups().find((group) => group.name === 'Work2')?.titles).toContain(title));
  });

  it('outlives its folder and its tag, which come back when that is taken back', async () => {
    await open('filed');
    const folder = await screen.findByTestId(ids.folder('Work'));
    await user.click(within(folder).getByRole('button', { name: 'Folder Work' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Delete the folder, keep its chats' }));
    await waitFor(() => expect(screen.queryByTestId(ids.folder('Work'))).toBeNull());
    expect(within(list()).getByText('Compare five invoice parsers')).toBeInTheDocument();
    await user.click(await screen.findByRole('button', { name: /Undo/ }));
    await waitFor(() =>
      expect(groups()[1]).toEqual({ name: 'Work1', titles: ['Compare five invoice parsers'] }),
    );
  });
});

describe('titles of new chats', () => {
  it('come from a model only once one is chosen, and it can be turned off', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const field = await screen.findByTestId(ids.titleModel);
    expect(host.sent('title/set')).toEqual([]);
    await user.type(field, 'nonsense{Enter}');
    expect(await screen.findByText('Nobody offers nonsense.')).toBeInTheDocument();
    await user.clear(field);
    await user.type(field, 'openai/gpt-5-mini{Enter}');
    await user.click(await screen.findByTestId(ids.titleOff));
    await waitFor(() => expect(screen.queryByTestId(ids.titleOff)).toBeNull());
    expect(host.sent('title/set').map(({ model }) => model)).toEqual(['nonsense', 'openai/gpt-5-mini', null]);
  });
});
