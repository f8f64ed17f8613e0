// Looking something up in the conversation on the screen.
import { screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ids } from '../shared/testids';
import { clean, host, lane, open, stage, user } from './stage.help';

stage();

const field = () => screen.getByTestId(ids.chatFind);
const says = (words: string) =>
  waitFor(() => expect(screen.getByTestId(ids.chatFindCount)).toHaveTextContent(words));

async function find(text: string): Promise<void> {
  await user.keyboard('{Control>}[KeyF]{/Control}');
  await waitFor(() => expect(field()).toHaveFocus());
  if (text !== '') await user.keyboard(text);
}

/** Refuses a command until what is given back is called. */
function refuse(wanted: string): () => void {
  const rpc = host.rpc.bind(host);
  const busy = { kind: 'limit.overloaded', message: 'Too busy.', upstream: null };
  host.rpc = (cmd, payload) =>
    cmd === wanted ? Promise.reject(busy as unknown as Error) : rpc(cmd, payload);
  return () => (host.rpc = rpc);
}

/** Holds back the turns around one that are asked for; each answer is let go by a call. */
function hold(): (() => void)[] {
  const rpc = host.rpc.bind(host);
  const held: (() => void)[] = [];
  host.rpc = async (cmd, payload) => {
    const answer = await rpc(cmd, payload);
    const around = cmd === 'conversation/open' && JSON.stringify(payload).includes('"around"');
    if (around) await new Promise<void>((go) => held.push(go));
    return answer;
  };
  return held;
}

/** What is marked, by the name of the mark. */
function marked(): Map<string, Set<StaticRange>> {
  const marks = new Map<string, Set<StaticRange>>();
  vi.stubGlobal('Highlight', class extends Set<StaticRange> {});
  vi.stubGlobal('StaticRange', Range);
  vi.stubGlobal('CSS', { highlights: marks });
  return marks;
}

