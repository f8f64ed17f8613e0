// Policies and trial routes of the scripted host: the shapes of the core with a handful of providers.
import type { ModelRow } from '../generated/ModelRow';
import type { Policy } from '../generated/Policy';
import type { Reason } from '../generated/Reason';
import type { RoutePlace } from '../generated/RoutePlace';
import type { RoutePlanned } from '../generated/RoutePlanned';
import type { RouteRejected } from '../generated/RouteRejected';
import type { RouteView } from '../generated/RouteView';
import type { RoutingPrefs } from '../generated/RoutingPrefs';
import type { FakeHost } from '../host.fake';
import { failure } from './samples';

export function policy(id: string, name: string, about: string, prefs: RoutingPrefs, own = false): Policy {
  // What a policy does not say is left out, as the core leaves it out.
  return { id, name, about, built_in: !own, prefs };
}

export function policies(): Policy[] {
  return [
    policy(
      'everyday',
      'Everyday',
      'Balances price, speed and reliability; stays where the prompt is cached.',
      {},
    ),
    policy('cheapest', 'Cheapest', 'The lowest expected cost over the whole chat, however slow.', {
      sort: 'price',
    }),
    policy('fastest', 'Fastest', 'The shortest expected time to the first word.', { sort: 'latency' }),
    policy(
      'private',
      'Private',
      'Only providers that say they do not train on what is sent, and this machine.',
      {
        data_collection: 'deny',
      },
    ),
    policy('local', 'Local only', 'Only models on this machine; nothing is sent anywhere.', {
      local_only: true,
    }),
    policy(
      'work',
      'Work',
      'What the contract allows.',
      {
        data_collection: 'deny',
        only: ['openai', 'azure'],
        order: ['azure', 'openai'],
        max_price: { prompt: '2.5', completion: '12' },
        regions: ['eu'],
        quantizations: ['bf16'],
      },
      true,
    ),
  ];
}

function place(provider: string, name: string, part: Partial<RoutePlace> = {}): RoutePlace {
  return {
    endpoint: `${provider}/gpt-5`,
    provider,
    provider_name: name,
    model: 'openai/gpt-5',
    upstream_model: 'gpt-5',
    price_input: '1.25',
    price_output: '10',
    local: false,
    ...part,
  };
}

export function planned(
  provider: string,
  name: string,
  part: Partial<RoutePlanned> = {},
  where: Partial<RoutePlace> = {},
): RoutePlanned {
  return {
    place: place(provider, name, where),
    account: 'default',
    reasons: ['best_value'],
    expected: { cost: '0.0071', chat: '0.0112', first_content: 1800, success: 985 },
    ...part,
  };
}

export function rejected(provider: string, name: string, reasons: Reason[]): RouteRejected {
  return { place: place(provider, name), reasons };
}

export function routeOf(row: ModelRow, rules: Policy, usual: string): RouteView {
  const under = rules.id === usual ? rules.id : usual === 'everyday' ? rules.id : `${usual}+${rules.id}`;
  const route: RouteView = {
    policy: under,
    no_fallbacks: rules.prefs.allow_fallbacks === false,
    planned: [],
    rejected: [],
  };
  row.providers.forEach((name, at) => {
    const id = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    if (rules.prefs.local_only && !row.local) route.rejected.push(rejected(id, name, ['not_local']));
    else if (name === 'OpenRouter') route.rejected.push(rejected(id, name, ['training_unknown', 'no_key']));
    else if (!row.usable) route.rejected.push(rejected(id, name, ['no_key']));
    else {
      const expected = {
        cost: '0.0071',
        chat: '0.0112',
        first_content: 1800 - at * 1100,
        success: 985 - at * 120,
      };
      const reasons: Reason[] = at === 0 ? ['best_value'] : ['failing'];
      const { local, price_input, price_output } = row;
      route.planned.push(planned(id, name, { reasons, expected }, { local, price_input, price_output }));
    }
  });
  if (route.planned.length > 0) {
    route.rejected.push(
      rejected('requesty', 'Requesty', ['no_key']),
      rejected('vercel', 'Vercel', ['no_key']),
    );
  }
  return route;
}

export function routingHost(host: FakeHost, rows: ModelRow[]): void {
  let list = policies();
  let usual = 'everyday';
  const all = () => ({ usual, policies: list });
  const refuse = (message: string) => failure('request.invalid', message) as unknown as Error;
  host
    .on('policy/list', all)
    .on('policy/put', (wanted) => {
      if (list.some((known) => known.id === wanted.id && known.built_in)) {
        throw refuse(`“${wanted.id}” is built in and stays as it is. Give yours another id.`);
      }
      list = [...list.filter((known) => known.id !== wanted.id), { ...wanted, built_in: false }];
      return all();
    })
    .on('policy/use', ({ id }) => {
      usual = id;
      return all();
    })
    .on('policy/remove', ({ id }) => {
      list = list.filter((known) => known.id !== id);
      return all();
    })
    .on('route/explain', ({ model, policy: wanted }) => {
      const row = rows.find((known) => known.reference.model === model.model);
      if (!row) throw refuse(`No model is called “${model.model}”.`);
      const rules = list.find((known) => known.id === (wanted ?? usual));
      if (!rules) throw refuse(`There is no policy called “${wanted}”, so nothing was sent.`);
      const route = routeOf(row, rules, usual);
      const nowhere =
        route.planned.length > 0
          ? null
          : failure(
              'request.no_model',
              `The policy “${route.policy}” permits none of this model's providers, so nothing was sent.`,
            );
      return { model, route, prefs: rules.prefs, failure: nowhere };
    });
}
