// Files in a prompt, over the scripted host.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ids } from '../shared/testids';
import { host, open, stage, user } from './stage.help';

stage();

describe('files', () => {
  const picture = new File(['pixels'], 'chart.png', { type: 'image/png' });
  const notes = new File(['some words'], 'notes.txt', { type: 'text/plain' });

  it('are picked, shown, taken out, sent, and shown with the prompt', async () => {
    await open('empty');
    await user.upload(await screen.findByTestId(ids.attachInput), [picture, notes]);
    await screen.findByText('notes.txt');
    expect(screen.getByTestId(ids.attachments)).toHaveTextContent('chart.png');
    await user.click(screen.getByLabelText('Remove notes.txt'));
    expect(screen.queryByText('notes.txt')).toBeNull();
    // A file alone is a prompt.
    const send = screen.getByTestId(ids.send);
    await waitFor(() => expect(send).toHaveAttribute('aria-disabled', 'false'));
    await user.click(send);
    await screen.findByTestId(ids.lane(0, true));
    expect(host.sent('turn/start')[0]?.attachments?.map((file) => file.name)).toEqual(['chart.png']);
    expect(screen.getByLabelText('Attached files')).toHaveTextContent('chart.png');
    expect(screen.queryByTestId(ids.attachments)).toBeNull();
    await user.click(screen.getByRole('button', { name: /^Show chart\.png \d+(\.\d+)? [kM]?B$/ }));
    expect(await screen.findByRole('dialog')).toHaveAccessibleName('chart.png');
  });

  it('stay in the draft until they are sent', async () => {
    const services = await open('empty');
    await services.attachments.add(services.conversations.draft, [notes]);
    const kept = host.sent('view/set').filter(({ key }) => key === 'view.files.new');
    expect(kept.at(-1)?.value).toContain('notes.txt');
  });

  it('that are too large are refused before they are read', async () => {
    const services = await open('empty');
    const large = new File(['x'], 'film.mp4');
    Object.defineProperty(large, 'size', { value: 40 * 1024 * 1024 });
    await services.attachments.add(services.conversations.draft, [large]);
    expect(await screen.findByTestId(ids.toast)).toHaveTextContent('32 MB');
    expect(host.sent('attachment/add')).toEqual([]);
  });
});
