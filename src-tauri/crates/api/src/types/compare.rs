//! Shapes of comparing answers.

use domain::{ExperimentId, JudgementId, ModelRef, RunId, TurnId};
use engine::{
    beside::{MergeHow, Rule},
    blind::BlindVote,
};
use serde::{Deserialize, Serialize};

/// Two answers to lay beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CompareTwo {
    /// The left one.
    pub left: RunId,
    /// The right one.
    pub right: RunId,
    /// Marks of Markdown inside a sentence count as nothing.
    pub ignore_formatting: bool,
}

/// Answers to search for what they say alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CompareAll {
    /// Two to sixteen.
    pub runs: Vec<RunId>,
}

/// A vote on a turn asked blind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CastBlind {
    /// Which turn.
    pub turn: TurnId,
    /// What is said of its answers.
    pub vote: BlindVote,
}

/// What a judge is to be asked of the answers of a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JudgeTurn {
    /// Which turn.
    pub turn: TurnId,
    /// The judge.
    pub model: ModelRef,
    /// By what.
    pub rubric: Vec<Rule>,
    /// Ask too what the answers agree on and what not.
    pub findings: bool,
}

/// A judgement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JudgementRef {
    /// Which.
    pub id: JudgementId,
}

/// The answers of a turn to be made one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MergeTurn {
    /// Which turn.
    pub turn: TurnId,
    /// Who makes it.
    pub model: ModelRef,
    /// How.
    pub how: MergeHow,
}

/// A note on a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NoteTurn {
    /// Which.
    pub turn: TurnId,
    /// At most 4,000 characters; empty = none.
    pub text: String,
}

/// A note on an answer of an experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NoteCell {
    /// Of which experiment.
    pub id: ExperimentId,
    /// Its place.
    pub position: u32,
    /// At most 4,000 characters; empty = none.
    pub text: String,
}
