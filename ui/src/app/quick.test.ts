import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '../ipc/client';
import { FakeHost } from '../ipc/host.fake';
import { quickHost } from '../ipc/fake/quick';
import { ids } from '../shared/testids';
import QuickAsk from './QuickAsk.svelte';
import { clean, host, open, stage, user } from './stage.help';

describe('a quick question', () => {
  stage();

  /** The core has these, and hands them over one by one. */
  function asked(questions: { text: string; drafted: boolean }[]): void {
    host.on('quick/take', () => questions.shift() ?? { text: null, drafted: false });
    host.push({ tables: ['quick'] });
  }

  it('is asked in a new chat', async () => {
    await open('chat');
    asked([{ text: 'Why is the sky blue?', drafted: true }]);
    await waitFor(() => expect(host.sent('turn/start')[0]).toMatchObject({ prompt: 'Why is the sky blue?' }));
    expect(host.sent('turn/start')[0]?.conversation).toBeNull();
    await waitFor(() => expect(screen.getByTestId(ids.composer)).toHaveValue(''));
  });

  it('leaves what stands in the field of a new chat alone', async () => {
    const services = await open('chat');
    services.conversations.draft.set('Half a thought');
    asked([{ text: 'Why is the sky blue?', drafted: false }]);
    await waitFor(() => expect(host.sent('turn/start')).toHaveLength(1));
    expect(services.conversations.draft.text).toBe('Half a thought');
  });

  it('that cannot be sent stands in the field, behind what was there', async () => {
    const services = await open('chat');
    services.conversations.draft.set('Half a thought');
    host.fails('turn/start', { kind: 'billing.budget', message: 'No.', upstream: null });
    asked([{ text: 'Why is the sky blue?', drafted: false }]);
    await waitFor(() =>
      expect(services.conversations.draft.text).toBe('Half a thought\n\nWhy is the sky blue?'),
    );
  });
});

describe('the small window', () => {
  afterEach(cleanup);
  const start = { theme: 'system', language: null, models: ['Opus', 'GPT'], draft: 'Why' };

  function show(): FakeHost {
    const fake = new FakeHost();
    quickHost(fake);
    render(QuickAsk, { client: new Client(fake), start, failed: null });
    return fake;
  }

  it('asks with Enter what was written, and begins with what was left', async () => {
    const fake = show();
    expect(screen.getByTestId(ids.quickField)).toHaveFocus();
    expect(screen.getByText('In a new chat: Opus, GPT')).toBeInTheDocument();
    await user.type(screen.getByTestId(ids.quickField), '?{Shift>}{Enter}{/Shift}So?{Enter}', {
      initialSelectionStart: 3,
      initialSelectionEnd: 3,
    });
    expect(fake.sent('quick/ask')).toEqual([{ text: 'Why?\nSo?' }]);
    expect(await clean()).toEqual([]);
  });

  it('closes with Esc and keeps the text', async () => {
    const fake = show();
    await user.keyboard('{Escape}');
    expect(fake.sent('quick/close')).toEqual([{ text: 'Why' }]);
  });

  it('says what went wrong and stays', async () => {
    const fake = show();
    fake.fails('quick/ask', { kind: 'store.full', message: 'The disk is full.', upstream: null });
    await user.keyboard('{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent('The disk is full.');
    expect(screen.getByTestId(ids.quickField)).toHaveValue('Why');
  });
});

describe('its keys', () => {
  stage();

  it('are chosen in Settings', async () => {
    const services = await open('chat');
    services.nav.go({ name: 'settings', provider: null });
    await user.selectOptions(await screen.findByTestId(ids.quickKeys), 'Ctrl+Shift+Space');
    expect(host.sent('quick/set')).toEqual([{ keys: 'Ctrl+Shift+Space' }]);
  });

  it('are not offered where the desktop gives none, and it says what to do', async () => {
    const services = await open('wayland');
    services.nav.go({ name: 'settings', provider: null });
    expect(await screen.findByTestId(ids.quickObstacle)).toHaveTextContent('Wayland');
    expect(screen.getByText('parallax-desktop --quick-ask')).toBeInTheDocument();
    expect(screen.queryByTestId(ids.quickKeys)).toBeNull();
  });
});
