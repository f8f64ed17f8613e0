// How a provider stands, in the words of the table.
import type { DataPolicy } from '../../ipc/generated/DataPolicy';
import type { ProviderRow } from '../../ipc/generated/ProviderRow';
import type { StorageState } from '../../ipc/generated/StorageState';

export interface KeyState {
  icon: 'check' | 'alert' | 'lock' | 'key' | 'clock';
  word: string;
  tone: '' | 'ok' | 'warn' | 'bad';
}

const RESULTS: Record<string, KeyState> = {
  valid: { icon: 'check', word: 'Verified', tone: 'ok' },
  rejected: { icon: 'alert', word: 'Rejected', tone: 'bad' },
  no_credit: { icon: 'alert', word: 'No credit', tone: 'warn' },
  no_permission: { icon: 'alert', word: 'Not permitted', tone: 'bad' },
  unreachable: { icon: 'alert', word: 'Unreachable', tone: 'bad' },
  unknown: { icon: 'clock', word: 'No clear answer', tone: 'warn' },
};

export function keyState(row: ProviderRow, storage: StorageState, testing: boolean): KeyState {
  if (testing) return { icon: 'clock', word: 'Testing…', tone: '' };
  if (row.needs_key && row.keys.length === 0) return { icon: 'key', word: 'No key', tone: '' };
  const keyed = row.needs_key || row.keys.length > 0;
  if (keyed && storage.state === 'locked' && row.keys.some((key) => key.source === 'keychain')) {
    return { icon: 'lock', word: 'Keychain locked', tone: 'warn' };
  }
  const result = row.tested ? RESULTS[row.tested.result] : undefined;
  if (result) return row.local && result.word === 'Verified' ? { ...result, word: 'Running' } : result;
  return { icon: 'clock', word: 'Not tested', tone: '' };
}

export function policy(row: ProviderRow): { text: string; title: string } {
  if (row.local) return { text: 'On device', title: 'Prompts do not leave this machine' };
  const { trains, retention_days, zdr, source, checked } = row.data_policy;
  const facts = [
    retention_days === null ? null : `keeps prompts ${retention_days} days`,
    zdr === true ? 'zero retention can be had' : null,
    source === null ? null : `${source}${checked === null ? '' : `, read ${checked}`}`,
  ].filter(Boolean);
  return { text: training(trains), title: facts.join('; ') || 'Nothing was found about this' };
}

function training(trains: DataPolicy['trains']): string {
  if (trains === null) return 'Unknown';
  return trains ? 'May train' : 'No training';
}

/** Where a provider answers, without the scheme that all of them share. */
export function address(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
