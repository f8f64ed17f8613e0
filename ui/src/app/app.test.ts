// The screens as a user finds them, on the scripted host, each looked over by axe. Colours are judged in a
// real browser; this environment does not lay anything out.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { SpendPage } from '../ipc/generated/SpendPage';
import { ids } from '../shared/testids';
import { altered, clean, host, lane, open, stage, user } from './stage.help';

stage();

describe('onboarding', () => {
  it('offers what runs here, a key field and the demo, and has no barrier', async () => {
    await open('onboarding');
    expect(await screen.findByTestId(ids.foundLocal('ollama'))).toHaveTextContent('127.0.0.1:11434');
    expect(screen.getByTestId(ids.keyInput)).toHaveAttribute('type', 'password');
    expect(await clean()).toEqual([]);
  });

  it('empties the key field once the key is stored and shows its last four characters', async () => {
    await open('onboarding');
    const field = screen.getByTestId(ids.keyInput);
    await user.type(field, 'sk-ant-secret-9999');
    await user.click(screen.getByTestId(ids.keySave));
    await waitFor(() => expect(field).toHaveValue(''));
    expect(host.sent('key/set')).toEqual([{ provider: null, label: null, key: 'sk-ant-secret-9999' }]);
    expect(screen.getByTestId(ids.provider('anthropic'))).toHaveTextContent('•••• 9999');
    expect(document.body.innerHTML).not.toContain('secret');
  });

  it('keeps a key that was refused and says why', async () => {
    await open('onboarding');
    await user.type(screen.getByTestId(ids.keyInput), 'what-is-this');
    await user.click(screen.getByTestId(ids.keySave));
    expect(await screen.findByRole('alert')).toHaveTextContent('Choose the provider');
    expect(screen.getByTestId(ids.keyInput)).toHaveValue('what-is-this');
  });

  it('leads to the demo with a question to send', async () => {
    await open('onboarding');
    await user.click(screen.getByTestId(ids.tryDemo));
    expect(await screen.findByTestId(ids.chip(3))).toHaveTextContent('Demo, not an AI');
    expect(screen.getByTestId(ids.composer)).not.toHaveValue('');
    expect(host.sent('settings/onboarded')).toEqual([{ onboarded: true }]);
  });
});

describe('a new chat', () => {
  it('has no barrier and says why Send does nothing yet', async () => {
    await open('empty');
    const send = await screen.findByTestId(ids.send);
    expect(send).toHaveAttribute('aria-disabled', 'true');
    expect(send).toHaveAttribute('title', 'Write something first');
    expect(await clean()).toEqual([]);
  });

  it('sends with Ctrl Enter, shows every lane, and stops them all', async () => {
    await open('empty');
    await user.type(await screen.findByTestId(ids.composer), 'Why is the sky blue?');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await screen.findByTestId(ids.lane(3, true));
    expect(host.sent('turn/start')[0]?.prompt).toBe('Why is the sky blue?');
    await waitFor(() => expect(lane(0).getByTestId(ids.state)).toHaveAttribute('data-state', 'streaming'), {
      timeout: 5000,
    });
    await user.click(screen.getByTestId(ids.stopAll));
    await waitFor(() => expect(lane(2).getByTestId(ids.state)).toHaveAttribute('data-state', 'cancelled'), {
      timeout: 5000,
    });
    expect(host.sent('turn/cancel')[0]).toMatchObject({ run: null });
    await waitFor(() => expect(screen.getByTestId(ids.send)).toBeInTheDocument());
  });
});

