// Edges between two parts of the window that can be moved sideways, by pointer and by key.

/** 1 where rightwards is wider, −1 where the window runs from the right. */
export const way = (): 1 | -1 => (document.documentElement.dir === 'rtl' ? -1 : 1);

/** Follows the pointer until it lets go. `moved` gets the pixels from where it began, towards wider. */
export function follow(event: PointerEvent, moved: (pixels: number) => void): void {
  const handle = event.currentTarget as HTMLElement;
  const at = event.clientX;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  const onMove = (next: PointerEvent) => moved((next.clientX - at) * way());
  const onUp = () => {
    handle.removeEventListener('pointermove', onMove);
    handle.removeEventListener('pointerup', onUp);
    handle.removeEventListener('pointercancel', onUp);
  };
  handle.addEventListener('pointermove', onMove);
  handle.addEventListener('pointerup', onUp);
  handle.addEventListener('pointercancel', onUp);
}

/** Arrow keys move the edge by a step towards wider (1) or narrower (−1); Home and Enter give the usual place back. */
export function step(event: KeyboardEvent, moved: (steps: 1 | -1) => void, usual: () => void): void {
  if (event.key === 'ArrowLeft') moved(way() === 1 ? -1 : 1);
  else if (event.key === 'ArrowRight') moved(way());
  else if (event.key === 'Home' || event.key === 'Enter') usual();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
