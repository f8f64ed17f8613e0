import { beforeEach, describe, expect, it } from 'vitest';
import { summary, turn } from '../ipc/fake/samples';
import type { BlindVote } from '../ipc/generated/BlindVote';
import type { Pick } from '../ipc/generated/Pick';
import { Client } from '../ipc/client';
import { FakeHost } from '../ipc/host.fake';
import { Branches } from './branches';
import type { Conversations } from './conversations.svelte';
import { Toasts } from './toasts.svelte';
import { LiveTurn } from './turns.svelte';

let host: FakeHost;
let toasts: Toasts;
let branches: Branches;
const draft = { text: '', files: [] as string[] };
const opened = {
  id: 'fork',
  draft: {
    set: (text: string) => (draft.text = text),
    attach: (file: { sha256: string }) => draft.files.push(file.sha256),
  },
};

beforeEach(() => {
  host = new FakeHost().on('turn/pick', ({ choice }) => ({
    pick: choice.type === 'nothing' ? null : choice,
  }));
  toasts = new Toasts();
  const conversations = {
    open: opened,
    reload: () => Promise.resolve(),
    show: () => Promise.resolve(),
  } as unknown as Conversations;
  branches = new Branches(new Client(host), conversations, toasts);
});

function asked(pick: Pick | null, vote: BlindVote | null): LiveTurn {
  const blind = vote && { revealed: true, together: true, ready: 2, lost: 0, vote };
  return new LiveTurn(new Client(host), turn('t', [], { pick, ...(blind ? { blind } : {}) }), () => {});
}
const best = (run: string): Pick => ({ type: 'best', run });
const choices = () => host.sent('turn/pick').map((sent) => sent.choice);

describe('a pick', () => {
  it('is taken back by the same again, and undone to what it was', async () => {
    await branches.pick(asked(best('a'), null), best('a'));
    expect(choices()).toEqual([{ type: 'nothing' }]);
    await branches.pick(asked(best('a'), null), best('b'));
    toasts.undoLast();
    expect(choices().slice(1)).toEqual([best('b'), best('a')]);
  });

  it('with the names seen neither takes a blind vote back nor casts it again', async () => {
    for (const vote of [best('a'), { type: 'rank', runs: ['a', 'b'] }] as BlindVote[]) {
      host.calls.length = 0;
      await branches.pick(asked(best('a'), vote), best('a'));
      expect(choices()).toEqual([best('a')]);
      expect(toasts.list.at(-1)?.text).toBe('Best answer picked');
      toasts.undoLast();
      expect(choices()).toEqual([best('a'), { type: 'nothing' }]);
    }
  });
});

describe('a fork before a prompt', () => {
  it('brings its words and its files', async () => {
    host.on('conversation/fork', () => ({ conversation: summary('fork'), prompt: 'Look at this' }));
    const file = { sha256: 'f1', name: 'a.pdf', media_type: 'application/pdf', bytes: 9 };
    const from = new LiveTurn(new Client(host), turn('t', [], { attachments: [file] }), () => {});
    await branches.fork(from, null);
    expect(draft).toEqual({ text: 'Look at this', files: ['f1'] });
  });
});
