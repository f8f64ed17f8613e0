import { expect, it } from 'vitest';
import { filled } from './prompts.svelte';

it('fills gaps by their names and leaves the others', () => {
  const text = 'Translate {{text}} to {{ language }}, {{text}}, {{tone}}';
  expect(filled(text, { text: '$1 & more', language: 'French', tone: '' })).toBe(
    'Translate $1 & more to French, $1 & more, {{tone}}',
  );
});
