// Columns that scroll by themselves scroll together: when one is moved, its neighbours go to the heading or
// block that stands for what is at its top. Headings are matched by their words, blocks by their share of the
// text between two matches.

/** A block of a column: where it begins, and its words if it is a heading. */
export interface Block {
  top: number;
  heading: string | null;
}

/** The same place in two columns. */
interface Pair {
  from: number;
  to: number;
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^[\s\d.)(#*-]+/u, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Two headings that say the same, or of which one begins with the other. */
function alike(a: string, b: string): boolean {
  const [one, other] = [plain(a), plain(b)];
  if (one === '' || other === '') return false;
  return (
    one === other ||
    (Math.min(one.length, other.length) >= 6 && (one.startsWith(other) || other.startsWith(one)))
  );
}

/** Headings of both in the same order, the beginning and the end. */
function pairs(from: readonly Block[], to: readonly Block[], ends: Pair): Pair[] {
  const found: Pair[] = [{ from: 0, to: 0 }];
  let next = 0;
  for (const block of from) {
    const { heading } = block;
    if (heading === null) continue;
    const at = to.findIndex(
      (other, place) => place >= next && other.heading !== null && alike(heading, other.heading),
    );
    const match = to[at];
    if (!match) continue;
    next = at + 1;
    found.push({ from: block.top, to: match.top });
  }
  // Without a heading in common the first blocks after each other are taken for each other.
  if (found.length === 1 && from.length === to.length) {
    from.forEach((block, place) => found.push({ from: block.top, to: to[place]?.top ?? 0 }));
  }
  found.push(ends);
  return found.filter((pair, place) => {
    const before = found[place - 1];
    return before === undefined || (pair.from > before.from && pair.to >= before.to);
  });
}

/** Where a column stands when its neighbour is scrolled to `at`. */
export function aligned(at: number, from: readonly Block[], to: readonly Block[], ends: Pair): number {
  const known = pairs(from, to, ends);
  const after = known.findIndex((pair) => pair.from > at);
  const [one, other] = [known[after < 0 ? known.length - 1 : after - 1], known[after]];
  if (!one) return 0;
  if (!other) return one.to;
  return one.to + ((at - one.from) / (other.from - one.from)) * (other.to - one.to);
}

function blocks(body: HTMLElement): Block[] {
  const top = body.getBoundingClientRect().top - body.scrollTop;
  return [...body.querySelectorAll<HTMLElement>('.md > .grp > .blk > *')].map((element) => ({
    top: element.getBoundingClientRect().top - top,
    heading: /^H[1-6]$/.test(element.tagName)
      ? element.textContent
      : // Many answers write a heading as a paragraph of one bold phrase.
        /^P$/.test(element.tagName) && element.childNodes.length === 1
        ? (element.querySelector(':scope > strong')?.textContent ?? null)
        : null,
  }));
}

/** Listens to every column inside an element; what it moves itself it does not answer. */
export function scrollTogether(root: HTMLElement): () => void {
  const moved = new WeakMap<HTMLElement, number>();
  const onScroll = (event: Event) => {
    const body = event.target;
    if (!(body instanceof HTMLElement) || !body.classList.contains('ans-body')) return;
    if (moved.get(body) === Math.round(body.scrollTop)) {
      moved.delete(body);
      return;
    }
    const here = blocks(body);
    for (const other of body.closest('.answers')?.querySelectorAll<HTMLElement>('.ans-body') ?? []) {
      if (other === body || other.scrollHeight <= other.clientHeight) continue;
      // One that is still written follows its own end.
      if (other.closest('[aria-busy=true]')) continue;
      const ends = {
        from: body.scrollHeight - body.clientHeight,
        to: other.scrollHeight - other.clientHeight,
      };
      const to = Math.round(Math.min(ends.to, aligned(body.scrollTop, here, blocks(other), ends)));
      if (Math.round(other.scrollTop) === to) continue;
      moved.set(other, to);
      other.scrollTop = to;
    }
  };
  root.addEventListener('scroll', onScroll, { capture: true, passive: true });
  return () => root.removeEventListener('scroll', onScroll, { capture: true });
}
