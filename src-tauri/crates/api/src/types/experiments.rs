//! Shapes of experiments.

use domain::{Basis, ExperimentId, Millis, PicoUsd, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentRef {
    /// Its id.
    pub id: ExperimentId,
}

/// A prompt set as written: promptfoo's form as YAML or JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentDraft {
    /// The text itself; empty when a file is named.
    pub text: String,
    /// Full path of a file, whose neighbours it may name; `None` = the text.
    pub path: Option<String>,
    /// Ask also what an earlier experiment has answered.
    pub fresh: bool,
    /// The most it may cost, in dollars; `None` = only the budgets limit it.
    pub cap: Option<PicoUsd>,
}

/// What a prompt set would send and cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentEstimate {
    /// What it is called.
    pub title: String,
    /// Cells in all.
    pub cells: u32,
    /// Of them to be asked; the others were answered before, or are equal to one of these.
    pub requests: u32,
    /// Prompt tokens, estimated.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub prompt_tokens: u64,
    /// Calls of judges for the checks that name one, in the cost too.
    pub judged: u32,
    /// With short answers; `None` = a price is unknown.
    pub low: Option<PicoUsd>,
    /// With long ones.
    pub high: Option<PicoUsd>,
    /// About how long it takes from this window, by what these models' answers took lately; `None` = one of them has
    /// not answered lately.
    pub lasts: Option<Millis>,
    /// Tokens of a short and of a long answer, assumed.
    #[cfg_attr(feature = "ts", ts(type = "[number, number]"))]
    pub assumed: (u64, u64),
    /// What the file says that is not used.
    pub unused: Vec<String>,
}

/// How an experiment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ExperimentState {
    /// Cells are being asked.
    Running,
    /// It was told to pause; what is being answered comes to its end.
    Pausing,
    /// Cells are left, and nobody asks them.
    Paused,
    /// Its cap, or a budget, let nothing more through.
    Held,
    /// Only cells are left that may have been billed without an answer.
    Uncertain,
    /// Every cell has been tried.
    Complete,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentSummary {
    /// Id.
    pub id: ExperimentId,
    /// What it is called.
    pub title: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it stands.
    pub state: ExperimentState,
    /// Cells in all.
    pub cells: u32,
    /// Answered.
    pub done: u32,
    /// Answered, and every check passed.
    pub passed: u32,
    /// Without an answer.
    pub failed: u32,
    /// Perhaps billed, without an answer.
    pub uncertain: u32,
    /// Answered before and not paid again.
    pub reused: u32,
    /// What was paid so far, repeated and failed attempts included, as far as it is known.
    pub paid: PicoUsd,
    /// The cost of an attempt is not known: `paid` is a lower bound.
    pub paid_incomplete: bool,
    /// The most it may cost.
    pub cap: Option<PicoUsd>,
    /// About so much longer, in milliseconds; `None` = it does not run here, or nothing has ended yet.
    pub left: Option<Millis>,
    /// Why it broke off.
    pub problem: Option<String>,
}

/// A model's column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentModel {
    /// What it is called in the set.
    pub label: String,
    /// What was asked.
    pub model: String,
    /// Mark slot; `None` = none.
    pub mark: Option<u8>,
    /// Answered cells.
    pub done: u32,
    /// Answered cells that passed every check.
    pub passed: u32,
    /// Of all cells together, paid or answered before; `None` = one is not known, or none has ended.
    pub cost: Option<PicoUsd>,
    /// The middle one of its answers' times.
    pub median: Option<Millis>,
    /// The slowest of them but for one in twenty.
    pub p95: Option<Millis>,
}

/// A row of the matrix: what was asked, and each model's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentRowView {
    /// The prompt's label.
    pub prompt: String,
    /// The variables' values.
    pub vars: BTreeMap<String, String>,
    /// Which sample, from 0.
    pub sample: u32,
    /// The answers, or the verdicts on them, are not all the same.
    pub different: bool,
    /// By the columns; `None` = the model was not asked this.
    pub cells: Vec<Option<ExperimentCell>>,
}

/// How far a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CellStateName {
    /// Not asked yet.
    Queued,
    /// Asked, not answered.
    Running,
    /// Answered and checked.
    Done,
    /// No answer came.
    Failed,
    /// Cut off by the end of the program: perhaps billed, without an answer.
    Uncertain,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CheckView {
    /// The kind of check, as written.
    pub name: String,
    /// Did the answer pass? `None` = it is not run here.
    pub passed: Option<bool>,
    /// Why.
    pub reason: String,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentCell {
    /// Its place, by which it is opened.
    pub position: u32,
    /// How far it is.
    pub state: CellStateName,
    /// Checks that were passed.
    pub passed: u32,
    /// Checks that were run.
    pub checks: u32,
    /// Its cost, or that of the answer it took over; `None` = not known.
    pub cost: Option<PicoUsd>,
    /// It was not paid again.
    pub reused: bool,
    /// From asking to the end.
    pub took: Option<Millis>,
}

/// An open experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentDetail {
    /// How it stands.
    pub summary: ExperimentSummary,
    /// The columns.
    pub models: Vec<ExperimentModel>,
    /// Its prompts, where there are several.
    pub prompts: Vec<ExperimentPrompt>,
    /// Every two of them beside each other, by the checks.
    pub prompt_pairs: Vec<ExperimentPromptPair>,
    /// The rows.
    pub rows: Vec<ExperimentRowView>,
}

