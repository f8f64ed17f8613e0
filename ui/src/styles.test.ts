// What a style sheet must not say.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = import.meta.dirname;
const all = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).map((name) =>
  name.replaceAll('\\', '/'),
);
const text = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const bare = (css: string) => css.replace(/\/\*[\s\S]*?\*\//g, '');
const styles = all
  .filter((name) => name.endsWith('.css') || name.endsWith('.svelte'))
  .map((name) => ({
    name,
    css: name.endsWith('.css')
      ? text(name)
      : [...text(name).matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].join('\n'),
  }));

/** Compound selectors that say `:empty`, without it. */
export function emptied(css: string): string[] {
  return [...bare(css).matchAll(/([^\s,>+~{}()]*):empty\b/g)].map((match) => match[1] ?? '');
}
const classes = (compound: string) => [...compound.matchAll(/\.([\w-]+)/g)].map((match) => match[1] ?? '');

describe('a style sheet', () => {
  it('finds the selectors it is looked over for', () => {
    expect(emptied('.a .b:empty, p:empty > i { } /* .c:empty */ :is(.d, .e:empty) {}')).toEqual([
      '.b',
      'p',
      '.e',
    ]);
  });

  // WebKit styles all of an answer anew whenever a block comes into a container that `:empty` may apply to.
  it('says :empty of nothing that may stand in an answer', () => {
    const answers = all.filter((name) => /^(features\/lanes|shared\/(markdown|diagram))\//.test(name));
    const made = answers.filter((name) => /(?<!\.test)\.ts$|\.svelte$/.test(name)).map(text);
    // What comes as HTML is made by the core.
    made.push(readFileSync(join(ROOT, '../../src-tauri/crates/render/src/emit.rs'), 'utf8'));
    const inAnswers = new Set(made.flatMap((source) => source.match(/[\w-]+/g) ?? []));
    for (const { name, css } of styles) {
      for (const compound of emptied(css)) {
        const named = classes(compound);
        expect(
          named,
          `${name}: ${compound || '*'}:empty names no class, so it applies everywhere`,
        ).not.toEqual([]);
        expect(
          named.every((known) => inAnswers.has(known)),
          `${name}: ${compound}:empty applies inside answers`,
        ).toBe(false);
      }
    }
    expect(inAnswers.has('ans-body') && inAnswers.has('md')).toBe(true);
  });
});
