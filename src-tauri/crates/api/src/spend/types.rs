//! The shapes of the Spend page. Every figure is computed here; the window draws. Heights and shares are
//! in millionths.

use crate::{calendar::SpendPeriod, types::SpendFigure};
use domain::{Basis, ConversationId, CostLine, Millis, PicoUsd, Timestamp};
use serde::{Deserialize, Serialize};

/// By what spending is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SpendBy {
    /// By model, whoever served it.
    Model,
    /// By provider.
    Provider,
    /// By conversation.
    Conversation,
    /// By the app that asked through the gateway; what no app asked is in the total alone.
    App,
}

/// What to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendQuery {
    /// How long a look back.
    pub period: SpendPeriod,
    /// How many periods before the present one.
    pub back: u32,
    /// Broken down by what.
    pub by: SpendBy,
}

/// The Spend page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendPage {
    /// The period: `November 2026`.
    pub name: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// There are entries before it.
    pub earlier: bool,
    /// Attempts of the period at blind answers that are left out of all of it until the vote; `None` = none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hidden: Option<u32>,
    /// Since local midnight.
    pub today: SpendFigure,
    /// Answers since local midnight.
    pub today_answers: u32,
    /// The present month: `November`.
    pub month_name: String,
    /// Since the first of the month, local time.
    pub month: SpendFigure,
    /// Against the month before; `None` = nothing was spent then.
    pub change: Option<SpendChange>,
    /// At the end of the month; `None` = too few days to say.
    pub forecast: Option<SpendForecast>,
    /// Bars of the period.
    pub chart: SpendChart,
    /// The period by what was asked for, dearest first.
    pub rows: Vec<SpendRow>,
    /// Rows left out.
    pub more: u32,
    /// The whole period.
    pub total: SpendRow,
    /// The period's tokens on other models, as it ran first; empty = there is nothing to compare.
    pub what_if: Vec<SpendWhatIf>,
    // And those of which the cost is not known: they would be on one side of it alone.
    /// Attempts that the comparison leaves out, because nobody counted their tokens.
    pub what_if_uncounted: u32,
}

/// This month against the one before, to the same day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendChange {
    /// More (or, below zero, less) by so many per cent.
    pub percent: i32,
    /// `October to the 21st`.
    pub against: String,
}

/// What the month will have cost at one's own pace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendForecast {
    /// Its last day: `30 November`.
    pub day: String,
    /// The middle.
    pub middle: PicoUsd,
    /// Nine in ten months of this pace cost at least this …
    pub low: PicoUsd,
    /// … and at most this.
    pub high: PicoUsd,
    /// Half of the way between the two.
    pub margin: PicoUsd,
}

/// Stacked bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendChart {
    /// From the bottom up.
    pub series: Vec<SpendSeries>,
    /// Left to right.
    pub bars: Vec<SpendBar>,
    /// Lines across, from zero up.
    pub ticks: Vec<SpendTick>,
}

/// One colour of the bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendSeries {
    /// As in the rows; empty = all others.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Mark 1–8; 0 = neutral.
    pub mark: u8,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendBar {
    /// `1 November`.
    pub name: String,
    /// Under the axis, where there is room.
    pub tick: Option<String>,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// Now lies in it.
    pub present: bool,
    /// What was spent.
    pub figure: SpendFigure,
    /// Of the axis.
    pub height: u32,
    /// From the bottom up.
    pub parts: Vec<SpendPart>,
    /// What one's own pace makes of a day that is still to come.
    pub expected: Option<SpendTick>,
}

/// A piece of a bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendPart {
    /// Place of its series.
    pub series: u32,
    /// How much.
    pub amount: PicoUsd,
    /// Of the axis.
    pub height: u32,
}

