// Anthropic's own JavaScript client against the gateway.

import Anthropic from '@anthropic-ai/sdk';
import { BASE, KEY, PERSON, PNG, TEXT, WEATHER, fails, run, same } from './common.mjs';

const client = new Anthropic({ baseURL: BASE, apiKey: KEY, maxRetries: 0 });
const user = (content) => ({ role: 'user', content });
const ask = (model, content = 'Say hello.', more = {}) =>
  client.messages.create({ model, max_tokens: 4000, messages: [user(content)], ...more });
const text = (answer) => answer.content.map((block) => block.text ?? '').join('');

async function plain(model) {
  const answer = await ask(model);
  same([text(answer), answer.stop_reason, answer.usage.input_tokens], [TEXT, 'end_turn', 20]);
}

async function streamed(model) {
  const stream = client.messages.stream({ model, max_tokens: 100, messages: [user('Say hello.')] });
  const answer = await stream.finalMessage();
  same([text(answer), answer.stop_reason, answer.usage.output_tokens], [TEXT, 'end_turn', 5]);
}

const tool = { name: 'weather', description: 'Tells it.', input_schema: WEATHER };

async function tools(model) {
  const question = user('How is it in Paris?');
  const first = await ask(model, '', { messages: [question], tools: [tool] });
  const call = first.content.find((block) => block.type === 'tool_use');
  same([first.stop_reason, call.input], ['tool_use', { city: 'Paris' }]);
  const result = { type: 'tool_result', tool_use_id: call.id, content: 'sunny' };
  const messages = [question, { role: 'assistant', content: first.content }, user([result])];
  same(text(await ask(model, '', { messages, tools: [tool] })), 'It is sunny.');
}

async function toolsStreamed(model) {
  const messages = [user('How is it in Paris?')];
  const stream = client.messages.stream({ model, max_tokens: 100, messages, tools: [tool] });
  const call = (await stream.finalMessage()).content.find((block) => block.type === 'tool_use');
  same(call.input, { city: 'Paris' });
}

async function picture(model) {
  const source = { type: 'base64', media_type: 'image/png', data: PNG };
  const answer = await ask(model, [{ type: 'text', text: 'What is this?' }, { type: 'image', source }]);
  same(text(answer), 'A picture of 8 bytes.');
}

async function reasoning(model) {
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const answer = await ask(model, 'Say hello.', { thinking });
  same([answer.content[0].thinking, text(answer)], ['Let me think.', TEXT]);
  const messages = [user('Say hello.'), { role: 'assistant', content: answer.content }, user('And again.')];
  same(text(await ask(model, '', { messages, thinking })), TEXT);
}

async function structured(model) {
  const form = { format: { type: 'json_schema', schema: PERSON } };
  same(JSON.parse(text(await ask(model, 'Who?', { output_config: form }))), { name: 'Ada', age: 36 });
}

async function errors(model) {
  await fails(Anthropic.NotFoundError, () => ask('nobody/nothing'));
  await fails(Anthropic.BadRequestError, () => ask(model, '', { messages: [] }));
  const stranger = new Anthropic({ baseURL: BASE, apiKey: 'sk-wrong', maxRetries: 0 });
  await fails(Anthropic.AuthenticationError, () => stranger.models.list());
  await fails(Anthropic.RateLimitError, () => ask(model, 'Please be busy.'));
}

async function broken(model) {
  let said = '';
  await fails(Anthropic.APIError, async () => {
    const messages = [user('Please break.')];
    const stream = client.messages.stream({ model, max_tokens: 100, messages });
    stream.on('text', (piece) => {
      said += piece;
    });
    await stream.finalMessage();
  });
  same(said, 'Hello ');
}

async function cancelled(model) {
  const messages = [user('Please be slow.')];
  const stream = client.messages.stream({ model, max_tokens: 100, messages });
  for await (const event of stream) {
    if (event.type === 'content_block_delta') break;
  }
  stream.controller.abort();
}

async function counted(model) {
  const { input_tokens: count } = await client.messages.countTokens({ model, messages: [user('Say hello.')] });
  same(count > 0 && count < 100, true);
}

await run('npm anthropic', [
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
  counted,
]);
