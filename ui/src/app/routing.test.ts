// Routing as a user meets it: the section in Settings, the choice in a chat, all on the scripted host.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { Services } from '../state/services.svelte';
import { errors } from '../state/errors';
import { clean, host, open, stage, user } from './stage.help';

async function settings() {
  const services = await open('chat');
  await user.click(screen.getByTestId(ids.navSettings));
  return { services, section: within(await screen.findByTestId(ids.routing)) };
}

stage();

describe('the rules', () => {
  it('of a built-in policy are shown and cannot be changed; a copy can', async () => {
    const { section } = await settings();
    const rules = () => within(section.getByTestId(ids.rules));
    await waitFor(() => expect(rules().getByLabelText('Privacy', { selector: 'select' })).toBeDisabled());
    await user.click(section.getByTestId(ids.policy('private')));
    expect(rules().getByLabelText('Privacy', { selector: 'select' })).toHaveValue('no_training');
    await user.click(section.getByTestId(ids.policyCopy));
    await waitFor(() => expect(section.getByTestId(ids.policyName)).toHaveValue('Private, changed'));
    await user.selectOptions(rules().getByLabelText('Privacy', { selector: 'select' }), 'both');
    const edit = host.sent('policy/put').at(-1);
    expect(edit).toMatchObject({ id: 'private-changed', prefs: { data_collection: 'deny', zdr: true } });
    expect(await clean()).toEqual([]);
  });

  it('take prices as they are typed and refuse what is none', async () => {
    const { section } = await settings();
    await user.click(await section.findByTestId(ids.policy('work')));
    const field = section.getByLabelText('Most per million prompt tokens');
    await user.clear(field);
    await user.type(field, 'cheap{Tab}');
    expect(field).toHaveAttribute('aria-invalid', 'true');
    expect(host.sent('policy/put')).toEqual([]);
    await user.clear(field);
    await user.type(field, '0.59{Tab}');
    expect(host.sent('policy/put')[0]?.prefs.max_price).toEqual({ prompt: '0.59', completion: '12' });
    const regions = section.getByLabelText('Regions that may answer');
    expect(regions).toHaveValue('eu');
    await user.clear(regions);
    await user.type(regions, 'EU, us-east5{Tab}');
    expect(host.sent('policy/put').at(-1)?.prefs.regions).toEqual(['eu', 'us-east5']);
    await user.clear(regions);
    await user.tab();
    expect(host.sent('policy/put').at(-1)?.prefs).not.toHaveProperty('regions');
    expect(section.getByText(/Also set, from the command line: only precisions bf16/)).toBeInTheDocument();
  });

  it('move providers in an order with Alt and the arrows, and say so', async () => {
    const { section } = await settings();
    await user.click(await section.findByTestId(ids.policy('work')));
    const second = await section.findByLabelText(/, 2 of 2$/);
    second.focus();
    await user.keyboard('{Alt>}{ArrowLeft}{/Alt}');
    expect(host.sent('policy/put')[0]?.prefs.order).toEqual(['openai', 'azure']);
  });

  it('allow nobody, not everybody, when the last of the only ones is taken off', async () => {
    const { section } = await settings();
    await user.click(await section.findByTestId(ids.policy('work')));
    for (let left = 2; left > 0; left -= 1) {
      const list = within(section.getByRole('list', { name: 'Only these' }));
      const [first] = list.getAllByRole('button');
      if (first) await user.click(first);
      await waitFor(() => expect(host.sent('policy/put').at(-1)?.prefs.only).toHaveLength(left - 1));
    }
    await waitFor(() => expect(host.sent('policy/put').at(-1)?.prefs.only).toEqual([]));
    expect(section.getByText('The list is empty, so nobody may be asked.')).toBeInTheDocument();
  });
});

