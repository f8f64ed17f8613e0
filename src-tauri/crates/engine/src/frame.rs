//! What a window is told while a turn runs. A frame leaves only after the text in it is committed.

use domain::{
    Basis, ContextPolicy, EndpointId, Failure, FinishReason, LaneId, LaneTarget, MessageId, Millis,
    NoticeKind, PicoUsd, RunId, RunState, Saw, Timestamp, TurnId,
};
use serde::{Deserialize, Serialize};

/// One packet of a turn's stream. `seq` rises by one; a gap means: ask for a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TurnFrame {
    /// Which turn.
    pub turn: TurnId,
    /// From 1, without holes.
    pub seq: u32,
    /// Changes by run.
    pub runs: Vec<RunPatch>,
    /// Every run of the turn has ended; nothing more follows.
    pub last: bool,
}

/// Changes to one run, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunPatch {
    /// Which run.
    pub run: RunId,
    /// In order.
    pub ops: Vec<Op>,
}

/// One change to a run's view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Op {
    /// The run moved on.
    State {
        /// New state.
        state: RunState,
    },
    /// An attempt begins, or another endpoint takes over.
    Route {
        /// The attempts so far, oldest first.
        route: Vec<RouteStep>,
    },
    /// A section of the answer begins (sections are numbered from 0 in order).
    Section {
        /// Number.
        index: u32,
        /// What it holds.
        kind: SectionKind,
    },
    /// Blocks of a section: the first `keep` stay, the rest is replaced by `blocks`.
    Blocks {
        /// Section number.
        section: u32,
        /// Blocks that stay.
        keep: u32,
        /// What follows them.
        blocks: Vec<HtmlBlock>,
    },
    /// Numbers of the strip.
    Metrics {
        /// All of them.
        metrics: Metrics,
    },
    /// It has to wait before it is sent, or sent again; over with the next state.
    Waiting {
        /// For what.
        waiting: Waiting,
    },
    /// Something worth knowing.
    Notice {
        /// Sort.
        kind: NoticeKind,
        /// Words.
        detail: domain::Words,
    },
    /// The run ended.
    End {
        /// Final state.
        state: RunState,
        /// Why the provider stopped, if it said.
        finish_reason: Option<FinishReason>,
        /// What went wrong, if something did.
        failure: Option<Failure>,
        /// Final numbers.
        metrics: Metrics,
        /// Where an answer that broke off can be gone on with, the best first.
        #[serde(default)]
        continue_on: Vec<ContinueOn>,
    },
}

/// What a run waits for before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Waiting {
    /// Display name of the provider.
    pub provider: String,
    /// Why.
    pub why: WaitFor,
    /// For so long, from when this was said; `None` = until another request has ended.
    pub ms: Option<Millis>,
    /// Others that come first.
    pub ahead: u32,
}

/// Why a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// The user's own limit for the provider.
    Limit,
    /// The provider asked for a pause, or has just failed.
    Retry,
    /// An answer it is shown is still being written.
    Earlier,
}

/// An endpoint that can go on with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ContinueOn {
    /// Which.
    pub endpoint: EndpointId,
    /// Display name of its provider.
    pub provider: String,
}

/// One attempt in the route line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RouteStep {
    /// Provider's display name.
    pub provider: String,
    /// Provider's model id.
    pub upstream_model: String,
    /// How it failed, if it did: HTTP status and our label.
    pub failed: Option<String>,
    /// Runs on this machine.
    pub local: bool,
    /// A built-in demo model, not an AI.
    pub demo: bool,
}

/// What a section holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SectionKind {
    /// The answer, Markdown rendered to safe HTML.
    Answer,
    /// Reasoning, Markdown rendered to safe HTML.
    Reasoning,
    /// A refusal.
    Refusal,
    /// A tool call; its only block is highlighted JSON.
    ToolCall {
        /// Tool.
        name: String,
    },
    /// A tool that ran at the provider.
    ServerTool {
        /// Tool.
        name: String,
    },
    /// One endpoint broke off here and another went on.
    Seam {
        /// Display name of the provider that broke off.
        from: String,
        /// Display name of the provider that went on.
        to: String,
        /// HTTP status or label of the failure.
        why: String,
    },
    /// A source.
    Citation {
        /// Address; only ever opened through the checked opener.
        url: Option<String>,
        /// Title.
        title: Option<String>,
    },
    /// An image made by the model; shown once images are supported, counted until then.
    Image {
        /// IANA media type.
        media_type: String,
    },
}

