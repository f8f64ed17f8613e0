import type { DatabaseCheck } from '../ipc/generated/DatabaseCheck';
import type { StorageState } from '../ipc/generated/StorageState';
import type { Client } from '../ipc/client';
import { LANGUAGES, speak, systemLanguage, words, type Language } from '../shared/i18n.svelte';
import type { View } from './view';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
export const THEME_NAMES: Record<Theme, string> = words({ system: 'System', light: 'Light', dark: 'Dark' });

/** `system` goes by the desktop. */
export type LanguageChoice = 'system' | Language;
const LANGUAGE_KEY = 'view.language';

export class Settings {
  theme = $state<Theme>('system');
  storage = $state.raw<StorageState>({ state: 'checking', name: '', message: '' });
  probing = $state(false);
  /** An absent keychain is a standing fact; once read, its banner may go. The badge in the bar stays. */
  noticed = $state(false);
  /** What a look through the database file found; null until then, or when it is sound. */
  damage = $state.raw<DatabaseCheck | null>(null);
  version = $state('');
  dataDir = $state('');
  onboarded = $state(true);

  /** What was chosen; the language of the window itself is `language()`. */
  language = $state<LanguageChoice>('system');

  constructor(
    private readonly client: Client,
    private readonly view: View,
  ) {}

  /** The chosen language, before anything is shown. */
  async loadLanguage(): Promise<void> {
    const stored = await this.view.get<string>(LANGUAGE_KEY).catch(() => null);
    const known = stored !== null && Object.hasOwn(LANGUAGES, stored);
    this.language = known ? (stored as Language) : 'system';
    await this.speak();
  }

  async setLanguage(language: LanguageChoice): Promise<void> {
    this.language = language;
    await this.speak();
    await this.view.set(LANGUAGE_KEY, language === 'system' ? null : language);
  }

  private speak(): Promise<void> {
    return speak(this.language === 'system' ? systemLanguage() : this.language);
  }

  async setTheme(theme: Theme): Promise<void> {
    this.theme = theme;
    this.paint();
    await this.client.call('settings/theme', { theme });
  }

  /** The theme as the style sheets know it. */
  paint(): void {
    const root = document.documentElement;
    if (this.theme === 'system') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', this.theme);
  }

  async probe(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    try {
      this.storage = await this.client.call('storage/probe', null);
    } finally {
      this.probing = false;
    }
  }

  /** Reads the whole database file once, in the background. */
  async checkDatabase(): Promise<void> {
    const check = await this.client.call('database/check', null);
    this.damage = check.problems.length > 0 ? check : null;
  }

  async finishOnboarding(): Promise<void> {
    this.onboarded = true;
    await this.client.call('settings/onboarded', { onboarded: true });
  }
}
