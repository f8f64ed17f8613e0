// For tests: the whole window over the scripted host, and axe to look it over.
import { cleanup, render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, beforeEach } from 'vitest';
import { demoHost } from '../ipc/fake/demo-host';
import type { FakeHost } from '../ipc/host.fake';
import { ids } from '../shared/testids';
import { Services } from '../state/services.svelte';
import App from './App.svelte';
import { errors } from '../state/errors';

/** The host of the window that is open. */
export let host: FakeHost;
export const user = userEvent.setup();

/** Opens the window on a scene of the scripted host. */
export async function open(scene: string, before: () => void = () => {}): Promise<Services> {
  history.replaceState(null, '', `?scene=${scene}`);
  host = demoHost();
  before();
  const services = new Services(host, errors);
  render(App, { services });
  await services.start();
  return services;
}

/** From now on what comes back from a command is changed on its way. */
export function altered<T>(command: string, change: (answer: T) => T): void {
  const rpc = host.rpc.bind(host);
  host.rpc = async (cmd, payload) => {
    const answer = await rpc(cmd, payload);
    return cmd === command ? change(structuredClone(answer) as T) : answer;
  };
}

/** What axe objects to; colours are judged in a real window. */
export async function clean(): Promise<string[]> {
  const result = await axe.run(document.body, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: false } },
  });
  return result.violations.map(
    (v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
  );
}

/** The answer column at a place of the newest turn. */
export const lane = (place: number) => within(screen.getByTestId(ids.lane(place, true)));

/** A wide window for every test, and nothing of it left after. */
export function stage(): void {
  beforeEach(() => {
    Object.defineProperty(window, 'innerWidth', { value: 1440, configurable: true });
  });
  afterEach(() => {
    host.close();
    cleanup();
  });
}
