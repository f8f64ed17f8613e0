// The scripted host behind `vite dev` and `--mode fake` builds: enough of a core to walk through every
// screen. `?scene=` chooses what is there at the start.
import type { AppState } from '../generated/AppState';
import type { BudgetView } from '../generated/BudgetView';
import type { LocalServer } from '../generated/LocalServer';
import type { RunView } from '../generated/RunView';
import type { SendTurn } from '../generated/SendTurn';
import type { TurnView } from '../generated/TurnView';
import { FakeHost, type Send } from '../host.fake';
import { serveCatalogue } from './catalogue';
import { catalogue, history, offered, providers } from './scene';
import { failure, key, lane, run, summary, target, turn } from './samples';
import { attachedHost } from './attached';
import { keptHost } from './kept';
import { longScene } from './long';
import { budgetViews, estimateView } from './budgets';
import { play } from './play';
import { goneOn, receiptHost } from './receipts';
import { branchHost, type FakeConversation, put, stretch } from './branches';
import { quickHost } from './quick';
import { filingHost } from './filing';
import { gatewayHost } from './gateway';
import { routingHost } from './routing';
import { blindHost, blindScene } from './blinding';
import { comparingHost } from './comparing';
import { crowd } from './crowd';
import { experimentHost } from './experimenting';
import { pastHost } from './past';
import { spendAttempts, spendPage } from './spending';

type Conversation = FakeConversation;

