//! The journal: what of a running answer is on disk already. One row a frame, written before the frame
//! is shown, cleared when the answer is stored whole.

use crate::tx::{Key, Tx};
use domain::{Failure, RunId};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE journal (
    run BLOB NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    chunk TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
";

impl Tx<'_> {
    /// Adds a frame's events (JSON text). Numbers rise within a run; a number taken twice is an error.
    pub fn append_journal(&mut self, run: RunId, seq: u32, chunk: &str) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO journal (run, seq, chunk) VALUES (?1, ?2, ?3)",
            params![run.blob(), seq, chunk],
        )
        .map(|_| ())
    }

    /// The frames of a run in order.
    pub fn journal(&self, run: RunId) -> Result<Vec<String>, Failure> {
        self.all("SELECT chunk FROM journal WHERE run = ?1 ORDER BY seq", [run.blob()], |c| c.get("chunk"))
    }

    /// Drops the frames of a run, whose text is stored in its message by now.
    pub fn clear_journal(&mut self, run: RunId) -> Result<(), Failure> {
        self.exec("DELETE FROM journal WHERE run = ?1", [run.blob()]).map(|_| ())
    }
}
