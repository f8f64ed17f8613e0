//! Turns whose answers are shown without the names of the models, until the user has voted or asked to see them.

use crate::tx::{Cols, Key, Tx};
use domain::{ConversationId, Failure, Timestamp, TurnId};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE blind_turns (
    turn BLOB PRIMARY KEY CHECK (length(turn) = 16) REFERENCES turns (id),
    together INTEGER NOT NULL CHECK (together IN (0, 1)),
    revealed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_turns_hidden ON blind_turns (turn) WHERE revealed_at IS NULL;
";

/// A turn that was asked blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindRow {
    /// Which.
    pub turn: TurnId,
    /// No answer is shown before all have ended, so that speed tells nothing.
    pub together: bool,
    /// When the names were shown; `None` = they are hidden.
    pub revealed_at: Option<Timestamp>,
}

fn row(cols: &Cols<'_>) -> Result<BlindRow, Failure> {
    Ok(BlindRow {
        turn: cols.id("turn")?,
        together: cols.get("together")?,
        revealed_at: cols.opt_time("revealed_at")?,
    })
}

impl Tx<'_> {
    /// Marks a turn as asked blind.
    pub fn insert_blind(&mut self, turn: TurnId, together: bool) -> Result<(), Failure> {
        self.exec("INSERT INTO blind_turns (turn, together) VALUES (?1, ?2)", params![turn.blob(), together])
            .map(|_| ())
    }

    /// Whether and how a turn was asked blind.
    pub fn blind(&self, turn: TurnId) -> Result<Option<BlindRow>, Failure> {
        self.one("SELECT * FROM blind_turns WHERE turn = ?1", [turn.blob()], row)
    }

    /// The turns of a conversation that were asked blind.
    pub fn blind_turns(&self, conversation: ConversationId) -> Result<Vec<BlindRow>, Failure> {
        self.all(
            "SELECT b.* FROM blind_turns b JOIN turns t ON t.id = b.turn WHERE t.conversation = ?1",
            [conversation.blob()],
            row,
        )
    }

    /// Shows the names of a turn; false = they were not hidden.
    pub fn reveal(&mut self, turn: TurnId, at: Timestamp) -> Result<bool, Failure> {
        let changed = self.exec(
            "UPDATE blind_turns SET revealed_at = ?2 WHERE turn = ?1 AND revealed_at IS NULL",
            params![turn.blob(), at.0],
        )?;
        Ok(changed > 0)
    }

    /// Shows the names of every turn of a conversation.
    pub fn reveal_all(&mut self, conversation: ConversationId, at: Timestamp) -> Result<(), Failure> {
        self.exec(
            "UPDATE blind_turns SET revealed_at = ?2
             WHERE revealed_at IS NULL AND turn IN (SELECT id FROM turns WHERE conversation = ?1)",
            params![conversation.blob(), at.0],
        )
        .map(|_| ())
    }
}
