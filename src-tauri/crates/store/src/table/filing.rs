//! Where a person keeps a conversation: pinned, in a folder, under tags. None of it belongs to what was said: a
//! folder or a tag that goes leaves every conversation.

use super::conversations::{self, ConversationRow};
use crate::tx::{Key, Tx};
use domain::{ConversationId, Failure, Timestamp};
use rusqlite::params;
use std::collections::HashMap;

// Names are told apart whatever the case of their Latin letters. A folder may be empty; a tag lives as long as a
// conversation has it.
pub(crate) const SCHEMA: &str = "
CREATE TABLE folders (
    name TEXT PRIMARY KEY COLLATE NOCASE CHECK (length(name) > 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE filed (
    conversation BLOB PRIMARY KEY REFERENCES conversations (id),
    pinned_at INTEGER,
    folder TEXT COLLATE NOCASE REFERENCES folders (name) ON UPDATE CASCADE ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX filed_by_folder ON filed (folder) WHERE folder IS NOT NULL;
CREATE TABLE tags (
    conversation BLOB NOT NULL REFERENCES conversations (id),
    name TEXT NOT NULL COLLATE NOCASE CHECK (length(name) > 0),
    PRIMARY KEY (conversation, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (name, conversation);
";

/// Fewer pins, folders and tags than these are read at once.
const FEW: u32 = 2_000;
/// So many times the conversations that are wanted are gone through for them, before all are read that are kept
/// somewhere.
const AHEAD: u32 = 4;

pub(crate) const MANY: &str = "SELECT count(*) > ?1 AS many FROM (
    SELECT 1 FROM filed UNION ALL SELECT 1 FROM tags LIMIT ?1 + 1)";

/// How far back so many conversations go.
pub(crate) const FAR: &str =
    "SELECT updated_at FROM conversations ORDER BY updated_at DESC, id DESC LIMIT 1 OFFSET ?1";

pub(crate) const NEWEST: &str = "SELECT c.* FROM conversations c
    WHERE c.updated_at >= ?2 AND c.deleted_at IS NULL AND c.archived_at IS NULL
        AND (EXISTS (SELECT 1 FROM tags t WHERE t.conversation = c.id)
            OR EXISTS (SELECT 1 FROM filed f WHERE f.conversation = c.id
                AND (f.pinned_at IS NOT NULL OR f.folder IS NOT NULL)))
    ORDER BY c.updated_at DESC, c.id DESC LIMIT ?1";

const ALL: &str = "SELECT c.* FROM (
        SELECT conversation FROM filed WHERE pinned_at IS NOT NULL OR folder IS NOT NULL
        UNION SELECT conversation FROM tags) f
    CROSS JOIN conversations c ON c.id = f.conversation
    WHERE c.deleted_at IS NULL AND c.archived_at IS NULL
    ORDER BY c.updated_at DESC, c.id DESC LIMIT ?1";

/// Where a conversation is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filing {
    /// When it was pinned; `None` = it is not.
    pub pinned_at: Option<Timestamp>,
    /// Its folder.
    pub folder: Option<String>,
    /// Its tags, by name.
    pub tags: Vec<String>,
}

/// A folder or a tag, and how many conversations outside the trash have it.
pub type Counted = (String, u32);

impl Tx<'_> {
    /// Where one is kept.
    pub fn filing(&self, id: ConversationId) -> Result<Filing, Failure> {
        let place =
            self.one("SELECT pinned_at, folder FROM filed WHERE conversation = ?1", [id.blob()], |c| {
                Ok((c.opt_time("pinned_at")?, c.get::<Option<String>>("folder")?))
            })?;
        let (pinned_at, folder) = place.unwrap_or_default();
        let sql = "SELECT name FROM tags WHERE conversation = ?1 ORDER BY name";
        Ok(Filing { pinned_at, folder, tags: self.all(sql, [id.blob()], |c| c.at(0))? })
    }

    /// Where these are kept; those that are kept nowhere are left out.
    pub fn filings(&self, wanted: &[ConversationId]) -> Result<HashMap<ConversationId, Filing>, Failure> {
        let mut found = HashMap::new();
        for id in wanted {
            let filing = self.filing(*id)?;
            if filing != Filing::default() {
                found.insert(*id, filing);
            }
        }
        Ok(found)
    }

    /// The newest `limit` conversations of the list that are pinned, in a folder or under a tag.
    pub fn filed_conversations(&self, limit: u32) -> Result<Vec<ConversationRow>, Failure> {
        let many = self.one(MANY, [FEW], |c| c.get::<bool>("many"))?.unwrap_or(false);
        if many {
            // Most of the newest ones are among them: so not all that are kept somewhere are read for these.
            let far = self.one(FAR, [limit.saturating_mul(AHEAD)], |c| c.get::<i64>("updated_at"))?;
            let newest = self.all(NEWEST, params![limit, far.unwrap_or(i64::MIN)], conversations::row)?;
            if far.is_none() || newest.len() == limit as usize {
                return Ok(newest);
            }
        }
        self.all(ALL, [limit], conversations::row)
    }

    /// Pins a conversation (`Some`) or takes the pin off (`None`).
    pub fn set_pinned(&mut self, id: ConversationId, at: Option<Timestamp>) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO filed (conversation, pinned_at) VALUES (?1, ?2)
             ON CONFLICT (conversation) DO UPDATE SET pinned_at = excluded.pinned_at",
            params![id.blob(), at.map(|t| t.0)],
        )
        .map(|_| ())
    }

    /// Puts a conversation into a folder, which is made if there is none of that name, or out of all.
    pub fn set_folder(&mut self, id: ConversationId, folder: Option<&str>) -> Result<(), Failure> {
        if let Some(name) = folder {
            self.put_folder(name)?;
        }
        // Under the name the folder has, however it was written.
        self.exec(
            "INSERT INTO filed (conversation, folder) VALUES (?1, (SELECT name FROM folders WHERE name = ?2))
             ON CONFLICT (conversation) DO UPDATE SET folder = excluded.folder",
            params![id.blob(), folder],
        )
        .map(|_| ())
    }

    /// Gives a conversation a tag, as others have it written; one that it has is no error.
    pub fn put_tag(&mut self, id: ConversationId, name: &str) -> Result<(), Failure> {
        self.exec(
            "INSERT OR IGNORE INTO tags (conversation, name)
             VALUES (?1, coalesce((SELECT name FROM tags WHERE name = ?2 LIMIT 1), ?2))",
            params![id.blob(), name],
        )
        .map(|_| ())
    }

    /// Takes a tag off a conversation; one that it has not is no error.
    pub fn take_tag(&mut self, id: ConversationId, name: &str) -> Result<(), Failure> {
        let sql = "DELETE FROM tags WHERE conversation = ?1 AND name = ?2";
        self.exec(sql, params![id.blob(), name]).map(|_| ())
    }

    /// Every folder, by name, the empty ones too.
    pub fn folders(&self) -> Result<Vec<Counted>, Failure> {
        self.all(
            "SELECT f.name AS name, (SELECT count(*) FROM filed p JOIN conversations c ON c.id = p.conversation
                 WHERE p.folder = f.name AND c.deleted_at IS NULL) AS n
             FROM folders f ORDER BY f.name",
            [],
            |c| Ok((c.get("name")?, c.get("n")?)),
        )
    }

    /// Every tag, by name.
    pub fn tags(&self) -> Result<Vec<Counted>, Failure> {
        self.all(
            "SELECT t.name AS name, count(*) AS n FROM tags t JOIN conversations c ON c.id = t.conversation
             WHERE c.deleted_at IS NULL GROUP BY t.name ORDER BY t.name",
            [],
            |c| Ok((c.get("name")?, c.get("n")?)),
        )
    }

    /// Makes an empty folder; one that is there is no error.
    pub fn put_folder(&mut self, name: &str) -> Result<(), Failure> {
        self.exec("INSERT OR IGNORE INTO folders (name) VALUES (?1)", [name]).map(|_| ())
    }

    /// Gives a folder another name; into one that has that name goes what it holds.
    pub fn rename_folder(&mut self, was: &str, name: &str) -> Result<(), Failure> {
        if was.eq_ignore_ascii_case(name) {
            // To the keys that point here this is no change; the name is shown all the same.
            self.exec("UPDATE folders SET name = ?2 WHERE name = ?1", [was, name])?;
            return self.exec("UPDATE filed SET folder = ?2 WHERE folder = ?1", [was, name]).map(|_| ());
        }
        self.put_folder(name)?;
        self.exec(
            "UPDATE filed SET folder = (SELECT name FROM folders WHERE name = ?2) WHERE folder = ?1",
            [was, name],
        )?;
        self.exec(
            "UPDATE imported_projects SET folder = (SELECT name FROM folders WHERE name = ?2) WHERE folder = ?1",
            [was, name],
        )?;
        self.remove_folder(was)
    }

    /// Removes a folder; its conversations stay, in none.
    pub fn remove_folder(&mut self, name: &str) -> Result<(), Failure> {
        self.exec("DELETE FROM folders WHERE name = ?1", [name]).map(|_| ())
    }

    /// Gives a tag another name everywhere; where a conversation has both it keeps one.
    pub fn rename_tag(&mut self, was: &str, name: &str) -> Result<(), Failure> {
        self.exec("UPDATE OR REPLACE tags SET name = ?2 WHERE name = ?1", [was, name]).map(|_| ())
    }

    /// Takes a tag off every conversation. They stay.
    pub fn remove_tag(&mut self, name: &str) -> Result<(), Failure> {
        self.exec("DELETE FROM tags WHERE name = ?1", [name]).map(|_| ())
    }
}