/// A prompt over all models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentPrompt {
    /// Its label.
    pub label: String,
    /// Answered cells.
    pub done: u32,
    /// Answered cells that passed every check.
    pub passed: u32,
    /// Of all cells together, paid or answered before; `None` = one is not known, or none has ended.
    pub cost: Option<PicoUsd>,
    /// The middle one of its answers' times.
    pub median: Option<Millis>,
}

/// Two prompts beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentPromptPair {
    /// The label of the first.
    pub first: String,
    /// The label of the second.
    pub second: String,
    /// Cases in which the first passes more often.
    pub ahead: u32,
    /// Cases in which the second does.
    pub behind: u32,
    /// Cases in which both pass as often.
    pub even: u32,
    /// Which is better, as far as that can be told from chance (at most one in twenty such claims is wrong).
    pub better: Option<String>,
    /// About so many more cases would tell, if it went on like this.
    pub more: Option<u32>,
}

/// Which cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentCellRef {
    /// Of which experiment.
    pub id: ExperimentId,
    /// Its place.
    pub position: u32,
}

/// A cell with its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentAnswer {
    /// Its place.
    pub position: u32,
    /// The model's label.
    pub label: String,
    /// How far it is.
    pub state: CellStateName,
    /// What was sent.
    pub prompt: String,
    /// The answer as text.
    pub text: String,
    /// What the checks found.
    pub checks: Vec<CheckView>,
    /// What it cost.
    pub cost: Option<PicoUsd>,
    /// How that was arrived at.
    pub basis: Option<Basis>,
    /// It was not paid again.
    pub reused: bool,
    /// From asking to the end.
    pub took: Option<Millis>,
    /// Why no answer came.
    pub problem: Option<String>,
    /// The run that answered.
    pub run: Option<RunId>,
    /// What the user has written on it.
    pub note: Option<String>,
}

/// How to run an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RunExperiment {
    /// Which.
    pub id: ExperimentId,
    /// Cells at once, 1 to 64.
    pub at_once: u32,
    /// Ask again where no answer came.
    pub retry_failed: bool,
    /// Ask again what may have been billed without an answer.
    pub retry_uncertain: bool,
    /// Ask also what was answered before.
    pub fresh: bool,
    /// Another cap from now on; `None` = as it is.
    pub cap: Option<PicoUsd>,
}

/// The same set on another model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RerunExperiment {
    /// Which set.
    pub id: ExperimentId,
    /// `MODEL` or `MODEL@PROVIDER`.
    pub model: String,
    /// The most it may cost.
    pub cap: Option<PicoUsd>,
}

/// Two experiments to lay beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExperimentPair {
    /// The earlier one.
    pub before: ExperimentId,
    /// The later one.
    pub after: ExperimentId,
}

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CellChange {
    /// It passed and does not pass now.
    Regressed,
    /// It did not pass and passes now.
    Fixed,
    /// It does not pass in either.
    StillFails,
    /// It passes in both.
    StillPasses,
    /// One of the two has no answer.
    NoAnswer,
}

/// A cell of each of two experiments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChangedCell {
    /// What became of it.
    pub change: CellChange,
    /// The prompt's label.
    pub prompt: String,
    /// The variables' values.
    pub vars: BTreeMap<String, String>,
    /// Who answered before, and the cell's place there.
    pub before: (String, u32),
    /// Who answers now, and the cell's place.
    pub after: (String, u32),
    /// Why it does not pass now.
    pub why: Option<String>,
}

/// Two experiments beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RegressionView {
    /// The cells that ask the same, those that got worse first.
    pub pairs: Vec<ChangedCell>,
    /// What the compared cells cost before; `None` = one is not known.
    pub cost_before: Option<PicoUsd>,
    /// What they cost now.
    pub cost_after: Option<PicoUsd>,
}

/// An experiment as a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExportExperiment {
    /// Which.
    pub id: ExperimentId,
    /// In which form.
    pub form: ExperimentForm,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ExperimentForm {
    /// A table, one cell a row.
    Csv,
    /// One object a line.
    Json,
    /// A page that needs nothing else.
    Html,
}

/// The next row to vote on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NextDuel {
    /// `None` = every row with two answers has been voted on.
    pub duel: Option<engine::Duel>,
}
