import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorKind } from '../ipc/generated/ErrorKind';
import type { Failure } from '../ipc/generated/Failure';
import type { HeldBy } from '../ipc/generated/HeldBy';
import { failure, upstream } from '../ipc/fake/samples';
import { speak } from '../shared/i18n.svelte';
import { german } from '../shared/messages/de';
import { budgetName } from './budgets.svelte';
import { errors } from './errors';
import { said, storageWords, testWords, told } from './failures';

/** What the core wrote; nothing of it may decide what a German window says. */
const WROTE = 'OpenAI does not accept this key: kept quiet. Replace it.';
const kinds = Object.keys(errors) as ErrorKind[];
const COARSE = [
  'request.invalid',
  'request.unsupported',
  'request.no_model',
  'store.corrupt',
  'store.denied',
];

const held = (more: Partial<HeldBy> = {}): Failure => ({
  ...failure('billing.budget', 'Held by your budget. You allow $0.50 a day.'),
  budget: {
    why: 'used_up',
    scope: 'all',
    period: 'day',
    limit: '0.5',
    spent: '0.42',
    held: '0',
    perhaps: '0',
    needs: null,
    resets_at: new Date(2026, 10, 24).getTime(),
    ...more,
  },
});

const EMPTY = { form: '“{name}” {why}', with: { name: 'a.txt', why: { form: 'is empty.', with: {} } } };

afterEach(() => speak('en'));

describe('in English', () => {
  it('the core speaks for itself, and the table adds what to do where it only quotes the provider', () => {
    expect(said(failure('auth.rejected', 'OpenAI does not accept this key. Replace it.'))).toMatchObject({
      lead: 'OpenAI does not accept this key.',
      rest: 'Replace it.',
      own: null,
    });
    expect(said(failure('limit.rate', 'Groq says: slow down')).rest).toBe(
      'slow down Wait a little, then retry.',
    );
    expect(told(failure('store.full', WROTE))).toBe(WROTE);
    expect(told(new Error('No host'))).toBe('No host');
    const made = { ...failure('request.invalid', '“a.txt” is empty.'), said: EMPTY };
    expect(said(made)).toMatchObject({ lead: '“a.txt” is empty.', foreign: false });
  });

  it.each<[ErrorKind, string, boolean]>([
    ['stream.malformed', 'X sent something that is not an answer. Check its address.', false],
    ['stream.truncated', 'X broke off. What had arrived is kept; try again.', true],
    ['bug', 'Parallax lost an answer. What had arrived is kept; try again.', true],
    ['stream.malformed', 'The answer of X is longer than 64 MiB and was cut off.', true],
  ])('what came is said to be kept once: %s, %s', (kind, wrote, kept) => {
    const { lead, rest, kept: says } = said(failure(kind, wrote));
    expect([says, / kept\b/.test(`${lead} ${rest}`)]).toEqual([kept, kept]);
  });
});

