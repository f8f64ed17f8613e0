// Who and what is there when the scripted host starts.
import type { LaneView } from '../generated/LaneView';
import type { ModelRow } from '../generated/ModelRow';
import type { ProviderModel } from '../generated/ProviderModel';
import type { ProviderRow } from '../generated/ProviderRow';
import type { TurnView } from '../generated/TurnView';
import {
  failure,
  field,
  key,
  lane,
  metrics,
  model,
  provider,
  run,
  step,
  turn,
  upstream,
  heldByBudget,
} from './samples';
import { partitions, plan, short, sketches, thought } from './text';

export function catalogue(): ModelRow[] {
  return [
    model('anthropic/claude-sonnet-4.5', 'Claude Sonnet 4.5', { mark: 1 }),
    model('openai/gpt-5', 'GPT-5', {
      mark: 2,
      price_input: '1.25',
      price_output: '10',
      providers: ['OpenAI', 'Azure', 'OpenRouter'],
      reasoning: true,
      context_length: 400_000,
    }),
    model('google/gemini-2.5-pro', 'Gemini 2.5 Pro', {
      mark: 3,
      price_input: '1.25',
      price_output: '10',
      providers: ['Google AI Studio'],
      reasoning: true,
      context_length: 1_048_576,
    }),
    model('deepseek/deepseek-v3.2', 'DeepSeek V3.2', {
      mark: 4,
      price_input: '0.28',
      price_output: '0.42',
      providers: ['Fireworks', 'DeepSeek'],
      context_length: 128_000,
    }),
    model('anthropic/claude-haiku-4.5', 'Claude Haiku 4.5', { price_input: '1', price_output: '5' }),
    model('qwen/qwen3-32b@ollama', 'Qwen3 32B', {
      mark: 5,
      price_input: '0',
      price_output: '0',
      providers: ['Ollama'],
      local: true,
      context_length: 32_768,
    }),
    model('mistral/mistral-medium-3.1', 'Mistral Medium 3.1', {
      price_input: '0.4',
      price_output: '2',
      providers: ['Mistral'],
      usable: false,
      context_length: 131_072,
    }),
    model('x-ai/grok-4', 'Grok 4', {
      providers: ['xAI', 'OpenRouter'],
      usable: false,
      context_length: 256_000,
    }),
    ...['Quick', 'Steady', 'Thinker', 'Flaky'].map((name) =>
      model(`demo/${name.toLowerCase()}`, `Demo ${name}`, {
        price_input: '0',
        price_output: '0',
        providers: ['Demo'],
        demo: true,
        reasoning: name === 'Thinker',
        context_length: 131_072,
      }),
    ),
  ];
}

interface Known {
  id: string;
  title: string;
  policy: string | null;
  lanes: LaneView[];
  turns: TurnView[];
}

