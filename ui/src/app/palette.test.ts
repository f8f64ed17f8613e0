// The palette and the shortcuts, by keyboard only, over the scripted host.
import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, describe, expect, it } from 'vitest';
import { demoHost } from '../ipc/fake/demo-host';
import type { FakeHost } from '../ipc/host.fake';
import { ids } from '../shared/testids';
import { Services } from '../state/services.svelte';
import App from './App.svelte';
import { errors } from './errors';

let host: FakeHost;
const user = userEvent.setup();

async function open(scene: string): Promise<Services> {
  history.replaceState(null, '', `?scene=${scene}`);
  host = demoHost();
  const services = new Services(host, errors);
  render(App, { services });
  await services.start();
  return services;
}

async function clean(): Promise<string[]> {
  const result = await axe.run(document.body, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: false } },
  });
  return result.violations.map(
    (v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
  );
}

afterEach(() => {
  host.close();
  cleanup();
});

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