/// An amount and its place on the axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendTick {
    /// How much.
    pub amount: PicoUsd,
    /// Of the axis.
    pub height: u32,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendRow {
    /// Model slug, provider id, conversation id or name of an app; empty = none of them.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Mark 1–8 as in the chart; 0 = neutral.
    pub mark: u8,
    /// Built-in demo models.
    pub demo: bool,
    /// Runs on this machine.
    pub local: bool,
    /// What was spent; `attempts` are the requests.
    pub figure: SpendFigure,
    /// Of the attempts, how many became an answer.
    pub answers: u32,
    /// Attempts whose tokens nobody counted: the counts are lower bounds.
    pub uncounted: u32,
    /// Prompt tokens.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub input: u64,
    /// Of them from a cache; `None` = no provider said.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub cache_read: Option<u64>,
    /// Completion tokens.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub output: u64,
    /// Of them reasoning; `None` = no provider said.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub reasoning: Option<u64>,
    /// Of the dearest row.
    pub share: u32,
    /// Cost by answer; `None` = there is none.
    pub per_answer: Option<PicoUsd>,
    /// Half of the answers began sooner; right to within two per cent.
    pub ttft_p50: Option<Millis>,
    /// Nineteen in twenty began sooner.
    pub ttft_p95: Option<Millis>,
    /// Tenths of tokens a second, once it had begun.
    pub tokens_per_second_x10: Option<u32>,
    /// What caches saved; in the total also what answers given again to other programs did.
    pub saved: Option<PicoUsd>,
}

/// The same tokens elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendWhatIf {
    /// Model slug; empty = as it ran.
    pub key: String,
    /// Display name of the model.
    pub name: String,
    /// Mark 1–8; 0 = neutral.
    pub mark: u8,
    /// What it would cost.
    pub amount: PicoUsd,
    /// Of the dearest.
    pub share: u32,
    /// More (or, below zero, less) than it cost, in per cent.
    pub percent: Option<i32>,
}

/// Which attempts to list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendAttempts {
    /// First moment.
    pub from: Timestamp,
    /// The first moment after.
    pub until: Timestamp,
    /// Only those of `key`.
    pub by: SpendBy,
    /// Key of a row; `None` = all.
    pub key: Option<String>,
    /// Those before this one: the last of the page before.
    pub before: Option<SpendPlace>,
}

/// Place of an attempt in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendPlace {
    /// When it was sent.
    pub at: Timestamp,
    /// Its place in the chain.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: u64,
}

/// A page of attempts, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendAttemptList {
    /// At most a hundred.
    pub rows: Vec<SpendAttempt>,
    /// There are older ones.
    pub more: bool,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendAttempt {
    /// Place in the chain of the ledger.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seq: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// Display name of the model.
    pub model: String,
    /// Display name of the provider.
    pub provider: String,
    /// Who asked: `window`, `cli`.
    pub origin: String,
    /// How it ended: a finish reason, `cancelled`, `interrupted` or an error kind.
    pub outcome: String,
    /// Prompt tokens.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub input: Option<u64>,
    /// Of them from a cache.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub cache_read: Option<u64>,
    /// Completion tokens.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub output: Option<u64>,
    /// Of them reasoning.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub reasoning: Option<u64>,
    /// What it cost; `None` = unknown.
    pub cost: Option<PicoUsd>,
    /// Who counted.
    pub basis: Basis,
    /// The bill, line by line.
    pub lines: Vec<CostLine>,
    /// Time to the first content.
    pub ttft: Option<Millis>,
    /// Time to the end.
    pub duration: Option<Millis>,
    /// Its conversation, if that is still there.
    pub conversation: Option<ConversationId>,
    /// The title of it.
    pub title: Option<String>,
}

/// What to write into a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendExport {
    /// First moment.
    pub from: Timestamp,
    /// The first moment after.
    pub until: Timestamp,
    /// `csv` or `json`.
    pub format: String,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SpendFile {
    /// Where it is.
    pub path: String,
    /// Rows in it.
    pub rows: u32,
    /// Calls for answers whose names are hidden until the vote, which are not in it; `None` = none.
    pub hidden: Option<u32>,
}

/// The state of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LedgerState {
    /// Every row's hash matches its chain.
    pub intact: bool,
}