describe('the trial', () => {
  it('shows who is asked in which order, who is left out and why, without sending', async () => {
    const { section } = await settings();
    const model = section.getByTestId(ids.dryModel);
    await user.click(model);
    await user.clear(model);
    await user.type(model, 'gpt');
    await user.click(await section.findByRole('option', { name: /GPT-5/ }));
    const chain = within(await section.findByTestId(ids.chain));
    await waitFor(() => expect(chain.getByText('Azure')).toBeInTheDocument());
    const nodes = chain.getAllByRole('listitem').map((node) => node.textContent?.trim() ?? '');
    expect(nodes[0]).toContain('GPT-5');
    expect(nodes[2]).toContain('OpenAI');
    expect(nodes.at(-1)).toContain('no silent swap of model');
    expect(chain.getByText(/OpenRouter: not known whether it trains/)).toBeInTheDocument();
    expect(host.sent('turn/start')).toEqual([]);
    await user.click(section.getByTestId(ids.policy('local')));
    expect(await section.findByText(/permits none of this model's providers/)).toBeInTheDocument();
    expect(within(section.getByTestId(ids.chain)).getByText('Nothing is sent')).toBeInTheDocument();
  });
});

describe('in a chat', () => {
  it('a policy is chosen for the whole chat and for one lane', async () => {
    const services = await open('chat');
    await user.click(await screen.findByTestId(ids.policyChoice));
    await user.click(await screen.findByRole('menuitemradio', { name: /Private/ }));
    expect(host.sent('conversation/policy')).toEqual([{ id: 'chat', policy: 'private' }]);
    await waitFor(() => expect(screen.getByTestId(ids.policyChoice)).toHaveTextContent('Private'));
    await user.click(screen.getByTestId(ids.chipPolicy(1)));
    await user.click(await screen.findByRole('menuitemradio', { name: 'Also under Work' }));
    await waitFor(() => expect(screen.getByTestId(ids.chip(1))).toHaveTextContent('Work'));
    const lanes = host.sent('conversation/line_up').at(-1)?.line_up ?? [];
    expect(lanes.map((lane) => lane.target.policy ?? null)).toEqual([null, 'work', null, null]);
    expect(services.conversations.open?.routedUnder).toBe('private');
  });

  it('that begins is under the policy chosen for it, which stays chosen', async () => {
    const services = await open('empty');
    await user.click(await screen.findByTestId(ids.policyChoice));
    await user.click(await screen.findByRole('menuitemradio', { name: /Private/ }));
    await user.type(screen.getByTestId(ids.composer), 'Who reads this?');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(host.sent('turn/start')).toHaveLength(1));
    expect(host.sent('turn/start')[0]).toMatchObject({ conversation: null, policy: 'private' });
    services.nav.go({ name: 'new' });
    await waitFor(() => expect(screen.getByTestId(ids.composer)).toHaveValue(''));
    await waitFor(() => expect(screen.getByTestId(ids.policyChoice)).toHaveTextContent('Private'));
    const again = new Services(host, errors);
    await again.start();
    expect(again.newLineUp.policy).toBe('private');
  });

  it('keeps the policy it had when the core refuses another', async () => {
    const services = await open('chat');
    host.fails('conversation/policy', { kind: 'request.invalid', message: 'It is gone.', upstream: null });
    await services.conversations.open?.route('private');
    expect(services.conversations.open?.routedUnder).toBeNull();
    expect(services.toasts.list.at(-1)?.text).toBe('It is gone.');
  });
});

describe('route and request', () => {
  it('of an answer opens with I, shows the way it went and what was sent, and goes back', async () => {
    await open('chat');
    const answer = await screen.findByTestId(ids.lane(1, true));
    answer.focus();
    await user.keyboard('i');
    const panel = within(await screen.findByTestId(ids.inspector));
    const hops = within(await panel.findByTestId(ids.hops)).getAllByRole('listitem');
    expect(hops.map((hop) => hop.querySelector('button, b')?.textContent)).toEqual([
      'OpenAI',
      'Azure',
      'Would have been next',
    ]);
    expect(panel.getByText('Private and Cheapest')).toBeInTheDocument();
    const sent = panel.getByTestId(ids.sent);
    await waitFor(() => expect(sent).toHaveTextContent('"max_completion_tokens": 2048'));
    expect(sent).toHaveTextContent('authorization: Bearer $API_KEY');
    expect(await clean()).toEqual([]);
    await user.click(panel.getByTestId(ids.sentTab('curl')));
    expect(sent).toHaveTextContent("curl -N -X POST 'https://api.openai.example/v1/chat/completions'");
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(panel.getByTestId(ids.sentTab('prices'))).toHaveFocus();
    expect(sent).toHaveTextContent('$1.25 per M');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId(ids.inspector)).toBeNull();
    expect(answer).toHaveFocus();
  });

  it('of two lanes are laid side by side', async () => {
    await open('chat');
    await user.click(within(await screen.findByTestId(ids.lane(0, true))).getByTestId(ids.receipt));
    const panel = within(await screen.findByTestId(ids.inspector));
    await user.click(await panel.findByTestId(ids.sentTab('compare')));
    await user.selectOptions(await panel.findByTestId(ids.compareWith), 'GPT-5');
    const diff = await panel.findByTestId(ids.requestDiff);
    expect(diff).toHaveTextContent('"temperature": 0.3');
    const only = [...diff.querySelectorAll('.right')].map((line) => line.textContent);
    expect(only.some((line) => line?.includes('"model": "gpt-5"'))).toBe(true);
    expect(await clean()).toEqual([]);
  });

  it('says why nothing can be shown', async () => {
    await open('chat');
    host.fails('run/request', { kind: 'store.corrupt', message: 'It has changed.', upstream: null });
    await user.click(within(await screen.findByTestId(ids.lane(0, true))).getByTestId(ids.receipt));
    expect(await screen.findByText('It has changed.')).toBeInTheDocument();
  });
});

