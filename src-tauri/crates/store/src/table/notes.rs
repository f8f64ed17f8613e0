//! What the user has written on turns and on answers.

use crate::tx::{Key, Tx};
use domain::{Failure, RunId, Timestamp, TurnId};
use rusqlite::params;

// By the id of either: no two things share one.
pub(crate) const SCHEMA: &str = "
CREATE TABLE notes (
    subject BLOB PRIMARY KEY CHECK (length(subject) = 16),
    text TEXT NOT NULL CHECK (text <> ''),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What a note is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteOn {
    /// A turn: its prompt, answers and votes.
    Turn(TurnId),
    /// One answer.
    Answer(RunId),
}

impl NoteOn {
    fn key(self) -> [u8; 16] {
        match self {
            Self::Turn(id) => id.blob(),
            Self::Answer(id) => id.blob(),
        }
    }
}

impl Tx<'_> {
    /// Writes a note in the place of the one that was there; an empty one removes it.
    pub fn put_note(&mut self, on: NoteOn, text: &str, at: Timestamp) -> Result<(), Failure> {
        match text {
            "" => self.exec("DELETE FROM notes WHERE subject = ?1", [on.key()]),
            text => self.exec(
                "INSERT INTO notes (subject, text, changed_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (subject) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at",
                params![on.key(), text, at.0],
            ),
        }
        .map(|_| ())
    }

    /// The note on it; `None` = there is none.
    pub fn note(&self, on: NoteOn) -> Result<Option<String>, Failure> {
        self.one("SELECT text FROM notes WHERE subject = ?1", [on.key()], |cols| cols.at(0))
    }
}
