import { describe, expect, it } from 'vitest';
import { plainTarget } from '../../state/models.svelte';
import { changed, filled } from './fields';

const target = plainTarget({ model: 'x/one' });

describe('the settings of a lane', () => {
  it('come back as they were', () => {
    const set = {
      ...target,
      system: 'Be brief.',
      params: {
        ...target.params,
        temperature: 0.3,
        stop: ['END', 'STOP'],
        reasoning: { effort: 'low' as const },
      },
    };
    expect(changed(set, filled(set))).toEqual(set);
    expect(changed(target, filled(target))).toEqual(target);
  });

  it('are empty where the core left them out', () => {
    const bare = { ...target, params: {} as typeof target.params };
    expect(filled(bare)).toEqual(filled(target));
    const kept = { temperature: null, stop: [], reasoning: null };
    expect(changed(bare, filled(bare))).toMatchObject({ params: kept });
  });

  it('say what is wrong', () => {
    expect(changed(target, { ...filled(target), temperature: 'hot' })).toContain('temperature');
    expect(changed(target, { ...filled(target), temperature: '2.5' })).toContain('0 to 2');
    expect(changed(target, { ...filled(target), max_completion_tokens: '1.5' })).toContain('whole number');
    expect(changed(target, { ...filled(target), seed: 'x' })).toContain('seed');
  });

  it('keep a budget of reasoning tokens that they do not show', () => {
    const budget = { ...target, params: { ...target.params, reasoning: { budget: 4000 } } };
    expect(changed(budget, filled(budget))).toEqual(budget);
  });
});
