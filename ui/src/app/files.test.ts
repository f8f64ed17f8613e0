// Files in a prompt, over the scripted host.
import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, open, stage, user } from './stage.help';

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

  it('that were recorded get a player by key, which plays nothing by itself, and one at a time', async () => {
    const made = vi
      .spyOn(URL, 'createObjectURL')
      .mockImplementation(() => `blob:x/${made.mock.calls.length}`);
    const freed = vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => undefined);
    const plays = vi.spyOn(HTMLMediaElement.prototype, 'play');
    await open('empty');
    const said = (name: string) => new File(['RIFF'], name, { type: 'audio/wav' });
    await user.upload(await screen.findByTestId(ids.attachInput), [said('one.wav'), said('two.wav')]);
    await screen.findByText('two.wav');
    await user.click(screen.getByTestId(ids.send));
    await screen.findByTestId(ids.lane(0, true));
    const chip = (name: string) => screen.getByRole('button', { name: new RegExp(`^Player of ${name}`) });
    expect(chip('one.wav')).toHaveAttribute('aria-expanded', 'false');
    chip('one.wav').focus();
    await user.keyboard('{Enter}');
    const player = await screen.findByLabelText('one.wav');
    expect(player).toHaveAttribute('src', 'blob:x/1');
    expect(player).toHaveAttribute('controls');
    expect(player).not.toHaveAttribute('autoplay');
    expect((made.mock.calls[0]?.[0] as Blob).type).toBe('audio/wav');
    expect(chip('one.wav')).toHaveAttribute('aria-expanded', 'true');
    expect((await clean()).filter((barrier) => /audio|att-/.test(barrier))).toEqual([]);
    await user.click(chip('two.wav'));
    expect(await screen.findByLabelText('two.wav')).toHaveAttribute('src', 'blob:x/2');
    expect(freed).toHaveBeenCalledWith('blob:x/1');
    // What cannot be played is said, and the player goes.
    await fireEvent.error(screen.getByLabelText('two.wav'));
    expect(await screen.findByTestId(ids.toast)).toHaveTextContent('This computer cannot play two.wav.');
    expect(document.querySelector('audio')).toBeNull();
    // Two clicks before the bytes are there open and put away; nothing is kept in memory for a player that never was.
    void fireEvent.click(chip('one.wav'));
    await fireEvent.click(chip('two.wav'));
    expect(await screen.findByLabelText('two.wav')).toHaveAttribute('src', 'blob:x/3');
    expect([made.mock.calls.length, document.querySelectorAll('audio').length]).toEqual([3, 1]);
    expect(plays).not.toHaveBeenCalled();
    vi.restoreAllMocks();
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
