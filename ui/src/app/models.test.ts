// The Models page as a user finds it, on the scripted host.
import { screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import type { Services } from '../state/services.svelte';
import { clean, host, open, stage, user } from './stage.help';

let services: Services;

stage();
beforeEach(async () => {
  services = await open('chat');
  await user.click(screen.getByTestId(ids.navModels));
  await screen.findByTestId(ids.modelsTable);
});

describe('the models page', () => {
  it('draws only what is on screen, says how many there are, and has no barrier', async () => {
    const table = screen.getByTestId(ids.modelsTable);
    const total = Number(table.getAttribute('aria-rowcount')) - 1;
    expect(total).toBeGreaterThan(400);
    expect(within(table).getAllByRole('row').length).toBeLessThan(80);
    expect(screen.getByTestId(ids.modelsCount)).toHaveTextContent(`${total} of ${total}`);
    expect(await clean()).toEqual([]);
  });

  it('goes by keys: filter, row, drawer, line-up, and back', async () => {
    await user.keyboard('/');
    expect(screen.getByTestId(ids.modelsFilter)).toHaveFocus();
    await user.keyboard('haiku');
    await waitFor(() => expect(screen.getByTestId(ids.modelsCount)).toHaveTextContent('1 of'));
    const table = screen.getByTestId(ids.modelsTable);
    table.focus();
    await user.keyboard('{Enter}');
    const drawer = await screen.findByTestId(ids.modelsDrawer);
    expect(drawer).toHaveTextContent('Claude Haiku 4.5');
    expect(await clean()).toEqual([]);
    table.focus();
    await user.keyboard(' ');
    await waitFor(() =>
      expect(within(drawer).getByTestId(ids.modelsAdd)).toHaveTextContent('In the line-up'),
    );
    expect(services.newLineUp.targets.map((target) => target.model.model)).toContain(
      'anthropic/claude-haiku-4.5',
    );
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByTestId(ids.modelsDrawer)).toBeNull());
  });

  it('names the filter to blame and drops it', async () => {
    await user.type(screen.getByTestId(ids.modelsFilter), 'haiku');
    await user.click(screen.getByTestId(ids.modelsFlag('open')));
    await user.click(await screen.findByText('Drop “haiku”'));
    await screen.findByTestId(ids.modelsTable);
  });

  it('shows each rate with its condition, source and day, and takes a price of one’s own', async () => {
    await user.type(screen.getByTestId(ids.modelsFilter), 'sonnet 4.5');
    await user.click(await screen.findByTestId(ids.modelsRow('anthropic/claude-sonnet-4.5')));
    const drawer = within(await screen.findByTestId(ids.modelsDrawer));
    await user.click(drawer.getByText('Anthropic'));
    expect(drawer.getByText('Above 200000 prompt tokens')).toBeInTheDocument();
    expect(drawer.getByText(/genai-prices 0.2.3, 10 Nov 2026/)).toBeInTheDocument();
    await user.click(drawer.getByTestId(ids.priceSet));
    await user.clear(drawer.getByTestId(ids.priceInput));
    await user.type(drawer.getByTestId(ids.priceInput), '1,500');
    await user.click(drawer.getByTestId(ids.priceSave));
    expect(await drawer.findByRole('alert')).toHaveTextContent('may be 1500 or 1.5');
    await user.clear(drawer.getByTestId(ids.priceInput));
    await user.type(drawer.getByTestId(ids.priceInput), '1.5');
    await user.click(drawer.getByTestId(ids.priceSave));
    expect(await drawer.findByText('your price')).toBeInTheDocument();
    expect(host.sent('price/set').at(-1)).toEqual({
      model: { model: 'claude-sonnet-4.5', provider: 'anthropic' },
      input: '1.5',
      output: '15',
      cache_read: '0.3',
    });
    await user.click(drawer.getByTestId(ids.priceReset));
    await waitFor(() => expect(drawer.queryByText('your price')).toBeNull());
  });

  // Golden: each figure stands beside the name of its own meter, so that none can change places.
  it('c20: each rate is named by the meter it is of', async () => {
    await user.type(screen.getByTestId(ids.modelsFilter), 'sonnet 4.5');
    await user.click(await screen.findByTestId(ids.modelsRow('anthropic/claude-sonnet-4.5')));
    const drawer = await screen.findByTestId(ids.modelsDrawer);
    await user.click(within(drawer).getByText('Anthropic'));
    const named = [...drawer.querySelectorAll('.rates')].map((list) =>
      [...list.querySelectorAll('dt')].map((dt) => [
        dt.textContent,
        dt.nextElementSibling?.textContent?.replace(/\s+/g, ' ').trim(),
      ]),
    );
    expect(named[0]).toEqual([
      ['Prompt', '$3.00 per M'],
      ['Prompt, from cache', '$0.30 per M'],
      ['Completion', '$15.00 per M'],
    ]);
    const row = screen.getByTestId(ids.modelsRow('anthropic/claude-sonnet-4.5'));
    const heads = within(screen.getByTestId(ids.modelsTable)).getAllByRole('columnheader');
    const cells = [...row.querySelectorAll('td')];
    const under = (name: string) => cells[heads.findIndex((head) => head.textContent?.includes(name))];
    expect(under('In $/M')).toHaveTextContent('3.00');
    expect(under('Out $/M')).toHaveTextContent('15.00');
  });

  it('asks public lists only when told to, and believes what is doubtful only with a word', async () => {
    expect(host.sent('catalogue/refresh')).toEqual([]);
    await user.click(screen.getByTestId(ids.modelsUpdate));
    const report = await screen.findByTestId(ids.modelsReport);
    expect(report).toHaveTextContent('status 503. All prices stay as they were');
    expect(screen.getByTestId(ids.modelsWaiting)).toHaveTextContent('2 new prices');
    await user.click(screen.getByText('Look at them'));
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('falls below a fifth');
    expect(await clean()).toEqual([]);
    await user.click(within(dialog).getAllByText('Accept')[0] as HTMLElement);
    await waitFor(() => expect(screen.getByTestId(ids.modelsWaiting)).toHaveTextContent('1 new price'));
    expect(host.sent('price/decide')).toEqual([
      { model: { model: 'gpt-5', provider: 'openrouter' }, accept: true },
    ]);
  });
});
