//! Shapes of what is kept to use again.

use domain::LaneTarget;
use serde::{Deserialize, Serialize};

/// A text to use again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SavedPrompt {
    /// Id.
    pub id: String,
    /// It is for the system prompt, not for the message.
    pub system: bool,
    /// What the user calls it.
    pub name: String,
    /// The word that brings it up behind a slash; `None` for system prompts.
    pub slash: Option<String>,
    /// The text; `{{name}}` is a gap to fill.
    pub text: String,
    /// Names of its gaps, in order, each once.
    pub gaps: Vec<String>,
}

/// A line-up by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Team {
    /// Id.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// Its lanes from the left, with system prompt, parameters and policy.
    pub line_up: Vec<LaneTarget>,
}

/// All of it, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PromptList {
    /// Texts.
    pub prompts: Vec<SavedPrompt>,
    /// Line-ups.
    pub teams: Vec<Team>,
}

/// A text to write down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutPrompt {
    /// The one to write over; `None` = a new one.
    pub id: Option<String>,
    /// It is for the system prompt.
    pub system: bool,
    /// 1 to 80 characters.
    pub name: String,
    /// Letters, digits, `-` and `_`, at most 32; without one it comes from the name.
    pub slash: Option<String>,
    /// The text, at most 64 kB.
    pub text: String,
}

/// A line-up to write down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutTeam {
    /// The one to write over; `None` = a new one.
    pub id: Option<String>,
    /// 1 to 80 characters.
    pub name: String,
    /// At least one lane.
    pub line_up: Vec<LaneTarget>,
}

/// Names a text or a line-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SavedRef {
    /// Id.
    pub id: String,
}
