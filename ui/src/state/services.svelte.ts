// Everything a screen can reach, made once per window.
import { createContext } from 'svelte';
import type { Failure } from '../ipc/generated/Failure';
import { asFailure, Client } from '../ipc/client';
import type { Changed, Host } from '../ipc/host';
import { Attachments } from './attachments.svelte';
import { Backups } from './backups.svelte';
import { Branches } from './branches';
import { Budgets } from './budgets.svelte';
import { Catalogue } from './catalogue.svelte';
import { Beside } from './beside.svelte';
import { Blind } from './blind.svelte';
import { Board } from './board.svelte';
import { Compare } from './compare.svelte';
import { Experiments } from './experiments.svelte';
import { Filing } from './filing.svelte';
import { Finding } from './finding.svelte';
import type { AdviceTable } from './errors';
import { Conversations } from './conversations.svelte';
import { Draft } from './drafts.svelte';
import { Gateway } from './gateway.svelte';
import { History } from './history.svelte';
import { NewLineUp } from './line-up.svelte';
import { Models } from './models.svelte';
import { Nav } from './nav.svelte';
import { Prompts } from './prompts.svelte';
import { Providers } from './providers.svelte';
import { QuickQuestions } from './quick';
import { Audit } from './audit.svelte';
import { Reading } from './reading.svelte';
import { Receipts } from './receipts.svelte';
import { Routing } from './routing.svelte';
import { Settings, THEMES, type Theme } from './settings.svelte';
import { Shortcuts } from './shortcuts.svelte';
import { Spend } from './spend.svelte';
import { Titles } from './titles.svelte';
import { Toasts } from './toasts.svelte';
import type { LiveTurn } from './turns.svelte';
import { View } from './view';
import { Drawn } from '../shared/diagram/drawn';
import { t } from '../shared/i18n.svelte';

/** Shorter waits need no announcement. */
const LONG_ANSWER_MS = 15_000;
/** Rest after the start before the database file is read through: the first answers come first. */
const CHECK_AFTER_MS = 20_000;

export class Services {
  readonly client: Client;
  readonly toasts = new Toasts();
  readonly drawn = new Drawn();
  readonly nav = new Nav();
  readonly view: View;
  readonly attachments: Attachments;
  readonly models: Models;
  readonly newLineUp: NewLineUp;
  readonly conversations: Conversations;
  readonly catalogue: Catalogue;
  readonly beside: Beside;
  readonly blind: Blind;
  readonly board: Board;
  readonly compare: Compare;
  readonly experiments: Experiments;
  readonly filing: Filing;
  readonly finding: Finding;
  readonly history: History;
  readonly spend: Spend;
  readonly budgets: Budgets;
  readonly providers: Providers;
  readonly prompts: Prompts;
  readonly settings: Settings;
  readonly shortcuts: Shortcuts;
  readonly routing: Routing;
  readonly receipts: Receipts;
  readonly audit: Audit;
  readonly backups: Backups;
  readonly branches: Branches;
  readonly reading: Reading;
  readonly quick: QuickQuestions;
  readonly gateway: Gateway;
  readonly titles: Titles;

  started = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** The user opened a reasoning section; live ones open by themselves from then on. */
  thinkingOpen = $state(false);
  private starting = false;
  private hearing = false;
  /** What changed while the start was under way; looked at again after it. */
  private readonly missed = new Set<Changed['tables'][number]>();

  constructor(
    private readonly host: Host,
    readonly advice: AdviceTable,
  ) {
    const fail = (reason: unknown) => this.toasts.fail(reason);
    this.client = new Client(host);
    this.view = new View(this.client, fail);
    this.prompts = new Prompts(this.client, this.toasts);
    this.attachments = new Attachments(this.client, this.toasts);
    this.models = new Models(this.client);
    this.newLineUp = new NewLineUp(this.models, this.view, this.toasts);
    this.catalogue = new Catalogue(this.client);
    this.spend = new Spend(this.client);
    this.budgets = new Budgets(this.client, this.toasts);
    this.settings = new Settings(this.client, this.view);
    this.shortcuts = new Shortcuts(this.view);
    this.routing = new Routing(this.client, this.toasts);
    this.receipts = new Receipts(this.client);
    this.audit = new Audit(this.client);
    this.gateway = new Gateway(this.client);
    this.titles = new Titles(this.client);
    this.providers = new Providers(this.client, () => this.models.refresh().catch(fail));
    const { client, view, toasts, models, nav } = this;
    const draft = new Draft(view, null);
    this.conversations = new Conversations(
      { client, view, toasts, models, nav, onTurnEnd: (title, turn) => this.tell(title, turn) },
      this.newLineUp,
      draft,
      () => void this.money(),
    );
    this.backups = new Backups(client);
    this.beside = new Beside(client, toasts);
    this.finding = new Finding(client, toasts);
    this.blind = new Blind(client, toasts);
    this.board = new Board(client, toasts);
    this.compare = new Compare(client, nav);
    this.branches = new Branches(client, this.conversations, toasts);
    this.reading = new Reading(view);
    this.quick = new QuickQuestions(client, view, this.conversations, nav);
    this.experiments = new Experiments(client, toasts);
    this.filing = new Filing(client, view, this.conversations, toasts);
    this.history = new History(client, this.conversations, nav, toasts);
    nav.onGo((page) => {
      this.receipts.leave();
      if (page.name === 'chat') view.setSoon('view.last', page.id);
      if (page.name === 'new') view.setSoon('view.last', null);
    });
  }

