// Judges and what is made of answers, as a user finds them.
import { screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, open, stage, user } from './stage.help';

stage();
beforeEach(async () => {
  await open('chat');
  screen.getByTestId(ids.lane(0, true)).focus();
});

describe('a judge', () => {
  it('is asked by key, costs before it is sent, and says what both orders say', async () => {
    await user.keyboard('j');
    expect(await screen.findByTestId(ids.besideEstimate)).toHaveTextContent('3 calls, ≈');
    expect(host.sent('turn/judge')).toEqual([]);
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.judgeAsk));
    const judged = await screen.findByTestId(ids.judgement);
    expect(screen.getByTestId(ids.judgeVerdict)).toHaveTextContent('is first in both orders');
    expect(judged).toHaveTextContent('disagreed in 3 of 14 judgements');
    expect(judged).toHaveTextContent('Missing in all');
    for (const said of judged.querySelectorAll('.finding li, .finding .quote, dd'))
      expect(said.closest('[dir=auto]') ?? said.querySelector('[dir=auto]')).not.toBeNull();
    expect(await clean()).toEqual([]);
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
    expect(await clean()).toEqual([]);
  });
});
