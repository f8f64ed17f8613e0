import { describe, expect, it } from 'vitest';
import { errors } from '../../state/errors';
import { attemptsOf } from '../../ipc/fake/receipts';
import { lane, model, run, step, turn } from '../../ipc/fake/samples';
import { condition, paid, perMillion, rates, went } from './words';

const when = {
  prompt_tokens_gt: null,
  from: null,
  until: null,
  utc: null,
  weekdays: null,
  service_tier: null,
};

describe('a price per million', () => {
  it('is exact and never rounded to nothing', () => {
    expect(perMillion('0.00000125')).toBe('1.25');
    expect(perMillion('0.0000000028')).toBe('0.0028');
    expect(perMillion('0')).toBe('0');
    expect(perMillion('what')).toBe('–');
  });

  it('stands beside what is counted one by one', () => {
    expect(rates({ when: { ...when }, rates: { input: '0.000003', request: '0.01' } })).toEqual([
      { name: 'Prompt', rate: '$3 per M' },
      { name: 'Request', rate: '$0.01 each' },
    ]);
  });

  it('says when it counts', () => {
    expect(condition({})).toBe('Always');
    expect(condition({ prompt_tokens_gt: 200_000, utc: [990, 30] })).toBe(
      'prompts over 200,000 tokens, between 16:30 and 00:30 UTC',
    );
  });
});

describe('what an attempt has cost', () => {
  it('is free on this machine and of a demo', () => {
    const asked = run('r', lane('l', model('x/one', 'One')), 0, { route: [step('X')] });
    const [attempt] = attemptsOf(turn('t', [asked]), asked);
    if (!attempt?.prices || !attempt.cost) throw new Error('no price');
    const { prices } = attempt;
    const none = { ...attempt, cost: { ...attempt.cost, total: '0', basis: 'computed' as const } };
    const from = (origin: (typeof prices.source)['origin']) =>
      paid({ ...none, prices: { ...prices, source: { ...prices.source, origin } } });
    expect([from('demo'), from('local')]).toEqual(['free', 'free']);
    expect(from(prices.source.origin)).toBe('$0.00');
    expect(paid({ ...attempt, cost: null, prices: null })).toBe('–');
  });
});

describe('an attempt', () => {
  const asked = lane('l', model('x/one', 'One'));
  const way = (failed: string | null) => {
    const answer = run('r', asked, 0, { state: 'done', route: [step('OpenAI', { failed })] });
    answer.metrics = { ...answer.metrics, ttft: 640 };
    const [attempt] = attemptsOf(turn('t', [answer]), answer);
    if (!attempt) throw new Error('no attempt');
    return attempt;
  };

  it('says how it went in one line', () => {
    expect(went(way(null), errors)).toBe('200, first word after 0.64 s');
    expect(went(way('529'), errors)).toMatch(/^529, /);
    expect(went({ ...way(null), outcome: null, first_content: null }, errors)).toBe(
      'waiting for the first word',
    );
    expect(went({ ...way(null), outcome: { type: 'cancelled' } }, errors)).toBe(
      '200, stopped, first word after 0.64 s',
    );
    expect(went({ ...way(null), outcome: { type: 'cancelled' }, first_content: null }, errors, true)).toBe(
      '200, stopped, another answered first',
    );
  });
});