describe('a conversation', () => {
  it('shows answers with route, figures and winner, without a barrier', async () => {
    await open('chat');
    expect(lane(0).getByTestId(ids.answer)).toHaveTextContent('Stop counting rows at read time.');
    expect(lane(1).getByTestId(ids.route)).toHaveTextContent('OpenAI 529');
    expect(lane(2).getByTestId(ids.metricSpeed)).toHaveTextContent('118/s');
    expect(lane(2).getByText('(highest tokens per second)')).toBeInTheDocument();
    expect(lane(3).getByTestId(ids.metricCost)).toHaveTextContent('≈ $0.0004');
    expect(await clean()).toEqual([]);
  });

  it('says how long a model thought, and with how many tokens', async () => {
    await open('chat');
    const thoughts = screen.getAllByTestId(ids.reasoning).map((one) => one.querySelector('summary'));
    expect(thoughts.some((one) => /Thought for 3\.9 s\s*1,108 tokens/.test(one?.textContent ?? ''))).toBe(
      true,
    );
  });

  it('hands links to the core and never follows them', async () => {
    await open('chat');
    await user.click(lane(0).getByText('the manual'));
    expect(host.sent('link/open')).toEqual([{ url: 'https://www.postgresql.org/docs/' }]);
    expect(location.href).not.toContain('postgresql');
  });

  it('names the fix for a failure and keeps the details at hand', async () => {
    await open('states');
    const note = lane(0).getByTestId(ids.error);
    expect(note).toHaveAttribute('data-kind', 'auth.rejected');
    await user.click(within(note).getByText('Show details'));
    expect(note).toHaveTextContent('req_011CSHoEeqs5C35K2UUqR7Fy');
    expect(await clean()).toEqual([]);
    await user.click(within(note).getByText('Replace key'));
    expect(await screen.findByTestId(`${ids.provider('anthropic')}-edit`)).toBeInTheDocument();
  });

  it('retries one lane and leaves the others alone', async () => {
    await open('states');
    await user.dblClick(lane(2).getByTestId(ids.retry));
    expect(host.sent('run/retry')).toEqual([{ run: 'p2c' }]);
    await waitFor(() => expect(lane(2).getByTestId(ids.state)).toHaveAttribute('data-state', 'connecting'));
    expect(lane(1).getByTestId(ids.state)).toHaveAttribute('data-state', 'done');
  });

  it('remembers its layout', async () => {
    await open('chat');
    await user.keyboard('{Control>}2{/Control}');
    expect(screen.getByTestId(ids.layout('grid'))).toHaveAttribute('aria-pressed', 'true');
    expect(host.sent('view/set')).toContainEqual({ key: 'view.layout.chat', value: '"grid"' });
  });
});

describe('the model picker', () => {
  it('opens by key, finds by word, and adds', async () => {
    await open('chat');
    await user.keyboard('{Control>}m{/Control}');
    const input = await screen.findByTestId(ids.modelSearch);
    await screen.findByTestId(ids.modelOption('anthropic/claude-haiku-4.5'));
    expect(await clean()).toEqual([]);
    await user.type(input, 'haiku');
    await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.getByTestId(ids.chip(4))).toHaveTextContent('Claude Haiku 4.5'));
  });

  it('says that there is room for no more', async () => {
    const services = await open('chat');
    for (const lineUp of [services.conversations.open?.lineUp, services.newLineUp]) {
      const show = vi.spyOn(services.toasts, 'show').mockClear();
      const model = lineUp?.items[0]?.target.model ?? { model: 'openai/gpt-5', provider: null };
      while (lineUp && lineUp.items.length < 16) await lineUp.add(model);
      expect(show).not.toHaveBeenCalled();
      await lineUp?.add(model);
      expect(lineUp?.items).toHaveLength(16);
      expect(show.mock.calls).toEqual([['There is room for 16 models']]);
    }
  });

  it('leads to the key where one is missing', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.addModel));
    await user.click(await screen.findByTestId(ids.modelOption('x-ai/grok-4')));
    expect(await screen.findByTestId(ids.provider('xai'))).toHaveClass('target');
  });
});

