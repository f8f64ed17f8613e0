// Generated from the list of commands. Do not edit.
import type { AddProvider } from "./AddProvider";
import type { AppState } from "./AppState";
import type { Archive } from "./Archive";
import type { Cancel } from "./Cancel";
import type { ConversationRef } from "./ConversationRef";
import type { ConversationSummary } from "./ConversationSummary";
import type { ConversationView } from "./ConversationView";
import type { DatabaseCheck } from "./DatabaseCheck";
import type { EnableLocal } from "./EnableLocal";
import type { KeyOrder } from "./KeyOrder";
import type { KeyRef } from "./KeyRef";
import type { KeyTest } from "./KeyTest";
import type { LaneTarget } from "./LaneTarget";
import type { LaneView } from "./LaneView";
import type { LineUp } from "./LineUp";
import type { Link } from "./Link";
import type { LocalServer } from "./LocalServer";
import type { ModelList } from "./ModelList";
import type { ModelQuery } from "./ModelQuery";
import type { ModelRow } from "./ModelRow";
import type { Onboarded } from "./Onboarded";
import type { ProviderRef } from "./ProviderRef";
import type { ProviderRow } from "./ProviderRow";
import type { Rename } from "./Rename";
import type { RunRef } from "./RunRef";
import type { RunText } from "./RunText";
import type { SendTurn } from "./SendTurn";
import type { SetFields } from "./SetFields";
import type { SetKey } from "./SetKey";
import type { SpendSummary } from "./SpendSummary";
import type { StorageState } from "./StorageState";
import type { Theme } from "./Theme";
import type { TurnRef } from "./TurnRef";
import type { TurnStarted } from "./TurnStarted";
import type { TurnView } from "./TurnView";
import type { ViewKey } from "./ViewKey";
import type { ViewValue } from "./ViewValue";

export interface Commands {
  "app/state": { payload: null; result: AppState };
  "database/check": { payload: null; result: DatabaseCheck };
  "storage/probe": { payload: null; result: StorageState };
  "view/get": { payload: ViewKey; result: ViewValue };
  "view/set": { payload: ViewValue; result: null };
  "settings/theme": { payload: Theme; result: null };
  "settings/onboarded": { payload: Onboarded; result: null };
  "conversation/list": { payload: null; result: Array<ConversationSummary> };
  "conversation/open": { payload: ConversationRef; result: ConversationView };
  "conversation/rename": { payload: Rename; result: ConversationSummary };
  "conversation/archive": { payload: Archive; result: null };
  "conversation/line_up": { payload: LineUp; result: Array<LaneView> };
  "models/search": { payload: ModelQuery; result: ModelList };
  "models/resolve": { payload: Array<LaneTarget>; result: Array<ModelRow> };
  "turn/snapshot": { payload: TurnRef; result: TurnView };
  "turn/cancel": { payload: Cancel; result: null };
  "run/text": { payload: RunRef; result: RunText };
  "spend/summary": { payload: null; result: SpendSummary };
  "provider/list": { payload: null; result: Array<ProviderRow> };
  "provider/add": { payload: AddProvider; result: ProviderRow };
  "provider/remove": { payload: ProviderRef; result: null };
  "provider/set": { payload: SetFields; result: ProviderRow };
  "provider/test": { payload: KeyRef; result: KeyTest };
  "key/set": { payload: SetKey; result: ProviderRow };
  "key/delete": { payload: KeyRef; result: ProviderRow };
  "key/order": { payload: KeyOrder; result: ProviderRow };
  "local/discover": { payload: null; result: Array<LocalServer> };
  "local/enable": { payload: EnableLocal; result: Array<LocalServer> };
  "link/open": { payload: Link; result: null };
}

export interface Streams {
  "turn/start": { payload: SendTurn; result: TurnStarted };
  "turn/subscribe": { payload: TurnRef; result: TurnView };
  "run/retry": { payload: RunRef; result: TurnView };
}
