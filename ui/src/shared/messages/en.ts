// English forms of the texts that count something; every other text is its own key.
import type { Forms } from './forms';

export const FORMS: Record<string, Forms> = {
  '{count} models': { one: '{count} model', other: '{count} models' },
  '{count} days': { one: '{count} day', other: '{count} days' },
  '{count} conversations': { one: '{count} conversation', other: '{count} conversations' },
  '{count} messages': { one: '{count} message', other: '{count} messages' },
  '{count} were here already, {extended} had grown.': {
    one: '{count} was here already, {extended} had grown.',
    other: '{count} were here already, {extended} had grown.',
  },
  '{count} lines differ': { one: '{count} line differs', other: '{count} lines differ' },
  '{count} turns': { one: '{count} turn', other: '{count} turns' },
  '{count} answers': { one: '{count} answer', other: '{count} answers' },
  '{count} tokens': { one: '{count} token', other: '{count} tokens' },
  '{count} files': { one: '{count} file', other: '{count} files' },
  '{count} offers': { one: '{count} offer', other: '{count} offers' },
  '{count} providers': { one: '{count} provider', other: '{count} providers' },
  '{count} new prices': { one: '{count} new price', other: '{count} new prices' },
  '{count} lines': { one: '{count} line', other: '{count} lines' },
  '{count} endpoints': { one: '{count} endpoint', other: '{count} endpoints' },
  '{count} keys': { one: '{count} key', other: '{count} keys' },
};
