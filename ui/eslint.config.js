import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

// The layers: app → features → state → ipc, and everyone may use shared. A feature never imports a feature;
// what they share is composed in app. `src/layers.test.ts` walks the import graph for what a pattern cannot
// see: cycles, and features that reach each other by a longer way.
const layer = (files, patterns, message) => ({
  files: files.flatMap((folder) => [`src/${folder}/**/*.ts`, `src/${folder}/**/*.svelte`]),
  ignores: ['src/**/*.test.ts', 'src/ipc/host.tauri.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: ['@tauri-apps/*'], message: 'Only ipc/host.tauri.ts knows Tauri.' },
          { group: patterns, message },
        ],
      },
    ],
  },
});

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/ipc/generated/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 500 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // Commands answer `null`; a handler that gives it back is no mistake.
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      'max-lines': ['error', { max: 250 }],
      'svelte/require-each-key': 'error',
      'svelte/no-at-html-tags': 'error',
      'svelte/button-has-type': 'off',
      'svelte/no-navigation-without-resolve': 'off',
      // State that is replaced as a whole is kept in plain maps and sets on purpose.
      'svelte/prefer-svelte-reactivity': 'off',
      'no-undef': 'off',
    },
  },
  { files: ['**/*.svelte.ts'], rules: { 'svelte/prefer-svelte-reactivity': 'off' } },
  layer(
    ['shared'],
    ['**/ipc/**', '**/state/**', '**/features/**', '**/app/**'],
    'shared imports nothing of ours.',
  ),
  layer(
    ['ipc'],
    ['**/state/**', '**/features/**', '**/app/**', '**/shared/**'],
    'ipc imports nothing above it.',
  ),
  layer(['state'], ['**/features/**', '**/app/**'], 'state imports ipc and shared only.'),
  layer(
    ['features'],
    [
      '**/features/**',
      '**/app/**',
      '../composer/**',
      '../lanes/**',
      '../line-up/**',
      '../model-picker/**',
      '../onboarding/**',
      '../settings/**',
      '../spend/**',
    ],
    'A feature imports no feature and nothing of app.',
  ),
  layer(['app'], ['../features/*/*'], 'app takes a feature by its index.'),
);
