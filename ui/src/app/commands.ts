// Everything a key can do. Buttons, keys and tests speak of the same commands.
import { createKeybindingsHandler } from 'tinykeys';
import type { Services } from '../state/services.svelte';
import type { Layout } from '../state/conversations.svelte';

export interface Command {
  id: string;
  keys: string;
  /** Works although a text field has the focus. */
  anywhere: boolean;
  run: () => void;
}

export interface ShellActions {
  toggleSidebar: () => void;
  addModel: () => void;
  focusComposer: () => void;
  nextPane: (back: boolean) => void;
}

export function commands(services: Services, shell: ShellActions): Command[] {
  const { nav, history, conversations, toasts } = services;
  const layout = (name: Layout) => () => {
    if (nav.page.name === 'chat') conversations.open?.setLayout(name);
  };
  return [
    { id: 'chat.new', keys: '$mod+KeyN', anywhere: true, run: () => nav.go({ name: 'new' }) },
    { id: 'search', keys: '$mod+KeyK', anywhere: true, run: () => (history.searching = true) },
    { id: 'sidebar.toggle', keys: '$mod+KeyB', anywhere: true, run: shell.toggleSidebar },
    { id: 'model.add', keys: '$mod+KeyM', anywhere: true, run: shell.addModel },
    { id: 'layout.columns', keys: '$mod+Digit1', anywhere: true, run: layout('columns') },
    { id: 'layout.grid', keys: '$mod+Digit2', anywhere: true, run: layout('grid') },
    { id: 'layout.focus', keys: '$mod+Digit3', anywhere: true, run: layout('focus') },
    {
      id: 'settings.open',
      keys: '$mod+Comma',
      anywhere: true,
      run: () => nav.go({ name: 'settings', provider: null }),
    },
    { id: 'pane.next', keys: 'F6', anywhere: true, run: () => shell.nextPane(false) },
    { id: 'pane.previous', keys: 'Shift+F6', anywhere: true, run: () => shell.nextPane(true) },
    { id: 'undo', keys: 'z', anywhere: false, run: () => void toasts.undoLast() },
    {
      id: 'stop',
      keys: 'Escape',
      anywhere: true,
      run: () => {
        if (nav.page.name === 'chat' && conversations.open?.running) void conversations.stopAll();
        else shell.focusComposer();
      },
    },
  ];
}

/** Listens for the commands' keys. A dialog or menu that is open keeps its keys to itself. */
export function listen(list: readonly Command[], available: () => boolean): () => void {
  const bindings = Object.fromEntries(
    list.map((command) => [
      command.keys,
      (event: KeyboardEvent) => {
        // While an input method composes, its keys (Esc among them) belong to it.
        if (event.isComposing) return;
        if (event.defaultPrevented || !available() || overlayOpen()) return;
        if (!command.anywhere && isText(event.target)) return;
        event.preventDefault();
        command.run();
      },
    ]),
  );
  const handler = createKeybindingsHandler(bindings);
  window.addEventListener('keydown', handler);
  return () => window.removeEventListener('keydown', handler);
}

function overlayOpen(): boolean {
  return document.querySelector('[role=dialog], [role=menu]') !== null;
}

function isText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
