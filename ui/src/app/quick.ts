// The page of the small window for a quick question.
import { mount } from 'svelte';
import { Client } from '../ipc/client';
import type { QuickState } from '../ipc/generated/QuickState';
import type { Host } from '../ipc/host';
import { LANGUAGES, speak, systemLanguage, type Language } from '../shared/i18n.svelte';
import QuickAsk from './QuickAsk.svelte';
import { told } from '../state/failures';

const BARE: QuickState = { theme: 'system', language: null, models: [], draft: '' };

/** Shows it as the main window looks: in its theme and its language. */
export async function startQuick(host: Host, target: HTMLElement): Promise<void> {
  const client = new Client(host);
  let failed: string | null = null;
  const start = await client.call('quick/state', null).catch((reason: unknown) => {
    failed = told(reason);
    return BARE;
  });
  if (start.theme === 'light' || start.theme === 'dark') {
    document.documentElement.setAttribute('data-theme', start.theme);
  }
  const known = start.language !== null && Object.hasOwn(LANGUAGES, start.language);
  await speak(known ? (start.language as Language) : systemLanguage());
  document.getElementById('boot')?.remove();
  mount(QuickAsk, { target, props: { client, start, failed } });
}
