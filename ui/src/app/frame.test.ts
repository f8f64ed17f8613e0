// The bar above a page, what a new chat says, and what is told below.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { BudgetView } from '../ipc/generated/BudgetView';
import { ids } from '../shared/testids';
import { altered, open, stage, user } from './stage.help';

stage();

describe('the key of Undo', () => {
  it('is shown where it works: not while somebody writes, and as it was chosen', async () => {
    const services = await open('chat');
    const undone: string[] = [];
    const cap = () => document.querySelector('.toast kbd')?.textContent ?? null;
    screen.getByTestId(ids.composer).focus();
    services.toasts.show('First', () => undone.push('first'));
    services.toasts.show('Second', () => undone.push('second'));
    await screen.findByText('Second');
    expect(cap()).toBeNull();
    screen.getByTestId(ids.navChats).focus();
    await waitFor(() => expect(cap()).toBe('Z'));
    // It takes back the newest, and no other says that it is the one.
    expect(screen.getAllByTestId(ids.toast).map((toast) => toast.querySelector('kbd') !== null)).toEqual([
      false,
      true,
    ]);
    services.shortcuts.set('undo', 'u');
    await waitFor(() => expect(cap()).toBe('U'));
    services.reading.setSingleKeys(false);
    await waitFor(() => expect(cap()).toBeNull());
    services.shortcuts.set('undo', '$mod+KeyU');
    await waitFor(() => expect(cap()).toBe('Ctrl'));
    services.shortcuts.set('undo', '');
    await waitFor(() => expect(cap()).toBeNull());
    services.shortcuts.reset('undo');
    services.reading.setSingleKeys(true);
    await user.keyboard('z');
    expect(undone).toEqual(['second']);
    await waitFor(() => expect(cap()).toBe('Z'));
  });
});

describe('a new chat', () => {
  it('asks two models both, and more of them all', async () => {
    const services = await open('chat');
    services.nav.go({ name: 'new' });
    const { targets } = services.newLineUp;
    const said = () => screen.getByTestId(ids.composer).getAttribute('placeholder');
    await services.newLineUp.set(targets.slice(0, 2));
    await waitFor(() => expect(said()).toBe('Ask both'));
    await services.newLineUp.set(targets.slice(0, 3));
    await waitFor(() => expect(said()).toBe('Ask all three'));
  });
});

describe('the meter of a budget', () => {
  it('keeps to its line and says in its tooltip that blind answers are left out', async () => {
    await open('budgets', () =>
      altered('budget/list', (list: BudgetView[]) => list.map((one) => ({ ...one, hidden: 2 }))),
    );
    const meter = await screen.findByTestId(ids.budgetMeter);
    expect(meter.textContent).not.toContain('blind');
    expect(meter).toHaveAttribute('title', 'Budgets; blind answers are added after the vote');
  });
});