describe('settings and spend', () => {
  it('have no barrier', async () => {
    const services = await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    await screen.findByTestId(ids.provider('mistral'));
    expect(await clean()).toEqual([]);
    services.nav.go({ name: 'spend' });
    await screen.findByTestId(ids.spendMonth);
    expect(await clean()).toEqual([]);
  });

  it('take a key for whatever takes one, also where it works without', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const own = within(await screen.findByTestId(ids.provider('my-proxy')));
    await user.click(own.getByTestId(ids.providerDetails));
    await user.click(screen.getByTestId(ids.keyAdd));
    await user.type(screen.getByTestId(ids.keyInput), 'sk-own-7777');
    await user.click(screen.getByTestId(ids.keySave));
    expect(await own.findByText('•••• 7777')).toBeInTheDocument();
    expect(host.sent('key/set')).toEqual([{ provider: 'my-proxy', label: null, key: 'sk-own-7777' }]);
    const local = within(screen.getByTestId(ids.provider('ollama')));
    expect(local.queryByTestId(ids.keyEdit)).toBeNull();
  });

  it('keep several keys of a provider in an order', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const row = within(await screen.findByTestId(ids.provider('openai')));
    await user.click(row.getByTestId(ids.providerDetails));
    expect(await clean()).toEqual([]);
    const labels = () =>
      screen
        .getAllByTestId(/^key-row-/)
        .map((key) => key.getAttribute('data-testid')?.slice('key-row-'.length));
    expect(labels()).toEqual(['work', 'home', 'spare']);
    await user.click(screen.getByLabelText('Ask home earlier'));
    await waitFor(() => expect(labels()).toEqual(['home', 'work', 'spare']));
    expect(host.sent('key/order')).toEqual([{ id: 'openai', labels: ['home', 'work', 'spare'] }]);
    await user.click(screen.getByTestId(ids.keyAdd));
    await user.type(screen.getByTestId(ids.keyInput), 'sk-fourth-4444');
    expect(screen.getByTestId(ids.keySave)).toBeDisabled();
    await user.type(screen.getByTestId(ids.keyLabel), 'team');
    await user.click(screen.getByTestId(ids.keySave));
    await waitFor(() => expect(labels()).toEqual(['home', 'work', 'spare', 'team']));
    expect(host.sent('key/set')).toEqual([{ provider: 'openai', label: 'team', key: 'sk-fourth-4444' }]);
    expect(document.body.innerHTML).not.toContain('fourth');
    await user.click(within(screen.getByTestId(ids.keyRow('home'))).getByTestId(ids.keyDelete));
    await user.click(await screen.findByTestId('confirm'));
    await waitFor(() => expect(labels()).toEqual(['work', 'spare', 'team']));
  });

  it('limit what a key may spend in a month', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const row = within(await screen.findByTestId(ids.provider('openai')));
    await user.click(row.getByTestId(ids.providerDetails));
    const key = within(screen.getByTestId(ids.keyRow('home')));
    await user.click(key.getByTestId(ids.keyLimit));
    await user.type(screen.getByTestId(ids.keyLimitInput), 'twenty');
    await user.click(screen.getByTestId(ids.keyLimitSave));
    expect(await screen.findByRole('alert')).toHaveTextContent('Enter dollars as a number');
    await user.clear(screen.getByTestId(ids.keyLimitInput));
    await user.type(screen.getByTestId(ids.keyLimitInput), '20');
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.keyLimitSave));
    await waitFor(() => expect(key.getByTestId(ids.keyLimit)).toHaveTextContent('$3.10 of $20'));
    expect(host.sent('budget/set')).toMatchObject([
      { scope: 'key:openai/home', period: 'month', limit: '20', hard: true },
    ]);
    await user.click(key.getByTestId(ids.keyLimit));
    await user.click(screen.getByText('Remove limit'));
    await waitFor(() => expect(key.getByTestId(ids.keyLimit)).toHaveTextContent('Limit'));
  });

  it('take a service account as several lines or as its file', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const row = within(await screen.findByTestId(ids.provider('vertex')));
    await user.click(row.getByTestId(ids.keyEdit));
    expect(await clean()).toEqual([]);
    const text = '{\n  "type": "service_account",\n  "private_key": "-----BEGIN canary"\n}';
    await user.click(screen.getByTestId(ids.keyInput));
    await user.paste(text);
    expect(screen.getByTestId(ids.keyInput)).toHaveValue(text);
    const file = new File([text.replace('canary', 'canary2')], 'key.json', { type: 'application/json' });
    await user.upload(screen.getByTestId(`${ids.keyInput}-file`), file);
    await waitFor(() =>
      expect((screen.getByTestId(ids.keyInput) as HTMLTextAreaElement).value).toContain('canary2'),
    );
    await user.click(screen.getByTestId(ids.keySave));
    await waitFor(() => expect(screen.queryByTestId(ids.keyInput)).toBeNull());
    expect(host.sent('key/set')).toEqual([
      { provider: 'vertex', label: null, key: text.replace('canary', 'canary2') },
    ]);
    expect(document.body.innerHTML).not.toContain('canary');
  });

  it('ask for what an address still needs', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const row = within(await screen.findByTestId(ids.provider('azure')));
    expect(row.queryByTestId(ids.keyTest)).toBeNull();
    await user.click(row.getByTestId(ids.providerSetUp));
    expect(await clean()).toEqual([]);
    await user.type(screen.getByTestId(ids.providerField('resource')), 'contoso');
    await user.click(screen.getByTestId(ids.providerFieldsSave));
    expect(host.sent('provider/set')).toEqual([{ id: 'azure', values: { resource: 'contoso', api: '' } }]);
    await waitFor(() => expect(row.queryByTestId(ids.providerSetUp)).toBeNull());
  });

  it('show a key from the environment, and what a provider serves', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const row = within(await screen.findByTestId(ids.provider('google')));
    expect(row.getByText('from the environment')).toBeInTheDocument();
    await user.click(row.getByTestId(ids.keyTest));
    await waitFor(() => expect(row.getByTestId(ids.keyState)).toHaveTextContent('Verified'), {
      timeout: 3000,
    });
    await user.click(row.getByTestId(ids.providerDetails));
    const models = within(await screen.findByTestId(ids.modelsOf('google')));
    expect(models.getByText('not listed')).toBeInTheDocument();
    expect(models.getByText('price unknown')).toBeInTheDocument();
  });

  it('find a provider by its name and group what is in use', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    const yours = within(await screen.findByTestId(ids.providerGroup('yours')));
    expect(yours.getByTestId(ids.provider('anthropic'))).toBeInTheDocument();
    expect(
      within(screen.getByTestId(ids.providerGroup('local'))).getByTestId(ids.provider('ollama')),
    ).toBeInTheDocument();
    expect(
      within(screen.getByTestId(ids.providerGroup('all'))).getByTestId(ids.provider('openrouter')),
    ).toBeInTheDocument();
    await user.type(screen.getByTestId(ids.providerSearch), 'openr');
    await waitFor(() => expect(screen.queryByTestId(ids.provider('anthropic'))).toBeNull());
    expect(screen.getByTestId(ids.provider('openrouter'))).toBeInTheDocument();
    await user.type(screen.getByTestId(ids.providerSearch), 'zzz');
    expect(await screen.findByText(/No provider is called/)).toBeInTheDocument();
  });

  it('change the theme at once', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    await user.click(await screen.findByTestId(ids.theme('dark')));
    expect(document.documentElement).toHaveAttribute('data-theme', 'dark');
    await user.click(screen.getByTestId(ids.theme('system')));
    expect(document.documentElement).not.toHaveAttribute('data-theme');
  });

  it('ask before a key is deleted', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    await user.click(await screen.findByLabelText('More for Anthropic'));
    await user.click(await screen.findByText('Delete key'));
    expect(host.sent('key/delete')).toEqual([]);
    await user.click(await screen.findByTestId('confirm'));
    expect(host.sent('key/delete')).toEqual([{ id: 'anthropic', label: 'default' }]);
  });

  it('say what is missing from a sum', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSpend));
    expect(await screen.findByTestId(ids.spendMonth)).toHaveTextContent('≥ $');
    expect(screen.getByTestId(ids.spendRow('my/house'))).toHaveTextContent('–');
    expect(screen.getByTestId(ids.spendRow('demo/quick'))).toHaveTextContent('free');
    expect(screen.getByTestId(ids.spendLedger)).toHaveAttribute('data-intact', 'true');
  });

  it('count what has no price among the attempts that it is one of', async () => {
    await open('chat');
    altered('spend/page', (page: SpendPage) => ({
      ...page,
      today_answers: 19,
      today: { ...page.today, attempts: 41, unknown: 22 },
    }));
    await user.click(screen.getByTestId(ids.navSpend));
    expect(await screen.findByText(/^19 answers, 22 of 41 attempts unpriced/)).toBeInTheDocument();
  });
});

