// One typed call per command. The names and shapes are the contract; the types come from the core.
import type { AddProvider } from './generated/AddProvider';
import type { AppState } from './generated/AppState';
import type { Cancel } from './generated/Cancel';
import type { ConversationSummary } from './generated/ConversationSummary';
import type { ConversationView } from './generated/ConversationView';
import type { Failure } from './generated/Failure';
import type { KeyTest } from './generated/KeyTest';
import type { LaneTarget } from './generated/LaneTarget';
import type { LaneView } from './generated/LaneView';
import type { LocalServer } from './generated/LocalServer';
import type { ModelList } from './generated/ModelList';
import type { ModelQuery } from './generated/ModelQuery';
import type { ModelRow } from './generated/ModelRow';
import type { ProviderRow } from './generated/ProviderRow';
import type { SendTurn } from './generated/SendTurn';
import type { SetKey } from './generated/SetKey';
import type { SpendSummary } from './generated/SpendSummary';
import type { StorageState } from './generated/StorageState';
import type { TurnFrame } from './generated/TurnFrame';
import type { TurnStarted } from './generated/TurnStarted';
import type { TurnView } from './generated/TurnView';
import type { ViewValue } from './generated/ViewValue';
import type { Host } from './host';

/** A lane of a changed line-up: an existing one by id, or a new one. */
export interface LineUpEntry {
  lane: string | null;
  target: LaneTarget;
}

/** Command name to `[payload, result]`. */
export interface Commands {
  'app/state': [null, AppState];
  'storage/probe': [null, StorageState];
  'view/get': [{ key: string }, ViewValue];
  'view/set': [ViewValue, null];
  'settings/theme': [{ theme: string }, null];
  'settings/onboarded': [{ onboarded: boolean }, null];
  'conversation/list': [null, ConversationSummary[]];
  'conversation/open': [{ id: string }, ConversationView];
  'conversation/rename': [{ id: string; title: string }, ConversationSummary];
  'conversation/archive': [{ id: string; archived: boolean }, null];
  'conversation/line_up': [{ id: string; line_up: LineUpEntry[] }, LaneView[]];
  'models/search': [ModelQuery, ModelList];
  'models/resolve': [LaneTarget[], ModelRow[]];
  'turn/snapshot': [{ turn: string }, TurnView];
  'turn/cancel': [Cancel, null];
  'run/text': [{ run: string }, { text: string }];
  'spend/summary': [null, SpendSummary];
  'provider/list': [null, ProviderRow[]];
  'provider/add': [AddProvider, ProviderRow];
  'provider/remove': [{ id: string }, null];
  'provider/test': [{ id: string }, KeyTest];
  'key/set': [SetKey, ProviderRow];
  'key/delete': [{ id: string }, ProviderRow];
  'local/discover': [null, LocalServer[]];
  'local/enable': [{ provider: string; enabled: boolean }, LocalServer[]];
  'link/open': [{ url: string }, null];
}

/** Commands that also send frames: `[payload, result]`. */
export interface Streams {
  'turn/start': [SendTurn, TurnStarted];
  'turn/subscribe': [{ turn: string; after: number }, TurnView];
  'run/retry': [{ run: string }, TurnView];
}

export class Client {
  constructor(private readonly host: Host) {}

  async call<K extends keyof Commands>(cmd: K, payload: Commands[K][0]): Promise<Commands[K][1]> {
    try {
      return (await this.host.rpc(cmd, payload)) as Commands[K][1];
    } catch (reason) {
      throw asFailure(reason);
    }
  }

  async stream<K extends keyof Streams>(
    cmd: K,
    payload: Streams[K][0],
    onFrame: (frame: TurnFrame) => void,
  ): Promise<Streams[K][1]> {
    try {
      return (await this.host.stream(cmd, payload, onFrame)) as Streams[K][1];
    } catch (reason) {
      throw asFailure(reason);
    }
  }
}

/** Whatever was thrown, as a failure. A host that dies does not throw one of ours. */
export function asFailure(reason: unknown): Failure {
  if (typeof reason === 'object' && reason !== null && 'kind' in reason && 'message' in reason) {
    return reason as Failure;
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return { kind: 'bug', message, upstream: null };
}
