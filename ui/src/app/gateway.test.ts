// The gateway in Settings and on the Spend page, over the scripted host.
import { cleanup, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { demoHost } from '../ipc/fake/demo-host';
import type { FakeHost } from '../ipc/host.fake';
import { ids } from '../shared/testids';
import { Services } from '../state/services.svelte';
import App from './App.svelte';
import { errors } from '../state/errors';

let host: FakeHost;
const user = userEvent.setup();

async function open(page: 'settings' | 'spend'): Promise<void> {
  history.replaceState(null, '', '?scene=chat');
  host = demoHost();
  const services = new Services(host, errors);
  render(App, { services });
  await services.start();
  await user.click(await screen.findByTestId(page === 'spend' ? ids.navSpend : ids.navSettings));
}

afterEach(() => {
  host.close();
  cleanup();
});

describe('the gateway in Settings', () => {
  it('is switched off and on, and says where it is', async () => {
    await open('settings');
    const button = await screen.findByTestId(ids.gatewaySwitch);
    await waitFor(() => expect(button).toHaveAttribute('aria-checked', 'true'));
    expect(screen.getByTestId(ids.gatewayAddress)).toHaveTextContent('http://127.0.0.1:4117/v1');
    await user.click(button);
    await waitFor(() => expect(button).toHaveAttribute('aria-checked', 'false'));
    expect(host.sent('gateway/switch')).toEqual([{ on: false, port: null }]);
    expect(screen.queryByTestId(ids.gatewayRunning)).toBeNull();
    await user.click(button);
    await waitFor(() => expect(screen.getByTestId(ids.gatewayRunning)).toBeVisible());
  });

  it('says of each key what it asked, when, and what it asks now', async () => {
    await open('settings');
    const editor = await screen.findByTestId(ids.appKey('editor'));
    expect(editor).toHaveTextContent('$0.88 of $3.00 a month');
    expect(editor).toHaveTextContent('142 requests');
    expect(editor).toHaveTextContent('1 request now');
    const unused = screen.getByTestId(ids.appKey('notebook'));
    expect(within(unused).getAllByText(/never/)).toHaveLength(2);
    expect(within(unused).getAllByText('0 requests')).toHaveLength(2);
  });

  it('shows a new key once, and lists it without the key', async () => {
    await open('settings');
    await user.click(await screen.findByTestId(ids.appKeyNew));
    await user.click(screen.getByTestId(ids.appKeyMake));
    expect(await screen.findByRole('alert')).toHaveTextContent('Name the program');
    await user.type(screen.getByTestId(ids.appKeyName), 'script');
    await user.type(screen.getByTestId(ids.appKeyLimit), '2,50');
    await user.keyboard('{Enter}');
    const shown = await screen.findByTestId(ids.appKeyShown);
    const key = shown.textContent ?? '';
    expect(key).toMatch(/^sk-parallax-[0-9a-f]{64}$/);
    await user.click(screen.getByTestId(ids.appKeyDone));
    const row = await screen.findByTestId(ids.appKey('script'));
    expect(row).toHaveTextContent(`…${key.slice(-4)}`);
    expect(document.body.textContent).not.toContain(key);
    expect(host.sent('app_key/make')).toMatchObject([{ name: 'script', month_limit: '2.50' }]);
  });

  it('takes a key back only when asked twice', async () => {
    await open('settings');
    await user.click(await screen.findByTestId(ids.appKeyRevoke('notebook')));
    expect(host.sent('app_key/revoke')).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Revoke key' }));
    await waitFor(() => expect(screen.queryByTestId(ids.appKey('notebook'))).toBeNull());
    expect(host.sent('app_key/revoke')).toEqual([{ name: 'notebook' }]);
  });
});

describe('the Spend page', () => {
  it('breaks spending down by the app that asked', async () => {
    await open('spend');
    await user.click(await screen.findByTestId(ids.spendBy('app')));
    expect(await screen.findByTestId(ids.spendRow('nightly-eval'))).toBeVisible();
    expect(screen.getByText(/is in the total alone/)).toBeVisible();
  });
});
