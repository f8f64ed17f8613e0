// Branches on the scripted host: other wordings, other answers, picks, forks.
import type { ConversationSummary } from '../generated/ConversationSummary';
import type { ConversationView } from '../generated/ConversationView';
import type { LaneView } from '../generated/LaneView';
import type { MapTurn } from '../generated/MapTurn';
import type { RunView } from '../generated/RunView';
import type { Span } from '../generated/Span';
import type { TurnView } from '../generated/TurnView';
import type { FakeHost, Send } from '../host.fake';
import { failure, lane, model, run } from './samples';

export interface FakeConversation {
  id: string;
  title: string;
  lanes: LaneView[];
  turns: TurnView[];
  policy: string | null;
  /** Turns that are not on the screen, each with what stood behind it. */
  away?: Map<string, TurnView[]>;
}

/** Turns that are given at once. */
const STRETCH = 12;
const FEW = 3;

/** As in the core: which answer is shown changes only once none of the lane is being written. */
const WRITING = ['pending', 'connecting', 'streaming'];

/** A conversation with some of its turns, as the core gives them. */
export function stretch(conversation: FakeConversation, span?: Span): ConversationView {
  const { id, title, lanes, policy, turns } = conversation;
  const place = span && 'turn' in span ? turns.findIndex((turn) => turn.id === span.turn) : -1;
  const ends = { before: place, after: place + 1 + STRETCH, around: place + STRETCH / 2 };
  const end = place >= 0 && span && 'turn' in span ? ends[span.type] : turns.length;
  const many = span?.type === 'few' ? FEW : STRETCH;
  const first = Math.max(0, span?.type === 'after' && place >= 0 ? place + 1 : end - many);
  const shown = turns.slice(first, end);
  return {
    id,
    title,
    lanes,
    policy,
    turns: shown,
    earlier: first,
    later: turns.length - first - shown.length,
  };
}

/** What is read of an answer, block by block. */
function words(answer: RunView): string[] {
  const blocks = answer.sections.flatMap((section) => section.blocks);
  return blocks.map(({ html }) => new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '');
}

/** Shows these turns; what stood after them is kept. */
export function put(conversation: FakeConversation, turns: TurnView[]): void {
  const away = (conversation.away ??= new Map<string, TurnView[]>());
  const gone = conversation.turns.slice(turns.length);
  gone.forEach((turn, place) => away.set(turn.id, gone.slice(place)));
  conversation.turns = turns;
}

