//! Experiments and their cells: one row a prompt, model, set of variables and sample.
//!
//! A cell points at the run that answered it and holds no text, time or amount of its own: those are the run's.
//! It points without a constraint, since a conversation may be deleted for good and the verdicts outlive it.

use crate::tx::{Cols, Key, Tx, int, json, opt_blob, opt_json};
use domain::{
    ContentId, ConversationId, ExperimentId, Failure, LaneTarget, PicoUsd, ProcessId, RunId, Timestamp,
};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const SCHEMA: &str = "
CREATE TABLE experiments (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    title TEXT NOT NULL,
    conversation BLOB NOT NULL CHECK (length(conversation) = 16),
    cap INTEGER CHECK (cap >= 0),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE experiment_cells (
    experiment BLOB NOT NULL REFERENCES experiments (id),
    position INTEGER NOT NULL,
    cell TEXT NOT NULL CHECK (length(cell) = 32),
    request TEXT NOT NULL CHECK (length(request) = 32),
    prompt TEXT NOT NULL,
    label TEXT NOT NULL,
    target TEXT NOT NULL CHECK (json_valid(target)),
    vars TEXT NOT NULL CHECK (json_valid(vars)),
    sample INTEGER NOT NULL,
    content TEXT NOT NULL,
    checks TEXT NOT NULL CHECK (json_valid(checks)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    run BLOB CHECK (run IS NULL OR length(run) = 16),
    reused INTEGER NOT NULL DEFAULT 0 CHECK (reused IN (0, 1)),
    found TEXT CHECK (found IS NULL OR json_valid(found)),
    failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
    PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_cells_by_request ON experiment_cells (request) WHERE state = 'done';
";

/// Who runs an experiment with a cap, and what judges have said of answers.
pub(crate) const JUDGED: &str = "
ALTER TABLE experiments ADD COLUMN runner BLOB CHECK (runner IS NULL OR length(runner) = 16);
CREATE TABLE verdicts (
    request TEXT PRIMARY KEY CHECK (length(request) = 32),
    found TEXT NOT NULL CHECK (json_valid(found))
) STRICT, WITHOUT ROWID;
";

/// Experiments that were removed, for as long as they can be brought back.
pub(crate) const TRASH: &str = "ALTER TABLE experiments ADD COLUMN deleted_at INTEGER;";

/// Cells that may have been paid for without an answer having been kept. A table's conditions cannot be changed, so it
/// is made anew.
pub(crate) const UNCERTAIN: &str = "
CREATE TABLE experiment_cells_new (
    experiment BLOB NOT NULL REFERENCES experiments (id),
    position INTEGER NOT NULL,
    cell TEXT NOT NULL CHECK (length(cell) = 32),
    request TEXT NOT NULL CHECK (length(request) = 32),
    prompt TEXT NOT NULL,
    label TEXT NOT NULL,
    target TEXT NOT NULL CHECK (json_valid(target)),
    vars TEXT NOT NULL CHECK (json_valid(vars)),
    sample INTEGER NOT NULL,
    content TEXT NOT NULL,
    checks TEXT NOT NULL CHECK (json_valid(checks)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'uncertain')),
    run BLOB CHECK (run IS NULL OR length(run) = 16),
    reused INTEGER NOT NULL DEFAULT 0 CHECK (reused IN (0, 1)),
    found TEXT CHECK (found IS NULL OR json_valid(found)),
    failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
    PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
INSERT INTO experiment_cells_new (experiment, position, cell, request, prompt, label, target, vars, sample, content,
    checks, state, run, reused, found, failure)
SELECT experiment, position, cell, request, prompt, label, target, vars, sample, content, checks, state, run, reused,
    found, failure FROM experiment_cells;
DROP TABLE experiment_cells;
ALTER TABLE experiment_cells_new RENAME TO experiment_cells;
CREATE INDEX experiment_cells_by_request ON experiment_cells (request) WHERE state = 'done';
";

/// An experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentRow {
    /// Id.
    pub id: ExperimentId,
    /// What it is called.
    pub title: String,
    /// Where its turns are; not in the list of conversations.
    pub conversation: ConversationId,
    /// The most it may cost; `None` = only the budgets limit it.
    pub cap: Option<PicoUsd>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed; `None` = it was not.
    pub deleted_at: Option<Timestamp>,
}

/// How far a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Not asked yet.
    Queued,
    /// Asked, not answered.
    Running,
    /// Answered and checked.
    Done,
    /// No answer came.
    Failed,
    /// It was cut off by the end of the program after it may have left: perhaps paid for, without an answer.
    Uncertain,
}

impl CellState {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFound {
    /// The kind of check, as written.
    #[serde(rename = "type")]
    pub name: String,
    /// Did the answer pass? `None` = the check is not run here.
    pub passed: Option<bool>,
    /// Why.
    pub reason: String,
}

/// How far an experiment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// All of its cells.
    pub cells: u32,
    /// Answered.
    pub done: u32,
    /// Answered, and every check passed.
    pub passed: u32,
    /// Without an answer.
    pub failed: u32,
    /// Perhaps paid for, without an answer.
    pub uncertain: u32,
    /// Answered before, and not paid again.
    pub reused: u32,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRow {
    /// Of which experiment.
    pub experiment: ExperimentId,
    /// Place in it, from 0.
    pub position: u32,
    /// Stable over runs of the same suite.
    pub cell: String,
    /// Equal for equal requests.
    pub request: String,
    /// The prompt's label.
    pub prompt: String,
    /// The model's label.
    pub label: String,
    /// What is asked.
    pub target: LaneTarget,
    /// The variables' values.
    pub vars: BTreeMap<String, String>,
    /// Which sample, from 0.
    pub sample: u32,
    /// The prompt with its values.
    pub content: ContentId,
    /// The checks as written, with their values.
    pub checks: Vec<serde_json::Value>,
    /// How far it is.
    pub state: CellState,
    /// The run that answers it.
    pub run: Option<RunId>,
    /// The run was made for an equal request before and cost nothing again.
    pub reused: bool,
    /// What the checks found; `None` = not answered.
    pub found: Option<Vec<CheckFound>>,
    /// Why no answer came.
    pub failure: Option<Failure>,
}

impl CellRow {
    /// Did the answer pass every check? `None` = there is no answer, or no check failed and one was not run: what was
    /// not looked at has not passed.
    pub fn passed(&self) -> Option<bool> {
        let found = self.found.as_ref()?;
        if found.iter().any(|check| check.passed == Some(false)) {
            return Some(false);
        }
        found.iter().all(|check| check.passed.is_some()).then_some(true)
    }
}

fn experiment(cols: &Cols<'_>) -> Result<ExperimentRow, Failure> {
    Ok(ExperimentRow {
        id: cols.id("id")?,
        title: cols.get("title")?,
        conversation: cols.id("conversation")?,
        cap: cols.get::<Option<i64>>("cap")?.map(PicoUsd::new),
        created_at: cols.time("created_at")?,
        deleted_at: cols.opt_time("deleted_at")?,
    })
}

fn cell(cols: &Cols<'_>) -> Result<CellRow, Failure> {
    Ok(CellRow {
        experiment: cols.id("experiment")?,
        position: cols.get("position")?,
        cell: cols.get("cell")?,
        request: cols.get("request")?,
        prompt: cols.get("prompt")?,
        label: cols.get("label")?,
        target: cols.json("target")?,
        vars: cols.json("vars")?,
        sample: cols.get("sample")?,
        content: ContentId::new(cols.get::<String>("content")?),
        checks: cols.json("checks")?,
        state: cols.word("state")?,
        run: cols.opt_id("run")?,
        reused: cols.get("reused")?,
        found: cols.opt_json("found")?,
        failure: cols.opt_json("failure")?,
    })
}

impl Tx<'_> {
    /// Adds an experiment.
    pub fn insert_experiment(&mut self, e: &ExperimentRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO experiments (id, title, conversation, cap, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![e.id.blob(), e.title, e.conversation.blob(), e.cap.map(PicoUsd::get), e.created_at.0],
        )
        .map(|_| ())
    }

    /// One experiment.
    pub fn experiment(&self, id: ExperimentId) -> Result<Option<ExperimentRow>, Failure> {
        self.one("SELECT * FROM experiments WHERE id = ?1", [id.blob()], experiment)
    }

    /// Every experiment, newest first: those there are, or those that were removed and are kept.
    pub fn experiments(&self, removed: bool) -> Result<Vec<ExperimentRow>, Failure> {
        self.all(
            "SELECT * FROM experiments WHERE (deleted_at IS NOT NULL) = ?1 ORDER BY created_at DESC, id DESC",
            [removed],
            experiment,
        )
    }

    /// How far each experiment is.
    pub fn cell_counts(&self) -> Result<Vec<(ExperimentId, CellCounts)>, Failure> {
        self.all(
            "SELECT experiment, count(*) AS cells, sum(state = 'done') AS done, sum(state = 'failed') AS failed,
                 sum(state = 'uncertain') AS uncertain, sum(reused) AS reused,
                 sum(state = 'done' AND NOT EXISTS (SELECT 1 FROM json_each(found) f
                     WHERE json_extract(f.value, '$.passed') IS NOT 1)) AS passed
             FROM experiment_cells GROUP BY experiment",
            [],
            |cols| {
                let counts = CellCounts {
                    cells: cols.get("cells")?,
                    done: cols.get("done")?,
                    passed: cols.get("passed")?,
                    failed: cols.get("failed")?,
                    uncertain: cols.get("uncertain")?,
                    reused: cols.get("reused")?,
                };
                Ok((cols.id("experiment")?, counts))
            },
        )
    }

    /// One cell.
    pub fn cell(&self, id: ExperimentId, position: u32) -> Result<Option<CellRow>, Failure> {
        self.one(
            "SELECT * FROM experiment_cells WHERE experiment = ?1 AND position = ?2",
            params![id.blob(), position],
            cell,
        )
    }

    /// Notes which process runs an experiment under its cap; `None` = none does.
    pub fn set_experiment_runner(
        &mut self,
        id: ExperimentId,
        runner: Option<ProcessId>,
    ) -> Result<(), Failure> {
        self.change(
            "experiment",
            "UPDATE experiments SET runner = ?2 WHERE id = ?1",
            params![id.blob(), opt_blob(runner)],
        )
    }

    /// Is another process at it, as far as leases tell?
    pub fn experiment_runs_elsewhere(&self, id: ExperimentId) -> Result<bool, Failure> {
        let runner = self.one("SELECT runner FROM experiments WHERE id = ?1", [id.blob()], |cols| {
            cols.opt_id::<ProcessId>("runner")
        })?;
        match runner.flatten().filter(|runner| *runner != self.own) {
            Some(runner) => Ok(!self.leases.is_dead(runner)?),
            None => Ok(false),
        }
    }

    /// Experiments whose cap was put up by a process that is gone.
    pub fn abandoned_experiments(&self) -> Result<Vec<ExperimentRow>, Failure> {
        let named = self.all("SELECT * FROM experiments WHERE runner IS NOT NULL", [], |cols| {
            Ok((cols.id::<ProcessId>("runner")?, experiment(cols)?))
        })?;
        let mut gone = Vec::new();
        for (runner, row) in named {
            if runner != self.own && self.leases.is_dead(runner)? {
                gone.push(row);
            }
        }
        Ok(gone)
    }

    /// What a judge said when it was asked the same.
    pub fn verdict(&self, request: &str) -> Result<Option<CheckFound>, Failure> {
        self.one("SELECT found FROM verdicts WHERE request = ?1", [request], |cols| cols.json("found"))
    }

    /// Keeps what a judge said.
    pub fn put_verdict(&mut self, request: &str, found: &CheckFound) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO verdicts (request, found) VALUES (?1, ?2)
             ON CONFLICT (request) DO UPDATE SET found = excluded.found",
            params![request, json(found)?],
        )
        .map(|_| ())
    }

    /// Sets the most an experiment may cost.
    pub fn set_experiment_cap(&mut self, id: ExperimentId, cap: Option<PicoUsd>) -> Result<(), Failure> {
        self.change(
            "experiment",
            "UPDATE experiments SET cap = ?2 WHERE id = ?1",
            params![id.blob(), cap.map(PicoUsd::get)],
        )
    }

    /// Adds a cell.
    pub fn insert_cell(&mut self, c: &CellRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO experiment_cells (experiment, position, cell, request, prompt, label, target, vars,
                 sample, content, checks, state, run, reused, found, failure)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            params![
                c.experiment.blob(),
                int(c.position.into())?,
                c.cell,
                c.request,
                c.prompt,
                c.label,
                json(&c.target)?,
                json(&c.vars)?,
                int(c.sample.into())?,
                c.content.as_str(),
                json(&c.checks)?,
                c.state.as_str(),
                opt_blob(c.run),
                c.reused,
                opt_json(c.found.as_ref())?,
                opt_json(c.failure.as_ref())?
            ],
        )
        .map(|_| ())
    }

    /// The cells of an experiment, in order.
    pub fn cells(&self, id: ExperimentId) -> Result<Vec<CellRow>, Failure> {
        self.all("SELECT * FROM experiment_cells WHERE experiment = ?1 ORDER BY position", [id.blob()], cell)
    }

    /// Those of its cells that an earlier run has left without an answer: begun, failed, or perhaps paid for.
    pub fn cells_left(&self, id: ExperimentId) -> Result<Vec<CellRow>, Failure> {
        self.all(
            "SELECT * FROM experiment_cells WHERE experiment = ?1 AND state IN ('running', 'failed', 'uncertain')
             ORDER BY position",
            [id.blob()],
            cell,
        )
    }

    /// Takes a queued cell for asking: false = somebody else has, or it is not queued any more.
    pub fn claim_cell(&mut self, id: ExperimentId, position: u32) -> Result<bool, Failure> {
        self.exec(
            "UPDATE experiment_cells SET state = 'running', run = NULL, failure = NULL
             WHERE experiment = ?1 AND position = ?2 AND state = 'queued'",
            params![id.blob(), position],
        )
        .map(|changed| changed == 1)
    }

    /// Writes what a cell has come to: state, run, whether reused, findings, failure.
    pub fn update_cell(&mut self, c: &CellRow) -> Result<(), Failure> {
        self.change(
            "cell",
            "UPDATE experiment_cells SET state = ?3, run = ?4, reused = ?5, found = ?6, failure = ?7
             WHERE experiment = ?1 AND position = ?2",
            params![
                c.experiment.blob(),
                int(c.position.into())?,
                c.state.as_str(),
                opt_blob(c.run),
                c.reused,
                opt_json(c.found.as_ref())?,
                opt_json(c.failure.as_ref())?
            ],
        )
    }

    /// The run that answered an equal request before, in whichever experiment, if its answer is still there.
    pub fn answered_before(&self, request: &str) -> Result<Option<RunId>, Failure> {
        self.one(
            "SELECT c.run AS run FROM experiment_cells c JOIN runs r ON r.id = c.run
             WHERE c.request = ?1 AND c.state = 'done' AND r.state = 'done' LIMIT 1",
            params![request],
            |cols| cols.id("run"),
        )
    }
}
