//! What is asked beside the answers of a chat: judgements of them, and answers made of them.

use crate::tx::{Cols, Key, Tx, json, opt_json, word};
use domain::{AttemptId, ConversationId, Failure, JudgementId, ProcessId, RunId, Timestamp, TurnId};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const SCHEMA: &str = "
CREATE TABLE side_calls (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('judge', 'merge'))
) STRICT, WITHOUT ROWID;
CREATE TABLE judgements (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    turn BLOB NOT NULL REFERENCES turns (id),
    at INTEGER NOT NULL,
    process BLOB NOT NULL CHECK (length(process) = 16),
    model TEXT NOT NULL,
    rubric TEXT NOT NULL CHECK (json_valid(rubric)),
    findings INTEGER NOT NULL CHECK (findings IN (0, 1)),
    answers TEXT NOT NULL CHECK (json_valid(answers)),
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    found TEXT CHECK (found IS NULL OR json_valid(found)),
    failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
    attempts TEXT NOT NULL CHECK (json_valid(attempts))
) STRICT;
CREATE INDEX judgements_by_turn ON judgements (turn);
CREATE TABLE merges (
    run BLOB PRIMARY KEY CHECK (length(run) = 16),
    how TEXT NOT NULL CHECK (json_valid(how)),
    sources TEXT NOT NULL CHECK (json_valid(sources)),
    prompt TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Titles may be asked for as well.
pub(crate) const TITLES: &str = "
ALTER TABLE side_calls RENAME TO side_calls_before;
CREATE TABLE side_calls (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('judge', 'merge', 'title'))
) STRICT, WITHOUT ROWID;
INSERT INTO side_calls SELECT attempt, kind FROM side_calls_before;
DROP TABLE side_calls_before;
";

/// How a judgement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgementState {
    /// Its process is at it, or died.
    Running,
    /// It is there.
    Done,
    /// It came to nothing.
    Failed,
}

/// A judge's opinion of the answers of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgementRow {
    /// Id.
    pub id: JudgementId,
    /// Of which turn.
    pub turn: TurnId,
    /// When it was asked for.
    pub at: Timestamp,
    /// The process that asks; nil = it came with a file.
    pub process: ProcessId,
    /// The judge, as it was named.
    pub model: String,
    /// By what it judges, JSON.
    pub rubric: Value,
    /// It was asked for what the answers agree on too.
    pub findings: bool,
    /// The answers it judged, in the order of their letters.
    pub answers: Vec<RunId>,
    /// How it stands.
    pub state: JudgementState,
    /// What it found, JSON.
    pub found: Option<Value>,
    /// Why it came to nothing.
    pub failure: Option<Failure>,
    /// Its calls.
    pub attempts: Vec<AttemptId>,
}

/// An answer that was made of others.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeRow {
    /// Its run.
    pub run: RunId,
    /// How, JSON.
    pub how: Value,
    /// The answers it was made of, in the order of their letters.
    pub sources: Vec<RunId>,
    /// What the model was asked in the place of the turn's prompt.
    pub prompt: String,
}

fn judgement(cols: &Cols<'_>) -> Result<JudgementRow, Failure> {
    Ok(JudgementRow {
        id: cols.id("id")?,
        turn: cols.id("turn")?,
        at: cols.time("at")?,
        process: cols.id("process")?,
        model: cols.get("model")?,
        rubric: cols.json("rubric")?,
        findings: cols.get("findings")?,
        answers: cols.json("answers")?,
        state: cols.word("state")?,
        found: cols.opt_json("found")?,
        failure: cols.opt_json("failure")?,
        attempts: cols.json("attempts")?,
    })
}

fn merge(cols: &Cols<'_>) -> Result<MergeRow, Failure> {
    Ok(MergeRow {
        run: cols.id("run")?,
        how: cols.json("how")?,
        sources: cols.json("sources")?,
        prompt: cols.get("prompt")?,
    })
}

