import { svelte } from '@sveltejs/vite-plugin-svelte';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The drawing library as it comes, in one file that only the frame in `public/diagram` loads. */
function drawing(): Plugin {
  const library = join(import.meta.dirname, 'node_modules/mermaid/dist/mermaid.min.js');
  let out = '';
  return {
    name: 'drawing',
    configResolved: (config) => {
      out = resolve(config.root, config.build.outDir, 'diagram');
    },
    configureServer: (server) => {
      server.middlewares.use('/diagram/mermaid.js', (_request, response) => {
        response.setHeader('content-type', 'text/javascript');
        response.end(readFileSync(library));
      });
    },
    closeBundle: () => {
      mkdirSync(out, { recursive: true });
      copyFileSync(library, join(out, 'mermaid.js'));
    },
  };
}

// The scripted host exists in development, in tests and in builds made with `--mode fake`, where no
// Tauri is around. In the production build the constant is false and the code behind it is dropped.
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(process.env['VITEST'] ? [] : [drawing()])],
  base: './',
  define: { __FAKE_HOST__: JSON.stringify(mode !== 'production') },
  ...(process.env['VITEST'] ? { resolve: { conditions: ['browser'] } } : {}),
  server: { host: '127.0.0.1', port: 5183, strictPort: true },
  preview: { host: '127.0.0.1', port: 5184, strictPort: true },
  build: {
    // WebKitGTK 2.44 and Safari 17.5 are the floor; light-dark() and oklch() must stay as they are.
    target: ['safari17.5', 'chrome123'],
    cssTarget: ['safari17.5', 'chrome123'],
    // The content policy allows fonts and images from our own origin only, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['src/test-setup.ts'],
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
  },
}));
