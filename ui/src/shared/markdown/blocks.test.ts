import { render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { speak } from '../i18n.svelte';
import Blocks from './Blocks.svelte';

const block = (n: number, html = `<p>Block ${String(n)}</p>`) => ({ key: `k${String(n)}`, html });
const many = (count: number) => Array.from({ length: count }, (_, n) => block(n));
const onlink = () => undefined;
const groups = (page: Element) =>
  [...page.querySelectorAll('.md > .grp')].map((group) => group.children.length);

describe('the blocks of an answer', () => {
  it('stand in groups, and what is drawn stays the same element while more comes', async () => {
    const { container, rerender } = render(Blocks, { blocks: many(30), onlink });
    expect(groups(container)).toEqual([24, 6]);
    const before = [...container.querySelectorAll('.blk')];
    await rerender({ blocks: many(60) });
    expect(groups(container)).toEqual([24, 24, 12]);
    const after = [...container.querySelectorAll('.blk')];
    expect(after).toHaveLength(60);
    expect(before.every((element, n) => element === after[n])).toBe(true);
    expect(after.map((element) => element.textContent)).toEqual(many(60).map((_, n) => `Block ${String(n)}`));
  });

  it('never part a heading from what follows it', () => {
    const blocks = many(60).map((known, n) => (n === 23 || n === 24 ? block(n, '<h2>Part</h2>') : known));
    const { container } = render(Blocks, { blocks, onlink });
    expect(groups(container)).toEqual([26, 24, 10]);
  });

  it('are read out in the language of the window, and what a model wrote stays as it is', async () => {
    const html =
      '<figure class="code"><button type="button" data-act="copy" aria-label="Copy code"></button>' +
      '<pre>&lt;i aria-label="Table"&gt;</pre></figure><div role="group" aria-label="Table"></div>';
    const drawn = () => render(Blocks, { blocks: [block(0, html)], onlink });
    const english = drawn();
    expect(english.getByRole('button', { name: 'Copy code' })).toBeInTheDocument();
    english.unmount();
    await speak('de');
    try {
      const page = drawn();
      expect(page.getByRole('button', { name: 'Code kopieren' })).toBeInTheDocument();
      expect(page.getByRole('group', { name: 'Tabelle' })).toBeInTheDocument();
      expect(page.getByText('<i aria-label="Table">')).toBeInTheDocument();
    } finally {
      await speak('en');
    }
  });

  it('may be equal to each other', () => {
    const { container } = render(Blocks, {
      blocks: Array.from({ length: 50 }, () => ({ key: 'same', html: '<hr>' })),
      onlink,
    });
    expect(container.querySelectorAll('hr')).toHaveLength(50);
  });
});
