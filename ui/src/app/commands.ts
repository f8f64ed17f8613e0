// Everything a key can do. Buttons, keys, the palette and tests speak of the same actions.
import { createKeybindingsHandler } from 'tinykeys';
import type { Action } from '../shared/action';
import { afterOverlays } from '../shared/kit/after';
import { isLetter, isText, UNDO_KEY } from '../shared/keys';
import { ids } from '../shared/testids';
import type { Services } from '../state/services.svelte';
import { THEME_NAMES, THEMES } from '../state/settings.svelte';
import type { Layout } from '../state/conversations.svelte';
import { t } from '../shared/i18n.svelte';

export interface ShellActions {
  toggleSidebar: () => void;
  addModel: () => void;
  focusComposer: () => void;
  nextPane: (back: boolean) => void;
  openPalette: () => void;
}

export function commands(services: Services, shell: ShellActions): Action[] {
  return [
    ...going(services, shell),
    ...chatting(services, shell),
    ...keeping(services),
    ...judging(services),
    ...arranging(services, shell),
    ...settling(services),
  ];
}

/** Presses a button of the page by its test name. */
const press = (id: string) => () => document.querySelector<HTMLElement>(`[data-testid="${id}"]`)?.click();

function going(services: Services, shell: ShellActions): Action[] {
  const { nav, history, conversations } = services;
  const group = t('Go to');
  const last = () => {
    const open = conversations.open;
    nav.go(open ? { name: 'chat', id: open.id } : { name: 'new' });
  };
  return [
    {
      id: 'palette',
      title: t('Open the command palette'),
      group,
      keys: '$mod+KeyK',
      anywhere: true,
      quiet: true,
      run: shell.openPalette,
    },
    {
      id: 'chat.new',
      title: t('New chat'),
      group,
      keys: '$mod+KeyN',
      anywhere: true,
      run: () => nav.go({ name: 'new' }),
    },
    {
      id: 'search',
      title: t('Search messages'),
      group,
      keys: '$mod+Shift+KeyF',
      anywhere: true,
      run: () => history.find(''),
    },
    { id: 'go.chat', title: t('Chats'), group, keys: 'Alt+Digit1', anywhere: true, run: last },
    {
      id: 'go.spend',
      title: t('Spend'),
      group,
      keys: 'Alt+Digit2',
      anywhere: true,
      run: () => nav.go({ name: 'spend' }),
    },
    {
      id: 'go.models',
      title: t('Models'),
      group,
      keys: 'Alt+Digit3',
      anywhere: true,
      run: () => nav.go({ name: 'models' }),
    },
    {
      id: 'go.leaderboard',
      title: t('Leaderboard'),
      group,
      keys: '',
      anywhere: true,
      run: () => nav.go({ name: 'leaderboard' }),
    },
    {
      id: 'go.experiments',
      title: t('Experiments'),
      group,
      keys: '',
      anywhere: true,
      run: () => nav.go({ name: 'experiments' }),
    },
    {
      id: 'go.history',
      title: t('Archive, trash and import'),
      group,
      keys: 'Alt+Digit4',
      anywhere: true,
      run: () => nav.go({ name: 'history' }),
    },
    {
      id: 'go.budgets',
      title: t('Budgets'),
      group,
      keys: '',
      anywhere: true,
      run: () => nav.go({ name: 'spend', at: 'budgets' }),
    },
    {
      id: 'settings.open',
      title: t('Settings'),
      group,
      keys: '$mod+Comma',
      anywhere: true,
      run: () => nav.go({ name: 'settings', provider: null }),
    },
    {
      id: 'pane.next',
      title: t('Next part of the window'),
      group,
      keys: 'F6',
      anywhere: true,
      quiet: true,
      run: () => shell.nextPane(false),
    },
    {
      id: 'pane.previous',
      title: t('Previous part of the window'),
      group,
      keys: 'Shift+F6',
      anywhere: true,
      quiet: true,
      run: () => shell.nextPane(true),
    },
  ];
}

