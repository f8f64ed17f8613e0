import { screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { speak } from '../shared/i18n.svelte';
import { german } from '../shared/messages/de';
import { failure, upstream } from '../ipc/fake/samples';
import { ids } from '../shared/testids';
import { errors } from '../state/errors';
import { open, stage, user } from './stage.help';

stage();

beforeEach(() => void vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['de-DE']));
afterEach(async () => {
  vi.restoreAllMocks();
  await speak('en');
});

/** English texts that German says in other words, with anything in their gaps. */
const ENGLISH = Object.entries(german as Record<string, unknown>)
  .map(([key, text]) => [key.replace(/\|.*$/, ''), text] as const)
  .filter(([english, text]) => english !== text && /\p{L}{3}/u.test(english.replace(/\{\w+\}/g, '')))
  .map(([english]) => {
    const plain = english.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
    return new RegExp(`^${plain.replace(/\{count\}/g, '[\\d.]+').replace(/\{\w+\}/g, '.+')}$`);
  });

/** What the window itself says, not what people and models wrote. */
function said(): string[] {
  const all = [...document.querySelectorAll('body *:not(script, style)')];
  const own = all.filter((element) => !element.closest('[dir=auto], .prose, .mono, code, pre'));
  const texts = own.flatMap((element) => [
    ...[...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent ?? ''),
    ...['title', 'placeholder'].map((name) => element.getAttribute(name) ?? ''),
  ]);
  const labels = all.map((element) => element.getAttribute('aria-label') ?? '');
  return [...new Set([...texts, ...labels].map((text) => text.trim()).filter(Boolean))];
}
/** A provider and an editor, not words. */
const NAMES = ['Together', 'Continue'];
const english = () => said().filter((text) => !NAMES.includes(text) && ENGLISH.some((one) => one.test(text)));

describe('the window in German', () => {
  it.each(['chat', 'states', 'seam', 'blind', 'empty'])('has no English of its own: %s', async (scene) => {
    await open(scene);
    await screen.findAllByText('Heute');
    expect(english()).toEqual([]);
  });

  it.each([
    ['chat', ids.navSpend, 'Ausgaben'],
    ['budgets', ids.navSpend, 'Ausgaben'],
    ['chat', ids.navModels, 'Modelle'],
    ['chat', ids.navLeaderboard, 'Rangliste'],
    ['chat', ids.navExperiments, 'Experimente'],
    ['chat', ids.navHistory, 'Verlauf'],
    ['chat', ids.navSettings, 'Einstellungen'],
  ])('nor on its other pages: %s, %s', async (scene, link, heading) => {
    await open(scene);
    await screen.findAllByText('Heute');
    await user.click(screen.getByTestId(link));
    await screen.findByRole('heading', { level: 1, name: heading });
    await vi.waitFor(() => expect(document.querySelector('main')?.textContent.length).toBeGreaterThan(100));
    expect(english()).toEqual([]);
  });

  it('says what failed by its kind, keeps what the provider wrote, and needs no English of the core for it', async () => {
    const services = await open('states');
    const notes = await screen.findAllByTestId(ids.error);
    expect(notes.length).toBeGreaterThan(0);
    for (const note of notes) {
      const kind = note.dataset['kind'] as keyof typeof errors;
      expect(note.querySelector('b')).toHaveTextContent(`${errors[kind].title}.`);
      expect(note.querySelector('[lang=en]')).toBeNull();
    }
    services.toasts.fail(
      failure('limit.rate', 'Groq is busy. Wait.', upstream({ provider: 'groq', message: 'Slow down' })),
    );
    services.toasts.fail(failure('vault.locked', 'The Secret Service is locked. Unlock it and try again.'));
    const toasts = await screen.findAllByTestId(ids.toast);
    expect(toasts.map((toast) => toast.querySelector('span')?.textContent)).toEqual([
      'Zu viele Anfragen. Warten Sie ein wenig und versuchen Sie es noch einmal. Der Anbieter sagt: „Slow down“',
      'Der Schlüsselbund ist gesperrt. Entsperren Sie ihn und versuchen Sie es noch einmal.',
    ]);
  });
});

describe('a change of language', () => {
  /** What is on the page, in the other language, before it changes. */
  async function before(scene: string, link?: string): Promise<Element[]> {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en']);
    await open(scene);
    await screen.findAllByText('Today');
    if (link !== undefined) {
      await user.click(screen.getByTestId(link));
      await vi.waitFor(() => expect(document.querySelector('main')?.textContent.length).toBeGreaterThan(100));
    }
    return [...document.querySelectorAll('body *')];
  }

  /** What was taken off the page, each with the text it had. */
  const gone = (all: Element[]) =>
    all
      .filter((element) => !element.isConnected)
      .map((element) => `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`);

  it.each([
    ['chat'],
    ['states'],
    ['seam'],
    ['blind'],
    ['empty'],
    ['chat', ids.navSpend],
    ['budgets', ids.navSpend],
    ['chat', ids.navModels],
    ['chat', ids.navLeaderboard],
    ['chat', ids.navExperiments],
    ['chat', ids.navHistory],
    ['chat', ids.navSettings],
  ])('turns every text and rebuilds nothing: %s %s', async (scene, link?) => {
    const all = await before(scene, link);
    await speak('de');
    await tick();
    expect(english()).toEqual([]);
    expect(gone(all)).toEqual([]);
    await speak('en');
    await tick();
    expect(gone(all)).toEqual([]);
  });

  it('leaves thoughts unfolded and the page where it was', async () => {
    await before('chat');
    const thoughts = screen.getAllByTestId(ids.reasoning)[0] as HTMLDetailsElement;
    const was = thoughts.open;
    await user.click(thoughts.querySelector('summary') as HTMLElement);
    expect(thoughts.open).toBe(!was);
    const thread = document.querySelector('.thread') as HTMLElement;
    thread.scrollTop = 120;
    await speak('de');
    await tick();
    expect(screen.getAllByTestId(ids.reasoning)[0]).toBe(thoughts);
    expect([thoughts.open, thread.isConnected, thread.scrollTop]).toEqual([!was, true, 120]);
    expect(thoughts.textContent).toMatch(/nachgedacht/);
  });
});
