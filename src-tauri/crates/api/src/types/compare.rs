//! Shapes of comparing answers.

use domain::{RunId, TurnId};
use engine::blind::BlindVote;
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
