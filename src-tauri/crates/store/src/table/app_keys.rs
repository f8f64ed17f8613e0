//! Keys that the user gives to other programs for the local gateway. The key itself is nowhere: only its
//! SHA-256, which suffices since a key is 256 random bits.

use crate::tx::{Cols, Tx, json};
use domain::{Failure, PicoUsd, Timestamp};
use rusqlite::params;
use sha2::{Digest, Sha256};

// One name stands for one program, whichever key it has now: its spending and its budgets go on when its
// key is changed.
pub(crate) const SCHEMA: &str = "
CREATE TABLE app_keys (
    id TEXT PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    last_four TEXT NOT NULL CHECK (length(last_four) = 4),
    models TEXT NOT NULL CHECK (json_valid(models)),
    policy TEXT,
    requests INTEGER CHECK (requests > 0),
    tokens INTEGER CHECK (tokens > 0),
    cache INTEGER NOT NULL CHECK (cache IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX app_keys_by_name ON app_keys (name) WHERE revoked_at IS NULL;
ALTER TABLE audit ADD COLUMN app TEXT;
CREATE INDEX ledger_by_app ON ledger_entries (app, at) WHERE app IS NOT NULL;
";

/// Answers that were given again instead of asked anew.
pub(crate) const AGAIN: &str = "
CREATE TABLE answered_again (
    at INTEGER NOT NULL,
    app TEXT NOT NULL,
    model TEXT NOT NULL,
    saved INTEGER CHECK (saved >= 0)
) STRICT;
CREATE INDEX answered_again_by_time ON answered_again (at);
";

/// What answers that were given again have saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// How many.
    pub answers: u32,
    /// What they cost the first time, as far as that is known.
    pub saved: PicoUsd,
    /// Those of which it is not.
    pub unknown: u32,
}

/// A key of another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppKeyRow {
    /// The first half of the digest's first half, as 16 hexadecimal digits: for finding it, and for naming it.
    pub id: String,
    /// The program it was given to.
    pub name: String,
    /// SHA-256 of the key.
    pub digest: [u8; 32],
    /// How the key ends.
    pub last_four: String,
    /// The models it may ask: slugs, `author/*`, names with a variant or `auto/…`; none = all.
    pub models: Vec<String>,
    /// The policy it is under, besides the usual one.
    pub policy: Option<String>,
    /// Requests within a minute; `None` = as many as can be.
    pub requests_per_minute: Option<u32>,
    /// Tokens of prompts and answers within a minute; `None` = as many as can be.
    pub tokens_per_minute: Option<u32>,
    /// Equal requests get the stored answer.
    pub cache: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is not good any more.
    pub expires_at: Option<Timestamp>,
    /// When the user took it back.
    pub revoked_at: Option<Timestamp>,
}

impl AppKeyRow {
    /// What of a key is kept.
    pub fn digest_of(key: &str) -> [u8; 32] {
        Sha256::digest(key.as_bytes()).into()
    }

    /// The id of a key with this digest.
    pub fn id_of(digest: &[u8; 32]) -> String {
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Is it the key with this digest? Takes the same time wherever they differ.
    pub fn is(&self, digest: &[u8; 32]) -> bool {
        let differ = self.digest.iter().zip(digest).fold(0_u8, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0
    }
}

fn row(cols: &Cols<'_>) -> Result<AppKeyRow, Failure> {
    Ok(AppKeyRow {
        id: cols.get("id")?,
        name: cols.get("name")?,
        digest: cols.get("digest")?,
        last_four: cols.get("last_four")?,
        models: cols.json("models")?,
        policy: cols.get("policy")?,
        requests_per_minute: cols.get("requests")?,
        tokens_per_minute: cols.get("tokens")?,
        cache: cols.get("cache")?,
        created_at: cols.time("created_at")?,
        expires_at: cols.opt_time("expires_at")?,
        revoked_at: cols.opt_time("revoked_at")?,
    })
}

impl Tx<'_> {
    /// Every key, those taken back too, newest first.
    pub fn app_keys(&self) -> Result<Vec<AppKeyRow>, Failure> {
        self.all("SELECT * FROM app_keys ORDER BY created_at DESC, id", [], row)
    }

    /// Writes down that an answer was given again, and what it cost the first time.
    pub fn note_again(
        &mut self,
        at: Timestamp,
        app: &str,
        model: &str,
        saved: Option<PicoUsd>,
    ) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO answered_again (at, app, model, saved) VALUES (?1, ?2, ?3, ?4)",
            params![at.0, app, model, saved.map(PicoUsd::get)],
        )
        .map(|_| ())
    }

    /// What was given again in `[from, until)`.
    pub fn answered_again(&self, from: Timestamp, until: Timestamp) -> Result<Again, Failure> {
        let found = self.one(
            "SELECT count(*) AS n, count(saved) AS known, ifnull(sum(saved), 0) AS saved FROM answered_again
             WHERE at >= ?1 AND at < ?2",
            params![from.0, until.0],
            |cols| {
                let (n, known): (u32, u32) = (cols.get("n")?, cols.get("known")?);
                Ok(Again { answers: n, saved: PicoUsd::new(cols.get("saved")?), unknown: n - known })
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    /// The key of this id.
    pub fn app_key(&self, id: &str) -> Result<Option<AppKeyRow>, Failure> {
        self.one("SELECT * FROM app_keys WHERE id = ?1", [id], row)
    }

    /// The key of this name that is not taken back.
    pub fn app_key_named(&self, name: &str) -> Result<Option<AppKeyRow>, Failure> {
        self.one("SELECT * FROM app_keys WHERE name = ?1 AND revoked_at IS NULL", [name], row)
    }

    /// Writes a new key, or what the user has changed about one.
    pub fn put_app_key(&mut self, k: &AppKeyRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO app_keys (id, name, digest, models, policy, requests, tokens, cache, created_at,
                 expires_at, revoked_at, last_four)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET models = excluded.models, policy = excluded.policy,
                 requests = excluded.requests, tokens = excluded.tokens, cache = excluded.cache,
                 expires_at = excluded.expires_at, revoked_at = excluded.revoked_at",
            params![
                k.id,
                k.name,
                k.digest,
                json(&k.models)?,
                k.policy,
                k.requests_per_minute,
                k.tokens_per_minute,
                k.cache,
                k.created_at.0,
                k.expires_at.map(|at| at.0),
                k.revoked_at.map(|at| at.0),
                k.last_four
            ],
        )
        .map(|_| ())
    }
}