export function history(rows: ModelRow[]): Known[] {
  const lanes = rows.slice(0, 4).map((row, place) => lane(`lane-${row.author}`, row, `head-${place}`));
  const [a, b, c, d] = lanes as [LaneView, LaneView, LaneView, LaneView];
  const now = Date.now();
  const chat = turn(
    'past-1',
    [
      run('p1a', a, 0, {
        state: 'done',
        finish_reason: 'stop',
        route: [step('Anthropic')],
        sections: [{ kind: { type: 'answer' }, blocks: sketches }],
        metrics: figures(620, 9000, 820, 688, '0.0140'),
      }),
      run('p1b', b, 1, {
        state: 'done',
        finish_reason: 'stop',
        route: [step('OpenAI', { failed: '529' }), step('Azure')],
        sections: [{ kind: { type: 'answer' }, blocks: partitions }],
        metrics: figures(1840, 12_100, 610, 541, '0.0070'),
      }),
      run('p1c', c, 2, {
        state: 'done',
        finish_reason: 'stop',
        route: [step('Google AI Studio')],
        sections: [
          { kind: { type: 'reasoning' }, blocks: thought },
          { kind: { type: 'answer' }, blocks: plan },
          {
            kind: { type: 'citation', url: 'https://www.postgresql.org/docs/', title: 'PostgreSQL manual' },
            blocks: [],
          },
        ],
        metrics: { ...figures(910, 5100, 1180, 497, '0.0065'), reasoning: 1108, reasoned: 3_900 },
      }),
      run('p1d', d, 3, {
        state: 'cancelled',
        route: [step('Fireworks')],
        sections: [{ kind: { type: 'answer' }, blocks: short }],
        metrics: { ...figures(380, 4100, 440, 214, '0.0004'), basis: 'estimated', estimated: true },
      }),
    ],
    {
      prompt:
        'Our Postgres events table has 400 M rows, and the dashboard query that counts distinct users per day takes 40 s. What would you change first, and why?',
      created_at: now - 3_600_000,
    },
  );
  return [
    { id: 'chat', title: 'Postgres distinct counts, 400 M rows', policy: null, lanes, turns: [chat] },
    {
      id: 'states',
      title: 'HyperLogLog error at p = 14',
      policy: 'private',
      lanes,
      turns: [states(a, b, c, d, now - 86_400_000)],
    },
    {
      id: 'seam',
      title: 'Answers that broke off',
      policy: null,
      lanes: [b, c].map((column, place) => ({ ...column, id: `seam-${place}` })),
      turns: [brokenOff(b, c, now - 60_000)],
    },
    {
      id: 'held',
      title: 'Which index for a log table?',
      policy: null,
      lanes,
      turns: [held(a, b, c, d, now - 60_000)],
    },
    { id: 'free', title: 'Regex that matches ISO weeks', policy: null, lanes, turns: [] },
    { id: 'old', title: 'Compare five invoice parsers', policy: null, lanes, turns: [] },
  ];
}

function held(a: LaneView, b: LaneView, c: LaneView, d: LaneView, at: number): TurnView {
  return turn(
    'held-1',
    [
      run('h1a', a, 0, {
        state: 'done',
        finish_reason: 'stop',
        route: [step('Anthropic')],
        sections: [{ kind: { type: 'answer' }, blocks: short }],
        metrics: figures(610, 5100, 1240, 161, '0.0061'),
      }),
      run('h1b', b, 1, {
        state: 'failed',
        finish_reason: 'budget',
        route: [step('OpenAI')],
        sections: [{ kind: { type: 'answer' }, blocks: short }],
        metrics: { ...figures(910, 9000, 1240, 960, '0.0112'), basis: 'estimated' },
        failure: failure(
          'billing.budget',
          'Stopped by your budget. The answer has cost what was set aside for it, and there is no more. Raise ' +
            'the budget and retry, or send this once all the same.',
        ),
        continue_on: [{ endpoint: 'openai/gpt-5', provider: 'OpenAI' }],
      }),
      run('h1c', c, 2, {
        state: 'done',
        finish_reason: 'stop',
        route: [step('Google AI Studio')],
        sections: [{ kind: { type: 'answer' }, blocks: short }],
        metrics: figures(930, 6200, 1240, 541, '0.0070'),
        notices: [
          {
            kind: 'budget',
            detail: {
              text: '80 % of a budget is used: $8.02 of $10.00 for the provider openai a month.',
              said: {
                form: '{percent} % of a budget is used: {spent} of {limit} for {whose} {per}.',
                with: {
                  percent: '80',
                  spent: '$8.02',
                  limit: '$10.00',
                  whose: { form: 'the provider {id}', with: { id: 'openai' } },
                  per: { form: 'a month', with: {} },
                },
              },
            },
          },
        ],
      }),
      run('h1d', d, 3, {
        state: 'failed',
        failure: heldByBudget(),
      }),
    ],
    { prompt: 'Which index would you put on an append-only log table of a billion rows?', created_at: at },
  );
}