  /** Fetches what the first paint needs; a failure is a page of its own, with Retry. */
  async start(): Promise<void> {
    if (this.starting || this.started) return;
    this.starting = true;
    try {
      await this.hear();
      const [state] = await Promise.all([
        this.client.call('app/state', null),
        this.settings.loadLanguage(),
        this.reading.loadSide(),
      ]);
      this.settings.version = state.version;
      this.settings.dataDir = state.data_dir;
      this.settings.storage = state.storage;
      this.settings.onboarded = state.onboarded;
      this.settings.theme = THEMES.includes(state.theme as Theme) ? (state.theme as Theme) : 'system';
      this.settings.paint();
      this.conversations.list = state.conversations;
      await this.newLineUp.set(state.line_up, false);
      // Before anything can be sent: a prompt must not leave under looser rules than were chosen.
      await this.newLineUp.loadPolicy();
      if (!state.onboarded) this.nav.go({ name: 'onboarding' });
      else await this.restore();
    } catch (reason) {
      this.failure = asFailure(reason);
      return;
    } finally {
      this.starting = false;
    }
    this.failure = null;
    this.started = true;
    if (this.missed.size > 0) this.changed({ tables: [...this.missed] });
    this.thinkingOpen = (await this.view.get<boolean>('view.thinking').catch(() => null)) ?? false;
    await Promise.all([
      this.shortcuts.load(),
      this.prompts.load(),
      this.money(),
      this.loadProviders(),
      this.conversations.draft.load(),
      this.reading.load(),
      this.gateway.load(),
      this.filing.load().catch((reason: unknown) => this.toasts.fail(reason)),
    ]);
    setTimeout(() => {
      this.settings.checkDatabase().catch((reason: unknown) => this.toasts.fail(reason));
    }, CHECK_AFTER_MS);
    await this.takeQuick();
  }

  /** Long answers are announced to whoever looks elsewhere and has asked for it. */
  private tell(title: string, turn: LiveTurn): void {
    const took = Date.now() - turn.view.created_at;
    if (!this.reading.notify || took < LONG_ANSWER_MS || document.hasFocus()) return;
    const { runs } = turn.view;
    const done = runs.filter((run) => run.state === 'done').length;
    const body =
      done === runs.length
        ? t('All answers are there.')
        : t('{done} of {count} answers are whole.', { done, count: runs.length });
    this.client.call('window/notify', { title, body }).catch((reason: unknown) => this.toasts.fail(reason));
  }

  setThinkingOpen(open: boolean): void {
    this.thinkingOpen = open;
    this.view.setSoon('view.thinking', open);
  }

  /** Listens before the first question is asked, so that no change falls between the two. */
  private async hear(): Promise<void> {
    if (this.hearing) return;
    await this.host.onChanged((change) => {
      if (this.started) this.changed(change);
      else for (const table of change.tables) this.missed.add(table);
    });
    this.hearing = true;
  }

  private async restore(): Promise<void> {
    const last = await this.view.get<string>('view.last');
    if (last && this.conversations.list.some((summary) => summary.id === last)) {
      await this.conversations.show(last);
    }
  }

  /** Whoever has not been shown round yet has asked nothing; what was asked all the same waits. */
  private async takeQuick(): Promise<void> {
    if (!this.settings.onboarded) return;
    await this.quick.take().catch((reason: unknown) => this.toasts.fail(reason));
  }

  /** The ledger has grown, and budgets with it. */
  private async money(): Promise<void> {
    await Promise.all([this.spend.load(), this.loadBudgets()]);
  }

  private async loadBudgets(): Promise<void> {
    await this.budgets.load().catch((reason: unknown) => this.toasts.fail(reason));
  }

  private async loadProviders(): Promise<void> {
    await this.providers.load().catch((reason: unknown) => this.toasts.fail(reason));
  }

  private changed(change: Changed): void {
    const fail = (reason: unknown) => this.toasts.fail(reason);
    const touched = (table: Changed['tables'][number]) => change.tables.includes(table);
    if (touched('conversations')) {
      this.conversations.reload().catch(fail);
      this.filing.changed().catch(fail);
      void this.beside.reload();
    }
    if (touched('spend')) {
      void this.money();
      void this.receipts.changed();
      void this.audit.changed();
    } else if (touched('budgets')) {
      void this.loadBudgets();
    }
    if (touched('spend') || touched('providers') || touched('models')) this.routing.changed();
    if (touched('gateway') || touched('spend') || touched('budgets'))
      void this.gateway.changed(touched('gateway'));
    if (touched('providers')) void this.loadProviders();
    if (touched('providers') || touched('models')) {
      this.models.refresh().catch(fail);
      void this.catalogue.load();
    }
    if (touched('quick')) void this.takeQuick();
    if (touched('experiments')) void this.experiments.changed();
    if (touched('storage')) {
      this.client.call('app/state', null).then((state) => (this.settings.storage = state.storage), fail);
    }
  }
}

export const [getServices, setServices] = createContext<Services>();