/// One top-level block of rendered Markdown. `html` is sanitised; it is the only HTML the UI inserts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HtmlBlock {
    /// Hash of the block's source: equal key, equal HTML.
    pub key: String,
    /// Safe HTML.
    pub html: String,
}

/// Numbers of one answer. `None` = not known (yet); shown as an en dash, never as zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Metrics {
    /// Request sent to first content, ms.
    pub ttft: Option<Millis>,
    /// Request sent to end (or to now), ms.
    pub duration: Option<Millis>,
    /// Output tokens a second after the first content, × 10 (one decimal without a float).
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub tokens_per_second_x10: Option<u64>,
    /// Prompt tokens, cached included.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub input: Option<u64>,
    /// Of which cached.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub cache_read: Option<u64>,
    /// Completion tokens, reasoning included.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub output: Option<u64>,
    /// Of which reasoning.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub reasoning: Option<u64>,
    /// How long it was seen to reason, ms. `None` = it was not, or nobody can say.
    pub reasoned: Option<Millis>,
    /// Of all attempts of the run together; `None` if any of them is unknown.
    pub cost: Option<PicoUsd>,
    /// How the cost was arrived at.
    pub basis: Option<Basis>,
    /// Token counts are our estimate.
    pub estimated: bool,
}

/// A whole run, as a window shows it: the fold of all frames so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunView {
    /// Id.
    pub id: RunId,
    /// Lane it belongs to.
    pub lane: LaneId,
    /// Place from the left at the time of sending.
    pub position: u32,
    /// What was asked for.
    pub target: LaneTarget,
    /// Display name of the model.
    pub model_name: String,
    /// State.
    pub state: RunState,
    /// Its node in the tree.
    pub message: MessageId,
    /// What it was shown; models by the names that are displayed.
    pub saw: Saw,
    /// Attempts so far.
    pub route: Vec<RouteStep>,
    /// Sections in order.
    pub sections: Vec<Section>,
    /// Numbers.
    pub metrics: Metrics,
    /// Why it ended, if the provider said.
    pub finish_reason: Option<FinishReason>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Notices in order.
    pub notices: Vec<Notice>,
    /// Older answers of the same lane in the same turn, oldest first.
    pub earlier: Vec<RunId>,
    /// Newer answers of the same lane in the same turn, oldest first.
    #[serde(default)]
    pub later: Vec<RunId>,
    /// What it waits for before it is sent.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// Where an answer that broke off can be gone on with, the best first.
    #[serde(default)]
    pub continue_on: Vec<ContinueOn>,
    /// It is no answer of its own but was made of these; `None` = it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub made_of: Option<crate::beside::MergeView>,
}

/// A notice as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Notice {
    /// Sort.
    pub kind: NoticeKind,
    /// Words.
    pub detail: domain::Words,
}

/// A section with its blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Rendered blocks.
    pub blocks: Vec<HtmlBlock>,
}

/// A whole turn, as a window shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TurnView {
    /// Id.
    pub id: TurnId,
    /// The prompt as the user wrote it.
    pub prompt: String,
    /// Files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<domain::Attachment>>"))]
    pub attachments: Vec<domain::Attachment>,
    /// When Send was pressed.
    pub created_at: Timestamp,
    /// Sequence number of the last frame folded in; a subscriber continues after it.
    pub seq: u32,
    /// Some run is not final.
    pub live: bool,
    /// The run of each lane that is shown, left to right.
    pub runs: Vec<RunView>,
    /// What its lanes were to be shown.
    #[serde(default)]
    pub context: ContextPolicy,
    /// The turns that stand in the same place of the tree, this one among them, oldest first.
    #[serde(default)]
    pub siblings: Vec<TurnId>,
    /// Which answer was picked as the best.
    #[serde(default)]
    pub pick: Option<Pick>,
    /// It was asked blind, and how that stands; `None` = it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub blind: Option<crate::blind::BlindView>,
    /// What the user has written on it; `None` = nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub note: Option<String>,
}

/// What was picked among the answers of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Pick {
    /// This answer is the best.
    Best {
        /// Its run.
        run: RunId,
    },
    /// None is better than the others.
    Tie,
    /// None is any good.
    AllBad,
}
