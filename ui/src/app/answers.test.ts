// Answers that are not what was hoped for, as a user finds them.
import { screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { ConversationView } from '../ipc/generated/ConversationView';
import type { RunView } from '../ipc/generated/RunView';
import { ids } from '../shared/testids';
import { altered, clean, host, lane, open, stage, user } from './stage.help';

stage();

/** The chat with its newest answers changed, left to right. */
const opened = (...parts: Partial<RunView>[]) =>
  open('chat', () =>
    altered('conversation/open', (view: ConversationView) => {
      for (const [place, part] of parts.entries()) Object.assign(view.turns.at(-1)?.runs[place] ?? {}, part);
      return view;
    }),
  );

describe('an answer without words', () => {
  it('says so and can be asked again', async () => {
    await opened(
      { state: 'done', finish_reason: 'stop', sections: [] },
      { state: 'done', finish_reason: 'content_filter', sections: [] },
      { state: 'done', finish_reason: 'content_filter' },
      { state: 'done', finish_reason: 'length', sections: [] },
    );
    await screen.findByTestId(ids.lane(3, true));
    const note = (place: number) =>
      screen
        .getByTestId(ids.lane(place, true))
        .querySelector('.note')
        ?.textContent.replace(/\s+/g, ' ')
        .trim();
    expect(note(0)).toBe('The answer is empty. Retry');
    expect(note(1)).toBe('The provider’s filter ended this answer. Nothing had come yet. Retry');
    expect(note(2)).toBe('The provider’s filter ended this answer. What came until then is kept. Retry');
    expect(note(3)).toBe('Cut off at the length limit. Nothing had come yet. Retry');
    expect(await clean()).toEqual([]);
    await user.click(lane(0).getByText('Retry'));
    expect(host.sent('run/retry')).toHaveLength(1);
  });
});
