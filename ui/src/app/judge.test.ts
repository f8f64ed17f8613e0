// Judges and what is made of answers, as a user finds them.
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
  screen.getByTestId(ids.lane(0, true)).focus();
});
afterEach(() => {
  host.close();
  cleanup();
});

async function barriers(): Promise<string[]> {
  const result = await axe.run(document.body, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: false } },
  });
  return result.violations.map((v) => `${v.id}: ${v.nodes[0]?.html.slice(0, 160)}`);
}

describe('a judge', () => {
  it('is asked by key, costs before it is sent, and says what both orders say', async () => {
    await user.keyboard('j');
    expect(await screen.findByTestId(ids.besideEstimate)).toHaveTextContent('3 calls, ≈');
    expect(host.sent('turn/judge')).toEqual([]);
    expect(await barriers()).toEqual([]);
    await user.click(screen.getByTestId(ids.judgeAsk));
    const judged = await screen.findByTestId(ids.judgement);
    expect(screen.getByTestId(ids.judgeVerdict)).toHaveTextContent('is first in both orders');
    expect(judged).toHaveTextContent('disagreed in 3 of 14 judgements');
    expect(judged).toHaveTextContent('Missing in all');
    expect(await barriers()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Remove this judgement' }));
    await waitFor(() => expect(screen.queryByTestId(ids.judgement)).toBeNull());
  });

  it('that cannot be asked is told before', async () => {
    host.fails('turn/judge_estimate', {
      kind: 'request.no_model',
      message: 'Nobody serves it.',
      upstream: null,
    });
    await user.keyboard('j');
    expect(await screen.findByTestId(ids.besideProblem)).toHaveTextContent('Nobody serves it.');
    expect(screen.getByTestId(ids.judgeAsk)).toBeDisabled();
  });
});

describe('one answer of several', () => {
  it('is made along a list, stands under them, and is in no vote', async () => {
    await user.keyboard('s');
    await screen.findByTestId(ids.besideEstimate);
    await user.click(screen.getByTestId(ids.mergeWay('checklist')));
    expect(screen.getByTestId(ids.mergeMake)).toBeDisabled();
    await user.type(screen.getByTestId(ids.mergePoints), 'Cost');
    await waitFor(() => expect(screen.getByTestId(ids.mergeMake)).toBeEnabled());
    await user.click(screen.getByTestId(ids.mergeMake));
    expect(host.sent('turn/merge')[0]?.how).toEqual({ type: 'checklist', points: ['Cost'] });
    const made = await screen.findByTestId(ids.synthesis);
    expect(made).toHaveTextContent('from 4 answers');
    expect(screen.queryByTestId(ids.lane(4, true))).toBeNull();
    expect(screen.queryByTestId(ids.pick(4, true))).toBeNull();
    expect(await barriers()).toEqual([]);
  });
});
