//! Runs: one lane's answer within a turn.

use crate::tx::{Cols, Key, Tx, int, json, opt_blob, opt_json, opt_millis, word};
use domain::{
    ConversationId, Failure, FinishReason, LaneId, LaneTarget, MessageId, Millis, NoticeKind, ProcessId,
    Route, RunId, RunState, Saw, Timestamp, TurnId, Usage,
};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE runs (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    turn BLOB NOT NULL REFERENCES turns (id),
    lane BLOB NOT NULL REFERENCES lanes (id),
    position INTEGER NOT NULL,
    target TEXT NOT NULL CHECK (json_valid(target)),
    user_message BLOB NOT NULL REFERENCES messages (id),
    message BLOB NOT NULL REFERENCES messages (id),
    process BLOB NOT NULL CHECK (length(process) = 16),
    state TEXT NOT NULL CHECK (state IN
        ('pending', 'connecting', 'streaming', 'done', 'failed', 'cancelled', 'interrupted')),
    saw TEXT NOT NULL CHECK (json_valid(saw)),
    route TEXT NOT NULL CHECK (json_valid(route)),
    retry_of BLOB REFERENCES runs (id),
    finish_reason TEXT,
    failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
    notices TEXT NOT NULL CHECK (json_valid(notices)),
    started_at INTEGER,
    ttft INTEGER,
    duration INTEGER,
    usage TEXT CHECK (usage IS NULL OR json_valid(usage))
) STRICT;
CREATE INDEX runs_by_turn ON runs (turn, position, id);
CREATE INDEX runs_by_lane ON runs (lane);
CREATE INDEX runs_by_message ON runs (message);
CREATE INDEX runs_by_user_message ON runs (user_message);
CREATE INDEX runs_by_retry ON runs (retry_of);
CREATE INDEX runs_unfinished ON runs (process) WHERE state IN ('pending', 'connecting', 'streaming');
";

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Id.
    pub id: RunId,
    /// Its turn.
    pub turn: TurnId,
    /// Its lane.
    pub lane: LaneId,
    /// Place from the left when it was sent.
    pub position: u32,
    /// What was asked, as it was then.
    pub target: LaneTarget,
    /// The prompt's node on this lane's branch.
    pub user_message: MessageId,
    /// The answer's node.
    pub message: MessageId,
    /// The process that runs it.
    pub process: ProcessId,
    /// Where it stands.
    pub state: RunState,
    /// What it was shown of the conversation.
    pub saw: Saw,
    /// Which endpoints were to be tried, and why.
    pub route: Route,
    /// The run it repeats.
    pub retry_of: Option<RunId>,
    /// Why the provider stopped.
    pub finish_reason: Option<FinishReason>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// What the user should be able to see.
    pub notices: Vec<(NoticeKind, domain::Words)>,
    /// When its first attempt was sent.
    pub started_at: Option<Timestamp>,
    /// Time to the first content.
    pub ttft: Option<Millis>,
    /// Time to the end.
    pub duration: Option<Millis>,
    /// Usage of the attempt that answered.
    pub usage: Option<Usage>,
}

fn row(cols: &Cols<'_>) -> Result<RunRow, Failure> {
    Ok(RunRow {
        id: cols.id("id")?,
        turn: cols.id("turn")?,
        lane: cols.id("lane")?,
        position: cols.get("position")?,
        target: cols.json("target")?,
        user_message: cols.id("user_message")?,
        message: cols.id("message")?,
        process: cols.id("process")?,
        state: cols.word("state")?,
        saw: cols.json("saw")?,
        route: cols.json("route")?,
        retry_of: cols.opt_id("retry_of")?,
        finish_reason: cols.opt_word("finish_reason")?,
        failure: cols.opt_json("failure")?,
        notices: cols.json("notices")?,
        started_at: cols.opt_time("started_at")?,
        ttft: cols.opt_millis("ttft")?,
        duration: cols.opt_millis("duration")?,
        usage: cols.opt_json("usage")?,
    })
}

impl Tx<'_> {
    /// Adds a run.
    pub fn insert_run(&mut self, r: &RunRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO runs (id, turn, lane, position, target, user_message, message, process, state, saw,
                 route, retry_of, finish_reason, failure, notices, started_at, ttft, duration, usage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            params![
                r.id.blob(),
                r.turn.blob(),
                r.lane.blob(),
                int(r.position.into())?,
                json(&r.target)?,
                r.user_message.blob(),
                r.message.blob(),
                r.process.blob(),
                r.state.as_str(),
                json(&r.saw)?,
                json(&r.route)?,
                opt_blob(r.retry_of),
                r.finish_reason.map(word).transpose()?,
                opt_json(r.failure.as_ref())?,
                json(&r.notices)?,
                r.started_at.map(|t| t.0),
                opt_millis(r.ttft)?,
                opt_millis(r.duration)?,
                opt_json(r.usage.as_ref())?
            ],
        )
        .map(|_| ())
    }

    /// Writes what can change while a run goes on: state, route, results, times. What was asked stays.
    pub fn update_run(&mut self, r: &RunRow) -> Result<(), Failure> {
        self.change(
            "run",
            "UPDATE runs SET process = ?2, state = ?3, route = ?4, finish_reason = ?5, failure = ?6,
                 notices = ?7, started_at = ?8, ttft = ?9, duration = ?10, usage = ?11 WHERE id = ?1",
            params![
                r.id.blob(),
                r.process.blob(),
                r.state.as_str(),
                json(&r.route)?,
                r.finish_reason.map(word).transpose()?,
                opt_json(r.failure.as_ref())?,
                json(&r.notices)?,
                r.started_at.map(|t| t.0),
                opt_millis(r.ttft)?,
                opt_millis(r.duration)?,
                opt_json(r.usage.as_ref())?
            ],
        )
    }

    /// Moves a run to another state.
    pub fn set_run_state(&mut self, id: RunId, state: RunState) -> Result<(), Failure> {
        self.change("run", "UPDATE runs SET state = ?2 WHERE id = ?1", params![id.blob(), state.as_str()])
    }

    /// One run.
    pub fn run(&self, id: RunId) -> Result<Option<RunRow>, Failure> {
        self.one("SELECT * FROM runs WHERE id = ?1", [id.blob()], row)
    }

    /// The runs of a turn, left to right, a repetition after what it repeats.
    pub fn runs(&self, turn: TurnId) -> Result<Vec<RunRow>, Failure> {
        self.all("SELECT * FROM runs WHERE turn = ?1 ORDER BY position, id", [turn.blob()], row)
    }

    /// The answers of a conversation that broke off.
    pub fn broken_off(&self, conversation: ConversationId) -> Result<Vec<MessageId>, Failure> {
        self.all(
            "SELECT r.message FROM turns t JOIN runs r ON r.turn = t.id
             WHERE t.conversation = ?1 AND r.state = 'interrupted'",
            [conversation.blob()],
            |cols| cols.id("message"),
        )
    }

    /// The unfinished runs of a process. Ids alone: one row that cannot be read must not hide the others.
    pub fn runs_of_process(&self, process: ProcessId) -> Result<Vec<RunId>, Failure> {
        self.all(
            "SELECT id FROM runs WHERE process = ?1 AND state IN ('pending', 'connecting', 'streaming')
             ORDER BY id",
            [process.blob()],
            |cols| cols.id("id"),
        )
    }
}
