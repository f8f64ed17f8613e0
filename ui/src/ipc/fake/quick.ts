// Questions from the small window, for the scripted host: nobody asks any, and its keys are free.
import type { FakeHost } from '../host.fake';
import type { QuickObstacle } from '../generated/QuickObstacle';

/** `obstacle`: why this desktop gives no keys. */
export function quickHost(host: FakeHost, obstacle: QuickObstacle | null = null): void {
  let keys: string | null = null;
  const view = () => ({ keys, choices: ['Ctrl+Shift+Space', 'Ctrl+Alt+Space'], obstacle });
  host
    .on('quick/view', view)
    .on('quick/set', (wanted) => {
      ({ keys } = wanted);
      return view();
    })
    .on('quick/take', () => ({ text: null, drafted: false }))
    .on('quick/state', () => ({
      theme: new URLSearchParams(location.search).get('theme') ?? 'system',
      language: null,
      models: ['Claude Sonnet 4.5', 'GPT-5', 'Gemini 2.5 Pro'],
      draft: '',
    }))
    .on('quick/ask', () => null)
    .on('quick/close', () => null);
}
