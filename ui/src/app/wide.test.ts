// A window wide enough for columns and the inspector beside them.
import { screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, lane, open, stage, user } from './stage.help';

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

describe('a conversation of eight models', () => {
  it('has a column, a chip and a segment for each, however long their names are', async () => {
    await open('eight');
    for (let place = 0; place < 8; place += 1) {
      expect(screen.getByTestId(ids.lane(place, true))).toBeInTheDocument();
      expect(screen.getByTestId(ids.chip(place))).toBeInTheDocument();
      expect(screen.getByTestId(ids.pick(place, true))).toBeInTheDocument();
    }
    const long = 'Llama 4 Maverick 17B 128E Instruct (FP8, long context)';
    // Cut for the eye, whole for the tooltip.
    expect(within(screen.getByTestId(ids.chip(4))).getByTitle(long)).toHaveTextContent(long);
    expect(await clean()).toEqual([]);
  });
});
