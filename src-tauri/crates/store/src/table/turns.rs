//! Turns: one row a press of Send.

use crate::tx::{Cols, Key, Tx};
use domain::{ContentId, ConversationId, Failure, Timestamp, TurnId};
use rusqlite::params;

// `place` is the rowid under a name: it keeps the order of writing through a restored backup, which a
// bare rowid need not.
pub(crate) const SCHEMA: &str = "
CREATE TABLE turns (
    place INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    prompt TEXT NOT NULL REFERENCES contents (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_by_conversation ON turns (conversation);
CREATE INDEX turns_by_prompt ON turns (prompt);
";

/// A turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnRow {
    /// Id.
    pub id: TurnId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What was asked.
    pub prompt: ContentId,
    /// When.
    pub created_at: Timestamp,
}

fn row(cols: &Cols<'_>) -> Result<TurnRow, Failure> {
    Ok(TurnRow {
        id: cols.id("id")?,
        conversation: cols.id("conversation")?,
        prompt: ContentId::new(cols.get::<String>("prompt")?),
        created_at: cols.time("created_at")?,
    })
}

impl Tx<'_> {
    /// Adds a turn.
    pub fn insert_turn(&mut self, t: &TurnRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO turns (id, conversation, prompt, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![t.id.blob(), t.conversation.blob(), t.prompt.as_str(), t.created_at.0],
        )
        .map(|_| ())
    }

    /// One turn.
    pub fn turn(&self, id: TurnId) -> Result<Option<TurnRow>, Failure> {
        self.one("SELECT * FROM turns WHERE id = ?1", [id.blob()], row)
    }

    /// The newest turns of chats, without those of experiments and of what is in the trash; newest first.
    pub fn asked_lately(&self, limit: u32) -> Result<Vec<TurnRow>, Failure> {
        self.all(
            "SELECT t.* FROM turns t JOIN conversations c ON c.id = t.conversation
             WHERE c.deleted_at IS NULL AND c.id NOT IN (SELECT conversation FROM experiments)
             ORDER BY t.place DESC LIMIT ?1",
            [limit],
            row,
        )
    }

    /// The turns of a conversation, oldest first. In the order they were written: a clock may jump.
    pub fn turns(&self, conversation: ConversationId) -> Result<Vec<TurnRow>, Failure> {
        self.all("SELECT * FROM turns WHERE conversation = ?1 ORDER BY rowid", [conversation.blob()], row)
    }
}
