// What is kept to use again, over the scripted host.
import type { PromptList } from '../generated/PromptList';
import type { Failure } from '../generated/Failure';
import type { FakeHost } from '../host.fake';

const gaps = (text: string) => [
  ...new Set([...text.matchAll(/\{\{([^{}\n]+)\}\}/g)].map((found) => (found[1] ?? '').trim())),
];

export function keptHost(host: FakeHost): void {
  const explain = 'Explain {{topic}} to {{reader}} in five sentences.';
  const kept: PromptList = {
    prompts: [
      { id: 'p1', system: false, name: 'Explain', slash: 'explain', text: explain, gaps: gaps(explain) },
      { id: 'p2', system: false, name: 'Fix my words', slash: 'fix', text: 'Correct this text:', gaps: [] },
      {
        id: 's1',
        system: true,
        name: 'Terse engineer',
        slash: null,
        text: 'Answer in as few words as you can.',
        gaps: [],
      },
    ],
    teams: [],
  };
  let made = 0;
  host
    .on('prompt/list', () => kept)
    .on('prompt/put', ({ id, system, name, slash, text }) => {
      if (kept.prompts.some((known) => known.id !== id && known.system === system && known.name === name)) {
        const failure: Failure = {
          kind: 'request.invalid',
          message: `There is one called “${name}” already. Choose another name.`,
          upstream: null,
        };
        throw failure as unknown as Error;
      }
      const word = system ? null : (slash ?? name.toLowerCase().replace(/\W+/g, '-'));
      kept.prompts = [
        ...kept.prompts.filter((known) => known.id !== id),
        { id: id ?? `made-${made++}`, system, name, slash: word, text, gaps: gaps(text) },
      ];
      return kept;
    })
    .on('prompt/remove', ({ id }) => {
      kept.prompts = kept.prompts.filter((known) => known.id !== id);
      return kept;
    })
    .on('team/put', ({ id, name, line_up }) => {
      kept.teams = [
        ...kept.teams.filter((known) => known.id !== id),
        { id: id ?? `made-${made++}`, name, line_up },
      ];
      return kept;
    })
    .on('team/remove', ({ id }) => {
      kept.teams = kept.teams.filter((known) => known.id !== id);
      return kept;
    });
}
