//! The leaderboard as a window shows it.

use domain::{Millis, PicoUsd, Timestamp};
use serde::{Deserialize, Serialize};

/// Which votes count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardQuery {
    /// How they were cast.
    pub cast: BoardCast,
    /// Of prompts about this only, e.g. `code`; `None` = all.
    pub topic: Option<String>,
    /// Of prompts in this language only, e.g. `en`; `None` = all.
    pub language: Option<String>,
    /// In conversations with this tag only; `None` = all.
    #[serde(default)]
    pub tag: Option<String>,
    /// Cast from then on; `None` = all.
    pub since: Option<Timestamp>,
}

/// How votes were cast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BoardCast {
    /// Either way; of a turn voted on twice the newest vote.
    #[default]
    All,
    /// With the names hidden.
    Blind,
    /// With the names seen.
    Seen,
}

/// The leaderboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Board {
    /// Votes that count.
    pub votes: u32,
    /// Of them with the names hidden.
    pub blind: u32,
    /// Topics of the votes cast so, and how many; the most first.
    pub topics: Vec<BoardCount>,
    /// Languages of the votes cast so.
    pub languages: Vec<BoardCount>,
    /// Tags of the conversations of the votes cast so; a vote counts for each.
    pub tags: Vec<BoardCount>,
    /// Models, the best first.
    pub rows: Vec<BoardRow>,
    /// What may be said about who leads.
    pub verdict: BoardVerdict,
    /// What standing first on the screen is worth; `None` = the votes do not tell.
    pub position: Option<BoardEffect>,
    /// What being 2.7 times as long is worth.
    pub length: Option<BoardEffect>,
    /// Row against column, in the order of `rows`.
    pub wins: Vec<Vec<BoardPair>>,
    /// The ratings as they were after parts of the votes, oldest first.
    pub history: Vec<BoardMoment>,
}

/// Something with its votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardCount {
    /// What.
    pub name: String,
    /// How many votes.
    pub votes: u32,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardRow {
    /// What was asked.
    pub model: String,
    /// Its displayed name.
    pub name: String,
    /// Mark slot; `None` = none.
    pub mark: Option<u8>,
    /// Points; the mean of the models is 1,500.
    pub rating: i32,
    /// Lower end of the 95 % interval.
    pub low: i32,
    /// Upper end.
    pub high: i32,
    /// The best rank it may have.
    pub best: u32,
    /// The worst.
    pub worst: u32,
    /// Comparisons won.
    pub won: u32,
    /// Lost.
    pub lost: u32,
    /// Tied, or both bad.
    pub tied: u32,
    /// Models of another group cannot be compared with it: no votes link them.
    pub group: u32,
    /// The middle cost of its answers that were voted on; `None` = not known.
    pub cost: Option<PicoUsd>,
    /// The middle time of these answers.
    pub took: Option<Millis>,
    /// Nothing is both better and cheaper.
    pub cost_front: bool,
    /// Nothing is both better and quicker.
    pub time_front: bool,
}

/// What may be said about the first place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BoardVerdict {
    /// Fewer than two models have votes.
    TooFew,
    /// This one is ahead of all others.
    Winner {
        /// Which.
        model: String,
    },
    /// These cannot be told apart from the leader yet.
    Open {
        /// The leader first.
        models: Vec<String>,
        /// About so many more duels of the first two would tell; `None` = more than is worth telling.
        more: Option<u32>,
    },
}

/// How often the favoured one of two equals wins, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardEffect {
    /// The most plausible share.
    pub percent: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Two models, as counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardPair {
    /// The row's won.
    pub won: u32,
    /// It lost.
    pub lost: u32,
    /// Neither, both good.
    pub tied: u32,
    /// Neither, both bad.
    pub bad: u32,
}

/// The ratings at some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoardMoment {
    /// When the last vote of them was cast.
    pub at: Timestamp,
    /// Model, points, lower and upper end.
    pub ratings: Vec<(String, i32, i32, i32)>,
}

/// What a vote changed of a model's rating.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RatingChange {
    /// Which model.
    pub model: String,
    /// Its points before; `None` = it had no votes.
    pub before: Option<i32>,
    /// Its points now.
    pub after: i32,
    /// Lower end of the 95 % interval now.
    pub low: i32,
    /// Upper end.
    pub high: i32,
}
