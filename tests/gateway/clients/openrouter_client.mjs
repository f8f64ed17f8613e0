// OpenRouter's provider for the AI SDK, and OpenRouter's own client, against the gateway.

import { OpenRouter } from '@openrouter/sdk';
import { NotFoundResponseError, UnauthorizedResponseError } from '@openrouter/sdk/models/errors';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { generateText, streamText } from 'ai';
import { BASE, KEY, TEXT, fails, run, same } from './common.mjs';

const provider = createOpenRouter({ baseURL: `${BASE}/api/v1`, apiKey: KEY });
const base = (model) => ({ model: provider.chat(model), maxRetries: 0 });
const client = (apiKey) =>
  new OpenRouter({ apiKey, serverURL: `${BASE}/api/v1`, retryConfig: { strategy: 'none' } });
const own = client(KEY);
const messages = [{ role: 'user', content: 'Say hello.' }];

async function plain(model) {
  const answer = await generateText({ ...base(model), prompt: 'Say hello.' });
  same([answer.text, answer.usage.inputTokens], [TEXT, 20]);
}

async function streamed(model) {
  let said = '';
  const result = streamText({ ...base(model), prompt: 'Say hello.' });
  for await (const piece of result.textStream) said += piece;
  const usage = await result.usage;
  same([said, usage.inputTokens, usage.outputTokens], [TEXT, 20, 5]);
}

async function reasoning(model) {
  const providerOptions = { openrouter: { reasoning: { effort: 'low' } } };
  const answer = await generateText({ ...base(model), prompt: 'Say hello.', providerOptions });
  same([answer.reasoningText, answer.text], ['Let me think.', TEXT]);
}

async function routed(model) {
  const providerOptions = { openrouter: { provider: { order: [model.split('@')[1]] }, models: [model] } };
  same((await generateText({ ...base(model), prompt: 'Say hello.', providerOptions })).text, TEXT);
}

async function ownPlain(model) {
  const answer = await own.chat.send({ chatRequest: { model, messages } });
  same([answer.choices[0].message.content, answer.usage.totalTokens], [TEXT, 25]);
}

async function ownStreamed(model) {
  let said = '';
  let usage;
  const stream = await own.chat.send({ chatRequest: { model, messages, stream: true } });
  for await (const chunk of stream) {
    said += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  same([said, usage?.promptTokens, usage?.completionTokens], [TEXT, 20, 5]);
}

async function ownResponses(model) {
  const answer = await own.beta.responses.send({ responsesRequest: { model, input: 'Say hello.' } });
  same([answer.outputText ?? answer.output[0].content[0].text, answer.usage.totalTokens], [TEXT, 25]);
}

async function ownResponsesStreamed(model) {
  const stream = await own.beta.responses.send({
    responsesRequest: { model, input: 'Say hello.', stream: true },
  });
  const kinds = [];
  let usage;
  for await (const event of stream) {
    kinds.push(event.type);
    if (event.type === 'response.completed') usage = event.response.usage;
  }
  same([kinds.filter((kind) => kind === 'UNKNOWN'), usage?.inputTokens], [[], 20]);
}

async function ownLists() {
  const { result } = await own.models.list({});
  const { data } = await own.models.count({});
  same(result.data.length, data.count);
  const [first] = result.data;
  if (!first) throw new Error('no models');
  const [author, ...rest] = first.id.split('/');
  const place = { author, slug: rest.join('/') };
  same((await own.models.get(place)).data.id, first.id);
  same((await own.endpoints.list(place)).data.id, first.id);
}

async function ownAccount() {
  const credits = await own.credits.getCredits({});
  same(typeof credits.data.totalCredits, 'number');
  same((await own.apiKeys.getCurrentKeyMetadata({})).data.label, 'editor');
}

async function ownErrors() {
  const nobody = { model: 'nobody/nothing', messages };
  const error = await fails(NotFoundResponseError, () => own.chat.send({ chatRequest: nobody }));
  same(error.error.code, 404);
  await fails(NotFoundResponseError, () => own.chat.send({ chatRequest: { ...nobody, stream: true } }));
  const other = client('sk-parallax-wrong');
  await fails(UnauthorizedResponseError, () => other.chat.send({ chatRequest: nobody }));
}

await run('npm openrouter', [
  plain,
  streamed,
  reasoning,
  routed,
  ownPlain,
  ownStreamed,
  ownResponses,
  ownResponsesStreamed,
  ownLists,
  ownAccount,
  ownErrors,
]);
