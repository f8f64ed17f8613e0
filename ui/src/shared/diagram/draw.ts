// Diagrams are drawn by a large library from text that a model wrote. It runs in a frame without an origin,
// without the program's bridge and without a network (`public/diagram`); what comes back is text, and it is
// shown as an image, in which nothing runs and nothing is loaded.
import { t } from '../i18n.svelte';

/** Longest source that is drawn. */
const LONGEST = 20_000;
/** Largest drawing that is taken. */
const LARGEST = 1_000_000;
/** The library is read anew each time; on a slow disk that takes a while. */
export const PATIENCE_MS = 20_000;

export interface Drawing {
  /** The image as an address of its own. */
  src: string;
  width: number;
  height: number;
}

/** What the frame may do: run its own scripts. No origin, no forms, no windows, no navigation of ours. */
export const SANDBOX = 'allow-scripts';

/** Where the page is that draws: in the window a scheme of its own, in a browser a folder beside the UI's page. */
export function address(here: string = location.protocol): string {
  return here === 'tauri:' ? 'diagram://localhost/' : './diagram/index.html';
}

/** What went wrong, in words. */
function reason(code: string, words: unknown): string {
  if (code === 'too_large') return t('It is too large.');
  if (code === 'library') return t('The part that draws could not be loaded.');
  if (code === 'unsafe') return t('It could not be kept apart from the program on this system.');
  return typeof words === 'string' && words !== '' ? words.slice(0, 500) : t('Nothing came of it.');
}

/** A drawing in a message of the frame; `null` if it is something else. */
function drawing(data: Record<string, unknown>): Drawing | null {
  const { svg, width, height } = data;
  if (typeof svg !== 'string' || svg.length > LARGEST || !svg.startsWith('<svg')) return null;
  if (typeof width !== 'number' || typeof height !== 'number') return null;
  if (!(width > 0 && width < 20_000 && height > 0 && height < 20_000)) return null;
  return { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, width, height };
}

/** The frame of one drawing, not yet in the page. */
export function framed(): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', SANDBOX);
  frame.setAttribute('referrerpolicy', 'no-referrer');
  frame.setAttribute('aria-hidden', 'true');
  frame.tabIndex = -1;
  frame.className = 'drawing-frame';
  frame.src = address();
  return frame;
}

/** Draws a diagram. Fails with words that say why; the frame is gone either way. */
export function draw(source: string, dark: boolean): Promise<Drawing> {
  if (source.length > LONGEST) return Promise.reject(new Error(reason('too_large', null)));
  const frame = framed();
  return new Promise<Drawing>((resolve, reject) => {
    const end = (how: () => void): void => {
      clearTimeout(timer);
      window.removeEventListener('message', heard);
      frame.remove();
      how();
    };
    const fail = (words: string): void => end(() => reject(new Error(words)));
    const heard = (event: MessageEvent): void => {
      // Any page may send messages; ours come from this frame, which has no origin.
      if (event.source !== frame.contentWindow || event.origin !== 'null') return;
      if (typeof event.data !== 'object' || event.data === null) return;
      const data = event.data as Record<string, unknown>;
      if (data['ready'] === true) {
        frame.contentWindow?.postMessage({ source, dark }, '*');
        return;
      }
      const error = data['error'];
      if (typeof error === 'string') {
        fail(reason(error, data['words']));
        return;
      }
      const drawn = drawing(data);
      if (drawn) end(() => resolve(drawn));
      else fail(reason('nothing', null));
    };
    const timer = setTimeout(() => fail(t('It took too long.')), PATIENCE_MS);
    window.addEventListener('message', heard);
    document.body.append(frame);
  });
}
