// The gateway of the scripted host: as in the design, with three programs and a request under way.
import type { AppKeyView } from '../generated/AppKeyView';
import type { GatewayView } from '../generated/GatewayView';
import type { FakeHost } from '../host.fake';
import { failure } from './samples';

const DAY = 86_400_000;

function appKey(part: Partial<AppKeyView>): AppKeyView {
  return {
    name: 'editor',
    last_four: '3fa9',
    models: [],
    policy: null,
    requests_per_minute: null,
    tokens_per_minute: null,
    cache: false,
    created_at: Date.now() - 9 * DAY,
    expires_at: null,
    expired: false,
    limit: null,
    period: null,
    spent: '0',
    today: { amount: '0', attempts: 0, unknown: 0 },
    month: { amount: '0', attempts: 0, unknown: 0 },
    last_used: null,
    ...part,
  };
}

export function gatewayHost(host: FakeHost): void {
  let view: GatewayView = {
    on: true,
    address: 'http://127.0.0.1:4117',
    port: 4117,
    failure: null,
    today: { amount: '0.31', attempts: 184, unknown: 0 },
    keys: [
      appKey({
        models: ['anthropic/claude-haiku-4.5', 'openai/gpt-5-mini'],
        requests_per_minute: 60,
        limit: '3',
        period: 'month',
        spent: '0.88',
        today: { amount: '0.19', attempts: 142, unknown: 0 },
        month: { amount: '0.88', attempts: 1_204, unknown: 0 },
        last_used: Date.now() - 2_300,
      }),
      appKey({
        name: 'nightly-eval',
        last_four: 'e7cd',
        requests_per_minute: 20,
        expires_at: Date.now() + 40 * DAY,
        limit: '2',
        period: 'month',
        spent: '1.94',
        today: { amount: '0.12', attempts: 42, unknown: 0 },
        month: { amount: '1.94', attempts: 611, unknown: 3 },
        last_used: Date.now() - 7 * 3_600_000,
      }),
      appKey({ name: 'notebook', last_four: '0c05', policy: 'local' }),
    ],
    live: [
      {
        number: 185,
        app: 'editor',
        model: 'auto/cheapest',
        endpoint: 'anthropic/claude-haiku-4-5',
        age: 2_300,
        streaming: true,
      },
    ],
  };
  host
    .on('gateway/state', () => view)
    .on('gateway/switch', ({ on, port }) => {
      const at = port ?? view.port;
      view = {
        ...view,
        on,
        port: at,
        address: on ? `http://127.0.0.1:${at}` : null,
        live: on ? view.live : [],
      };
      return view;
    })
    .on('app_key/make', (wanted) => {
      if (view.keys.some((key) => key.name === wanted.name))
        throw failure('request.invalid', `There is an app key called “${wanted.name}” already.`);
      view = {
        ...view,
        keys: [
          appKey({
            name: wanted.name,
            last_four: '9d41',
            models: wanted.models,
            policy: wanted.policy,
            requests_per_minute: wanted.requests_per_minute,
            tokens_per_minute: wanted.tokens_per_minute,
            cache: wanted.cache,
            expires_at: wanted.days === null ? null : Date.now() + wanted.days * DAY,
            limit: wanted.month_limit,
            period: wanted.month_limit === null ? null : 'month',
          }),
          ...view.keys,
        ],
      };
      return { name: wanted.name, key: `sk-parallax-${'5e1f'.repeat(15)}9d41` };
    })
    .on('app_key/revoke', ({ name }) => {
      view = { ...view, keys: view.keys.filter((key) => key.name !== name) };
      return view;
    });
}