function chatting(services: Services, shell: ShellActions): Action[] {
  const { nav, finding, history, conversations, toasts } = services;
  const group = t('Chat');
  const inChat = () => nav.page.name === 'chat' && conversations.open !== null;
  const writing = () => nav.page.name === 'chat' || nav.page.name === 'new';
  const open = () => conversations.open?.id ?? '';
  const give = (form: 'markdown' | 'html' | 'json') => () => void history.export(open(), form);
  return [
    {
      id: 'model.add',
      title: t('Add a model'),
      group,
      keys: '$mod+KeyM',
      anywhere: true,
      can: writing,
      run: shell.addModel,
    },
    {
      id: 'attach',
      title: t('Attach files'),
      group,
      keys: '$mod+KeyU',
      anywhere: true,
      can: writing,
      run: press(ids.attach),
    },
    {
      id: 'write',
      title: t('Write a message'),
      group,
      keys: '',
      anywhere: true,
      can: writing,
      run: shell.focusComposer,
    },
    {
      id: 'find',
      title: t('Find in this chat'),
      group,
      keys: '$mod+KeyF',
      anywhere: true,
      can: inChat,
      run: () => {
        if (inChat()) finding.begin();
      },
    },
    ...([1, -1] as const).map((by) => ({
      id: by > 0 ? 'find.next' : 'find.previous',
      title: by > 0 ? t('Next match') : t('Previous match'),
      group,
      keys: by > 0 ? 'F3' : 'Shift+F3',
      anywhere: true,
      quiet: true,
      run: () => {
        if (inChat()) finding.go(by);
      },
    })),
    {
      id: 'stop',
      title: t('Stop all answers, or go to the message'),
      group,
      keys: 'Escape',
      anywhere: true,
      quiet: true,
      run: () => {
        if (inChat() && conversations.open?.running) void conversations.stopAll();
        else shell.focusComposer();
      },
    },
    {
      id: 'stop.all',
      title: t('Stop all answers'),
      group,
      keys: '',
      anywhere: true,
      can: () => inChat() && conversations.open?.running !== undefined,
      run: () => void conversations.stopAll(),
    },
    {
      id: 'map',
      title: t('Map of this conversation'),
      group,
      keys: '$mod+Shift+KeyM',
      anywhere: true,
      can: inChat,
      run: () => {
        if (inChat()) conversations.mapping = true;
      },
    },
    {
      id: 'chat.rename',
      title: t('Rename this conversation'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: () => afterOverlays(press(ids.rename)),
    },
    {
      id: 'export.markdown',
      title: t('Export as Markdown'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: give('markdown'),
    },
    {
      id: 'export.html',
      title: t('Export as a web page'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: give('html'),
    },
    {
      id: 'export.json',
      title: t('Export as JSON'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: give('json'),
    },
    {
      id: 'chat.archive',
      title: t('Archive this conversation'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: () => void conversations.archive(open()),
    },
    {
      id: 'chat.delete',
      title: t('Delete this conversation'),
      group,
      keys: '',
      anywhere: true,
      can: inChat,
      run: () => void conversations.remove(open()),
    },
    {
      id: 'import',
      title: t('Import conversations'),
      group,
      keys: '',
      anywhere: true,
      run: () => (history.importing = true),
    },
    {
      id: 'undo',
      title: t('Undo what was just done'),
      group,
      keys: UNDO_KEY,
      anywhere: false,
      run: () => void toasts.undoLast(),
    },
  ];
}

/** Where the open conversation is kept. */
function keeping({ conversations, filing, nav }: Services): Action[] {
  const open = () => (nav.page.name === 'chat' ? conversations.open : null);
  const line = { group: t('Chat'), keys: '', anywhere: true, can: () => open() !== null };
  const ask = (what: 'tags' | 'folder') => () => {
    const chat = open();
    if (chat) filing.asking = { what, id: chat.id, title: chat.title };
  };
  const pin = () => {
    const chat = open();
    if (chat) void filing.pin(chat.id, !filing.of(chat.id)?.pinned);
  };
  return [
    { ...line, id: 'chat.pin', title: t('Pin or unpin this conversation'), run: pin },
    { ...line, id: 'chat.tags', title: t('Tags of this conversation'), run: ask('tags') },
    { ...line, id: 'chat.folder', title: t('Move this conversation to a folder'), run: ask('folder') },
    {
      ...line,
      id: 'folder.new',
      title: t('New folder'),
      can: () => true,
      run: () => (filing.asking = { what: 'new' }),
    },
    {
      ...line,
      id: 'tag.only',
      title: t('Show only conversations with a tag'),
      can: () => filing.cabinet.tags.length > 0,
      run: press(ids.tagFilter),
    },
  ];
}

/** The best of the turn that has the focus, else of the newest; 0 is a tie. */
function judging(services: Services): Action[] {
  const { branches, nav, conversations } = services;
  const here = () => {
    const id = document.activeElement?.closest<HTMLElement>('.turn')?.dataset['turn'];
    const turns = nav.page.name === 'chat' ? (conversations.open?.turns ?? []) : [];
    return turns.find((known) => known.id === id) ?? turns.at(-1);
  };
  const pick = (digit: number) => {
    const turn = here();
    const runs = (turn?.view.runs ?? [])
      .filter((run) => !run.made_of)
      .sort((a, b) => a.position - b.position);
    const run = runs[digit - 1];
    if (!turn || runs.length < 2) return;
    if (digit === 0) void branches.pick(turn, { type: 'tie' });
    else if (run) void branches.pick(turn, { type: 'best', run: run.id });
  };
  // The button of the turn stands only where there is something to compare.
  const beside = (what: 'judge' | 'merge') => () => {
    const turn = here();
    const section = turn && document.querySelector(`.turn[data-turn="${turn.id}"]`);
    const button = section?.querySelector<HTMLElement>(
      `[data-testid="${ids[what](true)}"], [data-testid="${ids[what](false)}"]`,
    );
    button?.click();
  };
  const chat = () => nav.page.name === 'chat' && conversations.open !== null;
  const asks: Action[] = [
    { id: 'merge', title: t('Make one answer of these'), keys: 's', run: beside('merge') },
    { id: 'judge', title: t('Ask a judge about the answers'), keys: 'j', run: beside('judge') },
  ].map((action) => ({ ...action, group: t('Chat'), anywhere: false, can: chat }));
  const picks = Array.from({ length: 10 }, (_, digit) => ({
    id: `pick.${digit}`,
    title: digit === 0 ? t('Call the answers equal') : t('Answer {digit} is the best', { digit }),
    group: t('Chat'),
    keys: `Digit${digit}`,
    anywhere: false,
    quiet: true,
    run: () => pick(digit),
  }));
  return [...asks, ...picks];
}

function arranging(services: Services, shell: ShellActions): Action[] {
  const { nav, conversations } = services;
  const group = t('Layout');
  const inChat = () => nav.page.name === 'chat' && conversations.open !== null;
  const layout = (name: Layout) => () => {
    if (nav.page.name === 'chat') conversations.open?.setLayout(name);
  };
  return [
    {
      id: 'sidebar.toggle',
      title: t('Show or hide the sidebar'),
      group,
      keys: '$mod+KeyB',
      anywhere: true,
      run: shell.toggleSidebar,
    },
    {
      id: 'blind.toggle',
      title: t('Hide the names of the next answers until a vote'),
      group: t('Chat'),
      keys: '$mod+Shift+KeyB',
      anywhere: true,
      run: () => (conversations.blind = !conversations.blind),
    },
    {
      id: 'layout.columns',
      title: t('Answers in columns'),
      group,
      keys: '$mod+Digit1',
      anywhere: true,
      can: inChat,
      run: layout('columns'),
    },
    {
      id: 'layout.grid',
      title: t('Answers in a grid'),
      group,
      keys: '$mod+Digit2',
      anywhere: true,
      can: inChat,
      run: layout('grid'),
    },
    {
      id: 'layout.focus',
      title: t('One answer at a time'),
      group,
      keys: '$mod+Digit3',
      anywhere: true,
      can: inChat,
      run: layout('focus'),
    },
  ];
}

function settling(services: Services): Action[] {
  const { nav, settings, toasts } = services;
  const shortcuts: Action = {
    id: 'shortcuts',
    title: t('Every shortcut'),
    group: t('Settings'),
    keys: 'Shift+?',
    anywhere: false,
    run: () => nav.go({ name: 'settings', provider: null, at: 'shortcuts' }),
  };
  const themes = THEMES.map((theme) => ({
    id: `theme.${theme}`,
    title: t('Theme: {theme}', { theme: THEME_NAMES[theme].toLowerCase() }),
    group: t('Settings'),
    keys: '',
    anywhere: true,
    can: () => settings.theme !== theme,
    run: () => void settings.setTheme(theme).catch((reason: unknown) => toasts.fail(reason)),
  }));
  return [shortcuts, ...themes];
}

/** Keys as they are now. */
export interface Bound {
  of: (id: string, usual: string) => string;
  readonly letters: boolean;
}

/** The keys actions come with, for whoever changes none. */
export const USUAL: Bound = { of: (_, usual) => usual, letters: true };

/** Listens for the actions' keys. A dialog or menu that is open keeps its keys to itself. */
export function listen(list: readonly Action[], available: () => boolean, bound: Bound = USUAL): () => void {
  const keyed = list
    .map((action) => ({ action, chord: bound.of(action.id, action.keys) }))
    .filter(({ chord }) => chord !== '' && (bound.letters || !isLetter(chord)));
  const bindings = Object.fromEntries(
    keyed.map(({ action, chord }) => [
      chord,
      (event: KeyboardEvent) => {
        // While an input method composes, its keys (Esc among them) belong to it.
        if (event.isComposing) return;
        if (event.defaultPrevented || !available() || overlayOpen()) return;
        if (!action.anywhere && isText(event.target)) return;
        event.preventDefault();
        action.run();
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
