// Which turns of a long conversation stand here. Far from the reader they go, and come again when they are
// scrolled to: ten thousand messages are never on the page together.
import type { ConversationView } from '../ipc/generated/ConversationView';
import type { TurnView } from '../ipc/generated/TurnView';
import type { LiveTurn } from './turns.svelte';

/** Most turns that stand here at once. */
export const MOST_TURNS = 48;

/** Most steps of {@link near} that lead to a turn before it is gone to straight away. */
export const STEPS = 4;
/** Most turns between what is here and what is looked for that are brought too. */
const NEAR = 24;

/** Turns without a gap, oldest first, and how many stand before and after them. */
export interface Stretch {
  turns: LiveTurn[];
  earlier: number;
  later: number;
}

/** With the turns `found` before or after; of those at the other end as many go, unless one is being written. */
export function extended(
  here: Stretch,
  found: LiveTurn[],
  view: ConversationView,
  side: 'before' | 'after',
): Stretch {
  const before = side === 'before';
  const all = before ? [...found, ...here.turns] : [...here.turns, ...found];
  const kept = before ? all.slice(0, MOST_TURNS) : all.slice(-MOST_TURNS);
  const live = all.some((turn) => turn.view.live && !kept.includes(turn));
  const dropped = live ? 0 : all.length - kept.length;
  return {
    turns: live ? all : kept,
    earlier: before ? view.earlier : here.earlier + dropped,
    later: before ? here.later + dropped : view.later,
  };
}

/** With a turn just begun at the end. Another wording takes the place of the old one, and of what is behind it. */
export function begun(here: Stretch, turn: LiveTurn): Stretch {
  const place = here.turns.findIndex((known) => turn.view.siblings.includes(known.id));
  const { earlier } = here;
  if (place >= 0) return { turns: [...here.turns.slice(0, place), turn], earlier, later: 0 };
  if (here.later === 0) return { turns: [...here.turns, turn], earlier, later: 0 };
  // What it stands after is not here.
  return { turns: [turn], earlier: earlier + here.turns.length + here.later, later: 0 };
}

/** The turns as the core has them. A turn stands after the same ones always: those before the first of them stay. */
export function renewed(here: Stretch, turns: LiveTurn[], view: ConversationView): Stretch {
  const place = here.turns.findIndex((known) => known === turns[0]);
  const above = here.turns.slice(0, Math.max(0, place));
  return { turns: [...above, ...turns], earlier: view.earlier - above.length, later: view.later };
}

/** Two views of a turn that has ended look alike. Answers that have ended do not change. */
export function same(a: TurnView, b: TurnView): boolean {
  const facts = (turn: TurnView) =>
    JSON.stringify([
      turn.live,
      turn.siblings,
      turn.pick,
      turn.runs.map((run) => [run.id, run.state, run.metrics.cost, run.earlier, run.later]),
    ]);
  return facts(a) === facts(b);
}

/**
 * Where the turns around one that is looked for stand, if they are so close to those that are here that what lies
 * between can come too; `null` = far away, or on another branch.
 */
export function near(here: Stretch, around: ConversationView, turn: string): 'before' | 'after' | null {
  const whole = (part: Stretch | ConversationView) => part.earlier + part.turns.length + part.later;
  if (whole(here) !== whole(around) || !around.turns.some((known) => known.id === turn)) return null;
  const above = here.earlier - around.earlier - around.turns.length;
  const below = around.earlier - here.earlier - here.turns.length;
  if (around.earlier < here.earlier) return above <= NEAR ? 'before' : null;
  return below <= NEAR ? 'after' : null;
}
