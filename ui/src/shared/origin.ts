// Who of the program asked, as the ledger and the log name it.
import { words } from './i18n.svelte';

const ORIGINS: Record<string, string> = words({
  window: 'window',
  cli: 'command line',
  gateway: 'gateway',
});

/** A name that is not known stands as it is. */
export const origin = (name: string): string =>
  Object.hasOwn(ORIGINS, name) ? (ORIGINS[name] ?? name) : name;
