//! What a judge is asked and finds, as a window shows it.

use domain::{Basis, Failure, JudgementId, ModelRef, PicoUsd, RunId, Timestamp, TurnId};
use serde::{Deserialize, Serialize};

/// One line of a rubric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rule {
    /// One or two words.
    pub name: String,
    /// What earns the points.
    pub what: String,
}

/// What is asked of a judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgeWish {
    /// Whom to ask.
    pub model: ModelRef,
    /// By what.
    pub rubric: Vec<Rule>,
    /// Ask too what the answers agree on and what not: one more call.
    pub findings: bool,
}

/// What a judge was asked the last time, or what to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Judge {
    /// Who judged last; `None` = nobody has yet.
    pub model: Option<String>,
    /// By what.
    pub rubric: Vec<Rule>,
}

/// Which answer a judge finds best.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Decision {
    /// This one, in both orders.
    Best {
        /// Its run.
        run: RunId,
    },
    /// These have the most points.
    Tie {
        /// Their runs.
        runs: Vec<RunId>,
    },
    /// Another one in each order: it is not known, and counts as a tie.
    Split {
        /// The first in either order.
        runs: Vec<RunId>,
    },
}

/// Which way a finding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FindingWord {
    /// More than one answer says it.
    Consensus,
    /// Answers say different things of it.
    Contradiction,
    /// One answer alone says it.
    Unique,
    /// No answer says it.
    Missing,
}

/// One thing the judge found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FindingView {
    /// Which way.
    pub kind: FindingWord,
    /// What, in the judge's words.
    pub statement: String,
    /// Where it stands.
    pub quotes: Vec<QuoteView>,
}

/// Words of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct QuoteView {
    /// Which answer.
    pub run: RunId,
    /// The words: those of the answer where they were found in it, else the judge's.
    pub text: String,
    /// First byte in the answer; `None` = the answer does not say them.
    pub from: Option<u32>,
    /// The byte after the last.
    pub until: Option<u32>,
}

/// Points of one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct JudgedAnswer {
    /// Which.
    pub run: RunId,
    /// Criterion by criterion: 1 to 5 in the first order, and in the second.
    pub points: Vec<(u8, u8)>,
    /// Why, in the words of the first order and of the second.
    pub why: (String, String),
}

/// What a judge found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Judged {
    /// The answers in the order of their columns.
    pub answers: Vec<JudgedAnswer>,
    /// Which is best.
    pub decision: Decision,
    /// Hundredths of a point an answer gained by standing nearer to the front; `None` = not measured.
    pub shift: Option<i32>,
    /// What the answers agree on and what not; `None` = it was not asked.
    pub findings: Option<Vec<FindingView>>,
}

/// How a judgement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum JudgementStanding {
    /// The judge is at it.
    Running,
    /// It is there.
    Done,
    /// It came to nothing.
    Failed,
}

/// A judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Judgement {
    /// Id.
    pub id: JudgementId,
    /// Of which turn.
    pub turn: TurnId,
    /// When.
    pub at: Timestamp,
    /// The judge, as it was named.
    pub model: String,
    /// The judge's displayed name.
    pub model_name: String,
    /// By what.
    pub rubric: Vec<Rule>,
    /// How it stands.
    pub state: JudgementStanding,
    /// What it found.
    pub found: Option<Judged>,
    /// Why it came to nothing.
    pub failure: Option<Failure>,
    /// What its calls cost; `None` = not known.
    pub cost: Option<PicoUsd>,
    /// Who counted.
    pub basis: Basis,
    /// An answer it judged is no longer the one on the screen.
    pub stale: bool,
    /// Of this judge's judgements so far, this one among them: how many, and in how many each order had another first.
    pub record: (u32, u32),
}
