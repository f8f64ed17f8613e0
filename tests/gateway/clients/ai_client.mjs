// The AI SDK with its OpenAI-compatible provider against the gateway.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateObject, generateText, jsonSchema, streamText, tool } from 'ai';
import { z } from 'zod';
import { BASE, KEY, PNG, TEXT, WEATHER, fails, run, same } from './common.mjs';

const ours = createOpenAICompatible({
  name: 'ours',
  baseURL: `${BASE}/v1`,
  apiKey: KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const base = (model) => ({ model: ours(model), maxRetries: 0 });

async function plain(model) {
  const answer = await generateText({ ...base(model), prompt: 'Say hello.' });
  same([answer.text, answer.finishReason, answer.usage.inputTokens], [TEXT, 'stop', 20]);
}

async function streamed(model) {
  const answer = streamText({ ...base(model), prompt: 'Say hello.' });
  let said = '';
  for await (const piece of answer.textStream) said += piece;
  same([said, (await answer.usage).outputTokens], [TEXT, 5]);
}

const weather = tool({ description: 'Tells it.', inputSchema: jsonSchema(WEATHER) });

async function tools(model) {
  const messages = [{ role: 'user', content: 'How is it in Paris?' }];
  const first = await generateText({ ...base(model), messages, tools: { weather } });
  const call = first.toolCalls[0];
  same([call.toolName, call.input], ['weather', { city: 'Paris' }]);
  const result = {
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: call.toolCallId,
        toolName: 'weather',
        output: { type: 'text', value: 'sunny' },
      },
    ],
  };
  const again = [...messages, ...first.response.messages, result];
  same((await generateText({ ...base(model), messages: again, tools: { weather } })).text, 'It is sunny.');
}

async function picture(model) {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image', image: Buffer.from(PNG, 'base64'), mediaType: 'image/png' },
  ];
  const answer = await generateText({ ...base(model), messages: [{ role: 'user', content }] });
  same(answer.text, 'A picture of 8 bytes.');
}

async function reasoning(model) {
  const providerOptions = { ours: { reasoningEffort: 'low' } };
  const answer = await generateText({ ...base(model), prompt: 'Say hello.', providerOptions });
  same([answer.reasoningText, answer.text], ['Let me think.', TEXT]);
}

async function structured(model) {
  const schema = z.object({ name: z.string(), age: z.number() });
  const { object } = await generateObject({ ...base(model), schema, prompt: 'Who?' });
  same(object, { name: 'Ada', age: 36 });
}

async function errors(model) {
  const lost = await fails(Error, () => generateText({ ...base('nobody/nothing'), prompt: 'x' }));
  same(lost.statusCode, 404);
  const busy = await fails(Error, () => generateText({ ...base(model), prompt: 'Please be busy.' }));
  same(busy.statusCode, 429);
}

async function broken(model) {
  const answer = streamText({ ...base(model), prompt: 'Please break.', onError() {} });
  const kinds = [];
  for await (const part of answer.fullStream) kinds.push(part.type);
  same(kinds.includes('error'), true);
}

await run('npm ai', [plain, streamed, tools, picture, reasoning, structured, errors, broken]);
