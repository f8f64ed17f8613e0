//! The shapes that cross to a window, beside the frames of the engine.

mod attachments;
mod compare;
mod experiments;
mod filing;
mod history;
mod prompts;
mod providers;
mod routing;

pub use attachments::*;
pub use compare::*;
pub use experiments::*;
pub use filing::*;
pub use history::*;
pub use prompts::*;
pub use providers::*;
pub use routing::*;

use domain::{ConversationId, LaneId, LaneTarget, MessageId, PicoUsd, RunId, Timestamp, TurnId};
use engine::{Span, frame::TurnView};
use serde::{Deserialize, Serialize};

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
    /// It is pinned to the top.
    pub pinned: bool,
    /// Its folder.
    pub folder: Option<String>,
    /// Its tags, by name.
    pub tags: Vec<String>,
}

/// An open conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationView {
    /// Id.
    pub id: ConversationId,
    /// Title.
    pub title: String,
    /// Id of the policy it is under beside the usual one; `None` = no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Line-up, left to right.
    pub lanes: Vec<LaneView>,
    /// Those asked for of the branch on the screen, oldest first and without a gap.
    pub turns: Vec<TurnView>,
    /// Turns of the branch before them.
    pub earlier: u32,
    /// Turns of the branch after them.
    pub later: u32,
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
    /// The catalogue knows it; otherwise it stands only in its provider's own list, at an unknown price.
    pub catalogued: bool,
    /// Stands in the own list of the provider that would be used first; `None` = that list was not read.
    pub listed: Option<bool>,
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
    /// Files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<domain::Attachment>>"))]
    pub attachments: Vec<domain::Attachment>,
    /// What the lanes are shown.
    pub context: domain::ContextPolicy,
    /// Id of the policy a new conversation is under, beside the usual one; ignored for an existing one.
    #[serde(default)]
    pub policy: Option<String>,
    /// These lanes alone; empty = all of them.
    #[serde(default)]
    pub lanes: Vec<LaneId>,
    /// Another wording of this turn's prompt, beside it; it is shown what that one was.
    #[serde(default)]
    pub beside: Option<TurnId>,
    /// With the names hidden until the vote; `None` = with names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub blind: Option<BlindPace>,
}

/// When the answers of a turn asked blind are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BlindPace {
    /// All at once, when the last has ended: speed tells nothing.
    Together,
    /// Each when it has ended.
    Each,
}

/// Says which answer of a turn is the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PickTurn {
    /// Turn.
    pub turn: TurnId,
    /// What is said.
    pub choice: engine::PickChoice,
}

/// What stands after a pick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Picked {
    /// `None` = nothing.
    pub pick: Option<engine::frame::Pick>,
}

/// A turn to go to, whatever branch it is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GoTo {
    /// Conversation.
    pub id: ConversationId,
    /// Turn.
    pub turn: TurnId,
}

/// An answer that every lane is to continue from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContinueFrom {
    /// Conversation.
    pub id: ConversationId,
    /// The answer's message; `None` = each lane from its own.
    pub message: Option<MessageId>,
}

/// A model to ask the prompt of a turn that others have answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AddLane {
    /// Turn.
    pub turn: TurnId,
    /// What the new lane asks.
    pub target: LaneTarget,
}

/// Where to fork a conversation: behind an answer, or before a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Fork {
    /// The turn of the prompt.
    pub turn: TurnId,
    /// An answer of it; `None` = before its prompt.
    pub run: Option<RunId>,
}

/// A conversation that was forked off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ForkView {
    /// The new one.
    pub conversation: ConversationSummary,
    /// The prompt that stood there; `None` behind an answer.
    pub prompt: Option<String>,
}

/// What a prompt would cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EstimateView {
    /// Lanes and sums.
    pub estimate: engine::PromptEstimate,
    /// The tightest budget's scope, for reading.
    pub budget_name: Option<String>,
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
    /// Attempts at blind answers that are left out until the vote, since what they cost would tell whose they are;
    /// `None` = none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hidden: Option<u32>,
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

/// A conversation to be opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OpenConversation {
    /// Id.
    pub id: ConversationId,
    /// Which of its turns; `None` = the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
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

/// Something to tell a person who looks elsewhere. Each part is cut at 200 characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TellUser {
    /// What it is about.
    pub title: String,
    /// What happened.
    pub body: String,
}

/// An address to open in the browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Link {
    /// `https`, `http` or `mailto`.
    pub url: String,
}
