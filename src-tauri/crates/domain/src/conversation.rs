//! The shape of a conversation: a tree of messages, with lanes as named pointers to its leaves.

use crate::{LaneId, MessageId, ModelRef, Params, RunId};
use serde::{Deserialize, Serialize};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The user, or a tool answering for them.
    User,
    /// The model.
    Assistant,
}

/// What a lane asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LaneTarget {
    /// Which model, at which provider if it matters.
    pub model: ModelRef,
    /// The lane's own system prompt.
    #[serde(default)]
    pub system: Option<String>,
    /// The lane's own settings.
    #[serde(default)]
    pub params: Params,
    /// Id of the policy it is routed under, beside the conversation's and the usual one; of what they
    /// forbid the stricter counts. `None` = no view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// One column: a target and a pointer into the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Lane {
    /// Id.
    pub id: LaneId,
    /// Place from the left, from 0.
    pub position: u32,
    /// What it asks.
    pub target: LaneTarget,
    /// The last message of its branch; the next prompt continues there.
    pub head: Option<MessageId>,
}

/// What the lanes of a turn are shown of the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContextPolicy {
    /// Each lane continues its own branch.
    #[default]
    Own,
    /// Every lane continues from this answer.
    From {
        /// The answer to continue from.
        message: MessageId,
    },
    /// Every lane continues from the best answer of the turn before; each its own where none was picked.
    Winner,
    /// Every lane is shown the answers of all lanes.
    All,
    /// Lane by lane.
    Custom {
        /// A lane that is not named continues its own branch.
        lanes: Vec<LaneContext>,
    },
}

/// What one lane is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LaneContext {
    /// Which.
    pub lane: LaneId,
    /// The lanes whose answers it is shown, its own among them or not; none = the prompt alone.
    pub sees: Vec<LaneId>,
}

/// What an answer was shown, stored with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Saw {
    /// The prompt alone.
    PromptOnly,
    /// This lane's own earlier turns.
    Own {
        /// How many earlier turns.
        turns: u32,
    },
    /// Another lane's branch.
    Other {
        /// The model whose answer it continued from.
        model: String,
        /// How many earlier turns.
        turns: u32,
    },
    /// This lane's own earlier turns: the best answer was to be continued from, and none was picked.
    NoPick {
        /// How many earlier turns.
        turns: u32,
    },
    /// The answers of every lane.
    All {
        /// How many earlier turns.
        turns: u32,
        /// How many answers.
        answers: u32,
    },
    /// The answers of the lanes that were chosen for it.
    Chosen {
        /// The models of these lanes, from the left.
        models: Vec<String>,
        /// How many earlier turns.
        turns: u32,
    },
}

/// What a vote on a turn says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VoteOutcome {
    /// One answer is the best.
    Best,
    /// None is better than the others.
    Tie,
    /// None is any good.
    AllBad,
    /// They stand in an order.
    Rank,
}

/// An answer as it stood when a vote was cast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct VotedAnswer {
    /// Its run.
    pub run: RunId,
    /// Its message.
    pub message: MessageId,
    /// Its lane.
    pub lane: LaneId,
    /// The model that was asked for.
    pub model: String,
}

/// Longest name of a tag or a folder, in characters.
pub const SHORT_NAME: usize = 60;

/// The name of a tag or a folder as it is kept: on one line, without quotation marks, which a search is written
/// with, and without what nobody sees. `None` = nothing of it is left, or it is longer than [`SHORT_NAME`].
pub fn short_name(text: &str) -> Option<String> {
    let seen = |c: &char| !matches!(c, '"' | '“' | '”') && (!c.is_control() || c.is_whitespace());
    let text: String = text.chars().filter(seen).collect();
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty() && name.chars().count() <= SHORT_NAME).then_some(name)
}

/// State of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Recorded, nothing sent.
    Pending,
    /// Sent; nothing of the answer yet.
    Connecting,
    /// The answer is arriving.
    Streaming,
    /// The provider said it was done.
    Done,
    /// It failed; what came is kept.
    Failed,
    /// The user stopped it; what came is kept.
    Cancelled,
    /// The program ended first; what came is kept.
    Interrupted,
}

impl RunState {
    /// Nothing more will come.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Interrupted)
    }

    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}
