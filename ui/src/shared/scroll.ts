// Keeps a scroller at its end while something is being written there, and lets go at the reader's first
// move upward.

/** Within this many pixels of its end a scroller counts as being there. */
export const NEAR = 48;

export interface Stick {
  /** Goes to the end and stays there. */
  follow(): void;
  /** Stands at an element and stays there, unless that is the end. */
  show(element: Element): void;
  readonly following: boolean;
  destroy(): void;
}

export function stickToEnd(
  node: HTMLElement,
  content: Element,
  onChange: (following: boolean) => void,
): Stick {
  let following = true;
  let last = node.scrollTop;

  const set = (next: boolean) => {
    if (next === following) return;
    following = next;
    onChange(next);
  };
  const atEnd = () => node.scrollHeight - node.clientHeight - node.scrollTop <= NEAR;
  const toEnd = () => {
    node.scrollTop = node.scrollHeight;
    last = node.scrollTop;
  };
  const onScroll = () => {
    // Growth of the content never moves scrollTop, so a smaller one is the reader's doing.
    if (node.scrollTop < last) set(atEnd());
    else if (atEnd()) set(true);
    last = node.scrollTop;
  };
  const observer = new ResizeObserver(() => {
    if (following) toEnd();
  });

  node.addEventListener('scroll', onScroll, { passive: true });
  observer.observe(content);
  observer.observe(node);
  return {
    follow() {
      set(true);
      toEnd();
    },
    show(element) {
      node.scrollTop += element.getBoundingClientRect().top - node.getBoundingClientRect().top;
      last = node.scrollTop;
      set(atEnd());
    },
    get following() {
      return following;
    },
    destroy() {
      observer.disconnect();
      node.removeEventListener('scroll', onScroll);
    },
  };
}
