//! Holds: the most an unfinished attempt may still cost. Placed before its request is sent, released by
//! its entry in the ledger.

use crate::{
    error::bug,
    tx::{Key, Tx},
};
use domain::{AttemptId, Failure, PicoUsd, ProcessId, Timestamp};
use rusqlite::params;

// No foreign key to attempts, as in the ledger: money does not depend on what a chat keeps.
pub(crate) const SCHEMA: &str = "
CREATE TABLE holds (
    attempt BLOB PRIMARY KEY CHECK (length(attempt) = 16),
    amount INTEGER CHECK (amount >= 0),
    placed_at INTEGER NOT NULL,
    process BLOB NOT NULL CHECK (length(process) = 16)
) STRICT;
";

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// For which attempt.
    pub attempt: AttemptId,
    /// At most this much; `None` = the price is unknown.
    pub amount: Option<PicoUsd>,
    /// When.
    pub placed_at: Timestamp,
    /// The process that makes the attempt.
    pub process: ProcessId,
}

impl Tx<'_> {
    /// Places a hold, or changes the amount of the one there is. Refused once the attempt is settled.
    pub fn place_hold(&mut self, h: &HoldRow) -> Result<(), Failure> {
        if self.is_settled(h.attempt)? {
            return Err(bug("A hold was to be placed on an attempt that is settled."));
        }
        self.exec(
            "INSERT INTO holds (attempt, amount, placed_at, process) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (attempt) DO UPDATE SET amount = excluded.amount",
            params![h.attempt.blob(), h.amount.map(PicoUsd::get), h.placed_at.0, h.process.blob()],
        )
        .map(|_| ())
    }

    /// Every open hold, oldest first.
    pub fn holds(&self) -> Result<Vec<HoldRow>, Failure> {
        self.all("SELECT * FROM holds ORDER BY placed_at, attempt", [], |cols| {
            Ok(HoldRow {
                attempt: cols.id("attempt")?,
                amount: cols.get::<Option<i64>>("amount")?.map(PicoUsd::new),
                placed_at: cols.time("placed_at")?,
                process: cols.id("process")?,
            })
        })
    }
}
