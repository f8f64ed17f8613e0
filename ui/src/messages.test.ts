// What is shown is in the catalogue, and the catalogue is whole.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { LANGUAGES } from './shared/i18n.svelte';
import { core, german } from './shared/messages/de';
import { FORMS } from './shared/messages/en';
import type { Forms } from './shared/messages/forms';

const ROOT = import.meta.dirname;
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /^(app|features|state|shared)\/.*\.(ts|svelte)$/.test(name))
  .filter((name) => !/\.(test|help)\.ts$|^shared\/(messages\/|testids|i18n)/.test(name));
const source = new Map(files.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));

/** Names, keys and examples that are the same in every language. */
const SAME = new Set([
  'Parallax',
  'Esc',
  'End',
  'sk-…',
  'sk-parallax-…',
  'author/name',
  'author/model',
  'work',
  'editor',
  'YOUR_APP_KEY',
  'ollama serve',
  'https://llm.example.org/v1',
  '~/Downloads/export.zip',
]);
/** Attributes a person reads or hears, also where a component of ours has them. */
const READ =
  /^(aria-label|aria-description|title|placeholder|alt|label|about|unit|what|text|action|hint|heading)$/;

const letters = (text: string) => /\p{L}{2}/u.test(text);
const said = (text: string) => letters(text) && !SAME.has(text.trim());

type Node = Record<string, unknown> & { type?: string };

function* nodes(from: unknown): Generator<Node> {
  if (from === null || typeof from !== 'object') return;
  if (Array.isArray(from)) {
    for (const one of from) yield* nodes(one);
    return;
  }
  const node = from as Node;
  yield node;
  // Key caps and code are no text.
  if (node.type === 'RegularElement' && ['kbd', 'code', 'pre'].includes(String(node['name']))) return;
  for (const [name, child] of Object.entries(node)) if (name !== 'metadata') yield* nodes(child);
}

/** Text between tags, and of attributes that are read, that stands in a component as it is. */
function literals(name: string): string[] {
  const tree = parse(source.get(name) ?? '', { modern: true });
  const found: string[] = [];
  for (const node of nodes(tree.fragment)) {
    if (node.type === 'Text' && 'raw' in node && said(String(node['data']))) found.push(String(node['data']));
    if (node.type !== 'Attribute' && node.type !== 'StyleDirective') continue;
    const value = node['value'];
    const parts = Array.isArray(value) ? (value as Node[]) : [];
    const text = parts.map((part) => (part.type === 'Text' ? String(part['data']) : '')).join('');
    if (!READ.test(String(node['name'])) || !said(text)) {
      // Text nodes of other attributes (class, id, …) are not shown.
      for (const part of parts) part['data'] = '';
    }
  }
  return found;
}

/** Sentences and labels in code: a string with a blank in it, or that begins with a capital and goes on small. */
function spoken(name: string): string[] {
  const text = source.get(name) ?? '';
  const code = name.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '').join('\n')
    : text;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      if (['words', 'rows', 'worded'].includes(node.expression.text)) return;
      if (node.expression.text === 't') {
        node.arguments.slice(1).forEach(visit);
        return;
      }
    }
    // An error that is thrown for ourselves.
    if (ts.isNewExpression(node) && node.expression.getText().endsWith('Error')) return;
    if (ts.isStringLiteral(node) && /^[\p{L}“‘(,;.·\s-]*\p{L}{2,}[,:.;]? \p{L}/u.test(node.text))
      found.push(node.text);
    else if (ts.isStringLiteral(node) && /^\p{Lu}\p{Ll}{2,}[….]?$/u.test(node.text)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, code, ts.ScriptTarget.Latest, true));
  return found.filter((one) => !CODE.test(one) && !SAME.has(one));
}

