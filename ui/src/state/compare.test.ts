import { beforeEach, describe, expect, it } from 'vitest';
import { failure, lane, model, run } from '../ipc/fake/samples';
import { Client } from '../ipc/client';
import type { RunView } from '../ipc/generated/RunView';
import { FakeHost } from '../ipc/host.fake';
import { Compare } from './compare.svelte';
import { Nav } from './nav.svelte';

let host: FakeHost;
let compare: Compare;
const works = (host: FakeHost) =>
  host
    .on('compare/two', () => ({ rows: [], left_words: 0, both_words: 0, right_words: 0 }))
    .on('compare/all', () => ({ answers: [], statements: [] }));
const runs = (...names: string[]): RunView[] =>
  names.map((name, place) => run(`r${place}`, lane(`l${place}`, model('a/b', name)), place));

beforeEach(() => {
  host = works(new FakeHost());
  compare = new Compare(new Client(host), new Nav());
});

describe('answers laid beside each other', () => {
  it('are read anew when their names have been shown', async () => {
    await compare.open('c', 't', runs('Answer A', 'Answer B'), null);
    await compare.open('c', 't', runs('Answer A', 'Answer B'), null);
    expect(host.sent('compare/all')).toHaveLength(1);
    await compare.open('c', 't', runs('GPT-5', 'Claude'), null);
    expect(host.sent('compare/all')).toHaveLength(2);
  });

  it('keep no error of two others', async () => {
    host.fails('compare/two', failure('request.invalid', 'These answers are longer than 2 MB together.'));
    host.fails('compare/all', failure('request.invalid', 'No agreement.'));
    await compare.open('c', 't', runs('One', 'Two', 'Three'), null);
    expect([compare.failed, compare.disagreed]).toEqual([
      'These answers are longer than 2 MB together.',
      'No agreement.',
    ]);
    works(host);
    await compare.choose('right', 'r2');
    expect([compare.failed, compare.disagreed]).toEqual([null, 'No agreement.']);
  });
});
