//! Attempts: one row an HTTP call, also failed ones and those without a run (gateway, command line).

use crate::{
    error::bug,
    tx::{Cols, Key, Tx, opt_blob, opt_json, opt_millis},
};
use domain::{
    AccountLabel, AttemptId, Cost, EndpointId, Failure, Millis, ModelSlug, Outcome, ProviderId, RunId,
    Timestamp, Upstream, Usage,
};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE attempts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    run BLOB REFERENCES runs (id),
    n INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    origin TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    first_byte INTEGER,
    first_content INTEGER,
    duration INTEGER,
    outcome TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
    upstream TEXT CHECK (upstream IS NULL OR json_valid(upstream)),
    usage TEXT CHECK (usage IS NULL OR json_valid(usage)),
    cost TEXT CHECK (cost IS NULL OR json_valid(cost))
) STRICT;
CREATE UNIQUE INDEX attempts_by_run ON attempts (run, n) WHERE run IS NOT NULL;
";

/// Which key an attempt was made with.
pub(crate) const ACCOUNTS: &str = "ALTER TABLE attempts ADD COLUMN account TEXT;";

/// How long the model was seen to reason. Rows from before do not say.
pub(crate) const REASONED: &str = "ALTER TABLE attempts ADD COLUMN reasoned INTEGER;";

/// An attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    /// Id; also the key under which it is settled.
    pub id: AttemptId,
    /// Its run; `None` = none was made for it.
    pub run: Option<RunId>,
    /// Number within the run, from 1.
    pub n: u32,
    /// Where it went.
    pub endpoint: EndpointId,
    /// Who serves that.
    pub provider: ProviderId,
    /// Label of the provider's key it was made with; `None` = none was sent.
    pub account: Option<AccountLabel>,
    /// Which model.
    pub model: ModelSlug,
    /// The provider's own id of it.
    pub upstream_model: String,
    /// What asked: `window`, `cli`, `gateway` …
    pub origin: String,
    /// When it was sent.
    pub started_at: Timestamp,
    /// Time to the first byte.
    pub first_byte: Option<Millis>,
    /// Time to the first content.
    pub first_content: Option<Millis>,
    /// How long it was seen to reason.
    pub reasoned: Option<Millis>,
    /// Time to the end.
    pub duration: Option<Millis>,
    /// How it ended; `None` = it has not.
    pub outcome: Option<Outcome>,
    /// What the provider said.
    pub upstream: Option<Upstream>,
    /// What it consumed.
    pub usage: Option<Usage>,
    /// What it cost.
    pub cost: Option<Cost>,
}

fn row(cols: &Cols<'_>) -> Result<AttemptRow, Failure> {
    Ok(AttemptRow {
        id: cols.id("id")?,
        run: cols.opt_id("run")?,
        n: cols.get("n")?,
        endpoint: EndpointId::new(cols.get::<String>("endpoint")?),
        provider: ProviderId::new(cols.get::<String>("provider")?),
        account: cols.get::<Option<String>>("account")?.map(AccountLabel::new),
        model: cols.word("model")?,
        upstream_model: cols.get("upstream_model")?,
        origin: cols.get("origin")?,
        started_at: cols.time("started_at")?,
        first_byte: cols.opt_millis("first_byte")?,
        first_content: cols.opt_millis("first_content")?,
        reasoned: cols.opt_millis("reasoned")?,
        duration: cols.opt_millis("duration")?,
        outcome: cols.opt_json("outcome")?,
        upstream: cols.opt_json("upstream")?,
        usage: cols.opt_json("usage")?,
        cost: cols.opt_json("cost")?,
    })
}

impl Tx<'_> {
    /// Records an attempt. To be committed before the first byte of its request is sent.
    pub fn insert_attempt(&mut self, a: &AttemptRow) -> Result<(), Failure> {
        self.exec_told(
            "INSERT INTO attempts (id, run, n, endpoint, provider, model, upstream_model, origin, started_at,
                 first_byte, first_content, duration, outcome, upstream, usage, cost, account, reasoned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            params![
                a.id.blob(),
                opt_blob(a.run),
                a.n,
                a.endpoint.as_str(),
                a.provider.as_str(),
                a.model.as_str(),
                a.upstream_model,
                a.origin,
                a.started_at.0,
                opt_millis(a.first_byte)?,
                opt_millis(a.first_content)?,
                opt_millis(a.duration)?,
                opt_json(a.outcome.as_ref())?,
                opt_json(a.upstream.as_ref())?,
                opt_json(a.usage.as_ref())?,
                opt_json(a.cost.as_ref())?,
                a.account.as_ref().map(AccountLabel::as_str),
                opt_millis(a.reasoned)?
            ],
        )
        .map(|_| ())
    }

    /// Writes how an attempt went: times, outcome, what was said, used and paid; and its number, since of two at
    /// once the one that is the answer comes last.
    pub fn finish_attempt(&mut self, a: &AttemptRow) -> Result<(), Failure> {
        let changed = self.exec_told(
            "UPDATE attempts SET first_byte = ?2, first_content = ?3, duration = ?4, outcome = ?5,
                 upstream = ?6, usage = ?7, cost = ?8, reasoned = ?9, n = ?10 WHERE id = ?1",
            params![
                a.id.blob(),
                opt_millis(a.first_byte)?,
                opt_millis(a.first_content)?,
                opt_millis(a.duration)?,
                opt_json(a.outcome.as_ref())?,
                opt_json(a.upstream.as_ref())?,
                opt_json(a.usage.as_ref())?,
                opt_json(a.cost.as_ref())?,
                opt_millis(a.reasoned)?,
                a.n
            ],
        )?;
        if changed == 0 {
            return Err(bug("There is no such attempt to change."));
        }
        self.known.facts().finished = Some((a.id, a.first_content, a.duration));
        Ok(())
    }

    /// One attempt.
    pub fn attempt(&self, id: AttemptId) -> Result<Option<AttemptRow>, Failure> {
        self.one("SELECT * FROM attempts WHERE id = ?1", [id.blob()], row)
    }

    /// Was it made for a cell of an experiment?
    pub fn is_of_experiment(&self, id: AttemptId) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT EXISTS (SELECT 1 FROM attempts a JOIN experiment_cells c ON c.run = a.run WHERE a.id = ?1) AS is_so",
            [id.blob()],
            |cols| cols.get("is_so"),
        )?;
        Ok(found.unwrap_or(false))
    }

    /// The attempts of a run, first to last.
    pub fn attempts(&self, run: RunId) -> Result<Vec<AttemptRow>, Failure> {
        self.all("SELECT * FROM attempts WHERE run = ?1 ORDER BY n", [run.blob()], row)
    }
}
