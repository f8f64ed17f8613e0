// The rules between folders that no single file can break alone.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = import.meta.dirname;
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter(
    (name) =>
      /\.(ts|svelte)$/.test(name) && !name.includes('ipc/generated/') && !/\.(test|help)\.ts$/.test(name),
  );
const source = new Map(files.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));

function imports(name: string): string[] {
  const text = source.get(name) ?? '';
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return found;
}

function inside(name: string): string[] {
  return imports(name)
    .filter((path) => path.startsWith('.'))
    .map((path) => relative(ROOT, join(ROOT, dirname(name), path)).replaceAll('\\', '/'))
    .flatMap((path) => {
      const hit = [path, `${path}.ts`, `${path}/index.ts`].find((candidate) => source.has(candidate));
      return hit === undefined ? [] : [hit];
    });
}

const layer = (name: string) => name.split('/')[0] ?? '';
const feature = (name: string) => name.split('/')[1] ?? '';

const MAY: Record<string, string[]> = {
  app: ['app', 'features', 'state', 'ipc', 'shared'],
  features: ['features', 'state', 'ipc', 'shared'],
  state: ['state', 'ipc', 'shared'],
  ipc: ['ipc'],
  shared: ['shared'],
};

describe('imports', () => {
  it('are seen at all', () => expect(inside('start.ts')).toContain('app/App.svelte'));

  it('go downwards only', () => {
    const bad = files.flatMap((name) => {
      const may = MAY[layer(name)];
      return may
        ? inside(name)
            .filter((to) => !may.includes(layer(to)))
            .map((to) => `${name} → ${to}`)
        : [];
    });
    expect(bad).toEqual([]);
  });

  it('never lead from a feature to a feature', () => {
    const bad = files
      .filter((name) => layer(name) === 'features')
      .flatMap((name) =>
        inside(name)
          .filter((to) => layer(to) === 'features' && feature(to) !== feature(name))
          .map((to) => `${name} → ${to}`),
      );
    expect(bad).toEqual([]);
  });

  it('have no cycles', () => {
    const done = new Set<string>();
    const walk = (name: string, path: string[]): string[] => {
      if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
      if (done.has(name)) return [];
      for (const to of inside(name)) {
        const cycle = walk(to, [...path, name]);
        if (cycle.length > 0) return cycle;
      }
      done.add(name);
      return [];
    };
    expect(files.flatMap((name) => walk(name, []))).toEqual([]);
  });

  it('of Tauri stand in one file', () => {
    expect(files.filter((name) => imports(name).some((path) => path.startsWith('@tauri-apps/')))).toEqual([
      'ipc/host.tauri.ts',
    ]);
  });

  it('of the scripted host stand behind the switch the production build turns off', () => {
    const users = files.filter(
      (name) => !name.startsWith('ipc/fake/') && inside(name).some((to) => to.includes('fake')),
    );
    expect(users).toEqual(['start.ts']);
  });
});

describe('components', () => {
  const components = files.filter((name) => name.endsWith('.svelte'));

  it('have at most 250 lines', () => {
    expect(components.filter((name) => (source.get(name) ?? '').split('\n').length > 251)).toEqual([]);
  });

  it('insert HTML in one place', () => {
    expect(components.filter((name) => (source.get(name) ?? '').includes('{@html'))).toEqual([
      'shared/markdown/Blocks.svelte',
    ]);
  });

  it('have no style elements: the content policy allows style sheets of our own only', () => {
    expect(components.filter((name) => /<style[\s>]/.test(source.get(name) ?? ''))).toEqual([]);
  });
});

describe('style sheets', () => {
  const sheets = readdirSync(join(ROOT, 'shared/css')).filter((name) => name.endsWith('.css'));

  it('go by the direction of the text', () => {
    // What is centred by half of its own width stands in the middle in both directions.
    const physical =
      /^\s*(?:left|right): (?!50%)|(?:margin|padding|border)-(?:left|right)\b|text-align: (?:left|right)|float: (?:left|right)|border-(?:top|bottom)-(?:left|right)-radius/;
    const bad = sheets.flatMap((name) =>
      readFileSync(join(ROOT, 'shared/css', name), 'utf8')
        .split('\n')
        .filter((line) => physical.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
    expect(sheets.length).toBeGreaterThan(15);
    expect(bad).toEqual([]);
  });
});
