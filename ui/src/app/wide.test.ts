// A window wide enough for columns and the inspector beside them.
import { screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { host, lane, open, stage, user } from './stage.help';

stage();
beforeEach(() => {
  Object.defineProperty(window, 'innerWidth', { value: 2200, configurable: true });
});

describe('the inspector of a wide window', () => {
  it('opens by itself without taking the focus, and follows the answer looked at', async () => {
    await open('chat');
    const panel = await screen.findByTestId(ids.inspector);
    expect(panel).not.toContainElement(document.activeElement as HTMLElement);
    const first = host.sent('run/receipt').at(-1)?.run;
    screen.getByTestId(ids.lane(1, true)).focus();
    await waitFor(() => expect(host.sent('run/receipt').at(-1)?.run).not.toBe(first));
    expect(screen.getByTestId(ids.lane(1, true))).toHaveFocus();
    await user.click(lane(2).getByTestId(ids.receipt));
    await waitFor(() => expect(panel).toHaveFocus());
  });

  it('stays closed once it was closed, until it is asked for', async () => {
    const services = await open('chat');
    await screen.findByTestId(ids.inspector);
    const answer = screen.getByTestId(ids.lane(0, true));
    answer.focus();
    await user.keyboard('i');
    await waitFor(() => expect(screen.getByTestId(ids.inspector)).toHaveFocus());
    await user.keyboard('i');
    await waitFor(() => expect(screen.queryByTestId(ids.inspector)).toBeNull());
    expect(answer).toHaveFocus();
    screen.getByTestId(ids.lane(1, true)).focus();
    await waitFor(() => expect(services.conversations.open?.selected).toBe(1));
    expect(screen.queryByTestId(ids.inspector)).toBeNull();
    await user.keyboard('i');
    expect(await screen.findByTestId(ids.inspector)).toHaveFocus();
  });
});
