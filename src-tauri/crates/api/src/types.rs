//! The shapes that cross to a window, beside the frames of the engine.

use domain::{
    ConversationId, DataPolicy, LaneId, LaneTarget, MessageId, Millis, PicoUsd, ProviderId, RunId, Timestamp,
    TurnId,
};
use engine::frame::TurnView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything a window needs for its first paint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AppState {
    /// Version of the program.
    pub version: String,
    /// Folder that holds all data.
    pub data_dir: String,
    /// Where keys go.
    pub storage: StorageState,
    /// The user has finished or skipped onboarding.
    pub onboarded: bool,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Newest first.
    pub conversations: Vec<ConversationSummary>,
    /// Models of the line-up a new chat starts with.
    pub line_up: Vec<LaneTarget>,
}

/// State of the keychain, probed at start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StorageState {
    /// `ok`, `locked`, `absent` or `checking`.
    pub state: String,
    /// What it is, e.g. `Secret Service`.
    pub name: String,
    /// What that means and what to do, in one or two sentences.
    pub message: String,
}

/// A line of the sidebar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationSummary {
    /// Id.
    pub id: ConversationId,
    /// Title.
    pub title: String,
    /// Last turn, or creation.
    pub updated_at: Timestamp,
    /// What its attempts cost; `None` if none has a known cost.
    pub cost: Option<PicoUsd>,
    /// Some attempt's cost is unknown, so the figure is a lower bound.
    pub cost_incomplete: bool,
    /// A turn is running.
    pub live: bool,
}

/// An open conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationView {
    /// Id.
    pub id: ConversationId,
    /// Title.
    pub title: String,
    /// Line-up, left to right.
    pub lanes: Vec<LaneView>,
    /// Oldest first.
    pub turns: Vec<TurnView>,
}

/// A lane as a chip shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LaneView {
    /// Id.
    pub id: LaneId,
    /// What it asks.
    pub target: LaneTarget,
    /// The model.
    pub model: ModelRow,
    /// Last message of its branch.
    pub head: Option<MessageId>,
}

/// A model in a list or chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelRow {
    /// What to put into a lane: slug, or `model@provider`.
    pub reference: domain::ModelRef,
    /// Display name.
    pub name: String,
    /// Author of the slug.
    pub author: String,
    /// Mark slot 1–8, kept for life of the model; `None` = not in any line-up yet.
    pub mark: Option<u8>,
    /// Tokens.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub context_length: Option<u64>,
    /// Dollars per million prompt tokens at the endpoint that would be used first.
    pub price_input: Option<PicoUsd>,
    /// Dollars per million completion tokens.
    pub price_output: Option<PicoUsd>,
    /// Providers that serve it, display names, the one that would be used first.
    pub providers: Vec<String>,
    /// A key (or no need of one) makes it usable now.
    pub usable: bool,
    /// Runs on this machine.
    pub local: bool,
    /// A built-in demo model, not an AI.
    pub demo: bool,
    /// Reasons before it answers.
    pub reasoning: bool,
}

/// A search in the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelQuery {
    /// Words, all of which must occur in slug, name or provider.
    pub text: String,
    /// Only models that can be used now.
    pub usable_only: bool,
    /// At most this many rows.
    pub limit: u32,
}

/// Result of a search: usable first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelList {
    /// Rows.
    pub rows: Vec<ModelRow>,
    /// Matches in all.
    pub total: u32,
}

/// One press of Send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SendTurn {
    /// Where; `None` begins a new conversation.
    pub conversation: Option<ConversationId>,
    /// Line-up of a new conversation; ignored for an existing one.
    pub line_up: Vec<LaneTarget>,
    /// The prompt, Markdown.
    pub prompt: String,
    /// What the lanes are shown.
    pub context: domain::ContextPolicy,
}

/// A turn was recorded and its lanes started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TurnStarted {
    /// Where.
    pub conversation: ConversationSummary,
    /// Its line-up, with ids.
    pub lanes: Vec<LaneView>,
    /// The turn with its empty runs.
    pub turn: TurnView,
}

/// What to stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cancel {
    /// Turn.
    pub turn: TurnId,
    /// One run of it, or all.
    pub run: Option<RunId>,
}

/// The Spend panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendSummary {
    /// Since local midnight.
    pub today: SpendFigure,
    /// Since the first of the month, local time.
    pub month: SpendFigure,
    /// This month by model, dearest first.
    pub by_model: Vec<SpendRow>,
    /// Every row's hash matches its chain.
    pub ledger_intact: bool,
}

/// An amount with what is missing from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendFigure {
    /// Sum of the known costs.
    pub amount: PicoUsd,
    /// Attempts in all.
    pub attempts: u32,
    /// Attempts whose cost is unknown: the amount is a lower bound.
    pub unknown: u32,
}

/// Spend of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendRow {
    /// Display name.
    pub name: String,
    /// Slug.
    pub model: String,
    /// Provider's display name.
    pub provider: String,
    /// Amount.
    pub figure: SpendFigure,
    /// Prompt tokens.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub input: u64,
    /// Completion tokens.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub output: u64,
    /// Built-in demo model.
    pub demo: bool,
    /// Runs on this machine.
    pub local: bool,
}