describe('an answer that broke off', () => {
  it('offers to go on elsewhere and does so behind a seam', async () => {
    await open('seam');
    const lane = within(await screen.findByTestId(ids.lane(0, true)));
    const buttons = lane.getAllByTestId(ids.continueOn);
    expect(buttons.map((button) => button.textContent.trim())).toEqual([
      'Continue on Azure',
      'Continue on Groq',
    ]);
    expect(await clean()).toEqual([]);
    if (buttons[0]) await user.click(buttons[0]);
    expect(host.sent('run/continue')).toEqual([{ run: 'p3a', endpoint: 'azure/gpt-5', over_budget: false }]);
    await waitFor(() => expect(lane.getByTestId(ids.seam)).toHaveTextContent('Azure'));
  });

  it('and one that a budget stopped goes on past it, once; one that it held is asked anew', async () => {
    await open('budgets');
    const stopped = within(await screen.findByTestId(ids.lane(1, true)));
    expect(stopped.getByTestId(ids.sendAnyway)).toHaveTextContent('Continue anyway once');
    await user.click(stopped.getByTestId(ids.sendAnyway));
    expect(host.sent('run/continue')).toEqual([{ run: 'h1b', endpoint: 'openai/gpt-5', over_budget: true }]);
    await waitFor(() => expect(stopped.getByTestId(ids.seam)).toHaveTextContent('OpenAI'));
    const held = within(await screen.findByTestId(ids.lane(3, true)));
    expect(held.getByTestId(ids.sendAnyway)).toHaveTextContent('Send anyway once');
    await user.click(held.getByTestId(ids.sendAnyway));
    expect(host.sent('run/send_anyway')).toEqual([{ run: 'h1d' }]);
  });

  it('and one that waits says for whom and how long', async () => {
    await open('seam');
    const lane = within(await screen.findByTestId(ids.lane(1, true)));
    expect(lane.getByTestId(ids.state)).toHaveTextContent('Waiting for Groq, 4 s, 1 ahead');
  });
});

describe('limits and the log', () => {
  it('are set by provider and taken back', async () => {
    const { section } = await settings();
    const row = within(await section.findByTestId(ids.rate('groq')));
    const field = row.getByLabelText('Requests a minute at Groq');
    await user.clear(field);
    await user.type(field, 'many{Tab}');
    expect(field).toHaveAttribute('aria-invalid', 'true');
    await user.clear(field);
    await user.type(field, '12{Tab}');
    await user.clear(field);
    await user.tab();
    expect(host.sent('rate/set').map((set) => set.limit.requests_per_minute)).toEqual([12, null]);
  });

  it('show what left, by time, provider and policy, page by page, and as a file', async () => {
    await settings();
    const log = within(await screen.findByTestId(ids.audit));
    await log.findAllByText('api.openai.com');
    await user.selectOptions(log.getByLabelText('Time'), 'all');
    await user.click(await log.findByRole('button', { name: 'Older lines' }));
    await waitFor(() => expect(log.getAllByRole('row')).toHaveLength(41));
    await user.selectOptions(log.getByLabelText('Provider'), 'mistral');
    await waitFor(() => expect(log.queryByText('api.openai.com')).toBeNull());
    await user.selectOptions(log.getByLabelText('Policy'), 'private');
    expect(host.sent('audit/list').at(-1)).toMatchObject({ from: 0, provider: 'mistral', policy: 'private' });
    await user.click(log.getByTestId(ids.auditExport));
    await user.click(await screen.findByRole('menuitem', { name: /As CSV/ }));
    expect(host.sent('audit/export')[0]).toMatchObject({ format: 'csv', query: { provider: 'mistral' } });
    expect(await screen.findByText(/written to Downloads\/parallax-audit.csv/)).toBeInTheDocument();
  });
});
