import type { ConversationView } from '../ipc/generated/ConversationView';
import type { TurnView } from '../ipc/generated/TurnView';
import type { Client } from '../ipc/client';
import type { LiveTurn } from './turns.svelte';

/** Where to stand in a conversation. */
export interface Place {
  turn: string;
  /** An answer; `null` = the prompt. */
  run: string | null;
}

/** A conversation that can be stood in. */
interface Open {
  readonly id: string;
  readonly turns: readonly LiveTurn[];
  place: Place | null;
  reach(turn: string): Promise<boolean | null>;
  adopt(view: ConversationView): Promise<void>;
}

/** The answers of a lane that another one has taken the place of. */
const others = (run: TurnView['runs'][number]): string[] => [...run.earlier, ...run.later];

/** Goes to a place of a conversation, on another branch if need be. */
export async function stand(client: Client, open: Open, place: Place): Promise<void> {
  const there = await open.reach(place.turn);
  // Somebody has gone elsewhere meanwhile.
  if (there === null) return;
  if (!there) await open.adopt(await client.call('conversation/go', { id: open.id, turn: place.turn }));
  const turn = open.turns.find((known) => known.id === place.turn);
  const hidden = turn?.view.runs.some((run) => place.run !== null && others(run).includes(place.run));
  if (turn && hidden && place.run !== null) {
    turn.take(await client.call('run/show', { run: place.run }));
  }
  open.place = place;
}
