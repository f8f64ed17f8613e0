import { describe, expect, it } from 'vitest';
import { errors } from '../../state/errors';
import { failure, lane, model, run, section, step, upstream } from '../../ipc/fake/samples';
import type { RunView } from '../../ipc/generated/RunView';
import { routeLine, saysNothing, standing } from './words';

const column = lane('l', model('x/m', 'M'));
const of = (part: Partial<RunView>) => run('r', column, 0, part);
const word = (part: Partial<RunView>, elapsed: number | null = null) => {
  const now = standing(of(part), elapsed, errors);
  return `${now.word}${now.time ? ` ${now.time}` : ''}`;
};

describe('the head of a column', () => {
  it('says how the run stands', () => {
    expect(word({ state: 'pending' })).toBe('Queued');
    const waiting = { provider: '', why: 'earlier' as const, ms: null, ahead: 0 };
    expect(word({ state: 'pending', waiting })).toBe('Waiting for the answer above');
    expect(word({ state: 'connecting' }, 400)).toBe('Connecting 0.40 s');
    expect(word({ state: 'streaming', sections: [section('a')] }, 3700)).toBe('Writing 3.7 s');
    expect(word({ state: 'streaming', sections: [section('a', { type: 'reasoning' })] }, 12_000)).toBe(
      'Thinking 12 s',
    );
    expect(word({ state: 'done', finish_reason: 'stop' }, 5100)).toBe('Finished 5.1 s');
    expect(word({ state: 'done', finish_reason: 'length' }, 5100)).toBe('Length limit');
    expect(word({ state: 'done', sections: [section('no', { type: 'refusal' })] })).toBe('Refused');
    expect(word({ state: 'cancelled' })).toBe('Stopped');
    expect(word({ state: 'interrupted' })).toBe('Interrupted');
  });
  it('names the status where there is one, else the kind', () => {
    const status = failure('limit.overloaded', 'Overloaded.', upstream({ status: 503 }));
    expect(word({ state: 'failed', failure: status })).toBe('Error 503');
    expect(word({ state: 'failed', failure: failure('net.dns', 'Nowhere.') })).toBe('Host not found');
  });
});

describe('an answer that says nothing', () => {
  it('has come to its end without words, a picture or a call of a tool', () => {
    const nothing = (...sections: RunView['sections']) => saysNothing(of({ state: 'done', sections }));
    expect(nothing()).toBe(true);
    expect(nothing(section(''), section('Hm.', { type: 'reasoning' }))).toBe(true);
    expect(nothing(section('Yes.'))).toBe(false);
    expect(nothing(section('', { type: 'tool_call', name: 'look' }))).toBe(false);
    expect(nothing(section('', { type: 'image', media_type: 'image/png' }))).toBe(false);
    expect(nothing(section('', { type: 'refusal' }))).toBe(false);
    expect(saysNothing(of({ state: 'streaming' }))).toBe(false);
  });
});

describe('the route line', () => {
  const line = (part: Partial<RunView>) => {
    const route = routeLine(of(part), errors);
    const steps = [...route.failed.map((step) => step.text), route.next].filter(Boolean).join(' → ');
    return [steps, route.rest].filter(Boolean).join(' · ');
  };
  it('ends with what the answer saw', () => {
    expect(line({ route: [step('Anthropic')] })).toBe('via Anthropic · saw the prompt only');
    expect(line({ route: [step('Ollama', { local: true })], saw: { type: 'own', turns: 2 } })).toBe(
      'via Ollama, on this machine · saw its own 2 turns',
    );
    expect(
      line({ route: [step('Demo', { demo: true })], saw: { type: 'other', model: 'GPT-5', turns: 1 } }),
    ).toBe('Demo, not an AI · saw GPT-5’s answer');
  });
  it('names who failed before and who took over', () => {
    expect(line({ route: [step('OpenAI', { failed: '529' }), step('Azure')] })).toBe(
      'OpenAI 529 → Azure · saw the prompt only',
    );
    expect(line({ route: [step('Ollama', { failed: 'net.connect' }), step('Azure')] })).toBe(
      'Ollama failed → Azure · saw the prompt only',
    );
  });
  it('names who was late where another was asked beside it', () => {
    const route = [step('OpenAI', { failed: 'outrun' }), step('Azure')];
    expect(line({ route })).toBe('OpenAI late → Azure · saw the prompt only');
    expect(routeLine(of({ route }), errors).failed[0]?.title).toBe('OpenAI: another answered first');
  });
  it('keeps what a label means for the tooltip', () => {
    const route = routeLine(
      of({ route: [step('Ollama', { failed: 'net.connect' }), step('Azure')] }),
      errors,
    );
    expect(route.failed[0]?.title).toContain(`: ${errors['net.connect'].short.toLowerCase()}`);
  });
  it('says no more than it knows when an answer broke off', () => {
    const broken = { state: 'failed' as const, sections: [section('Half of')] };
    expect(line({ ...broken, route: [step('Demo', { failed: 'upstream.internal', demo: true })] })).toBe(
      'Demo failed · Demo, not an AI · saw the prompt only',
    );
    const inStream = failure('upstream.internal', 'Broke.', upstream({ status: 200 }));
    expect(word({ ...broken, failure: inStream })).toBe('Provider failed');
  });
  it('says when no route is left', () => {
    expect(line({ state: 'failed', route: [step('OpenAI', { failed: '503' })] })).toBe(
      'OpenAI 503 → no route left · saw the prompt only',
    );
  });
});