export function demoHost(): FakeHost {
  const query = new URLSearchParams(location.search);
  const scene = query.get('scene') ?? 'chat';
  const host = new FakeHost();
  const values = new Map<string, string>();
  const rows = catalogue();
  const keys = providers();
  let servers: LocalServer[] = [
    {
      provider: 'ollama',
      name: 'Ollama',
      address: '127.0.0.1:11434',
      models: rows.filter((row) => row.local),
      enabled: true,
    },
  ];
  let made = 0;
  let budgets: BudgetView[] = scene === 'budgets' ? budgetViews() : [];
  const unspent = scene === 'empty' || scene === 'onboarding';
  const conversations = new Map<string, Conversation>();
  for (const known of history(rows)) conversations.set(known.id, known);
  attachedHost(host);
  keptHost(host);
  quickHost(host, scene === 'wayland' ? 'wayland' : null);
  const blind = blindScene(rows);
  if (scene === 'blind') {
    conversations.set(blind.id, blind);
    values.set('view.last', JSON.stringify('blind'));
  }
  if (scene === 'long') {
    conversations.set('long', longScene(rows));
    values.set('view.last', JSON.stringify('long'));
  }
  blindHost(host, blind, unspent);
  if (scene === 'six' || scene === 'eight') {
    const many = crowd(rows, scene === 'six' ? 6 : 8);
    conversations.set(many.id, many);
    values.set('view.last', JSON.stringify(many.id));
  }
  const past = pastHost(host, conversations, (id) => everything().find((row) => row.id === id));
  const filing = filingHost(host, scene === 'filed', (id) => everything().find((row) => row.id === id));
  if (scene === 'filed') values.set('view.last', JSON.stringify('chat'));
  if (scene === 'chat' || scene === 'states' || scene === 'seam')
    values.set('view.last', JSON.stringify(scene));
  if (scene === 'budgets') values.set('view.last', JSON.stringify('held'));

  const state: AppState = {
    version: '0.1.0',
    data_dir: '/data/parallax',
    storage:
      scene === 'locked'
        ? {
            state: 'locked',
            name: 'Secret Service',
            message: 'Unlock it in your desktop’s password manager.',
          }
        : { state: 'ok', name: 'Secret Service', message: 'Keys go into the Secret Service keychain.' },
    onboarded: scene !== 'onboarding',
    theme: query.get('theme') ?? 'system',
    conversations: [],
    line_up: [
      'anthropic/claude-sonnet-4.5',
      'openai/gpt-5',
      'google/gemini-2.5-pro',
      'mistral/mistral-medium-3.1',
    ].map((slug) => target(slug)),
  };
  const list = () => everything().filter((row) => past.listed(row.id));
  const everything = () =>
    [...conversations.values()].map((conversation, index) =>
      summary(conversation.id, {
        title: conversation.title,
        updated_at: conversation.turns.at(-1)?.created_at ?? Date.now() - index * 40_000_000,
        cost: ['0.31', '0.0900', '0', '1.26'][index % 4] ?? '0',
        ...filing.of(conversation.id),
      }),
    );
  const resolve = (slug: string) => rows.find((row) => row.reference.model === slug);
  const must = <T>(value: T | undefined): T => {
    if (value === undefined) throw failure('bug', 'Not found.') as unknown as Error;
    return value;
  };

  const begin = (send: SendTurn, frames: Send) => {
    const id = send.conversation ?? `new-${made++}`;
    const known = conversations.get(id);
    const conversation = known ?? {
      id,
      title: send.prompt.slice(0, 60),
      lanes: send.line_up.map((wanted, place) => {
        const row = must(resolve(wanted.model.model));
        return lane(`lane-${made++}`, { ...row, mark: row.mark ?? place + 1 });
      }),
      turns: [],
      policy: send.policy,
    };
    conversations.set(id, conversation);
    const asked = conversation.lanes.filter(
      (column) => send.lanes.length === 0 || send.lanes.includes(column.id),
    );
    const at = conversation.turns.findIndex((known) => known.id === send.beside);
    const beside = at < 0 ? null : conversation.turns[at];
    if (beside) put(conversation, conversation.turns.slice(0, at));
    const saw: Record<SendTurn['context']['type'], RunView['saw']> = {
      own: { type: 'own', turns: conversation.turns.length },
      from: { type: 'other', model: 'Claude Sonnet 4.5', turns: conversation.turns.length },
      winner: { type: 'no_pick', turns: conversation.turns.length },
      all: { type: 'all', turns: conversation.turns.length, answers: 4 * conversation.turns.length },
      custom: { type: 'chosen', models: ['Claude Sonnet 4.5', 'GPT-5'], turns: conversation.turns.length },
    };
    const began = turn(
      `turn-${made++}`,
      asked.map((column, place) =>
        run(`run-${made++}`, column, place, {
          saw: conversation.turns.length === 0 ? { type: 'prompt_only' } : saw[send.context.type],
        }),
      ),
      {
        prompt: send.prompt,
        attachments: send.attachments ?? [],
        live: true,
        created_at: Date.now(),
      },
    );
    began.siblings = [...(beside?.siblings ?? []), began.id];
    if (beside) beside.siblings = began.siblings;
    conversation.turns.push(began);
    follow(began, conversation, frames);
    return {
      conversation: must(list().find((entry) => entry.id === id)),
      lanes: conversation.lanes,
      turn: began,
    };
  };
  const again = ({ run: id }: { run: string }, frames: Send) => {
    const conversation = must(
      [...conversations.values()].find((c) => c.turns.some((t) => t.runs.some((r) => r.id === id))),
    );
    const began = must(conversation.turns.find((t) => t.runs.some((r) => r.id === id)));
    began.runs = began.runs.map((old) =>
      old.id === id
        ? run(`run-${made++}`, must(conversation.lanes[old.position]), old.position, {
            earlier: [...old.earlier, id],
          })
        : old,
    );
    began.live = true;
    follow(began, conversation, frames);
    return began;
  };

  host
    .on('app/state', () => {
      if (scene === 'failed') {
        throw failure(
          'store.newer',
          'The database was written by version 0.9. This is 0.1.',
        ) as unknown as Error;
      }
      return { ...state, conversations: scene === 'empty' || scene === 'onboarding' ? [] : list() };
    })
    .on('database/check', () => ({ problems: [], backup: null }))
    .on(
      'storage/probe',
      () => (state.storage = { state: 'ok', name: 'Secret Service', message: 'Unlocked.' }),
    )
    .on('view/get', ({ key }) => ({ key, value: values.get(key) ?? null }))
    .on('view/set', ({ key, value }) => {
      if (value === null) values.delete(key);
      else values.set(key, value);
      return null;
    })
    .on('settings/theme', () => null)
    .on('window/notify', () => null)
    .on('settings/onboarded', () => null)
    .on('conversation/list', list)
    .on('conversation/open', ({ id, span }) => stretch(must(conversations.get(id)), span ?? undefined))
    .on('conversation/rename', ({ id, title }) => {
      must(conversations.get(id)).title = title;
      return must(list().find((known) => known.id === id));
    })
    .on('conversation/policy', ({ id, policy }) => {
      must(conversations.get(id)).policy = policy;
      return null;
    })
    .on('conversation/line_up', ({ id, line_up }) => {
      const conversation = must(conversations.get(id));
      conversation.lanes = line_up.map((entry) => {
        const known = conversation.lanes.find((candidate) => candidate.id === entry.lane);
        if (known) return { ...known, target: entry.target };
        return lane(`lane-${made++}`, must(resolve(entry.target.model.model)));
      });
      return conversation.lanes;
    })
    .on('models/search', ({ text, usable_only, limit }) => {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const found = rows.filter(
        (row) =>
          (!usable_only || row.usable) &&
          words.every((word) =>
            `${row.reference.model} ${row.name} ${row.providers.join(' ')}`.toLowerCase().includes(word),
          ),
      );
      return { rows: found.slice(0, limit), total: found.length };
    })
    .on('models/resolve', (targets) => targets.map((wanted) => must(resolve(wanted.model.model))))
    .on('turn/start', begin)
    .on('turn/start_anyway', begin)
    .on('turn/subscribe', ({ turn: id }) => must(turnOf(id)))
    .on('turn/snapshot', ({ turn: id }) => must(turnOf(id)))
    .on('turn/cancel', ({ turn: id, run: which }) => {
      for (const stop of stops.get(id) ?? []) stop(which);
      return null;
    })
    .on('run/retry', again)
    .on('run/send_anyway', again)
    .on('turn/estimate', (send) => {
      const lanes = conversations.get(send.conversation ?? '')?.lanes.map((known) => known.target);
      return estimateView(send.prompt, lanes ?? send.line_up, rows, budgets.length > 0);
    })
    .on('run/text', () => ({ text: 'The answer as Markdown.' }))
    .on('spend/today', () => spendPage({ period: 'day', back: 0, by: 'model' }, unspent).today)
    .on('spend/page', (wanted) => spendPage(wanted, unspent))
    .on('spend/ledger', () => ({ intact: true }))
    .on('spend/export', ({ format }) => ({
      path: `Downloads/parallax-spend.${format}`,
      rows: 2227,
      hidden: null,
    }))
    .on('spend/attempts', ({ until, before }) => ({
      rows: spendAttempts(until, before?.at ?? null),
      more: before === null,
    }))
    .on('provider/list', () => keys)
    .on('provider/add', ({ id, dialect, base_url, local }) => {
      const changed = keys.find((known) => known.id === id);
      if (changed) return Object.assign(changed, { dialect, base_url, local, custom: true });
      const row = {
        ...must(keys[0]),
        id,
        name: id,
        dialect,
        base_url,
        keys: [],
        tested: null,
        local,
        needs_key: false,
        models: 0,
        listed_at: null,
        custom: true,
      };
      keys.push(row);
      return row;
    })
    .on('provider/remove', ({ id }) => {
      keys.splice(
        keys.findIndex((row) => row.id === id),
        1,
      );
      return null;
    })
    .on('provider/test', async ({ id, label }) => {
      await new Promise((done) => setTimeout(done, 900));
      const tested = { result: 'valid', message: 'The key works.', at: Date.now(), models: 9, took: 412 };
      const row = must(keys.find((known) => known.id === id));
      row.keys = row.keys.map((key, place) =>
        key.label === label || (label === null && place === 0) ? { ...key, tested } : key,
      );
      row.tested = row.keys[0]?.tested ?? (row.keys.length === 0 ? tested : row.tested);
      row.listed_at = tested.at;
      return tested;
    })
    .on('provider/set', ({ id, values }) => {
      const row = must(keys.find((known) => known.id === id));
      row.fields = row.fields.map((field) => {
        const value = (values[field.name] ?? field.value) || null;
        return { ...field, value, missing: value === null && field.default === null };
      });
      return row;
    })
    .on('provider/models', ({ id }) => ({
      rows: offered(must(keys.find((known) => known.id === id))),
      listed_at: must(keys.find((known) => known.id === id)).listed_at,
    }))
    .on('provider/refresh', async ({ id }) => {
      await new Promise((done) => setTimeout(done, 600));
      const row = must(keys.find((known) => known.id === id));
      row.listed_at = Date.now();
      return row;
    })
    .on('key/order', ({ id, labels }) => {
      const row = must(keys.find((known) => known.id === id));
      const place = (label: string) => (labels.includes(label) ? labels.indexOf(label) : labels.length);
      row.keys = [...row.keys].sort((a, b) => place(a.label) - place(b.label));
      row.tested = row.keys[0]?.tested ?? null;
      return row;
    })
    .on('budget/list', () => budgets)
    .on('budget/set', (wanted) => {
      const [year, month] = [new Date().getFullYear(), new Date().getMonth()];
      const view: BudgetView = {
        ...wanted,
        id: 100 + made++,
        name: wanted.scope === 'all' ? 'Everything' : wanted.scope,
        spent: '3.1',
        unknown: 0,
        held: '0',
        left: String(Math.max(0, Number(wanted.limit) - 3.1)),
        percent: Math.round(310 / Number(wanted.limit)),
        reached: null,
        from: new Date(year, month, 1).getTime(),
        resets_at: new Date(year, month + 1, 1).getTime(),
        state: 'normal',
      };
      budgets = [
        ...budgets.filter((known) => known.scope !== wanted.scope || known.period !== wanted.period),
        view,
      ];
      return view;
    })
    .on('budget/remove', ({ id }) => {
      budgets = budgets.filter((known) => known.id !== id);
      return null;
    })
    .on('key/set', ({ provider, label, key: secret }) => {
      const row = keys.find(
        (known) => known.id === (provider ?? (secret.startsWith('sk-ant') ? 'anthropic' : '')),
      );
      if (!row) {
        throw failure(
          'request.invalid',
          'No provider’s keys begin like this one. Choose the provider in Settings.',
        ) as unknown as Error;
      }
      const fresh = key(secret.slice(-4), { label: label ?? 'default' });
      const known = row.keys.some((old) => old.label === fresh.label);
      row.keys = known
        ? row.keys.map((old) => (old.label === fresh.label ? fresh : old))
        : [...row.keys, fresh];
      return row;
    })
    .on('key/delete', ({ id, label }) => {
      const row = must(keys.find((known) => known.id === id));
      row.keys = row.keys.filter((key) => key.label !== (label ?? 'default'));
      row.tested = row.keys[0]?.tested ?? null;
      return row;
    })
    .on('local/discover', async () => {
      await new Promise((done) => setTimeout(done, 700));
      return scene === 'nothing-found' ? [] : servers;
    })
    .on('local/enable', ({ provider, enabled }) => {
      servers = servers.map((server) => (server.provider === provider ? { ...server, enabled } : server));
      return servers;
    })
    .on('link/open', () => null);
  routingHost(host, rows);
  gatewayHost(host);
  receiptHost(host, (id) =>
    [...conversations.values()].flatMap((c) => c.turns).find((t) => t.runs.some((r) => r.id === id)),
  );
  host.on('run/continue', ({ run: id, endpoint }, frames) => {
    const conversation = must(
      [...conversations.values()].find((c) => c.turns.some((t) => t.runs.some((r) => r.id === id))),
    );
    const began = must(conversation.turns.find((t) => t.runs.some((r) => r.id === id)));
    began.runs = began.runs.map((old) => (old.id === id ? goneOn(old, endpoint) : old));
    began.live = true;
    follow(began, conversation, frames);
    return began;
  });

  const stops = new Map<string, ((which: string | null) => void)[]>();
  const turnOf = (id: string) =>
    [...conversations.values()]
      .flatMap((conversation) => conversation.turns)
      .find((known) => known.id === id);

  function follow(began: TurnView, conversation: Conversation, frames: Send): void {
    const stop = play(structuredClone(began), (next, frame) => {
      Object.assign(began, next);
      if (frame.last) {
        conversation.lanes = conversation.lanes.map((column) => ({
          ...column,
          head: `head-${column.id}-${began.id}`,
        }));
      }
      frames(frame);
    });
    stops.set(began.id, [...(stops.get(began.id) ?? []), stop]);
  }
  branchHost(host, conversations, follow, (id) => must(everything().find((row) => row.id === id)));
  serveCatalogue(host, rows);
  comparingHost(host, (id) => {
    const turns = [...conversations.values()].flatMap((known) => known.turns);
    const runs = turns.find((known) => known.id === id)?.runs ?? [];
    return runs.filter((one) => !one.made_of).map((one) => one.id);
  });
  experimentHost(host, unspent);
  return host;
}