const settled = () => new Promise((done) => setTimeout(done, 50));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('finding in a chat', () => {
  it('opens by key, counts, goes on and back, and gives the focus back', async () => {
    await open('chat');
    const composer = await screen.findByTestId(ids.composer);
    composer.focus();
    await find('sketch');
    const bar = screen.getByRole('search', { name: 'Find in this chat' });
    await says('1 of 4');
    expect(await clean()).toEqual([]);
    await user.keyboard('{Enter}');
    await says('2 of 4');
    await user.keyboard('{F3}{F3}{F3}');
    await says('1 of 4');
    await user.keyboard('{Shift>}{Enter}{/Shift}');
    await says('4 of 4');
    await user.click(within(bar).getByLabelText('Previous match'));
    await says('3 of 4');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('search')).toBeNull());
    expect(composer).toHaveFocus();
    expect(host.sent('conversation/find').at(-1)).toEqual({ id: 'chat', text: null });
  });

  it('opens thoughts that are folded, and the tab an answer stands behind', async () => {
    const services = await open('chat');
    await user.keyboard('{Control>}[Digit3]{/Control}');
    expect(services.conversations.open?.selected).toBe(0);
    await find('linear counting');
    await says('1 of 1');
    await waitFor(() => expect(lane(2).getByTestId(ids.reasoning)).toHaveAttribute('open'));
    expect(services.conversations.open?.selected).toBe(2);
    expect(field()).toHaveFocus();
  });

  it('finds what is in turns that are not here, and brings them', async () => {
    await open('long');
    await screen.findByText('Question 59');
    expect(screen.queryByText('Question 15')).toBeNull();
    await find('grey heron');
    await says('1 of 6');
    await screen.findByText('Question 5');
    expect(field()).toHaveFocus();
    await user.keyboard('{Enter}');
    await says('2 of 6');
    await screen.findByText('Question 15');
    await user.keyboard('{Shift>}{Enter}{Enter}{/Shift}');
    await says('6 of 6');
    await screen.findByText('Question 55');
  });

  it('says so when there is nothing, and asks nothing while it is closed', async () => {
    await open('chat');
    await screen.findByTestId(ids.composer);
    expect(host.sent('conversation/find')).toEqual([]);
    await find('quagga');
    await says('Not found');
    await user.keyboard('{Enter}');
    expect(screen.getByTestId(ids.chatFindCount)).toHaveTextContent('Not found');
    expect(field()).toHaveFocus();
    expect(field()).toHaveAttribute('maxlength', '1000');
    // A key is no question of its own.
    expect(host.sent('conversation/find').length).toBeLessThan(5);
  });

  it('takes what is selected', async () => {
    await open('chat');
    const said = await screen.findByText('Stop counting rows at read time.');
    const range = document.createRange();
    range.selectNodeContents(said);
    document.getSelection()?.addRange(range);
    await find('');
    expect(field()).toHaveValue('Stop counting rows at read time.');
    await says('1 of 1');
  });

  it('finds no name before the vote', async () => {
    await open('blind');
    await screen.findByTestId(ids.blindNote);
    await find('');
    for (const name of ['Claude', 'Sonnet', 'GPT']) {
      // What is shown is found, so what is not found is not there.
      await user.clear(field());
      await user.keyboard('export');
      await says('1 of');
      await user.clear(field());
      await user.keyboard(name);
      await waitFor(() => expect(host.sent('conversation/find').at(-1)?.text).toBe(name));
      await says('Not found');
    }
  });

  it('is counted where it was left, and moves nobody before a key says so', async () => {
    await open('chat');
    await screen.findByTestId(ids.composer);
    await find('sketch');
    await says('1 of 4');
    await user.keyboard('{Escape}');
    await find('');
    await says('4 matches');
    await user.keyboard('{Enter}');
    await says('1 of 4');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('search')).toBeNull());
    await user.keyboard('{Shift>}{F3}{/Shift}');
    await says('4 of 4');
  });

  it('goes on from where it is while turns that were just brought are counted anew', async () => {
    await open('long');
    await screen.findByText('Question 59');
    await find('grey heron');
    await says('1 of 6');
    await screen.findByText('Question 5');
    await user.keyboard('{Shift>}{Enter}{/Shift}');
    await says('6 of 6');
  });

  it('goes on in an answer that has just grown, with every mark where it was', async () => {
    const marks = marked();
    await open('chat');
    const said = await screen.findByText('Stop counting rows at read time.');
    await find('sketch');
    await says('1 of 4');
    // Before the place that was gone to: it is the second now.
    const words = document.createElement('p');
    words.textContent = 'A sketch is small.';
    said.closest('.md')?.prepend(words);
    await user.keyboard('{Enter}');
    expect(screen.getByTestId(ids.chatFindCount)).toHaveTextContent(/of 5$/);
    expect([marks.get('found')?.size, marks.get('found-now')?.size]).toEqual([5, 1]);
  });

  it('marks what is drawn, after something is folded out or another answer comes to the front', async () => {
    const marks = marked();
    vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
      const focus = this.closest<HTMLElement>('.thread')?.dataset['layout'] === 'focus';
      const behind = focus && this.closest('.ans')?.classList.contains('sel') === false;
      return !behind && this.closest('details:not([open])') === null;
    });
    const services = await open('chat');
    await screen.findByTestId(ids.composer);
    await find('counting');
    await says('1 of');
    const many = () => marks.get('found')?.size ?? 0;
    expect(many()).toBe(1);
    const thoughts = lane(2).getByTestId<HTMLDetailsElement>(ids.reasoning);
    await user.click(within(thoughts).getByText(/Thought/));
    expect(thoughts.open).toBe(true);
    thoughts.dispatchEvent(new Event('toggle'));
    expect(many()).toBe(2);
    const chat = services.conversations.open;
    if (!chat) throw new Error('no chat');
    chat.selected = 1;
    chat.setLayout('focus');
    await waitFor(() => expect(many()).toBe(0));
    chat.selected = 2;
    await waitFor(() => expect(many()).toBe(1));
  });

  it('says nothing of the number when it could not be looked up, and asks again', async () => {
    await open('chat');
    await screen.findByTestId(ids.composer);
    await find('');
    await waitFor(() => expect(host.sent('conversation/find')).toHaveLength(1));
    const answer = refuse('conversation/find');
    await user.keyboard('sketch');
    await screen.findByText('Too busy.');
    await settled();
    expect(screen.getByTestId(ids.chatFindCount)).toHaveTextContent(/^$/);
    answer();
    await user.keyboard('{Enter}');
    await says('1 of 4');
  });

  it('stays where it is when other turns cannot be brought', async () => {
    await open('long');
    await screen.findByText('Question 59');
    await find('grey heron');
    await says('1 of 6');
    await screen.findByText('Question 5');
    const answer = refuse('conversation/open');
    await user.keyboard('{Shift>}{Enter}{/Shift}');
    await says('1 of 6');
    expect(await screen.findAllByText('Too busy.')).toHaveLength(1);
    answer();
    await user.keyboard('{Shift>}{Enter}{/Shift}');
    await says('6 of 6');
  });

  it('goes only where it was sent last, and nowhere once it is closed', async () => {
    await open('long');
    await screen.findByText('Question 59');
    await find('grey heron');
    await says('1 of 6');
    await screen.findByText('Question 5');
    const held = hold();
    await user.keyboard('{Shift>}{Enter}{Enter}{Enter}{/Shift}');
    await waitFor(() => expect(held).toHaveLength(3));
    held[2]?.();
    await screen.findByText('Question 35');
    held[0]?.();
    held[1]?.();
    await says('4 of 6');
    // What lies between came along with it, and the next one too: only the last is far away.
    expect(screen.getByText('Question 5')).toBeInTheDocument();
    await user.keyboard('{Enter}{Enter}{Escape}');
    await waitFor(() => expect(held).toHaveLength(4));
    held[3]?.();
    await settled();
    expect(screen.getByText('Question 35')).toBeInTheDocument();
    expect(screen.queryByText('Question 55')).toBeNull();
  });

  it('lets go of the end of what is being written for a place it has gone to', async () => {
    await open('empty');
    await user.type(await screen.findByTestId(ids.composer), 'Why is the sky blue?');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await screen.findByText('Why is the sky blue?', { selector: '.ask *' });
    expect(screen.queryByTestId(ids.jump)).toBeNull();
    // The place can be seen: nothing is scrolled.
    const box = (top: number, height: number) =>
      ({ top, height, bottom: top + height, left: 0, right: 100 }) as DOMRect;
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(box(0, 800));
    vi.spyOn(Range.prototype, 'getBoundingClientRect').mockReturnValue(box(300, 20));
    await find('sky');
    await says('1 of');
    expect(await screen.findByTestId(ids.jump)).toHaveTextContent('New text below');
  });

  it('is in the menu of the chat and in the table of keys', async () => {
    await open('chat');
    await user.click(await screen.findByTestId(ids.more));
    await user.click(await screen.findByText('Find in this chat'));
    await waitFor(() => expect(field()).toHaveFocus());
    await user.keyboard('{Escape}');
    await user.keyboard('{Shift>}?{/Shift}');
    expect(await screen.findByTestId(ids.shortcut('find'))).toHaveTextContent('F');
    expect(screen.getByTestId(ids.shortcut('find.next'))).toHaveTextContent('F3');
  });
});
