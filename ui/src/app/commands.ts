// Everything a key can do. Buttons, keys and tests speak of the same commands.
import { createKeybindingsHandler } from 'tinykeys';
import type { Services } from '../state/services.svelte';
import type { Layout } from '../state/conversations.svelte';

export interface Command {
  id: string;
  keys: string;
  /** Works although a text field has the focus. */
  anywhere: boolean;
  /** A key of one letter or digit: can be switched off. */
  single?: boolean;
  run: () => void;
}

export interface ShellActions {
  toggleSidebar: () => void;
  addModel: () => void;
  focusComposer: () => void;
  nextPane: (back: boolean) => void;
}

export function commands(services: Services, shell: ShellActions): Command[] {
  const { branches, nav, history, conversations, toasts } = services;
  const layout = (name: Layout) => () => {
    if (nav.page.name === 'chat') conversations.open?.setLayout(name);
  };
  const map = () => {
    if (nav.page.name === 'chat' && conversations.open) conversations.mapping = true;
  };
  // The best of the turn that has the focus, else of the newest; 0 is a tie.
  const pick = (digit: number) => {
    const id = document.activeElement?.closest<HTMLElement>('.turn')?.dataset['turn'];
    const turns = nav.page.name === 'chat' ? (conversations.open?.turns ?? []) : [];
    const turn = turns.find((known) => known.id === id) ?? turns.at(-1);
    const runs = [...(turn?.view.runs ?? [])].sort((a, b) => a.position - b.position);
    const run = runs[digit - 1];
    if (!turn || runs.length < 2) return;
    if (digit === 0) void branches.pick(turn, { type: 'tie' });
    else if (run) void branches.pick(turn, { type: 'best', run: run.id });
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
    { id: 'map', keys: '$mod+Shift+KeyM', anywhere: true, run: map },
    { id: 'undo', keys: 'z', anywhere: false, single: true, run: () => void toasts.undoLast() },
    ...Array.from({ length: 10 }, (_, digit) => ({
      id: `pick.${digit}`,
      keys: `Digit${digit}`,
      anywhere: false,
      single: true,
      run: () => pick(digit),
    })),
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
export function listen(
  list: readonly Command[],
  available: () => boolean,
  singles: () => boolean = () => true,
): () => void {
  const bindings = Object.fromEntries(
    list.map((command) => [
      command.keys,
      (event: KeyboardEvent) => {
        // While an input method composes, its keys (Esc among them) belong to it.
        if (event.isComposing) return;
        if (event.defaultPrevented || !available() || overlayOpen()) return;
        if (!command.anywhere && isText(event.target)) return;
        if (command.single && !singles()) return;
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