/** One lane broke off half way; one waits for its turn at a provider. */
function brokenOff(a: LaneView, b: LaneView, at: number): TurnView {
  return turn(
    'past-3',
    [
      run('p3a', { ...a, id: 'seam-0' }, 0, {
        state: 'failed',
        route: [step('OpenAI', { failed: 'stream.truncated' })],
        sections: [{ kind: { type: 'answer' }, blocks: partitions.slice(0, 2) }],
        failure: failure(
          'stream.truncated',
          'OpenAI broke off before the answer was complete. What had arrived is kept; try again or choose another provider.',
          upstream({ provider: 'openai', status: 200, request_id: 'req_7f31c09e' }),
        ),
        metrics: { ...figures(1840, 5100, 610, 112, '0.0012'), basis: 'estimated', estimated: true },
        continue_on: [
          { endpoint: 'azure/gpt-5', provider: 'Azure' },
          { endpoint: 'groq/gpt-5', provider: 'Groq' },
        ],
      }),
      run('p3b', { ...b, id: 'seam-1' }, 1, {
        state: 'failed',
        route: [step('Groq', { failed: '429' })],
        waiting: { provider: 'Groq', why: 'limit', ms: 4000, ahead: 1 },
      }),
    ],
    { prompt: 'Explain partition pruning in Postgres.', created_at: at },
  );
}

function states(a: LaneView, b: LaneView, c: LaneView, d: LaneView, at: number): TurnView {
  return turn(
    'past-2',
    [
      run('p2a', a, 0, {
        state: 'failed',
        saw: { type: 'own', turns: 2 },
        route: [step('Anthropic', { failed: '401' })],
        failure: failure(
          'auth.rejected',
          'Anthropic does not accept the key ending in 7Qm2.',
          upstream({
            provider: 'anthropic',
            status: 401,
            code: 'authentication_error',
            message: 'invalid x-api-key',
            request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
          }),
        ),
      }),
      run('p2b', b, 1, {
        state: 'done',
        finish_reason: 'length',
        saw: { type: 'other', model: 'Claude Sonnet 4.5', turns: 1 },
        route: [step('OpenAI')],
        sections: [{ kind: { type: 'answer' }, blocks: short }],
        metrics: figures(970, 9000, 1270, 2048, '0.0044'),
        notices: [
          {
            kind: 'dropped_parameter',
            detail: {
              text: 'temperature: GPT-5 takes none.',
              said: { form: '{word}: {name} takes none.', with: { word: 'temperature', name: 'GPT-5' } },
            },
          },
        ],
      }),
      run('p2c', c, 2, {
        state: 'interrupted',
        saw: { type: 'own', turns: 1 },
        route: [step('Google AI Studio')],
        sections: [{ kind: { type: 'answer' }, blocks: plan.slice(0, 2) }],
        metrics: { ...figures(910, 5100, 1180, 97, '0.0011'), cost: null, basis: 'unknown' },
      }),
      run('p2d', d, 3, {
        state: 'failed',
        route: [],
        failure: failure(
          'auth.missing',
          'No key is stored for DeepSeek or Fireworks.',
          upstream({ provider: 'deepseek' }),
        ),
      }),
    ],
    {
      prompt:
        'How wrong is HyperLogLog at p = 14? Show the formula, and say where the error goes at 10 M users.',
      created_at: at,
    },
  );
}

function figures(ttft: number, duration: number, tenths: number, output: number, cost: string) {
  return metrics({
    ttft,
    duration,
    tokens_per_second_x10: tenths,
    input: 1240,
    output,
    cost,
    basis: 'computed',
  });
}