impl Tx<'_> {
    /// Notes that an attempt is no answer of a chat: `judge`, `merge` or `title`.
    pub fn note_side_call(&mut self, attempt: AttemptId, kind: &str) -> Result<(), Failure> {
        self.exec("INSERT INTO side_calls (attempt, kind) VALUES (?1, ?2)", params![attempt.blob(), kind])
            .map(|_| ())
    }

    /// What an attempt was beside the answers; `None` = it was for one.
    pub fn side_call(&self, attempt: AttemptId) -> Result<Option<String>, Failure> {
        self.one("SELECT kind FROM side_calls WHERE attempt = ?1", [attempt.blob()], |cols| cols.get("kind"))
    }

    /// Writes a judgement down, or changes how it stands.
    pub fn put_judgement(&mut self, row: &JudgementRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO judgements
                 (id, turn, at, process, model, rubric, findings, answers, state, found, failure, attempts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, found = excluded.found,
                 failure = excluded.failure, attempts = excluded.attempts",
            params![
                row.id.blob(),
                row.turn.blob(),
                row.at.0,
                row.process.blob(),
                row.model,
                json(&row.rubric)?,
                row.findings,
                json(&row.answers)?,
                word(row.state)?,
                opt_json(row.found.as_ref())?,
                opt_json(row.failure.as_ref())?,
                json(&row.attempts)?
            ],
        )
        .map(|_| ())
    }

    /// One judgement.
    pub fn judgement(&self, id: JudgementId) -> Result<Option<JudgementRow>, Failure> {
        self.one("SELECT * FROM judgements WHERE id = ?1", [id.blob()], judgement)
    }

    /// The judgements of a conversation, oldest first.
    pub fn judgements(&self, conversation: ConversationId) -> Result<Vec<JudgementRow>, Failure> {
        self.all(
            "SELECT j.* FROM judgements j JOIN turns t ON t.id = j.turn WHERE t.conversation = ?1
             ORDER BY j.at, j.id",
            [conversation.blob()],
            judgement,
        )
    }

    /// The newest judgement that was asked for here, in whichever conversation: a file chooses no judge.
    pub fn newest_judgement(&self) -> Result<Option<JudgementRow>, Failure> {
        let sql = "SELECT * FROM judgements WHERE process <> zeroblob(16) ORDER BY at DESC, id DESC LIMIT 1";
        self.one(sql, [], judgement)
    }

    /// What every judgement found that was asked for here and came to its end, of one judge.
    pub fn judged_by(&self, model: &str) -> Result<Vec<Value>, Failure> {
        self.all(
            "SELECT found FROM judgements WHERE state = 'done' AND model = ?1 AND process <> zeroblob(16)",
            [model],
            |cols| cols.json("found"),
        )
    }

    /// Removes a judgement; what it cost stays in the ledger.
    pub fn remove_judgement(&mut self, id: JudgementId) -> Result<(), Failure> {
        self.change("judgement", "DELETE FROM judgements WHERE id = ?1", [id.blob()])
    }

    /// Notes that a run makes one answer of others.
    pub fn insert_merge(&mut self, row: &MergeRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO merges (run, how, sources, prompt) VALUES (?1, ?2, ?3, ?4)",
            params![row.run.blob(), json(&row.how)?, json(&row.sources)?, row.prompt],
        )
        .map(|_| ())
    }

    /// What a run was made of; `None` = it is an answer to its prompt.
    pub fn merge(&self, run: RunId) -> Result<Option<MergeRow>, Failure> {
        self.one("SELECT * FROM merges WHERE run = ?1", [run.blob()], merge)
    }

    /// Those runs of a turn that were made of others.
    pub fn merges(&self, turn: TurnId) -> Result<Vec<MergeRow>, Failure> {
        self.all(
            "SELECT m.* FROM merges m JOIN runs r ON r.id = m.run WHERE r.turn = ?1",
            [turn.blob()],
            merge,
        )
    }

    pub(crate) fn purge_beside(&mut self, conversation: ConversationId) -> Result<(), Failure> {
        let key = conversation.blob();
        self.exec(
            "DELETE FROM judgements WHERE turn IN (SELECT id FROM turns WHERE conversation = ?1)",
            [key],
        )?;
        self.exec(
            "DELETE FROM merges WHERE run IN
                 (SELECT r.id FROM runs r JOIN turns t ON t.id = r.turn WHERE t.conversation = ?1)",
            [key],
        )
        .map(|_| ())
    }
}
