import './shared/css/index.css';
import { mount } from 'svelte';
import App from './app/App.svelte';
import { errors } from './state/errors';
import type { Host } from './ipc/host';
import { Services } from './state/services.svelte';

/** Tauri's host in the window; outside it, in builds that have one, the scripted host. */
async function chooseHost(): Promise<Host> {
  if (__FAKE_HOST__ && !('__TAURI_INTERNALS__' in window)) {
    const { demoHost } = await import('./ipc/fake/demo-host');
    return demoHost();
  }
  const { tauriHost } = await import('./ipc/host.tauri');
  return tauriHost();
}

async function main(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) throw new Error('The page has no element #app.');
  const host = await chooseHost();
  if (location.hash === '#quick') {
    const { startQuick } = await import('./app/quick');
    await startQuick(host, target);
    return;
  }
  const services = new Services(host, errors);
  mount(App, { target, props: { services } });
  await services.start();
}

void main();