export function providers(): ProviderRow[] {
  const at = Date.now() - 120_000;
  const valid = { result: 'valid', message: 'The key works.', at, models: 9, took: 412 };
  return [
    provider('anthropic', 'Anthropic', {
      keys: [key('7Qm2')],
      tested: valid,
      spend: { amount: '19.07', attempts: 412, unknown: 0 },
      keys_url: 'https://console.anthropic.com/settings/keys',
    }),
    provider('openai', 'OpenAI', {
      keys: [
        key('x9Lr', { label: 'work', tested: valid }),
        key('Q2sB', {
          label: 'home',
          tested: {
            result: 'no_credit',
            message: 'OpenAI says that no credit is left.',
            at,
            models: null,
            took: 300,
          },
        }),
        key('0pPz', { label: 'spare' }),
      ],
      tested: valid,
      listed_at: at,
      models: 9,
      spend: { amount: '9.72', attempts: 388, unknown: 2 },
    }),
    provider('mistral', 'Mistral', {
      keys: [key('Hd5w')],
      tested: {
        result: 'rejected',
        message: 'Mistral answered 401. Replace the key.',
        at,
        models: null,
        took: 210,
      },
      spend: { amount: '0.52', attempts: 96, unknown: 0 },
    }),
    provider('google', 'Google AI Studio', {
      keys: [key('', { label: 'environment', source: 'environment', last_four: null })],
      models: 6,
    }),
    provider('azure', 'Azure OpenAI', {
      base_url: 'https://{resource}.openai.azure.com/openai/v1',
      models: 68,
      fields: [
        field('resource', 'Resource', {
          help: 'The name before .openai.azure.com in the portal.',
          missing: true,
        }),
        field('api', 'Interface', {
          help: 'How deployments are addressed.',
          default: 'v1',
          choices: ['v1', 'deployments'],
        }),
      ],
    }),
    provider('bedrock', 'AWS Bedrock', {
      base_url: 'https://bedrock-runtime.{region}.amazonaws.com',
      has_list: false,
      key_form: 'access_keys',
      models: 97,
      fields: [
        field('region', 'Region', {
          help: 'Where your models are switched on.',
          example: 'us-east-1',
          missing: true,
        }),
      ],
    }),
    provider('vertex', 'Google Vertex AI', {
      base_url: 'https://aiplatform.googleapis.com/v1/projects/{project}/locations/global',
      has_list: false,
      key_form: 'service_account',
      models: 64,
      fields: [
        field('project', 'Project', {
          help: 'The id of the Google Cloud project that pays, as the console’s project list shows it.',
          value: 'my-project-123456',
        }),
        field('location', 'Location', {
          help: 'global, a group of regions (us, eu) or one region.',
          default: 'global',
        }),
      ],
    }),
    provider('openrouter', 'OpenRouter', {
      data_policy: {
        trains: null,
        retention_days: null,
        zdr: null,
        region: null,
        source: null,
        checked: null,
      },
      models: 312,
      unverified: true,
    }),
    provider('xai', 'xAI', { keys: [key('Zp81', { source: 'session' })], models: 4 }),
    provider('ollama', 'Ollama', {
      base_url: 'http://127.0.0.1:11434',
      needs_key: false,
      takes_key: false,
      local: true,
      models: 3,
      listed_at: at,
      tested: { ...valid, message: 'The server answers.', models: 3 },
    }),
    provider('lmstudio', 'LM Studio', {
      base_url: 'http://127.0.0.1:1234/v1',
      needs_key: false,
      takes_key: false,
      local: true,
      models: 0,
      unverified: true,
    }),
    provider('my-proxy', 'my-proxy', {
      base_url: 'https://llm.example.org/v1',
      needs_key: false,
      custom: true,
      models: 0,
    }),
  ];
}

/** What a provider serves, with one model the catalogue does not know and one its own list lacks. */
export function offered(row: ProviderRow): ProviderModel[] {
  const names = ['Sonnet 4.5', 'Haiku 4.5', 'Opus 4.1', '3.5 Sonnet', '3 Haiku'];
  const read = row.listed_at !== null;
  const rows = names.slice(0, Math.min(row.models, names.length)).map((name, place): ProviderModel => {
    const id = `${row.id}-${name.toLowerCase().replaceAll(' ', '-')}`;
    return {
      reference: { model: id, provider: row.id },
      name,
      upstream_model: id,
      context_length: 200_000,
      price_input: row.local ? '0' : '3',
      price_output: row.local ? '0' : '15',
      catalogued: true,
      listed: read ? place !== 4 : null,
    };
  });
  if (!read || row.local) return rows;
  const id = `${row.id}-preview-next`;
  const next = { reference: { model: id, provider: row.id }, name: id, upstream_model: id };
  const unknown = { context_length: null, price_input: null, price_output: null };
  return [...rows, { ...next, ...unknown, catalogued: false, listed: true }];
}