describe('what was said before', () => {
  it('is found by key and gone to at the very place', async () => {
    const services = await open('chat');
    await user.keyboard('{Control>}{Shift>}f{/Shift}{/Control}');
    const field = await screen.findByTestId(ids.searchInput);
    await user.type(field, 'distinct');
    await waitFor(() => expect(screen.getAllByRole('option').length).toBeGreaterThan(0));
    expect(host.sent('history/search').at(-1)).toEqual({ text: 'distinct', from: null, limit: 50 });
    expect(await clean()).toEqual([]);
    // An answer is told by the name of its model, not by the id it was found under.
    await user.clear(field);
    await user.type(field, 'parallel');
    await waitFor(() => expect(screen.getAllByRole('option')[0]).toHaveTextContent('Gemini 2.5 Pro ·'));
    await user.clear(field);
    await user.type(field, 'distinct');
    await waitFor(() => expect(screen.getAllByRole('option')[0]).toHaveTextContent('distinct users'));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByTestId(ids.searchInput)).toBeNull());
    expect(services.nav.page.name).toBe('chat');
    await waitFor(() => expect(document.querySelector('[data-found]')).not.toBeNull());
  });

  it('says what is wrong with a search', async () => {
    await open('chat');
    host.fails('history/search', {
      kind: 'request.invalid',
      message: 'Write a date as 2026.',
      upstream: null,
    });
    await user.click(screen.getByTestId(ids.find));
    await user.type(await screen.findByTestId(ids.searchInput), 'date:soon');
    expect(await screen.findByText('Write a date as 2026.')).toBeVisible();
  });

  it('goes into the trash and comes back', async () => {
    await open('chat');
    await user.click(screen.getByLabelText('More for this conversation'));
    await user.click(await screen.findByText('Delete conversation'));
    expect(host.sent('conversation/delete')).toHaveLength(1);
    await user.click(screen.getByTestId(ids.navHistory));
    await user.click(await screen.findByTestId(ids.shelf('trash')));
    const restore = await screen.findByRole('button', { name: /^Restore/ });
    expect(await clean()).toEqual([]);
    await user.click(restore);
    expect(host.sent('conversation/restore')).toHaveLength(1);
    expect(await screen.findByText('The trash is empty')).toBeVisible();
  });

  it('is given out as a file', async () => {
    await open('chat');
    await user.click(screen.getByLabelText('More for this conversation'));
    await user.click(await screen.findByText('Export as Markdown'));
    expect(host.sent('conversation/export')[0]?.form).toBe('markdown');
    expect(await screen.findByText(/Saved as/)).toBeVisible();
  });

  it('is brought in after a look', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navHistory));
    await user.click(await screen.findByTestId(ids.importOpen));
    expect(screen.getByTestId(ids.importRun)).toBeDisabled();
    await user.click(await screen.findByLabelText(/chatgpt-export.zip/));
    await user.click(screen.getByTestId(ids.importLook));
    expect(await screen.findByTestId(ids.importOutcome)).toHaveTextContent('would be imported from ChatGPT');
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.importRun));
    expect(host.sent('import/run')).toEqual([
      { path: '/data/downloads/chatgpt-export.zip', dry_run: true },
      { path: '/data/downloads/chatgpt-export.zip', dry_run: false },
    ]);
    const path = screen.getByTestId(ids.importPath);
    await user.clear(path);
    await user.type(path, '{Enter}');
    expect(host.sent('import/run')).toHaveLength(2);
    await user.type(path, '/data/other.zip{Enter}');
    expect(host.sent('import/run').slice(2)).toEqual([{ path: '/data/other.zip', dry_run: false }]);
  });
});

