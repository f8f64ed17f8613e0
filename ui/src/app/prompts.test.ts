// Prompts, presets and line-ups that are kept, over the scripted host.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { host, open, stage, user } from './stage.help';

stage();

describe('a slash', () => {
  it('brings up a prompt, asks for its gaps, and puts it into the message', async () => {
    const services = await open('empty');
    const field = await screen.findByTestId(ids.composer);
    await user.type(field, '/ex');
    expect(within(screen.getByTestId(ids.slashList)).getAllByRole('option')).toHaveLength(1);
    await user.keyboard('{Enter}');
    const gaps = within(await screen.findByTestId(ids.promptGaps)).getAllByRole('textbox');
    expect(gaps).toHaveLength(2);
    await user.type(gaps[0] as HTMLElement, 'rainbows');
    await user.type(gaps[1] as HTMLElement, 'a child');
    await user.click(screen.getByText('Put into the message'));
    expect(services.conversations.draft.text).toBe('Explain rainbows to a child in five sentences.');
    expect(host.sent('turn/start')).toEqual([]);
  });

  it('in the middle of a text or left by Esc is a slash', async () => {
    await open('empty');
    const field = await screen.findByTestId(ids.composer);
    await user.type(field, 'and/or');
    expect(screen.queryByTestId(ids.slashList)).toBeNull();
    await user.clear(field);
    await user.type(field, '/');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId(ids.slashList)).toBeNull();
    expect(field).toHaveValue('/');
  });
});

describe('a system prompt', () => {
  it('is given to every lane', async () => {
    const services = await open('empty');
    await user.click(await screen.findByTestId(ids.presetChoice));
    await user.click(await screen.findByText('Terse engineer'));
    await waitFor(() =>
      expect(services.newLineUp.targets.map((target) => target.system)).toEqual(
        Array<string>(4).fill('Answer in as few words as you can.'),
      ),
    );
  });
});

describe('settings', () => {
  it('keep, change and remove what is used again, and name what is wrong', async () => {
    const services = await open('chat');
    services.nav.go({ name: 'settings', provider: null });
    await user.click(await screen.findByTestId(ids.promptAdd));
    await user.type(await screen.findByTestId(ids.promptName), 'Explain');
    await user.type(screen.getByTestId(ids.promptText), 'x');
    await user.click(screen.getByTestId(ids.promptSave));
    expect(await screen.findByText(/already. Choose another name/)).toBeInTheDocument();
    await user.type(screen.getByTestId(ids.promptName), ' more');
    await user.click(screen.getByTestId(ids.promptSave));
    const row = await screen.findByTestId(ids.prompt('Explain more'));
    expect(row).toHaveTextContent('/explain-more');
    await user.click(within(row).getByLabelText('Remove Explain more'));
    await waitFor(() => expect(screen.queryByTestId(ids.prompt('Explain more'))).toBeNull());
  });
});

describe('line-ups', () => {
  it('are kept with their parameters and taken again', async () => {
    const services = await open('empty');
    await services.newLineUp.instruct('Be kind.');
    const before = services.newLineUp.targets;
    await services.prompts.putTeam('Four', before);
    await services.newLineUp.remove(0);
    await user.click(within(await screen.findByTestId(ids.teams)).getByRole('button'));
    await user.click(await screen.findByText('Four'));
    await waitFor(() => expect(services.newLineUp.targets).toEqual(before));
  });
});
