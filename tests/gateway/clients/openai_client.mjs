// OpenAI's own JavaScript client against the gateway: Chat Completions, then Responses.

import OpenAI from 'openai';
import { BASE, KEY, PERSON, PNG, TEXT, WEATHER, fails, run, same } from './common.mjs';

const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY, maxRetries: 0 });
const user = (content) => ({ role: 'user', content });
const ask = (model, content = 'Say hello.', more = {}) =>
  client.chat.completions.create({ model, messages: [user(content)], ...more });

async function plain(model) {
  const answer = await ask(model);
  same([answer.choices[0].message.content, answer.choices[0].finish_reason], [TEXT, 'stop']);
  same(answer.usage.prompt_tokens, 20);
}

async function streamed(model) {
  let said = '';
  let usage;
  const options = { stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await ask(model, 'Say hello.', options)) {
    said += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  same([said, usage.completion_tokens], [TEXT, 5]);
}

const tool = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it.', parameters: WEATHER },
};

async function tools(model) {
  const question = user('How is it in Paris?');
  const first = await client.chat.completions.create({ model, messages: [question], tools: [tool] });
  const { message } = first.choices[0];
  const call = message.tool_calls[0];
  same([first.choices[0].finish_reason, JSON.parse(call.function.arguments)], ['tool_calls', { city: 'Paris' }]);
  const result = { role: 'tool', tool_call_id: call.id, content: 'sunny' };
  const messages = [question, message, result];
  const second = await client.chat.completions.create({ model, messages, tools: [tool] });
  same(second.choices[0].message.content, 'It is sunny.');
}

async function toolsStreamed(model) {
  const messages = [user('How is it in Paris?')];
  const stream = client.chat.completions.stream({ model, messages, tools: [tool] });
  const answer = await stream.finalChatCompletion();
  same(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments), { city: 'Paris' });
}

async function picture(model) {
  const answer = await ask(model, [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
  ]);
  same(answer.choices[0].message.content, 'A picture of 8 bytes.');
}

async function reasoning(model) {
  const { message } = (await ask(model, 'Say hello.', { reasoning_effort: 'low' })).choices[0];
  same([message.reasoning, message.content], ['Let me think.', TEXT]);
}

async function structured(model) {
  const format = { type: 'json_schema', json_schema: { name: 'person', schema: PERSON, strict: true } };
  const answer = await ask(model, 'Who?', { response_format: format });
  same(JSON.parse(answer.choices[0].message.content), { name: 'Ada', age: 36 });
}

async function errors(model) {
  await fails(OpenAI.NotFoundError, () => ask('nobody/nothing'));
  await fails(OpenAI.BadRequestError, () => client.chat.completions.create({ model, messages: [] }));
  const stranger = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: 'sk-wrong', maxRetries: 0 });
  await fails(OpenAI.AuthenticationError, () => stranger.models.list());
  await fails(OpenAI.RateLimitError, () => ask(model, 'Please be busy.'));
}

async function broken(model) {
  let said = '';
  await fails(OpenAI.APIError, async () => {
    for await (const chunk of await ask(model, 'Please break.', { stream: true })) {
      said += chunk.choices[0]?.delta?.content ?? '';
    }
  });
  same(said, 'Hello ');
}

async function cancelled(model) {
  const stream = await ask(model, 'Please be slow.', { stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) break;
  }
  stream.controller.abort();
}

async function responsesPlain(model) {
  const answer = await client.responses.create({ model, input: 'Say hello.' });
  same([answer.output_text, answer.status, answer.usage.output_tokens], [TEXT, 'completed', 5]);
}

async function responsesStreamed(model) {
  const stream = client.responses.stream({ model, input: 'Say hello.' });
  same((await stream.finalResponse()).output_text, TEXT);
}

async function responsesTools(model) {
  const own = { type: 'function', name: 'weather', description: 'Tells it.', parameters: WEATHER, strict: true };
  const question = user('How is it in Paris?');
  const first = await client.responses.create({ model, input: [question], tools: [own] });
  const call = first.output.find((item) => item.type === 'function_call');
  same(JSON.parse(call.arguments), { city: 'Paris' });
  const result = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
  const input = [question, ...first.output, result];
  same((await client.responses.create({ model, input, tools: [own] })).output_text, 'It is sunny.');
}

await run('npm openai', [
  plain,
  streamed,
  tools,
  toolsStreamed,
  picture,
  reasoning,
  structured,
  errors,
  broken,
  cancelled,
  responsesPlain,
  responsesStreamed,
  responsesTools,
]);
