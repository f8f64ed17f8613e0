// Copies text that may still have to be fetched. WebKit wants the write to begin inside the click, so the
// promise itself is handed over where that is possible.
import { t } from './i18n.svelte';

export async function copyText(text: string | Promise<string>): Promise<void> {
  if (typeof ClipboardItem !== 'undefined' && typeof navigator.clipboard?.write === 'function') {
    try {
      const blob = Promise.resolve(text).then((value) => new Blob([value], { type: 'text/plain' }));
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
      return;
    } catch {
      // Some engines have the class and refuse the promise; the plain way follows.
    }
  }
  const value = await text;
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    legacyCopy(value);
  }
}

function legacyCopy(value: string): void {
  const field = document.createElement('textarea');
  field.value = value;
  field.setAttribute('aria-hidden', 'true');
  field.className = 'sr';
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!done) throw new Error(t('The clipboard could not be written.'));
}
