// Receipts, the log and limits of the scripted host.
import type { AuditLine } from '../generated/AuditLine';
import type { PriceSheet } from '../generated/PriceSheet';
import type { RateRow } from '../generated/RateRow';
import type { Receipt } from '../generated/Receipt';
import type { ReceiptAttempt } from '../generated/ReceiptAttempt';
import type { RunView } from '../generated/RunView';
import type { SentRequest } from '../generated/SentRequest';
import type { TurnView } from '../generated/TurnView';
import type { Usage } from '../generated/Usage';
import type { FakeHost } from '../host.fake';
import { planned, rejected } from './routing';
import { failure } from './samples';

const always = {
  prompt_tokens_gt: null,
  from: null,
  until: null,
  utc: null,
  weekdays: null,
  service_tier: null,
};
const sheet: PriceSheet = {
  source: { origin: 'bundled', source: 'https://openai.com/api/pricing', checked: '2026-11-02' },
  rules: [
    { when: always, rates: { input: '0.00000125', input_cache_read: '0.000000125', output: '0.00001' } },
    { when: { ...always, prompt_tokens_gt: 200_000 }, rates: { input: '0.0000025' } },
  ],
};

function usage(run: RunView): Usage {
  const input = run.metrics.input;
  return {
    input: {
      total: input,
      cache_read: input === null ? null : 896,
      cache_write_5m: null,
      cache_write_1h: null,
      image: null,
      audio: null,
    },
    output: { total: run.metrics.output, reasoning: run.metrics.reasoning, audio: null, image: null },
    web_searches: null,
    unexplained: null,
    reported_cost: null,
    service_tier: null,
    source: 'reported',
    raw: null,
  };
}

export function attemptsOf(turn: TurnView, run: RunView): ReceiptAttempt[] {
  return run.route.map((step, place) => {
    const last = place === run.route.length - 1;
    const provider = step.provider.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const status = step.failed === null ? 200 : Number(step.failed) || null;
    return {
      id: `attempt-${run.id}-${place}`,
      n: place + 1,
      endpoint: `${provider}/${run.target.model.model.split('/')[1] ?? 'model'}`,
      provider,
      provider_name: step.provider,
      upstream_model: step.upstream_model,
      account: 'default',
      started_at: turn.created_at + place * 1200,
      first_byte: 210,
      first_content: step.failed === null ? run.metrics.ttft : null,
      duration: last ? run.metrics.duration : 1200,
      outcome:
        step.failed === null
          ? { type: 'completed', finish_reason: 'stop' }
          : {
              type: 'failed',
              failure: run.failure ?? failure('limit.overloaded', 'The provider is overloaded.'),
            },
      status,
      request_id: last ? 'req_7f31c09e' : null,
      usage: last ? usage(run) : null,
      cost: last ? { total: run.metrics.cost, lines: [], basis: run.metrics.basis ?? 'unknown' } : null,
      prices: sheet,
      request_kept: true,
    };
  });
}

export function receiptOf(turn: TurnView, run: RunView): Receipt {
  const attempts = attemptsOf(turn, run);
  const tried = attempts.map((attempt) =>
    planned(attempt.provider, attempt.provider_name, {}, { endpoint: attempt.endpoint }),
  );
  return {
    run: run.id,
    model: run.target.model,
    route: {
      policy: 'private+cheapest',
      no_fallbacks: false,
      planned: [...tried, planned('groq', 'Groq', { reasons: ['failing'] })],
      rejected: [
        rejected('openrouter', 'OpenRouter', ['may_train']),
        rejected('requesty', 'Requesty', ['no_key']),
      ],
    },
    attempts,
    saw: run.saw,
    system: 'You are a terse senior engineer.',
    messages: [
      { role: 'user', author: null, beginning: turn.prompt.slice(0, 160), characters: turn.prompt.length },
    ],
  };
}

