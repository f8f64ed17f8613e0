// Arrow keys among things that stand in rows and columns, each told by an attribute such as `data-at="2/0"`.
import { arrow } from './keys';

/**
 * Goes from where the focus is to the next thing that way, past places where there is none. In a single row the keys
 * for up and down stay those of the page.
 */
export function roam(
  event: KeyboardEvent,
  root: Element,
  attribute: string,
  rows: number,
  columns: number,
): void {
  const move = arrow(event);
  const here = (event.target as Element).closest(`[${attribute}]`);
  if (!move || !here || (rows === 1 && move[0] !== 0)) return;
  event.preventDefault();
  let [row = 0, column = 0] = (here.getAttribute(attribute) ?? '').split('/').map(Number);
  while (row >= 0 && row < rows && column >= 0 && column < columns) {
    row += move[0];
    column += move[1];
    const next = root.querySelector<HTMLElement | SVGElement>(`[${attribute}="${row}/${column}"]`);
    if (next) return next.focus();
  }
}
