// What the window offers for every kind of failure. The table is complete by type: a kind the core adds
// does not compile here until someone says what the user can do about it.
import type { ErrorKind } from '../ipc/generated/ErrorKind';
import { rows } from '../shared/i18n.svelte';

/** What a failed answer offers besides its own words. */
export interface Advice {
  title: string;
  /** What to do, in one sentence. */
  advice: string;
  /** `retry` asks the lane again; the key actions open Settings at the provider; `send-anyway` asks it past the budget, once. */
  actions: readonly ('retry' | 'add-key' | 'replace-key' | 'storage' | 'send-anyway' | 'budgets')[];
  tone: 'bad' | 'warn' | 'neutral';
  /** One or two words for the head of a column. */
  short: string;
}
export type AdviceTable = Record<ErrorKind, Advice>;

export const errors: AdviceTable = rows(['title', 'advice', 'short'], {
  'auth.missing': {
    title: 'No key for this provider',
    advice: 'Add a key, or choose a model whose provider has one.',
    actions: ['add-key'],
    tone: 'warn',
    short: 'No key',
  },
  'auth.rejected': {
    title: 'The provider does not accept the key',
    advice: 'Replace the key; it may have been revoked or mistyped.',
    actions: ['replace-key', 'retry'],
    tone: 'bad',
    short: 'Key rejected',
  },
  'auth.forbidden': {
    title: 'The key may not do this',
    advice: 'Give the key the right at the provider, or use another key.',
    actions: ['replace-key', 'retry'],
    tone: 'bad',
    short: 'Not permitted',
  },
  'billing.credits': {
    title: 'No credit left at the provider',
    advice: 'Top up the account there, then retry.',
    actions: ['retry'],
    tone: 'warn',
    short: 'No credit',
  },
  'billing.budget': {
    title: 'Held by your budget',
    advice: 'Raise the budget, or send this once all the same.',
    actions: ['send-anyway', 'budgets'],
    tone: 'warn',
    short: 'Over budget',
  },
  'limit.rate': {
    title: 'Too many requests',
    advice: 'Wait a little, then retry.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Rate limit',
  },
  'limit.overloaded': {
    title: 'The provider is overloaded',
    advice: 'Retry in a minute, or ask another model.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Overloaded',
  },
  'limit.context': {
    title: 'The prompt does not fit',
    advice: 'Shorten it, start a new chat, or choose a model with a larger context.',
    actions: [],
    tone: 'warn',
    short: 'Too long',
  },
  'request.invalid': {
    title: 'The provider rejects the request',
    advice: 'The details name what it objects to.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Rejected',
  },
  'request.unsupported': {
    title: 'The endpoint cannot do this',
    advice: 'The details name the setting it does not know. Choose another model or provider.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Not supported',
  },
  'request.no_model': {
    title: 'No such model',
    advice: 'The provider no longer offers it, or the name is wrong. Choose another one.',
    actions: [],
    tone: 'bad',
    short: 'No such model',
  },
  'policy.refused': {
    title: 'The provider refused the content',
    advice: 'No other provider was asked. Rephrase the prompt to try again.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Refused',
  },
  'policy.filtered': {
    title: 'The provider filtered the answer',
    advice: 'What came before the filter is kept.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Filtered',
  },
  'net.dns': {
    title: 'The host name was not found',
    advice: 'Check the connection and the address of the provider.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Host not found',
  },
  'net.connect': {
    title: 'No connection',
    advice: 'Check the network; for a local model, check that its server runs.',
    actions: ['retry'],
    tone: 'bad',
    short: 'No connection',
  },
  'net.tls': {
    title: 'The secure connection failed',
    advice: 'A proxy or a wrong clock may be in the way. The request was not sent.',
    actions: ['retry'],
    tone: 'bad',
    short: 'TLS failed',
  },
  'net.proxy': {
    title: 'The proxy failed',
    advice: 'Check the proxy settings of this computer.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Proxy failed',
  },
  'net.redirect': {
    title: 'The provider redirects elsewhere',
    advice: 'Keys are never sent on. Correct the address of the provider in Settings.',
    actions: [],
    tone: 'bad',
    short: 'Redirected',
  },
  'time.connect': {
    title: 'No connection in time',
    advice: 'Retry, or ask another model.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Timed out',
  },
  'time.first_byte': {
    title: 'No answer in time',
    advice: 'The provider took the request and said nothing. Retry, or ask another model.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Timed out',
  },
  'time.idle': {
    title: 'The stream fell silent',
    advice: 'What came is kept. Retry asks from the beginning.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Fell silent',
  },
  'time.total': {
    title: 'The answer took too long',
    advice: 'What came is kept. Retry asks from the beginning.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Took too long',
  },
  'stream.truncated': {
    title: 'The answer broke off',
    advice: 'What came is kept. Retry asks from the beginning.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Broke off',
  },
  'stream.malformed': {
    title: 'The answer could not be read',
    advice: 'What came is kept. The details say where it went wrong.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Unreadable',
  },
  'upstream.internal': {
    title: 'The provider failed',
    advice: 'Retry, or ask another model.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Provider failed',
  },
  cancelled: {
    title: 'Stopped',
    advice: 'What came is kept.',
    actions: ['retry'],
    tone: 'neutral',
    short: 'Stopped',
  },
  'store.busy': {
    title: 'The database is in use',
    advice: 'Another program holds it. Close that one, then retry.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Database busy',
  },
  'store.full': {
    title: 'The disk is full',
    advice: 'Free some space, then retry. Nothing is sent that cannot be recorded.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Disk full',
  },
  'store.newer': {
    title: 'The database is from a newer version',
    advice: 'Update Parallax. The database was left as it is.',
    actions: [],
    tone: 'bad',
    short: 'Newer database',
  },
  'store.corrupt': {
    title: 'The database is damaged',
    advice: 'Nothing was changed. Restore a backup from the data folder.',
    actions: [],
    tone: 'bad',
    short: 'Database damaged',
  },
  'store.denied': {
    title: 'The data folder cannot be used',
    advice: 'Check who owns it and whether it can be written.',
    actions: ['retry'],
    tone: 'bad',
    short: 'No access',
  },
  'vault.locked': {
    title: 'The keychain is locked',
    advice: 'Unlock it, then retry.',
    actions: ['storage', 'retry'],
    tone: 'warn',
    short: 'Keychain locked',
  },
  'vault.unavailable': {
    title: 'There is no keychain',
    advice: 'Keys can be kept for this run only. Settings says what is missing.',
    actions: ['storage', 'retry'],
    tone: 'warn',
    short: 'No keychain',
  },
  interrupted: {
    title: 'Parallax was closed',
    advice: 'What came until then is kept. Retry asks from the beginning.',
    actions: ['retry'],
    tone: 'warn',
    short: 'Interrupted',
  },
  bug: {
    title: 'A mistake of our own',
    advice: 'The other answers are not affected. The details help to report it.',
    actions: ['retry'],
    tone: 'bad',
    short: 'Error',
  },
} as const);