export function sentBy(turn: TurnView, run: RunView, attempt: string): SentRequest {
  const body = {
    model: run.target.model.model.split('/')[1],
    stream: true,
    temperature: run.position === 1 ? 0.3 : undefined,
    max_completion_tokens: 2048,
    messages: [
      { role: 'system', content: 'You are a terse senior engineer.' },
      { role: 'user', content: turn.prompt },
    ],
  };
  const host = `https://api.${attempt.length > 0 ? run.target.model.model.split('/')[0] : 'example'}.example`;
  return {
    method: 'POST',
    url: `${host}/v1/chat/completions`,
    headers: [
      ['authorization', 'Bearer $API_KEY'],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify(body),
    pretty: JSON.stringify(body, null, 2),
    curl: `curl -N -X POST '${host}/v1/chat/completions' \\\n  -H 'authorization: Bearer '"$API_KEY" \\\n  -H 'content-type: application/json' \\\n  --data-raw '${JSON.stringify(body)}'`,
  };
}

/** An answer that is being gone on with: what came stays, a seam stands behind it. */
export function goneOn(run: RunView, endpoint: string | null): RunView {
  const from = run.route.at(-1)?.provider ?? '';
  const to = run.continue_on.find((place) => place.endpoint === endpoint)?.provider ?? 'Azure';
  return {
    ...run,
    state: 'pending',
    failure: null,
    continue_on: [],
    sections: [...run.sections, { kind: { type: 'seam', from, to, why: '503' }, blocks: [] }],
  };
}

function log(): AuditLine[] {
  const now = Date.now();
  const hosts = [
    ['openai', 'OpenAI', 'https://api.openai.com'],
    ['anthropic', 'Anthropic', 'https://api.anthropic.com'],
    ['mistral', 'Mistral', 'https://api.mistral.ai'],
  ] as const;
  return Array.from({ length: 40 }, (_, place) => {
    const [provider, provider_name, host] = hosts[place % hosts.length] ?? hosts[0];
    const list = place % 13 === 12;
    return {
      seq: 40 - place,
      at: now - place * 5_400_000,
      purpose: list ? 'models' : 'chat',
      host,
      provider,
      provider_name,
      account: place % 4 === 3 ? 'work' : 'default',
      endpoint: list ? null : `${provider}/model`,
      policy: list ? null : place % 3 === 0 ? 'private' : 'everyday',
      origin: place % 5 === 4 ? 'cli' : 'window',
      bytes: list ? 0 : 1840 + place * 917,
      messages: list ? 0 : 1 + (place % 4) * 2,
      attachments: place % 7 === 6 ? 1 : 0,
      attempt: list ? null : `attempt-${place}`,
    };
  });
}

export function receiptHost(host: FakeHost, turnOf: (run: string) => TurnView | undefined): void {
  const none = { requests_per_minute: null, tokens_per_minute: null, concurrency: null };
  let rates: RateRow[] = [
    { provider: 'anthropic', name: 'Anthropic', local: false, limit: none },
    { provider: 'groq', name: 'Groq', local: false, limit: { ...none, requests_per_minute: 30 } },
    { provider: 'ollama', name: 'Ollama', local: true, limit: { ...none, concurrency: 1 } },
    { provider: 'xai', name: 'xAI', local: false, limit: none },
    { provider: 'together', name: 'Together', local: false, limit: none },
  ];
  const gone = () => failure('request.invalid', 'This answer is gone.') as unknown as Error;
  const find = (id: string) => {
    const turn = turnOf(id);
    const run = turn?.runs.find((candidate) => candidate.id === id);
    if (!turn || !run) throw gone();
    return { turn, run };
  };
  const lines = log();
  host
    .on('run/receipt', ({ run: id }) => {
      const { turn, run } = find(id);
      return receiptOf(turn, run);
    })
    .on('run/request', ({ attempt }) => {
      const { turn, run } = find(attempt.replace(/^attempt-|-\d+$/g, ''));
      return sentBy(turn, run, attempt);
    })
    .on('rate/list', () => rates)
    .on('rate/set', ({ provider, limit }) => {
      rates = rates.map((row) => (row.provider === provider ? { ...row, limit } : row));
      return rates;
    })
    .on('audit/list', ({ from, provider, policy, before }) => {
      const found = lines.filter(
        (line) =>
          line.at >= from &&
          (provider === null || line.provider === provider) &&
          (policy === null || line.policy?.includes(policy)) &&
          (before === null || line.seq < before),
      );
      return { rows: found.slice(0, 25), more: found.length > 25 };
    })
    .on('audit/export', ({ format }) => ({
      path: `Downloads/parallax-audit.${format}`,
      rows: lines.length,
      hidden: null,
    }));
}