export function branchHost(
  host: FakeHost,
  conversations: Map<string, FakeConversation>,
  follow: (turn: TurnView, conversation: FakeConversation, frames: Send) => void,
  summary: (id: string) => ConversationSummary,
): void {
  let made = 0;
  const need = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('Not found.');
    return value;
  };
  const at = (id: string) => need(conversations.get(id));
  const holder = (turn: string) =>
    need([...conversations.values()].find((known) => known.turns.some((one) => one.id === turn)));

  host
    .on('turn/pick', ({ turn, choice }) => {
      const found = need(holder(turn).turns.find((known) => known.id === turn));
      found.pick = choice.type === 'nothing' ? null : choice;
      return { pick: found.pick };
    })
    .on('turn/note', ({ turn, text }) => {
      const found = need(holder(turn).turns.find((known) => known.id === turn));
      if (text === '') delete found.note;
      else found.note = text;
      return null;
    })
    .on('conversation/continue', ({ id, message }) => {
      const conversation = at(id);
      conversation.lanes = conversation.lanes.map((known) => ({
        ...known,
        head: message ?? `head-${known.id}`,
      }));
      return conversation.lanes;
    })
    .on('conversation/go', ({ id, turn }) => {
      const conversation = at(id);
      const behind = conversation.away?.get(turn);
      if (behind) {
        const siblings = behind[0]?.siblings ?? [];
        const place = conversation.turns.findIndex((known) => siblings.includes(known.id));
        put(conversation, conversation.turns.slice(0, Math.max(0, place)));
        conversation.turns = [...conversation.turns, ...behind];
        conversation.turns.forEach((known) => {
          if (siblings.includes(known.id)) known.siblings = siblings;
        });
      }
      return stretch(conversation, { type: 'around', turn });
    })
    .on('conversation/find', ({ id, text }) => {
      const wanted = (text ?? '').toLowerCase();
      if (wanted.trim() === '') return [];
      return at(id).turns.flatMap((turn, place) => {
        const count = [turn.prompt, ...turn.runs.flatMap(words)]
          .map((said) => said.toLowerCase().split(wanted).length - 1)
          .reduce((sum, many) => sum + many, 0);
        return count > 0 ? [{ turn: turn.id, place, count }] : [];
      });
    })
    .on('conversation/map', ({ id }) => {
      const conversation = at(id);
      const entry = (turn: TurnView, parent: TurnView | undefined, on: boolean): MapTurn => {
        const { pick } = turn;
        const best = pick?.type === 'best' ? turn.runs.find((one) => one.id === pick.run) : undefined;
        return {
          turn: turn.id,
          parent: parent?.id ?? null,
          prompt: turn.prompt.slice(0, 80),
          created_at: turn.created_at,
          answers: turn.runs.length,
          best: best?.model_name ?? null,
          on_screen: on,
        };
      };
      const shown = conversation.turns.map((turn, place) => entry(turn, conversation.turns[place - 1], true));
      const others = [...(conversation.away ?? [])].flatMap(([, [turn]]) => {
        if (!turn || conversation.turns.some((known) => known.id === turn.id)) return [];
        const place = conversation.turns.findIndex((known) => turn.siblings.includes(known.id));
        return place < 0 ? [] : [entry(turn, conversation.turns[place - 1], false)];
      });
      return [...shown, ...others];
    })
    .on('conversation/duplicate', ({ id: from }) => {
      const whole = at(from);
      const id = `copy-${made++}`;
      conversations.set(id, { ...structuredClone(whole), id, title: `Copy of ${whole.title}` });
      return summary(id);
    })
    .on('conversation/fork', ({ turn, run: answer }) => {
      const from = holder(turn);
      const place = from.turns.findIndex((known) => known.id === turn);
      const id = `fork-${made++}`;
      conversations.set(id, {
        ...from,
        id,
        title: `Fork of ${from.title}`,
        turns: structuredClone(from.turns.slice(0, answer === null ? place : place + 1)),
      });
      return {
        conversation: summary(id),
        prompt: answer === null ? (from.turns[place]?.prompt ?? '') : null,
      };
    })
    .on('run/show', ({ run: id }) => {
      const all = [...conversations.values()].flatMap((known) => known.turns);
      const turn = need(
        all.find((known) => known.runs.some((one) => [...one.earlier, ...one.later].includes(id))),
      );
      turn.runs = turn.runs.map((one) => {
        const every = [...one.earlier, one.id, ...one.later];
        const place = every.indexOf(id);
        if (place >= 0 && WRITING.includes(one.state)) {
          throw failure('request.invalid', 'This lane is still writing. Wait for its answer or stop it.');
        }
        return place < 0
          ? one
          : { ...one, id, earlier: every.slice(0, place), later: every.slice(place + 1) };
      });
      return turn;
    })
    .on('turn/add_lane', ({ turn, target }, frames) => {
      const conversation = holder(turn);
      const found = need(conversation.turns.find((known) => known.id === turn));
      const slug = target.model.model;
      const column = lane(`added-${made++}`, model(slug, slug.split('/').at(-1) ?? slug));
      conversation.lanes = [...conversation.lanes, column];
      found.runs = [...found.runs, run(`added-run-${made++}`, column, found.runs.length)];
      found.live = true;
      follow(found, conversation, frames);
      return found;
    })
    .on('turn/merge', ({ turn, model: reference, how }, frames) => {
      const conversation = holder(turn);
      const found = need(conversation.turns.find((known) => known.id === turn));
      const slug = reference.model;
      const column = lane(
        `merged-${made++}`,
        conversation.lanes.find((one) => one.target.model.model === slug)?.model ??
          model(slug, slug.split('/').at(-1) ?? slug),
      );
      const sources = found.runs.filter((one) => !one.made_of).map((one) => one.id);
      const part = { made_of: { how, sources } };
      found.runs = [...found.runs, run(`merged-run-${made++}`, column, found.runs.length, part)];
      found.live = true;
      follow(found, conversation, frames);
      return found;
    });
}
