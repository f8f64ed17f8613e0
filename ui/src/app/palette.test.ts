// The palette and the shortcuts, by keyboard only, over the scripted host.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, open, stage, user } from './stage.help';

stage();

describe('the palette', () => {
  it('does what a few letters mean', async () => {
    const services = await open('chat');
    await user.keyboard('{Control>}k{/Control}');
    const field = await screen.findByTestId(ids.palette);
    await waitFor(() => expect(field).toHaveFocus());
    expect(await clean()).toEqual([]);
    await user.type(field, 'grid');
    expect(screen.getAllByRole('option')[0]).toHaveTextContent('Answers in a grid');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByTestId(ids.palette)).toBeNull());
    expect(services.conversations.open?.layout).toBe('grid');
  });

  it('renames the conversation: its field has the focus, and the pencil when that is done', async () => {
    await open('chat');
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByTestId(ids.palette), '>rename');
    await user.keyboard('{Enter}');
    const field = await screen.findByRole('textbox', { name: 'Title' });
    await waitFor(() => expect(field).toHaveFocus());
    await user.clear(field);
    await user.keyboard('Counting users{Enter}');
    await waitFor(() => expect(screen.getByTestId(ids.rename)).toHaveFocus());
    expect(host.sent('conversation/rename').map(({ title }) => title)).toEqual(['Counting users']);
    expect(screen.getByTestId(ids.title)).toHaveTextContent('Counting users');
  });

  it('offers only what can be done here', async () => {
    await open('empty');
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByTestId(ids.palette), '>export');
    expect(screen.queryAllByRole('option')).toEqual([]);
  });

  it('adds models, finds conversations, and takes anything else as a question', async () => {
    const services = await open('empty');
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByTestId(ids.palette), '@sonnet');
    await waitFor(() => expect(screen.getAllByRole('option')[0]).toHaveTextContent('Add Claude Sonnet'));
    await user.clear(screen.getByTestId(ids.palette));
    await user.type(screen.getByTestId(ids.palette), 'why is the sky blue');
    await user.click(screen.getByTestId(ids.paletteOption('ask')));
    expect(services.conversations.draft.text).toBe('why is the sky blue');
    expect(host.sent('turn/start')).toEqual([]);
  });
});

describe('shortcuts', () => {
  it('are all shown by a question mark, but not while one is written', async () => {
    const services = await open('chat');
    await user.type(await screen.findByTestId(ids.composer), 'why?');
    expect(services.nav.page.name).toBe('chat');
    screen.getByTestId(ids.lane(0, true)).focus();
    await user.keyboard('{Shift>}?{/Shift}');
    expect(services.nav.page).toMatchObject({ name: 'settings', at: 'shortcuts' });
    expect(await screen.findByTestId(ids.shortcut('chat.new'))).toBeVisible();
  });

  it('are changed by pressing keys, and a conflict is named', async () => {
    const services = await open('chat');
    services.nav.go({ name: 'settings', provider: null });
    const button = await screen.findByTestId(ids.shortcut('chat.new'));
    await user.click(button);
    await user.keyboard('{Control>}k{/Control}');
    expect(screen.getAllByRole('alert').map((alert) => alert.textContent)).toContain(
      'Ctrl K is taken by “Open the command palette”. Press other keys.',
    );
    await user.keyboard('{Control>}j{/Control}');
    expect(services.shortcuts.of('chat.new', '')).toBe('$mod+KeyJ');
    const kept = host.sent('view/set').filter(({ key }) => key === 'view.shortcuts');
    expect(kept.at(-1)?.value).toContain('KeyJ');
    button.blur();
    await user.keyboard('{Control>}j{/Control}');
    expect(services.nav.page.name).toBe('new');
  });

  it('of single letters can be switched off', async () => {
    const services = await open('chat');
    services.reading.setSingleKeys(false);
    screen.getByTestId(ids.lane(0, true)).focus();
    await user.keyboard('i');
    expect(services.receipts.run).toBeNull();
    services.reading.setSingleKeys(true);
    await user.keyboard('i');
    await waitFor(() => expect(services.receipts.run).not.toBeNull());
  });
});