describe('when the data cannot be opened', () => {
  it('one page says so and offers to try again', async () => {
    await open('failed');
    expect(await screen.findByTestId(ids.startFailure)).toHaveTextContent('Update Parallax');
    expect(await clean()).toEqual([]);
  });
});

describe('the frame', () => {
  it('speaks German once that is chosen, and English again', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.navSettings));
    await user.click(await screen.findByTestId(ids.language('de')));
    // The other language is a file of its own that has to come first.
    const slow = { timeout: 10_000 };
    expect(await screen.findByRole('heading', { level: 1, name: 'Einstellungen' }, slow)).toBeInTheDocument();
    expect(document.documentElement.lang).toBe('de');
    expect(host.sent('view/set')).toContainEqual({ key: 'view.language', value: '"de"' });
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.language('en')));
    expect(await screen.findByRole('heading', { level: 1, name: 'Settings' })).toBeInTheDocument();
    expect(document.documentElement.lang).toBe('en');
  });

  it('has a sidebar as wide as one likes, by keys too', async () => {
    await open('chat');
    const edge = screen.getByTestId(ids.sideEdge);
    edge.focus();
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(edge).toHaveAttribute('aria-valuenow', '280');
    await user.keyboard('{Home}');
    expect(edge).toHaveAttribute('aria-valuenow', '248');
  });
});
