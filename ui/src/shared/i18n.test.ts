import { afterEach, describe, expect, it } from 'vitest';
import {
  ago,
  bytes,
  clock,
  dayMonth,
  moment,
  money,
  moneyRange,
  number,
  price,
  span,
  tokens,
} from './format';
import { coreWords, language, rows, speak, systemLanguage, t, words } from './i18n.svelte';

afterEach(() => speak('en'));

describe('a language', () => {
  it('is the first of the desktop that is known', () => {
    expect(systemLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de');
    expect(systemLanguage(['en-US', 'de'])).toBe('en');
    expect(systemLanguage(['ja'])).toBe('en');
    expect(systemLanguage([])).toBe('en');
  });

  it('turns texts, their forms and the page', async () => {
    expect(t('{count} turns', { count: 1 })).toBe('1 turn');
    expect(t('{count} turns', { count: 1240 })).toBe('1,240 turns');
    await speak('de');
    expect(language()).toBe('de');
    expect(document.documentElement.lang).toBe('de');
    expect(document.documentElement.dir).toBe('ltr');
    expect(t('Settings')).toBe('Einstellungen');
    expect(t('{count} turns', { count: 1 })).toBe('1 Runde');
    expect(t('{count} turns', { count: 1240 })).toBe('1.240 Runden');
  });

  it('is read when a table is read, not when it is made', async () => {
    const table = words({ a: 'Settings', none: '' });
    const list = rows(['label'], [{ id: 'x', label: 'Models' }] as const);
    expect([table.a, table.none, list[0].label, list[0].id]).toEqual(['Settings', '', 'Models', 'x']);
    await speak('de');
    expect([table.a, table.none, list[0].label, list[0].id]).toEqual(['Einstellungen', '', 'Modelle', 'x']);
  });

  it('fills a gap with what stands there, braces and all, once', () => {
    expect(t('Remove {name}?', { name: '{name} $& <b>' })).toBe('Remove {name} $& <b>?');
  });

  it('does not show what tells two meanings apart', () => expect(t('three|number')).toBe('three'));
});

describe('what the core says', () => {
  it('is said in German where the form is known, and stays as it is where a file made one up', async () => {
    await speak('de');
    expect(coreWords({ text: 'The key is empty.', said: { form: 'The key is empty.', with: {} } })).toBe(
      'Der Schlüssel ist leer.',
    );
    for (const form of ['constructor', '__proto__', 'toString']) {
      expect(coreWords({ text: 'Hello', said: { form, with: {} } })).toBe('Hello');
    }
    const odd = { form: '{constructor}', with: {} };
    expect(coreWords({ text: 'Hello', said: { form: 'The key is empty.', with: { x: odd } } })).toBe(
      'Der Schlüssel ist leer.',
    );
  });
});

describe('figures in German', () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  const plain = (text: string) => text.replaceAll('\u00a0', ' ');

  it('are written as the language does', async () => {
    await speak('de');
    expect(plain(money('1234567.891'))).toBe('1.234.567,89 $');
    expect(plain(money('0.00004'))).toBe('< 0,0001 $');
    expect(plain(money('-0.25'))).toBe('−0,25 $');
    expect(plain(moneyRange('0.2', '0.5'))).toBe('0,20–0,50 $');
    expect(price('1.250')).toBe('1,25');
    expect([number(1240), tokens(3_100_000)]).toEqual(['1.240', '3,10 Mio.']);
    expect([span(620), bytes(3_420_000)]).toEqual(['0,62 s', '3,4 MB']);
  });

  it('keep every digit of an amount no float can hold', async () => {
    await speak('de');
    expect(plain(money('9007199254740993.25'))).toBe('9.007.199.254.740.993,25 $');
  });

  it('name days and times', async () => {
    await speak('de');
    expect(moment(new Date(2026, 10, 21, 9, 41).getTime(), now)).toBe('Heute 09:41');
    expect(ago(now - 125_000, now)).toBe('vor 2 min');
    expect(dayMonth(now)).toBe('21. November');
    expect(clock(new Date(2026, 10, 21, 18, 2).getTime())).toBe('18:02');
  });
});
