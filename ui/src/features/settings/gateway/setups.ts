// How other programs are pointed at the gateway, each in its own words.

import { rows } from '../../../shared/i18n.svelte';
export interface SetUp {
  id: string;
  name: string;
  /** Where it goes, in a few words. */
  where: string;
  text: (base: string, key: string) => string;
}

export const SET_UPS: SetUp[] = rows(
  ['where'],
  [
    {
      id: 'curl',
      name: 'curl',
      where: 'In a shell',
      text: (base: string, key: string) =>
        `curl ${base}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "auto/cheapest", "messages": [{"role": "user", "content": "Hello"}]}'`,
    },
    {
      id: 'openai',
      name: 'OpenAI SDK',
      where: 'In the environment of a program',
      text: (base: string, key: string) => `export OPENAI_BASE_URL=${base}/v1\nexport OPENAI_API_KEY=${key}`,
    },
    {
      id: 'anthropic',
      name: 'Anthropic SDK',
      where: 'In the environment of a program',
      text: (base: string, key: string) =>
        `export ANTHROPIC_BASE_URL=${base}\nexport ANTHROPIC_API_KEY=${key}`,
    },
    {
      id: 'claude-code',
      name: 'Claude Code',
      where: 'In the shell it is started from',
      text: (base: string, key: string) =>
        `export ANTHROPIC_BASE_URL=${base}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nclaude`,
    },
    {
      id: 'aider',
      name: 'Aider',
      where: 'In a shell',
      text: (base: string, key: string) =>
        `export OPENAI_API_BASE=${base}/v1\nexport OPENAI_API_KEY=${key}\naider --model openai/auto/best`,
    },
    {
      id: 'zed',
      name: 'Zed',
      where: 'In its settings.json; it asks for the key itself',
      text: (base: string) =>
        `"language_models": {
  "openai_compatible": {
    "Parallax": {
      "api_url": "${base}/v1",
      "available_models": [{ "name": "auto/best", "max_tokens": 200000 }]
    }
  }
}`,
    },
    {
      id: 'continue',
      name: 'Continue',
      where: 'In its config.yaml',
      text: (base: string, key: string) =>
        `models:
  - name: Parallax
    provider: openai
    model: auto/best
    apiBase: ${base}/v1
    apiKey: ${key}`,
    },
    {
      id: 'llm',
      name: 'llm',
      where: 'In its extra-openai-models.yaml, after `llm keys set parallax`',
      text: (base: string) =>
        `- model_id: parallax
  model_name: auto/best
  api_base: ${base}/v1
  api_key_name: parallax`,
    },
  ],
);