/** What looks like words and is none: keys of the keyboard, selectors, types of events, protocols. */
const CODE =
  /^(Escape|Enter|Tab|Space|Home|End|Delete|Backspace|Comma|Period|Slash|Minus|Equal|Semicolon|Quote|Control|Shift|Meta|Process|Dead|Arrow\w+|Page\w+|Alt\w*|Caps\w+|Backquote|Bracket\w+|Backslash)$|^Files$|^\(prefers-|textarea|select|\[role|\[data|^\.|^i |^ib |^fchip|^policy $|^description: |^ {2,}|^Alt\+/;

describe('components', () => {
  const components = files.filter((name) => name.endsWith('.svelte'));
  it('are many', () => expect(components.length).toBeGreaterThan(60));
  it.each(components)('%s shows no text of its own', (name) => expect(literals(name)).toEqual([]));
});

describe('code', () => {
  it.each(files)('%s speaks through the catalogue', (name) => expect(spoken(name)).toEqual([]));
});

describe('the catalogue', () => {
  const gaps = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  const texts = Object.entries(german as Record<string, string | Forms>);
  const forms = (text: string | Forms) => (typeof text === 'string' ? [text] : Object.values(text));

  it('has every text in German with the same gaps', () => {
    const bad = texts.flatMap(([key, text]) =>
      forms(text).filter((form) => form === '' || `${gaps(form)}` !== `${gaps(key)}`),
    );
    expect(bad).toEqual([]);
  });

  it('keeps the blanks that join texts', () => {
    const edge = (text: string) => [text.startsWith(' '), text.endsWith(' ')];
    const bad = texts.filter(([key, text]) =>
      forms(text).some((form) => `${edge(form)}` !== `${edge(key)}` && !/^[,.]/.test(key)),
    );
    expect(bad).toEqual([]);
  });

  it('has the forms of each language for the same texts', () => {
    const counted = texts.filter(([, text]) => typeof text !== 'string').map(([key]) => key);
    expect(counted.sort()).toEqual(Object.keys(FORMS).sort());
    const rules = (tag: string) => new Intl.PluralRules(tag).resolvedOptions().pluralCategories.sort();
    for (const form of Object.values(FORMS))
      expect(Object.keys(form).sort()).toEqual(rules(LANGUAGES.en.tag));
    for (const [, text] of texts)
      if (typeof text !== 'string') expect(Object.keys(text).sort()).toEqual(rules(LANGUAGES.de.tag));
  });

  it('has nothing that is no longer said', () => {
    const all = [...source.values()].join('\n');
    const quoted = (key: string) => key.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    const idle = texts
      .map(([key]) => key)
      .filter((key) => !all.includes(`'${quoted(key)}'`) && !all.includes(`"${key}"`));
    expect(idle).toEqual([]);
  });
});

describe('what the core says', () => {
  const CORE = join(ROOT, '../../src-tauri');
  const rust = readdirSync(CORE, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter(
      (name) =>
        /^(crates\/\w+\/)?src\/.*\.rs$/.test(name) && !/tests?\.rs$|domain\/src\/words\.rs$/.test(name),
    );
  const read = (name: string) => readFileSync(join(CORE, name), 'utf8');
  const forms = new Set(
    rust
      .flatMap((name) => [...read(name).matchAll(/\bsay!\(\s*"((?:[^"\\]|\\[\s\S])*)"/g)])
      .map((match) => (match[1] ?? '').replace(/\\\r?\n\s*/g, '').replaceAll('\\"', '"')),
  );
  const gaps = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

  it('is much', () => expect(forms.size).toBeGreaterThan(400));
  it('is there in German', () => expect([...forms].filter((form) => !core[form])).toEqual([]));
  it('leaves nothing in German that is no longer said', () =>
    expect(Object.keys(core).filter((form) => !forms.has(form))).toEqual([]));
  it('has the same gaps in German', () => {
    const named = (text: string) => `${[...new Set(gaps(text))]}`;
    expect(Object.entries(core).filter(([form, text]) => named(form) !== named(text))).toEqual([]);
  });

  // Their kind says too little, so they must be made of a form. Who asks through the gateway or on the command line
  // reads English.
  const WINDOW = /^(src|crates\/(api|attach|domain|engine|import|store|transport|vault))\//;
  it('of a kind that says too little is made of forms', () => {
    const bare =
      /Failure::new\(\s*(?:domain::)?ErrorKind::(?:RequestInvalid|RequestUnsupported|RequestNoModel|StoreCorrupt|StoreDenied),\s*(?:"|format!)/g;
    const found = rust
      .filter((name) => WINDOW.test(name) && !name.includes('engine/src/relay/'))
      .flatMap((name) =>
        [
          ...read(name)
            .replace(/#\[cfg\(test\)\]\nmod tests \{[\s\S]*/, '')
            .matchAll(bare),
        ].map(() => name),
      );
    expect(found).toEqual([]);
  });
});
