//! Conversations: title and times. Everything in them points here.

use crate::tx::{Cols, Key, Tx};
use domain::{ConversationId, Failure, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE conversations (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    archived_at INTEGER
) STRICT;
CREATE INDEX conversations_by_update ON conversations (updated_at DESC, id DESC);
";

/// A conversation in the trash keeps all it has until it is purged.
pub(crate) const TRASH: &str = "
ALTER TABLE conversations ADD COLUMN deleted_at INTEGER;
CREATE INDEX conversations_in_trash ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;
";

/// Whose the title is, where it is not the first words of the prompt.
pub(crate) const TITLED: &str = "
CREATE TABLE titled (
    conversation BLOB PRIMARY KEY REFERENCES conversations (id),
    by TEXT NOT NULL CHECK (by IN ('user', 'model'))
) STRICT, WITHOUT ROWID;
";

/// Who gave a conversation its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Titled {
    /// The user. Nobody else changes it any more.
    User,
    /// The model that the user chose for titles.
    Model,
}

/// It holds no experiment's answers: those are shown, and removed, with their experiment. One whose answers others
/// have taken outlives its own.
const CHAT: &str = "id NOT IN (
    SELECT conversation FROM experiments
    UNION ALL SELECT t.conversation FROM experiment_cells c
        JOIN runs r ON r.id = c.run JOIN turns t ON t.id = r.turn)";

/// Which conversations are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Those in the list, without experiments.
    Listed,
    /// Those that were put away, without experiments.
    Archived,
    /// Those in the list and those put away, experiments too.
    Kept,
    /// Those in the trash.
    Trash,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Id.
    pub id: ConversationId,
    /// Title.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// Its last turn.
    pub updated_at: Timestamp,
    /// When it was put away; `None` = it is in the list.
    pub archived_at: Option<Timestamp>,
    /// When it was put into the trash; `None` = it is not there.
    pub deleted_at: Option<Timestamp>,
}

pub(crate) fn row(cols: &Cols<'_>) -> Result<ConversationRow, Failure> {
    Ok(ConversationRow {
        id: cols.id("id")?,
        title: cols.get("title")?,
        created_at: cols.time("created_at")?,
        updated_at: cols.time("updated_at")?,
        archived_at: cols.opt_time("archived_at")?,
        deleted_at: cols.opt_time("deleted_at")?,
    })
}

impl Tx<'_> {
    /// Adds a conversation.
    pub fn insert_conversation(&mut self, c: &ConversationRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO conversations (id, title, created_at, updated_at, archived_at, deleted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                c.id.blob(),
                c.title,
                c.created_at.0,
                c.updated_at.0,
                c.archived_at.map(|t| t.0),
                c.deleted_at.map(|t| t.0)
            ],
        )
        .map(|_| ())
    }

    /// One conversation.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>, Failure> {
        self.one("SELECT * FROM conversations WHERE id = ?1", [id.blob()], row)
    }

    /// The newest `limit` conversations of a shelf: by last turn, in the trash by when they came there.
    pub fn conversations(&self, limit: u32, shelf: Shelf) -> Result<Vec<ConversationRow>, Failure> {
        let (condition, order) = match shelf {
            Shelf::Listed => {
                let chat = "id NOT IN (SELECT conversation FROM experiments)";
                (format!("deleted_at IS NULL AND archived_at IS NULL AND {chat}"), "updated_at")
            }
            Shelf::Archived => {
                (format!("deleted_at IS NULL AND archived_at IS NOT NULL AND {CHAT}"), "updated_at")
            }
            Shelf::Kept => ("deleted_at IS NULL".to_owned(), "updated_at"),
            Shelf::Trash => ("deleted_at IS NOT NULL".to_owned(), "deleted_at"),
        };
        let sql =
            format!("SELECT * FROM conversations WHERE {condition} ORDER BY {order} DESC, id DESC LIMIT ?1");
        self.all(&sql, [limit], row)
    }

    /// Renames a conversation, and keeps who did.
    pub fn set_conversation_title(
        &mut self,
        id: ConversationId,
        title: &str,
        by: Titled,
    ) -> Result<(), Failure> {
        self.change(
            "conversation",
            "UPDATE conversations SET title = ?2 WHERE id = ?1",
            params![id.blob(), title],
        )?;
        let by = match by {
            Titled::User => "user",
            Titled::Model => "model",
        };
        self.exec(
            "INSERT INTO titled (conversation, by) VALUES (?1, ?2)
             ON CONFLICT (conversation) DO UPDATE SET by = excluded.by",
            params![id.blob(), by],
        )
        .map(|_| ())
    }

    /// Who gave a conversation its title; `None` = it is made of its prompt, or came with it.
    pub fn titled(&self, id: ConversationId) -> Result<Option<Titled>, Failure> {
        let sql = "SELECT by = 'user' AS own FROM titled WHERE conversation = ?1";
        let own = self.one(sql, [id.blob()], |cols| cols.get::<bool>("own"))?;
        Ok(own.map(|own| if own { Titled::User } else { Titled::Model }))
    }

    /// Moves a conversation to the time of its latest turn. Never backwards: a clock may have jumped.
    pub fn touch_conversation(&mut self, id: ConversationId, at: Timestamp) -> Result<(), Failure> {
        self.change(
            "conversation",
            "UPDATE conversations SET updated_at = max(updated_at, ?2) WHERE id = ?1",
            params![id.blob(), at.0],
        )
    }

    /// Puts a conversation away (`Some`) or back (`None`).
    pub fn set_conversation_archived(
        &mut self,
        id: ConversationId,
        at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        self.change(
            "conversation",
            "UPDATE conversations SET archived_at = ?2 WHERE id = ?1",
            params![id.blob(), at.map(|t| t.0)],
        )
    }

    /// Puts a conversation into the trash (`Some`) or takes it out (`None`). Nothing of it changes.
    pub fn set_conversation_deleted(
        &mut self,
        id: ConversationId,
        at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        self.change(
            "conversation",
            "UPDATE conversations SET deleted_at = ?2 WHERE id = ?1",
            params![id.blob(), at.map(|t| t.0)],
        )
    }

    /// Does it hold the answers of an experiment?
    pub fn holds_experiment(&self, id: ConversationId) -> Result<bool, Failure> {
        let sql = format!("SELECT 1 AS one FROM conversations WHERE id = ?1 AND NOT ({CHAT})");
        Ok(self.one(&sql, [id.blob()], |cols| cols.get::<i64>("one"))?.is_some())
    }

    /// Up to `limit` conversations that came into the trash before `before`, oldest first; none with an experiment's
    /// answers.
    pub fn trash_before(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, Failure> {
        self.all(
            &format!(
                "SELECT id FROM conversations WHERE deleted_at < ?1 AND {CHAT} ORDER BY deleted_at LIMIT ?2"
            ),
            params![before.0, limit],
            |cols| cols.id("id"),
        )
    }
}