describe('in German', () => {
  beforeEach(() => speak('de'));

  it.each(kinds.filter((kind) => !COARSE.includes(kind)))('%s is said by its kind alone', (kind) => {
    const { title, advice } = errors[kind];
    expect([title, advice]).toEqual([german[asKey(kind, 'title')], german[asKey(kind, 'advice')]]);
    const one = said(failure(kind, WROTE));
    expect(one).toMatchObject({ lead: `${title}.`, rest: advice, own: null, foreign: false });
    expect(told(failure(kind, WROTE))).toBe(`${title}. ${advice}`);
  });

  it('what the provider wrote stays as it wrote it, with how long it asks to wait', () => {
    const rate = failure('limit.rate', WROTE, upstream({ message: 'Slow down', retry_after: 20_000 }));
    expect(said(rate)).toMatchObject({ lead: 'Zu viele Anfragen.', own: 'Slow down' });
    expect(said(rate).rest).toContain('Er bittet, 20 s zu warten.');
    expect(told(rate)).toContain('Der Anbieter sagt: „Slow down“');
  });

  it.each(COARSE as ErrorKind[])('%s says too little: the core’s words stand, as English', (kind) => {
    expect(said(failure(kind, WROTE))).toMatchObject({ lead: WROTE, rest: '', foreign: true });
    const theirs = failure(kind, WROTE, upstream({ message: 'Unknown field' }));
    expect(said(theirs)).toMatchObject({
      lead: `${errors[kind].title}.`,
      own: 'Unknown field',
      foreign: false,
    });
  });

  it('what is made of a form is said in German, whatever its kind, with what a provider wrote', () => {
    const made = { ...failure('request.invalid', WROTE), said: EMPTY };
    expect(said(made)).toEqual({
      lead: '„a.txt“ ist leer.',
      rest: '',
      own: null,
      kept: false,
      foreign: false,
    });
    expect(told(made)).toBe('„a.txt“ ist leer.');
    const judge = {
      form: 'The judge did not reply in the form it was asked for: {why}. Nothing of its reply is used; what it cost is booked. Try again, or choose another judge.',
      with: { why: { form: 'the field {name} is missing', with: { name: '"scores"' } } },
    };
    const unread = said({ ...failure('upstream.internal', WROTE), said: judge });
    expect(`${unread.lead} ${unread.rest}`).toContain('gebeten war: das Feld "scores" fehlt. Nichts davon');
    const port = {
      form: 'The gateway cannot listen at 127.0.0.1:{port} ({error}). Another program may be there: stop it, or choose another port.',
      with: { port: '4117', error: 'address in use' },
    };
    expect(told({ ...failure('net.connect', WROTE), said: port })).toContain('127.0.0.1:4117 nicht lauschen');
    // A form this window does not know: by its kind, or as it was written.
    const newer = { form: 'Something new.', with: {} };
    expect(said({ ...failure('request.invalid', WROTE), said: newer })).toMatchObject({
      lead: WROTE,
      foreign: true,
    });
    expect(said({ ...failure('net.connect', WROTE), said: newer }).lead).toBe(
      `${errors['net.connect'].title}.`,
    );
  });

  it('what the window threw itself is said as it is', () =>
    expect(told(new Error('Kein Platz'))).toBe('Kein Platz'));

  it('a budget that holds is told in figures', () => {
    const text = told(held({ held: '0.1', perhaps: '0.02', needs: '0.3' }));
    expect(text).toContain('Alles, je Tag: 0,42\u00a0$ von 0,50\u00a0$ sind ausgegeben.');
    for (const figure of ['0,10', '0,0200', '0,30', '24. November']) expect(text).toContain(figure);
    expect(text).not.toMatch(/You allow|spent/);
    expect(told(held({ spent: '0.4993' }))).toContain('0,4993\u00a0$ von 0,50\u00a0$');
    expect(told(held({ why: 'price_unknown' }))).toContain('Der Preis dieses Modells ist unbekannt');
    expect(told(held({ why: 'no_limit', scope: 'key:openai/work' }))).toContain('openai, Schlüssel „work“');
    expect(told(held({ scope: 'conversation:0199' }))).toContain('Dieser Chat');
  });

  it('a budget that stops an answer is told of the answer', () => {
    expect(said(failure('billing.budget', WROTE), true)).toMatchObject({
      lead: 'Von Ihrem Budget angehalten.',
      kept: false,
      foreign: false,
    });
  });

  it('budgets of keys and chats are named', () => {
    expect(budgetName({ scope: 'key:openai/my/work', name: 'OpenAI, key “my/work”', title: 'OpenAI' })).toBe(
      'OpenAI, Schlüssel „my/work“',
    );
    expect(budgetName({ scope: 'conversation:1', name: 'Chat “Cats”', title: 'Cats' })).toBe('Chat „Cats“');
    expect(budgetName({ scope: 'conversation:1', name: 'A chat that is gone' })).toBe(
      'Ein Chat, den es nicht mehr gibt',
    );
    expect(budgetName({ scope: 'provider:x', name: 'X Inc.' })).toBe('X Inc.');
  });

  it('the keychain and tests of keys are told by how they stand', () => {
    const storage = (state: string) => storageWords({ state, name: 'Secret Service', message: WROTE });
    expect(storage('locked')).toContain('Secret Service ist gesperrt');
    expect(storage('ok')).toBe('Schlüssel liegen in: Secret Service.');
    expect(storage('absent')).toContain('nie in einer Datei');
    expect(storage('something new')).toBe(WROTE);
    const test = (result: string) => testWords({ result, message: WROTE, at: 0, models: null, took: 1 });
    expect(test('rejected')).toContain(errors['auth.rejected'].title);
    expect(test('unknown')).toContain('keine klare Antwort');
    expect(test('something new')).toBe(WROTE);
  });
});

/** The English text of a row, which is its key. */
function asKey(kind: ErrorKind, field: 'title' | 'advice'): keyof typeof german {
  return ENGLISH[kind][field] as keyof typeof german;
}
const ENGLISH = Object.fromEntries(
  kinds.map((kind) => [kind, { title: errors[kind].title, advice: errors[kind].advice }]),
) as Record<ErrorKind, { title: string; advice: string }>;
