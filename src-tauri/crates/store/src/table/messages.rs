//! The tree of messages, and their contents. Equal contents are stored once, whatever lane shows them.

use crate::tx::{Cols, Key, Tx, json, opt_blob};
use domain::{ContentId, ConversationId, Failure, MessageId, Part, Role, RunId, Timestamp};
use rusqlite::params;

// `run` has no foreign key: message and run point at each other, and a deferred key would be checked
// only at the commit, where a violation would undo the writes of others in the same group.
pub(crate) const SCHEMA: &str = "
CREATE TABLE contents (
    id TEXT PRIMARY KEY,
    parts TEXT NOT NULL CHECK (json_valid(parts))
) STRICT;
CREATE TABLE messages (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversations (id),
    parent BLOB REFERENCES messages (id),
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    content TEXT NOT NULL REFERENCES contents (id),
    run BLOB CHECK (run IS NULL OR length(run) = 16),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation);
CREATE INDEX messages_by_parent ON messages (parent);
CREATE INDEX messages_by_content ON messages (content);
";

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What it answers or continues; `None` = a root.
    pub parent: Option<MessageId>,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: ContentId,
    /// The run that wrote it; `None` = the user did.
    pub run: Option<RunId>,
    /// When it was begun.
    pub created_at: Timestamp,
}

fn row(cols: &Cols<'_>) -> Result<MessageRow, Failure> {
    Ok(MessageRow {
        id: cols.id("id")?,
        conversation: cols.id("conversation")?,
        parent: cols.opt_id("parent")?,
        role: cols.word("role")?,
        content: ContentId::new(cols.get::<String>("content")?),
        run: cols.opt_id("run")?,
        created_at: cols.time("created_at")?,
    })
}

/// The id of a content: SHA-256, in hex, of its JSON.
pub fn content_id(parts: &[Part]) -> Result<ContentId, Failure> {
    json(parts).map(|text| id_of(&text))
}

fn id_of(text: &str) -> ContentId {
    ContentId::new(crate::sha256(text.as_bytes()))
}

impl Tx<'_> {
    /// Stores a content if it is new.
    pub fn put_content(&mut self, parts: &[Part]) -> Result<ContentId, Failure> {
        let text = json(parts)?;
        let id = id_of(&text);
        self.exec(
            "INSERT INTO contents (id, parts) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
            params![id.as_str(), text],
        )?;
        self.note_files(id.as_str(), parts)?;
        Ok(id)
    }

    /// A content.
    pub fn content(&self, id: &ContentId) -> Result<Option<Vec<Part>>, Failure> {
        self.one("SELECT parts FROM contents WHERE id = ?1", [id.as_str()], |c| c.json("parts"))
    }

    /// Adds a message to the tree.
    pub fn insert_message(&mut self, m: &MessageRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO messages (id, conversation, parent, role, content, run, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                m.id.blob(),
                m.conversation.blob(),
                opt_blob(m.parent),
                crate::tx::word(m.role)?,
                m.content.as_str(),
                opt_blob(m.run),
                m.created_at.0
            ],
        )
        .map(|_| ())
    }

    /// Gives a message its (final) content.
    pub fn set_message_content(&mut self, id: MessageId, content: &ContentId) -> Result<(), Failure> {
        self.change(
            "message",
            "UPDATE messages SET content = ?2 WHERE id = ?1",
            params![id.blob(), content.as_str()],
        )
    }

    /// Forgets a content that nothing names any more.
    pub fn drop_content(&mut self, id: &ContentId) -> Result<(), Failure> {
        self.exec(
            "DELETE FROM contents WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM messages WHERE content = ?1)
             AND NOT EXISTS (SELECT 1 FROM turns WHERE prompt = ?1)
             AND NOT EXISTS (SELECT 1 FROM experiment_cells WHERE content = ?1)",
            [id.as_str()],
        )
        .map(|_| ())
    }

    /// Every message of a conversation, in no order.
    pub fn messages(&self, conversation: ConversationId) -> Result<Vec<MessageRow>, Failure> {
        self.all("SELECT * FROM messages WHERE conversation = ?1", [conversation.blob()], row)
    }

    /// One message.
    pub fn message(&self, id: MessageId) -> Result<Option<MessageRow>, Failure> {
        self.one("SELECT * FROM messages WHERE id = ?1", [id.blob()], row)
    }

    /// The branch that ends at `leaf`, from its root on, with what is said. Empty if there is no `leaf`.
    pub fn branch(&self, leaf: MessageId) -> Result<Vec<(MessageRow, Vec<Part>)>, Failure> {
        self.all(
            "WITH RECURSIVE up (id, depth) AS (
                 VALUES (?1, 0)
                 UNION ALL
                 SELECT m.parent, up.depth + 1 FROM up JOIN messages m ON m.id = up.id
                 WHERE m.parent IS NOT NULL
             )
             SELECT m.*, c.parts FROM up
             JOIN messages m ON m.id = up.id
             JOIN contents c ON c.id = m.content
             ORDER BY up.depth DESC",
            [leaf.blob()],
            |cols| Ok((row(cols)?, cols.json("parts")?)),
        )
    }
}
