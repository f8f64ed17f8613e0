// What a user does with lanes, context and branches, on the scripted host, each screen looked over by axe.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, lane, open, stage, user } from './stage.help';

stage();

describe('lanes and branches', () => {
  it('changes what the next turn is shown, and keeps it', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.context));
    await user.click(await screen.findByText('All see all answers'));
    expect(host.sent('view/set')).toContainEqual({ key: 'view.context.chat', value: '{"type":"all"}' });
    await user.type(screen.getByTestId(ids.composer), 'And then?');
    await user.click(screen.getByTestId(ids.send));
    expect(host.sent('turn/start')[0]).toMatchObject({ context: { type: 'all' }, lanes: [], beside: null });
    expect(await lane(0).findByText(/saw all 4 answers/)).toBeInTheDocument();
    expect(screen.getByTestId(ids.context)).toHaveTextContent('All see all answers');
  });

  it('lets each model be shown what is ticked for it', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.context));
    await user.click(await screen.findByText('Choose for each model…'));
    await user.click(await screen.findByTestId(ids.sees(0, 0)));
    await user.click(screen.getByTestId(ids.sees(1, 3)));
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.seesSave));
    await user.type(screen.getByTestId(ids.composer), 'And then?');
    await user.keyboard('{Control>}{Enter}{/Control}');
    const sent = host.sent('turn/start')[0]?.context;
    const lanes = host.sent('turn/start').length > 0 && sent?.type === 'custom' ? sent.lanes : [];
    expect(lanes.map((one) => one.sees.length)).toEqual([0, 2, 1, 1]);
  });

  it('picks the best by key, says it, and takes it back', async () => {
    const services = await open('chat');
    screen.getByTestId(ids.lane(1, true)).focus();
    await user.keyboard('2');
    await waitFor(() =>
      expect(screen.getByTestId(ids.pick(1, true))).toHaveAttribute('aria-pressed', 'true'),
    );
    expect(lane(1).getByText('Best')).toBeInTheDocument();
    expect(host.sent('turn/pick')).toHaveLength(1);
    await user.keyboard('0');
    await waitFor(() =>
      expect(screen.getByTestId(ids.pickTie(true))).toHaveAttribute('aria-pressed', 'true'),
    );
    expect(await clean()).toEqual([]);
    await user.keyboard('0');
    await waitFor(() =>
      expect(screen.getByTestId(ids.pickTie(true))).toHaveAttribute('aria-pressed', 'false'),
    );
    services.reading.setSingleKeys(false);
    await user.keyboard('1');
    expect(host.sent('turn/pick')).toHaveLength(3);
  });

  it('writes a prompt anew beside the old one and goes back to it', async () => {
    await open('chat');
    const first = screen.getAllByTestId(ids.promptEdit)[0];
    if (!first) throw new Error('nothing to edit');
    await user.click(first);
    const field = screen.getByTestId(ids.editField);
    await user.clear(field);
    await user.type(field, 'Another question');
    expect(await clean()).toEqual([]);
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() =>
      expect(screen.getByRole('heading', { name: 'Another question' })).toBeInTheDocument(),
    );
    expect(host.sent('turn/start')[0]).toMatchObject({ prompt: 'Another question', lanes: [] });
    const siblings = within(screen.getByTestId(ids.promptSiblings));
    expect(siblings.getByText('2/2')).toBeInTheDocument();
    await user.click(siblings.getByLabelText('Prompt before this one'));
    await waitFor(() => expect(screen.queryByRole('heading', { name: 'Another question' })).toBeNull());
    expect(within(screen.getByTestId(ids.promptSiblings)).getByText('1/2')).toBeInTheDocument();
    await user.keyboard('{Control>}{Shift>}m{/Shift}{/Control}');
    const map = within(await screen.findByTestId(ids.map));
    expect(map.getByText('Another question')).toBeInTheDocument();
    expect(await clean()).toEqual([]);
  });

  it('sends to one model only, by @ or by Reply', async () => {
    await open('chat');
    screen.getByTestId(ids.lane(1, true)).focus();
    await user.keyboard('p');
    expect(screen.getByTestId(ids.to)).toHaveTextContent('Only GPT-5');
    await user.type(screen.getByTestId(ids.composer), 'Just you');
    expect(screen.getByTestId(ids.send)).toHaveTextContent('Send');
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(host.sent('turn/start')[0]?.lanes).toHaveLength(1);
    await waitFor(() => expect(screen.getByTestId(ids.to)).not.toHaveTextContent('Only'));
    await user.keyboard('@');
    expect(await screen.findByText('Only Gemini 2.5 Pro')).toBeInTheDocument();
  });

  it('asks another model what was answered', async () => {
    await open('chat');
    const last = screen.getAllByTestId(ids.addLane).at(-1);
    if (!last) throw new Error('no turn');
    await user.click(last);
    await user.click(await screen.findByTestId(ids.modelOption('anthropic/claude-haiku-4.5')));
    await screen.findByTestId(ids.lane(4, true));
    expect(host.sent('turn/add_lane')[0]?.target.model.model).toBe('anthropic/claude-haiku-4.5');
  });

  it('gives a lane a prompt and settings of its own', async () => {
    await open('chat');
    screen.getByTestId(ids.chip(0)).focus();
    await user.keyboard('{Enter}');
    await user.type(await screen.findByTestId(ids.laneField('system')), 'Be brief.');
    await user.type(screen.getByTestId(ids.laneField('temperature')), '0.3');
    expect(await clean()).toEqual([]);
    await user.click(screen.getByTestId(ids.laneSave));
    await waitFor(() => expect(screen.getByTestId(ids.chip(0))).toHaveTextContent('own prompt · temp 0.3'));
    expect(host.sent('conversation/line_up')[0]?.line_up[0]?.target).toMatchObject({
      system: 'Be brief.',
      params: { temperature: 0.3 },
    });
  });

  it('changes the model of a lane and keeps its place', async () => {
    await open('chat');
    await user.click(screen.getByTestId(ids.laneSettings(1)));
    await user.click(await screen.findByTestId(ids.laneModel));
    await user.click(await screen.findByTestId(ids.modelOption('anthropic/claude-haiku-4.5')));
    await waitFor(() => expect(host.sent('conversation/line_up')).toHaveLength(1));
    const sent = host.sent('conversation/line_up')[0]?.line_up ?? [];
    expect(sent.map((one) => one.target.model.model)[1]).toBe('anthropic/claude-haiku-4.5');
    expect(sent[1]?.lane).not.toBeNull();
  });

  it('lets all continue from one answer by key, and each from its own again', async () => {
    await open('chat');
    screen.getByTestId(ids.lane(0, true)).focus();
    await user.keyboard('g');
    await waitFor(() =>
      expect(screen.getByTestId(ids.context)).toHaveTextContent('All continue from Claude Sonnet 4.5'),
    );
    await user.click(screen.getByTestId(ids.context));
    await user.click(await screen.findByText('Each continues its own'));
    await waitFor(() => expect(host.sent('conversation/continue')).toHaveLength(2));
    expect(host.sent('conversation/continue').map((one) => one.message === null)).toEqual([false, true]);
    await waitFor(() => expect(screen.getByTestId(ids.context)).toHaveTextContent('Each continues its own'));
  });

  it('goes through the answers of a lane', async () => {
    await open('states');
    await user.click(lane(2).getByTestId(ids.retry));
    const siblings = await lane(2).findByTestId(ids.answerSiblings);
    expect(siblings).toHaveTextContent('2/2');
    const before = within(siblings).getByLabelText('Answer before this one');
    expect(before).toBeDisabled();
    await waitFor(() => expect(before).toBeEnabled());
    await user.click(before);
    await waitFor(() => expect(lane(2).getByTestId(ids.answerSiblings)).toHaveTextContent('1/2'));
    expect(host.sent('run/show')).toEqual([{ run: 'p2c' }]);
  });

  it('forks before a prompt, which waits in the field', async () => {
    await open('chat');
    const first = screen.getAllByTestId(ids.promptFork).at(-1);
    if (!first) throw new Error('nothing to fork');
    await user.click(first);
    await waitFor(() => expect(screen.getByTestId(ids.title)).toHaveTextContent('Fork of'));
    await waitFor(() => expect(screen.getByTestId(ids.composer)).not.toHaveValue(''));
    expect(host.sent('conversation/fork')[0]?.run).toBeNull();
  });

  it('duplicates a conversation from its menu, and shows the copy', async () => {
    await open('chat');
    await user.click(screen.getByRole('button', { name: 'More for this conversation' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Duplicate conversation' }));
    await waitFor(() => expect(screen.getByTestId(ids.title)).toHaveTextContent('Copy of'));
    expect(host.sent('conversation/duplicate')).toHaveLength(1);
  });

  it('resizes columns by key', async () => {
    const services = await open('chat');
    screen.getAllByTestId(ids.resize(0)).at(-1)?.focus();
    await user.keyboard('{ArrowRight}');
    const lanes = services.conversations.open?.lineUp.lanes ?? [];
    expect(services.conversations.open?.widths[lanes[0]?.id ?? '']).toBeCloseTo(1.08);
    expect(services.conversations.open?.widths[lanes[1]?.id ?? '']).toBeCloseTo(0.92);
  });
});