/// A row of Settings → Providers and keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderRow {
    /// Id.
    pub id: ProviderId,
    /// Display name.
    pub name: String,
    /// Dialect id.
    pub dialect: String,
    /// Address.
    pub base_url: String,
    /// Cannot work without a key.
    pub needs_key: bool,
    /// A key can be given.
    pub takes_key: bool,
    /// Last four characters of the stored key; `None` = no key.
    pub last_four: Option<String>,
    /// The key lives only until the program ends.
    pub session_only: bool,
    /// Result of the newest test.
    pub tested: Option<KeyTest>,
    /// Promises about data.
    pub data_policy: DataPolicy,
    /// Models the catalogue knows at it.
    pub models: u32,
    /// This month.
    pub spend: SpendFigure,
    /// Runs on this machine.
    pub local: bool,
    /// Added by the user.
    pub custom: bool,
    /// No recording of real traffic backs this entry.
    pub unverified: bool,
    /// Page where a key is made.
    pub keys_url: Option<String>,
    /// What of the user's account its address takes, in the order in which it is asked for; empty = one
    /// address for everybody.
    pub fields: Vec<FieldRow>,
}

/// Something of the user's account that stands in a provider's address. Never secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FieldRow {
    /// Name, as commands take it.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// One sentence: what it is and where it is found.
    pub help: String,
    /// What the user gave; `None` = nothing.
    pub value: Option<String>,
    /// Taken where nothing is given.
    pub default: Option<String>,
    /// A value as it may look.
    pub example: Option<String>,
    /// The only values there are; empty = any.
    pub choices: Vec<String>,
    /// The provider cannot be asked until it is given.
    pub missing: bool,
}

/// Sets fields of a provider's address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetFields {
    /// Provider.
    pub id: ProviderId,
    /// Values by name; an empty one forgets. Fields that are not named stay.
    pub values: BTreeMap<String, String>,
}

/// Result of a key test; costs nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct KeyTest {
    /// `valid`, `rejected`, `no_credit`, `no_permission`, `unreachable`, `unknown`.
    pub result: String,
    /// What it means and what to do.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// Models the provider lists.
    pub models: Option<u32>,
    /// How long it took.
    pub took: Millis,
}

/// Stores a key. The only command that carries one; nothing ever returns one.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetKey {
    /// Which provider; `None` = recognise it by the key's beginning.
    pub provider: Option<ProviderId>,
    /// The key.
    pub key: String,
}

/// A provider of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AddProvider {
    /// Id, lower case letters, digits and dashes.
    pub id: String,
    /// Dialect id.
    pub dialect: String,
    /// Address to which the dialect's path is appended.
    pub base_url: String,
}

/// A server found on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LocalServer {
    /// Provider id it is stored under.
    pub provider: ProviderId,
    /// Display name.
    pub name: String,
    /// `host:port`
    pub address: String,
    /// Models it lists, ready to be put into a line-up.
    pub models: Vec<ModelRow>,
    /// Its models are offered.
    pub enabled: bool,
}

/// A value a window keeps for itself (theme, draft, widths): at most 64 KiB of JSON text under a key of
/// at most 120 characters that begins with `view.`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ViewValue {
    /// Key.
    pub key: String,
    /// JSON text; `None` = absent.
    pub value: Option<String>,
}

/// Names a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationRef {
    /// Id.
    pub id: ConversationId,
}

/// A new title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rename {
    /// Conversation.
    pub id: ConversationId,
    /// Title, 1 to 200 characters.
    pub title: String,
}

/// Puts a conversation out of sight, or back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Archive {
    /// Conversation.
    pub id: ConversationId,
    /// Out of sight.
    pub archived: bool,
}

/// The whole line-up of a conversation as it shall be, left to right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LineUp {
    /// Conversation.
    pub id: ConversationId,
    /// Lanes; one without an id is new, one that is missing leaves the line-up and keeps its answers.
    pub line_up: Vec<LineUpLane>,
}

/// One lane of a wanted line-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LineUpLane {
    /// An existing lane keeps its branch.
    pub lane: Option<LaneId>,
    /// What it asks.
    pub target: LaneTarget,
}

/// Names a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TurnRef {
    /// Id.
    pub turn: TurnId,
}

/// Names a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunRef {
    /// Id.
    pub run: RunId,
}

/// Source of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunText {
    /// Markdown.
    pub text: String,
}

/// Names a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderRef {
    /// Id.
    pub id: ProviderId,
}

/// Switches a local server's models on or off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EnableLocal {
    /// Provider.
    pub provider: ProviderId,
    /// Offered.
    pub enabled: bool,
}

/// Names a value of the window's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ViewKey {
    /// Key.
    pub key: String,
}

/// `system`, `light` or `dark`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Theme {
    /// Which.
    pub theme: String,
}

/// Whether onboarding is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Onboarded {
    /// It is.
    pub onboarded: bool,
}

/// An address to open in the browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Link {
    /// `https`, `http` or `mailto`.
    pub url: String,
}
