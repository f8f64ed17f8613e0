// OpenRouter's provider for the AI SDK, and OpenRouter's own client, against the gateway.

import { OpenRouter } from '@openrouter/sdk';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { generateText, streamText } from 'ai';
import { BASE, KEY, TEXT, fails, run, same } from './common.mjs';

const provider = createOpenRouter({ baseURL: `${BASE}/api/v1`, apiKey: KEY });
const base = (model) => ({ model: provider.chat(model), maxRetries: 0 });
const own = new OpenRouter({ apiKey: KEY, serverURL: `${BASE}/api/v1`, retryConfig: { strategy: 'none' } });
const messages = [{ role: 'user', content: 'Say hello.' }];

async function plain(model) {
  const answer = await generateText({ ...base(model), prompt: 'Say hello.' });
  same([answer.text, answer.usage.inputTokens], [TEXT, 20]);
}

async function streamed(model) {
  let said = '';
  for await (const piece of streamText({ ...base(model), prompt: 'Say hello.' }).textStream) said += piece;
  same(said, TEXT);
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
  same(answer.choices[0].message.content, TEXT);
}

async function ownStreamed(model) {
  let said = '';
  const stream = await own.chat.send({ chatRequest: { model, messages, stream: true } });
  for await (const chunk of stream) said += chunk.choices[0]?.delta?.content ?? '';
  same(said, TEXT);
}

async function ownErrors() {
  await fails(Error, () => own.chat.send({ chatRequest: { model: 'nobody/nothing', messages } }));
}

await run('npm openrouter', [plain, streamed, reasoning, routed, ownPlain, ownStreamed, ownErrors]);
