// Experiments as a user finds them.
import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoHost } from '../ipc/fake/demo-host';
import type { FakeHost } from '../ipc/host.fake';
import { ids } from '../shared/testids';
import { Services } from '../state/services.svelte';
import App from './App.svelte';
import { errors } from './errors';

let host: FakeHost;
const user = userEvent.setup();

beforeEach(async () => {
  Object.defineProperty(window, 'innerWidth', { value: 1440, configurable: true });
  history.replaceState(null, '', '?scene=chat');
  host = demoHost();
  const services = new Services(host, errors);
  render(App, { services });
  await services.start();
  await user.click(screen.getByTestId(ids.navExperiments));
});
afterEach(() => {
  host.close();
  cleanup();
});

async function open(): Promise<void> {
  await user.click(await screen.findByTestId(ids.experiment('x1')));
  await screen.findAllByTestId(ids.experimentRow);
}

async function barriers(): Promise<string[]> {
  const result = await axe.run(document.body, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: false } },
  });
  return result.violations.map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 160)}`);
}

describe('experiments', () => {
  it('say what is unknown and ask again only on the word', async () => {
    await open();
    expect(screen.getByRole('button', { name: /may have been billed/ })).toBeInTheDocument();
    await user.click(screen.getByTestId(ids.experimentUncertain));
    expect(host.sent('experiment/run')).toEqual([]);
    await user.click(screen.getByTestId(ids.experimentUncertainGo));
    await waitFor(() => expect(host.sent('experiment/run')[0]?.retry_uncertain).toBe(true));
  });

  it('fold away rows, and lead by keys to an answer with its checks', async () => {
    await open();
    expect(screen.getAllByTestId(ids.experimentRow)).toHaveLength(4);
    await user.click(screen.getByTestId(ids.experimentMode('different')));
    expect(screen.getAllByTestId(ids.experimentRow)).toHaveLength(3);
    document.querySelector<HTMLElement>('[data-cell="0/0"]')?.focus();
    await user.keyboard('{ArrowRight}{ArrowDown}{Enter}');
    const cell = await screen.findByTestId(ids.experimentCell);
    expect(cell).toHaveTextContent('llm-rubric not run');
    expect(host.sent('experiment/cell')[0]?.position).toBe(9);
    expect(await barriers()).toEqual([]);
  });

  it('are estimated as they are typed and refused with the reason', async () => {
    await user.click(screen.getByTestId(ids.experimentNew));
    expect(await screen.findByTestId(ids.experimentEstimate)).toHaveTextContent('8 requests');
    await user.clear(screen.getByTestId(ids.experimentText));
    await user.type(screen.getByTestId(ids.experimentText), 'x');
    expect(await screen.findByTestId(ids.experimentProblem)).toHaveTextContent('prompts');
    expect(screen.getByTestId(ids.experimentRun)).toBeDisabled();
    expect(await barriers()).toEqual([]);
  });
});
