export type Page =
  | { name: 'onboarding' }
  | { name: 'new' }
  | { name: 'chat'; id: string }
  | { name: 'compare'; id: string }
  | { name: 'experiments' }
  | { name: 'leaderboard' }
  | { name: 'spend'; at?: 'budgets' }
  | { name: 'models' }
  | { name: 'history' }
  | { name: 'settings'; provider: string | null; at?: 'gateway' | 'shortcuts' };

/** Where the window is. */
export class Nav {
  page = $state.raw<Page>({ name: 'new' });
  private listeners: ((page: Page) => void)[] = [];

  go(page: Page): void {
    this.page = page;
    for (const listener of this.listeners) listener(page);
  }

  onGo(listener: (page: Page) => void): void {
    this.listeners.push(listener);
  }
}
