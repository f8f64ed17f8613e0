// Keeps a scroller at its end while something is being written there, and lets go at the reader's first
// move upward. What the reader wants is read from wheel, keys, drags and focus, never from positions alone:
// while text grows, a position says nothing about who moved.

/** Within this many pixels of its end a scroller counts as being there. */
export const NEAR = 48;

export interface Stick {
  /** Goes to the end and stays there. */
  follow(): void;
  /** Stands at a place, so many pixels below the top, and stays there, unless that is the end. */
  show(place: Element | Range, below?: number): void;
  /** Stays where it stands, even at the end. */
  stay(): void;
  /** Moves by so many pixels; what the reader wants stays as it is. */
  move(by: number): void;
  readonly following: boolean;
  destroy(): void;
}

const UP = new Set(['ArrowUp', 'PageUp', 'Home']);

export function stickToEnd(
  node: HTMLElement,
  content: Element,
  onChange: (following: boolean) => void,
): Stick {
  let following = true;
  let dragging = false;
  let last = node.scrollTop;

  const set = (next: boolean) => {
    if (next === following) return;
    following = next;
    onChange(next);
  };
  const atEnd = () => node.scrollHeight - node.clientHeight - node.scrollTop <= NEAR;
  const canScroll = () => node.scrollHeight > node.clientHeight;
  const toEnd = () => {
    node.scrollTop = node.scrollHeight;
    last = node.scrollTop;
  };

  /** The reader moves it: from where it stands, which is not looked at while it moves by itself. */
  const taken = () => {
    if (following) last = node.scrollTop;
  };
  const letGo = () => {
    if (!canScroll()) return;
    taken();
    set(false);
  };
  const onWheel = (event: WheelEvent) => {
    if (event.deltaY < 0) letGo();
  };
  const onKey = (event: KeyboardEvent) => {
    if (UP.has(event.key)) letGo();
  };
  const onDown = () => {
    taken();
    dragging = true;
  };
  const onUp = () => (dragging = false);
  // Moving the focus to something above brings it into view.
  const onFocus = () => {
    const before = last;
    requestAnimationFrame(() => node.scrollTop < before && set(atEnd()));
  };
  const onScroll = () => {
    // It moves by itself: to ask how far would cost a layout in the midst of a frame.
    if (following && !dragging) return;
    if (dragging && node.scrollTop < last) set(atEnd());
    else if (!following && node.scrollTop > last && atEnd()) set(true);
    last = node.scrollTop;
  };
  const observer = new ResizeObserver(() => {
    if (following) toEnd();
  });

  const passive = { passive: true };
  node.addEventListener('wheel', onWheel, passive);
  node.addEventListener('keydown', onKey, passive);
  node.addEventListener('pointerdown', onDown, passive);
  node.addEventListener('touchstart', onDown, passive);
  node.addEventListener('focusin', onFocus, passive);
  node.addEventListener('scroll', onScroll, passive);
  window.addEventListener('pointerup', onUp, passive);
  window.addEventListener('pointercancel', onUp, passive);
  window.addEventListener('touchend', onUp, passive);
  observer.observe(content);
  observer.observe(node);
  return {
    follow() {
      set(true);
      toEnd();
    },
    show(place, below = 0) {
      node.scrollTop += place.getBoundingClientRect().top - node.getBoundingClientRect().top - below;
      last = node.scrollTop;
      set(atEnd());
    },
    stay() {
      set(false);
    },
    move(by) {
      node.scrollTop += by;
      last = node.scrollTop;
    },
    get following() {
      return following;
    },
    destroy() {
      observer.disconnect();
      node.removeEventListener('wheel', onWheel);
      node.removeEventListener('keydown', onKey);
      node.removeEventListener('pointerdown', onDown);
      node.removeEventListener('touchstart', onDown);
      node.removeEventListener('focusin', onFocus);
      node.removeEventListener('scroll', onScroll);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
      window.removeEventListener('touchend', onUp);
    },
  };
}

/** Is told whether something can be seen, or nearly so, until what is given back is called. */
export function watchSight(node: Element, tell: (seen: boolean) => void): () => void {
  const observer = new IntersectionObserver((all) => tell(all.at(-1)?.isIntersecting ?? true), {
    rootMargin: '100px',
  });
  observer.observe(node);
  return () => {
    observer.disconnect();
    tell(true);
  };
}
