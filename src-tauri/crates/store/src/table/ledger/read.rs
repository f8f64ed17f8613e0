//! Entries as they are read.

use super::{Entry, entry};
use crate::tx::{Key, Tx};
use domain::{AttemptId, Failure, Timestamp};
use rusqlite::params;

/// A query for the places of every entry of these attempts. What settles and what adjusts have an index each.
pub(crate) fn of_attempts(attempts: &str) -> String {
    format!(
        "SELECT seq FROM ledger_entries WHERE attempt IN ({attempts}) AND adjusts IS NULL
         UNION ALL SELECT seq FROM ledger_entries WHERE attempt IN ({attempts}) AND adjusts IS NOT NULL"
    )
}

impl Tx<'_> {
    /// True when the attempt has an entry.
    pub fn is_settled(&self, attempt: AttemptId) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT 1 AS n FROM ledger_entries WHERE attempt = ?1 AND adjusts IS NULL",
            [attempt.blob()],
            |c| c.get::<i64>("n"),
        )?;
        Ok(found.is_some())
    }

    /// Entries booked in `[from, until)`, in the order of the chain, adjusted ones included.
    pub fn entries(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Entry>, Failure> {
        self.all(
            "SELECT e.*, p.sheet FROM ledger_entries e LEFT JOIN price_sheets p ON p.id = e.price_sheet
             WHERE e.at >= ?1 AND e.at < ?2 ORDER BY e.seq",
            params![from.0, until.0],
            entry,
        )
    }

    /// The entries of an attempt: its settlement, then what adjusts it.
    pub fn entries_of(&self, attempt: AttemptId) -> Result<Vec<Entry>, Failure> {
        let sql = format!(
            "SELECT e.*, p.sheet FROM ledger_entries e LEFT JOIN price_sheets p ON p.id = e.price_sheet
             WHERE e.seq IN ({}) ORDER BY e.seq",
            of_attempts("?1")
        );
        self.all(&sql, [attempt.blob()], entry)
    }
}
