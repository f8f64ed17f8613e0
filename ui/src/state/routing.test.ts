import { beforeEach, describe, expect, it, vi } from 'vitest';
import { planned, policy, rejected } from '../ipc/fake/routing';
import type { Policy } from '../ipc/generated/Policy';
import { Client } from '../ipc/client';
import { FakeHost } from '../ipc/host.fake';
import { leftOut, reasonWords } from './reasons';
import { Routing } from './routing.svelte';
import { Toasts } from './toasts.svelte';

let host: FakeHost;
let routing: Routing;
let toasts: Toasts;
let list: Policy[];
let usual: string;
const answer = () => ({ usual, policies: list });
const gpt = { reference: { model: 'openai/gpt-5', provider: null }, name: 'GPT-5' };

beforeEach(() => {
  usual = 'everyday';
  list = [policy('everyday', 'Everyday', '', {}), policy('private', 'Private', '', { zdr: true })];
  host = new FakeHost()
    .on('policy/list', answer)
    .on('policy/put', (edit) => {
      list = [...list.filter((known) => known.id !== edit.id), { ...edit, built_in: false }];
      return answer();
    })
    .on('policy/remove', ({ id }) => {
      list = list.filter((known) => known.id !== id);
      return answer();
    })
    .on('policy/use', ({ id }) => {
      usual = id;
      return answer();
    })
    .on('route/explain', ({ model, policy: under }) => ({
      model,
      prefs: {},
      failure: null,
      route: {
        policy: under ?? usual,
        no_fallbacks: false,
        planned: [planned('openai', 'OpenAI')],
        rejected: [],
      },
    }));
  toasts = new Toasts();
  routing = new Routing(new Client(host), toasts);
});

describe('policies', () => {
  it('are asked for once, however many parts show them', async () => {
    await Promise.all([routing.load(), routing.load(), routing.load()]);
    expect(host.sent('policy/list')).toHaveLength(1);
    expect(routing.policy?.name).toBe('Everyday');
  });

  it('are copied under a free id and name, and what the copy says is the original’s', async () => {
    await routing.load();
    const secret = routing.of('private') ?? null;
    await routing.copy(secret);
    await routing.copy(secret);
    expect(host.sent('policy/put').map((edit) => [edit.id, edit.name])).toEqual([
      ['private-changed', 'Private, changed'],
      ['private-changed-2', 'Private, changed 2'],
    ]);
    expect(host.sent('policy/put')[1]?.prefs).toEqual({ zdr: true });
    expect(routing.shown).toBe('private-changed-2');
  });

  it('come back when a deletion is undone', async () => {
    await routing.load();
    await routing.copy(null);
    const mine = routing.policy;
    if (!mine) throw new Error('no policy');
    await routing.remove(mine);
    expect(routing.of(mine.id)).toBeUndefined();
    expect(routing.policy?.id).toBe('everyday');
    toasts.undoLast();
    await vi.waitFor(() => expect(routing.of(mine.id)).toEqual(mine));
  });

  it('stay as they are, and it is said, when the core refuses', async () => {
    await routing.load();
    host.fails('policy/use', {
      kind: 'request.invalid',
      message: 'There is no such policy.',
      upstream: null,
    });
    await routing.use('gone');
    expect(routing.usual).toBe('everyday');
    expect(toasts.list.map((toast) => toast.text)).toEqual(['There is no such policy.']);
  });
});

describe('a trial', () => {
  it('asks under the policy on the page, names the usual one only once, and follows the providers', async () => {
    await routing.load();
    const stop = routing.watch(gpt);
    await vi.waitFor(() => expect(routing.plan?.route.policy).toBe('everyday'));
    expect(host.sent('route/explain')[0]).toMatchObject({ policy: null, prompt: 'Hello' });
    routing.show('private');
    await vi.waitFor(() => expect(routing.plan?.route.policy).toBe('private'));
    routing.changed();
    expect(host.sent('route/explain')).toHaveLength(3);
    stop();
    routing.changed();
    expect(host.sent('route/explain')).toHaveLength(3);
  });

  it('shows the core’s words when there is no plan, and the plan again after it', async () => {
    await routing.load();
    host.fails('route/explain', { kind: 'request.no_model', message: 'No such model.', upstream: null });
    routing.watch(gpt);
    await vi.waitFor(() => expect(routing.refused).toBe('No such model.'));
    expect(routing.plan).toBeNull();
  });
});

describe('reasons', () => {
  it('group who is left out, the most common first', () => {
    const groups = leftOut([
      rejected('a', 'A', ['may_train', 'no_key']),
      rejected('b', 'B', ['no_key']),
      rejected('c', 'C', ['no_key']),
    ]);
    expect(groups).toEqual([
      { why: 'no key', names: ['B', 'C'] },
      { why: 'may train on prompts', names: ['A'] },
    ]);
    expect(reasonWords(['cached', 'faster'])).toBe('has the prompt cached, answers sooner');
  });
});
