//! What a provider's answer consists of, whatever its protocol: the pivot of the whole program.

use crate::{Usage, Words};
use serde::{Deserialize, Serialize};

/// One step of an answer. Blocks are opened, extended and closed; text comes as increments only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamEvent {
    /// The provider accepted the request.
    Started {
        /// The provider's id of the response.
        response_id: Option<String>,
        /// The model as the provider names it.
        model: Option<String>,
    },
    /// A block begins. Numbers rise from 0 in order of appearance.
    BlockOpen {
        /// Number of the block.
        block: u32,
        /// What it holds.
        kind: BlockKind,
    },
    /// More of a block. For tool calls: the next piece of the arguments' JSON text.
    BlockDelta {
        /// Number of the block.
        block: u32,
        /// The increment, never empty.
        text: String,
    },
    /// A block is complete.
    BlockClose {
        /// Number of the block.
        block: u32,
        /// Opaque proof that must be replayed unchanged to the same model (reasoning signatures).
        signature: Option<String>,
    },
    /// A snapshot: replaces what was said before, never adds.
    Usage(Usage),
    /// The provider says why it stopped.
    Finish {
        /// Normalised.
        reason: FinishReason,
        /// The provider's word.
        raw: Option<String>,
    },
    /// Something the user should be able to see but that is not part of the answer.
    Notice {
        /// What sort.
        kind: NoticeKind,
        /// In plain words.
        detail: Words,
    },
    /// An event this version does not know: counted and shown, never silently dropped.
    Unknown {
        /// The event's name or shape.
        name: String,
        /// Its size.
        bytes: u32,
    },
}

/// What a block holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BlockKind {
    /// Visible answer text, Markdown.
    Text,
    /// Reasoning the provider shows.
    Reasoning,
    /// Words of a refusal, kept apart from the answer.
    Refusal,
    /// A call of one of the client's tools; deltas are JSON text.
    ToolCall {
        /// The provider's id, or one made from the block number where it gives none.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// A tool that ran at the provider (web search, code execution); deltas are its input or output.
    ServerTool {
        /// The tool's name.
        name: String,
    },
    /// A source the answer cites.
    Citation {
        /// Address, if it has one.
        url: Option<String>,
        /// Title, if it has one.
        title: Option<String>,
    },
    /// Where an answer broke off and another endpoint goes on with it. It has no text and is closed at once.
    Seam(Seam),
    /// An image made by the model; deltas are base64.
    Image {
        /// IANA media type.
        media_type: String,
    },
}

/// Where one endpoint broke off and another went on. Ours, never a provider's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Seam {
    /// Display name of the provider that broke off.
    pub from: String,
    /// Display name of the provider that went on.
    pub to: String,
    /// HTTP status or label of the failure.
    pub why: String,
    /// Endpoint that wrote what stands before.
    pub endpoint: String,
}

/// Why an answer ended (OpenTelemetry `gen_ai.response.finish_reasons`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// A token limit was reached.
    Length,
    /// The model wants a tool run.
    ToolCalls,
    /// Withheld or refused by a filter.
    ContentFilter,
    /// The provider paused a long turn; it can be continued.
    Pause,
    /// The provider failed and said so in the stream.
    Error,
    /// We stopped it: a budget of the user's own was used up.
    Budget,
    /// A reason this version does not know.
    Other,
}

impl FinishReason {
    /// The word used in JSON, the database and the UI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Pause => "pause",
            Self::Error => "error",
            Self::Budget => "budget",
            Self::Other => "other",
        }
    }
}

/// Sorts of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A parameter the endpoint does not take was left out of the request.
    DroppedParameter,
    /// Part of the request could not be sent (an image to a text model).
    DroppedContent,
    /// One malformed event was skipped; the rest of the stream was readable.
    SkippedEvent,
    /// The provider's counts do not add up.
    UsageMismatch,
    /// Which model was chosen where the choice was left open, or stood in for another, and why.
    Chosen,
    /// A budget limits the answer, or is nearly used up.
    Budget,
    /// A second provider was asked beside one that was late, and which of them answered.
    Hedged,
    /// Anything else the provider wanted known.
    Provider,
}
