// How a provider stands, in the words of the table.
import type { DataPolicy } from '../../ipc/generated/DataPolicy';
import type { KeyRow } from '../../ipc/generated/KeyRow';
import type { KeyTest } from '../../ipc/generated/KeyTest';
import type { ProviderRow } from '../../ipc/generated/ProviderRow';
import type { StorageState } from '../../ipc/generated/StorageState';
import { rows, t, worded } from '../../shared/i18n.svelte';

export interface KeyState {
  icon: 'check' | 'alert' | 'lock' | 'key' | 'clock';
  word: string;
  tone: '' | 'ok' | 'warn' | 'bad';
}

const RESULTS: Record<string, KeyState> = rows(['word'], {
  valid: { icon: 'check', word: 'Verified', tone: 'ok' },
  rejected: { icon: 'alert', word: 'Rejected', tone: 'bad' },
  no_credit: { icon: 'alert', word: 'No credit', tone: 'warn' },
  no_permission: { icon: 'alert', word: 'Not permitted', tone: 'bad' },
  unreachable: { icon: 'alert', word: 'Unreachable', tone: 'bad' },
  unknown: { icon: 'clock', word: 'No clear answer', tone: 'warn' },
});
const TESTING: KeyState = worded(['word'], { icon: 'clock', word: 'Testing…', tone: '' });
const UNTESTED: KeyState = worded(['word'], { icon: 'clock', word: 'Not tested', tone: '' });
const LOCKED: KeyState = worded(['word'], { icon: 'lock', word: 'Keychain locked', tone: 'warn' });

function result(tested: KeyTest | null): KeyState | undefined {
  return tested ? RESULTS[tested.result] : undefined;
}

/** Fields of its address that the user still has to give. */
export function missing(row: ProviderRow): string[] {
  return row.fields.filter((field) => field.missing).map((field) => field.label);
}

/** A request can be sent to it. */
export function usable(row: ProviderRow): boolean {
  return missing(row).length === 0 && (!row.needs_key || row.keys.length > 0);
}

/** The user has done something about it, or it was found on this machine. */
export function inUse(row: ProviderRow): boolean {
  return row.keys.length > 0 || row.custom || (row.local && row.listed_at !== null);
}

export function keyState(row: ProviderRow, storage: StorageState, testing: boolean): KeyState {
  if (testing) return TESTING;
  if (missing(row).length > 0 && inUse(row))
    return { icon: 'alert', word: t('Address missing'), tone: 'warn' };
  if (row.needs_key && row.keys.length === 0) return { icon: 'key', word: t('No key'), tone: '' };
  if (storage.state === 'locked' && row.keys[0]?.source === 'keychain') return LOCKED;
  const found = result(row.tested);
  if (found) return row.local && row.tested?.result === 'valid' ? { ...found, word: t('Running') } : found;
  if (row.local) {
    return row.listed_at === null
      ? { icon: 'clock', word: t('Not found yet'), tone: '' }
      : { icon: 'check', word: t('Found'), tone: 'ok' };
  }
  return UNTESTED;
}

/** The same for one key of several. */
export function oneKeyState(key: KeyRow, storage: StorageState, testing: boolean): KeyState {
  if (testing) return TESTING;
  if (storage.state === 'locked' && key.source === 'keychain') return LOCKED;
  return result(key.tested) ?? UNTESTED;
}

/** What may be entered as a key, where that is more than one word. */
export function keyHelp(row: ProviderRow): string {
  if (row.key_form === 'service_account')
    return t(
      'Paste the JSON key file of a service account or of gcloud’s own login, or choose the file. It goes into the keychain and is not shown again.',
    );
  if (row.key_form === 'access_keys')
    return t(
      'Paste an API key of Bedrock, or ACCESS_KEY_ID:SECRET_ACCESS_KEY, or what the aws command gives.',
    );
  return '';
}

/** What is shown of a key: never more than its end. */
export function keyEnd(key: KeyRow): string {
  if (key.source === 'environment') return t('from the environment');
  return key.last_four === null ? t('•••• stored') : `•••• ${key.last_four}`;
}

/** Where a key is, where that matters. */
export function keyPlace(key: KeyRow): string {
  if (key.source === 'environment') return t('this process only, set by PARALLAX_KEY_…');
  return key.source === 'session' ? t('this run only') : '';
}

export function policy(row: ProviderRow): { text: string; title: string } {
  if (row.local) return { text: t('On device'), title: t('Prompts do not leave this machine') };
  const { trains, retention_days, zdr, region, source, checked } = row.data_policy;
  const facts = [
    retention_days === null
      ? null
      : t('keeps prompts {retentionDays} days', { retentionDays: retention_days }),
    zdr === true ? t('zero retention can be had') : null,
    region === null ? null : t('in region {region}', { region }),
    source === null ? null : `${source}${checked === null ? '' : t(', read {checked}', { checked })}`,
  ].filter(Boolean);
  return { text: training(trains), title: facts.join('; ') || t('Nothing was found about this') };
}

function training(trains: DataPolicy['trains']): string {
  if (trains === null) return t('Unknown');
  return trains ? t('May train') : t('No training');
}

/** Where a provider answers, without the scheme that all of them share. */
export function address(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

/** An address on this machine, as far as one can tell while it is being typed. The core decides. */
export function onThisMachine(url: string): boolean {
  return /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(url.trim());
}
