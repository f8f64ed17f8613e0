import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { draw } from '../diagram/draw';
import { Drawn, MOST } from '../diagram/drawn';
import { speak } from '../i18n.svelte';
import Blocks from './Blocks.svelte';

vi.mock('../diagram/draw', () => ({ draw: vi.fn() }));

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

  it('say which of them grows: the last while it does, and none after that', async () => {
    const grows = () => [...container.querySelectorAll('.grows')].map((element) => element.textContent);
    const { container, rerender } = render(Blocks, { blocks: many(24), live: true, onlink });
    expect(grows()).toEqual(['Block 23']);
    await rerender({ blocks: many(25) });
    expect(grows()).toEqual(['Block 24']);
    await rerender({ blocks: [...many(24), block(25)] });
    expect(grows()).toEqual(['Block 25']);
    await rerender({ live: false });
    expect(grows()).toEqual([]);
  });

  it('know a heading from other blocks', () => {
    const { container } = render(Blocks, { blocks: [block(0, '<h2>Part</h2>'), block(1)], onlink });
    expect([...container.querySelectorAll('.blk')].map((one) => one.matches('.head'))).toEqual([true, false]);
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

describe('a diagram that was drawn', () => {
  const html =
    '<figure class="code"><figcaption>mermaid<button type="button" data-act="draw" aria-label="Draw the diagram">' +
    '</button></figcaption><pre>flowchart LR</pre></figure>';
  const shown = () => screen.findByRole('img');
  const show = (drawn: Drawn, of = 'answer') =>
    render(Blocks, { blocks: [block(0, html)], onlink, of, drawn });
  const press = () => fireEvent.click(screen.getByRole('button'));

  beforeEach(() => {
    cleanup();
    const src = 'data:image/svg+xml,x';
    vi.mocked(draw).mockReset().mockResolvedValue({ src, width: 20, height: 10 });
    delete document.documentElement.dataset['theme'];
  });

  it('stays while the language changes, and stands there again, as it was, in no other answer', async () => {
    const drawn = new Drawn();
    show(drawn);
    expect(screen.queryByRole('img')).toBeNull();
    await press();
    const image = await shown();
    expect(image).toHaveAttribute('alt', 'Diagram; its source follows');
    await speak('de');
    await tick();
    try {
      expect(await shown()).toBe(image);
      expect(image).toHaveAttribute('alt', 'Diagramm; sein Quelltext folgt');
      expect(screen.getByRole('button', { name: 'Diagramm zeichnen' })).toHaveAttribute(
        'aria-pressed',
        'true',
      );
      cleanup();
      show(drawn);
      expect(await shown()).toHaveAttribute('alt', 'Diagramm; sein Quelltext folgt');
    } finally {
      await speak('en');
    }
    cleanup();
    show(drawn, 'another answer');
    expect(screen.queryByTestId('drawing')).toBeNull();
    expect(draw).toHaveBeenCalledTimes(1);
  });

  it('is gone once it was put away, drawn anew for the other theme, and tried again where it failed', async () => {
    const drawn = new Drawn();
    show(drawn);
    await press();
    await shown();
    cleanup();
    document.documentElement.dataset['theme'] = 'dark';
    show(drawn);
    await shown();
    expect(vi.mocked(draw).mock.calls).toEqual([
      ['flowchart LR', false],
      ['flowchart LR', true],
    ]);
    await press();
    expect(screen.queryByRole('img')).toBeNull();
    cleanup();
    vi.mocked(draw).mockRejectedValue(new Error('It took too long.'));
    show(drawn);
    expect(screen.queryByTestId('drawing')).toBeNull();
    await press();
    await screen.findByText(/It took too long/);
    expect(drawn.none).toBe(true);
  });

  it('is drawn and put away by itself where another of the same text stands beside it', async () => {
    const drawn = new Drawn();
    const twice = () =>
      render(Blocks, { blocks: [block(0, html), block(1, html)], onlink, of: 'answer', drawn });
    const pressed = () =>
      screen.getAllByRole('button').map((one) => one.getAttribute('aria-pressed') === 'true');
    const toggle = (n: number) => fireEvent.click(screen.getAllByRole('button').at(n) as Element);
    twice();
    await toggle(1);
    cleanup();
    twice();
    expect(pressed()).toEqual([false, true]);
    await toggle(0);
    await toggle(1);
    cleanup();
    twice();
    expect(pressed()).toEqual([true, false]);
    expect(await screen.findAllByRole('img')).toHaveLength(1);
  });

  it('is kept with a number of others and no more', () => {
    const drawn = new Drawn();
    const flow = { text: 'flowchart LR', nth: 0 };
    for (let n = 0; n <= MOST; n += 1) void drawn.of(String(n), flow, false);
    expect([drawn.has('0', flow), drawn.has('1', flow)]).toEqual([false, true]);
  });
});
