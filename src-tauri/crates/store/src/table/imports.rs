//! Imports: which file brought which conversation, so that it is not brought twice and can be taken back.

use crate::tx::{Cols, Key, Tx, int};
use domain::{ConversationId, Failure, ImportId, ProcessId, Timestamp};
use rusqlite::params;

pub(crate) const SCHEMA: &str = "
CREATE TABLE imports (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    file TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    undone_at INTEGER,
    conversations INTEGER NOT NULL,
    messages INTEGER NOT NULL
) STRICT;
CREATE TABLE imported (
    conversation BLOB PRIMARY KEY REFERENCES conversations (id),
    import BLOB NOT NULL REFERENCES imports (id),
    source TEXT NOT NULL,
    source_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_by_import ON imported (import);
";

// A folder that the user has renamed or made anew is not an import's any more.
pub(crate) const FOLDERS: &str = "
CREATE TABLE imported_folders (
    name TEXT PRIMARY KEY COLLATE NOCASE REFERENCES folders (name) ON DELETE CASCADE,
    import BLOB NOT NULL REFERENCES imports (id)
) STRICT, WITHOUT ROWID;
";

// Folders of other programs that have a number there and no name; a folder that is removed is forgotten.
pub(crate) const PROJECTS: &str = "
CREATE TABLE imported_projects (
    source TEXT NOT NULL,
    project TEXT NOT NULL,
    number INTEGER NOT NULL UNIQUE,
    folder TEXT NOT NULL COLLATE NOCASE REFERENCES folders (name) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (source, project)
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_projects_by_folder ON imported_projects (folder);
";

// What is called the same in the same program is the same conversation, also where the id it got here was made of a
// time that another export of it tells differently. Those that came twice become one, but for what was thrown away and
// for those that something was asked, paid or begun to write in: these stay as they are.
pub(crate) const ONCE: &str = "
CREATE INDEX imported_by_source ON imported (source, source_id);
CREATE TEMP TABLE come_again AS
    SELECT i.conversation AS id, (
        SELECT k.conversation FROM imported k JOIN conversations c ON c.id = k.conversation
        WHERE k.source = i.source AND k.source_id = i.source_id
        ORDER BY c.deleted_at IS NOT NULL,
            (SELECT count(*) FROM messages m WHERE m.conversation = c.id) DESC, c.id LIMIT 1
    ) AS home
    FROM imported i
    WHERE i.source <> 'parallax'
        AND (SELECT count(*) FROM imported k WHERE k.source = i.source AND k.source_id = i.source_id) > 1;
DELETE FROM come_again WHERE id = home
    OR id IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL)
    OR id IN (SELECT conversation FROM ledger_entries WHERE conversation IS NOT NULL)
    OR lower(hex(id)) IN (SELECT subject FROM budgets WHERE scope = 'conversation')
    OR lower(hex(id)) IN (SELECT replace(substr(key, 12), '-', '') FROM settings
        WHERE key LIKE 'view.draft.%' OR key LIKE 'view.files.%');
UPDATE messages SET conversation = (SELECT home FROM come_again WHERE id = conversation)
    WHERE conversation IN (SELECT id FROM come_again);
UPDATE lanes SET removed = 1, conversation = (SELECT home FROM come_again WHERE come_again.id = conversation)
    WHERE conversation IN (SELECT id FROM come_again);
UPDATE turns SET conversation = (SELECT home FROM come_again WHERE come_again.id = conversation)
    WHERE conversation IN (SELECT id FROM come_again);
UPDATE search_docs SET conversation = (SELECT home FROM come_again WHERE id = conversation)
    WHERE conversation IN (SELECT id FROM come_again);
UPDATE OR IGNORE conversation_policies
    SET conversation = (SELECT home FROM come_again WHERE id = conversation)
    WHERE conversation IN (SELECT id FROM come_again);
UPDATE imports SET conversations = max(0, conversations
        - (SELECT count(*) FROM imported i JOIN come_again a ON a.id = i.conversation WHERE i.import = imports.id))
    WHERE undone_at IS NULL;
DELETE FROM filed WHERE conversation IN (SELECT id FROM come_again);
DELETE FROM titled WHERE conversation IN (SELECT id FROM come_again);
DELETE FROM tags WHERE conversation IN (SELECT id FROM come_again);
DELETE FROM imported WHERE conversation IN (SELECT id FROM come_again);
DELETE FROM conversations WHERE id IN (SELECT id FROM come_again);
DROP TABLE come_again;
";

// Messages that an import added to conversations that others had brought: they stay when it is taken back.
pub(crate) const ELSEWHERE: &str = "
ALTER TABLE imports ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;
UPDATE imports SET elsewhere = messages WHERE conversations = 0;
";

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Id: the same for the same file.
    pub id: ImportId,
    /// Name of the file.
    pub file: String,
    /// Whose conversations: `chatgpt`, `claude` …
    pub source: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was done; `None` = it was stopped, and goes on when the file is imported again.
    pub finished_at: Option<Timestamp>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// Conversations it brought.
    pub conversations: u64,
    /// Messages it brought.
    pub messages: u64,
    /// Messages of these, and answers that it made whole, in conversations that other imports brought.
    pub elsewhere: u64,
}

fn row(cols: &Cols<'_>) -> Result<ImportRow, Failure> {
    Ok(ImportRow {
        id: cols.id("id")?,
        file: cols.get("file")?,
        source: cols.get("source")?,
        started_at: cols.time("started_at")?,
        finished_at: cols.opt_time("finished_at")?,
        undone_at: cols.opt_time("undone_at")?,
        conversations: cols.get::<i64>("conversations")?.unsigned_abs(),
        messages: cols.get::<i64>("messages")?.unsigned_abs(),
        elsewhere: cols.get::<i64>("elsewhere")?.unsigned_abs(),
    })
}

impl Tx<'_> {
    /// Counts what a step of an import brought; the first step records the import itself.
    pub fn note_import(&mut self, i: &ImportRow) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO imports (id, file, source, started_at, conversations, messages, elsewhere)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET undone_at = NULL, finished_at = NULL,
                 conversations = conversations + excluded.conversations,
                 messages = messages + excluded.messages,
                 elsewhere = elsewhere + excluded.elsewhere",
            params![
                i.id.blob(),
                i.file,
                i.source,
                i.started_at.0,
                int(i.conversations)?,
                int(i.messages)?,
                int(i.elsewhere)?
            ],
        )
        .map(|_| ())
    }

    /// An import has come to the end of its file. Nothing if it brought nothing.
    pub fn finish_import(&mut self, id: ImportId, at: Timestamp) -> Result<(), Failure> {
        self.exec(
            "UPDATE imports SET finished_at = ?2 WHERE id = ?1 AND finished_at IS NULL",
            params![id.blob(), at.0],
        )
        .map(|_| ())
    }

    /// Every import, newest first.
    pub fn imports(&self) -> Result<Vec<ImportRow>, Failure> {
        self.all("SELECT * FROM imports ORDER BY started_at DESC, id DESC", [], row)
    }

    /// One import.
    pub fn import(&self, id: ImportId) -> Result<Option<ImportRow>, Failure> {
        self.one("SELECT * FROM imports WHERE id = ?1", [id.blob()], row)
    }

    /// A conversation came from this import.
    pub fn insert_imported(
        &mut self,
        conversation: ConversationId,
        import: ImportId,
        source: &str,
        source_id: &str,
    ) -> Result<(), Failure> {
        self.exec(
            "INSERT INTO imported (conversation, import, source, source_id) VALUES (?1, ?2, ?3, ?4)",
            params![conversation.blob(), import.blob(), source, source_id],
        )
        .map(|_| ())
    }

    /// An import brings a folder; one that is there is not its own.
    pub fn put_imported_folder(&mut self, import: ImportId, name: &str) -> Result<(), Failure> {
        let made = self.exec("INSERT OR IGNORE INTO folders (name) VALUES (?1)", [name])?;
        if made > 0 {
            let sql = "INSERT INTO imported_folders (name, import) VALUES (?1, ?2)";
            self.exec(sql, params![name, import.blob()])?;
        }
        Ok(())
    }

    /// The folder for what another program knows by an id and gives no name to: the same one as before, whatever it is
    /// called by now, or a new one under the next free number.
    pub fn imported_project(
        &mut self,
        import: ImportId,
        source: &str,
        project: &str,
    ) -> Result<String, Failure> {
        let sql = "SELECT folder FROM imported_projects WHERE source = ?1 AND project = ?2";
        if let Some(known) = self.one(sql, [source, project], |c| c.get::<String>("folder"))? {
            return Ok(known);
        }
        let last =
            self.one("SELECT max(number) AS n FROM imported_projects", [], |c| c.get::<Option<i64>>("n"))?;
        let mut number = last.flatten().unwrap_or(0).saturating_add(1);
        let name = loop {
            let name = format!("Project {number}");
            // One that the user made is the user's.
            let taken =
                self.one("SELECT 1 AS one FROM folders WHERE name = ?1", [&name], |c| c.get::<i64>("one"))?;
            if taken.is_none() {
                break name;
            }
            number = number.saturating_add(1);
        };
        self.put_imported_folder(import, &name)?;
        self.exec(
            "INSERT INTO imported_projects (source, project, number, folder) VALUES (?1, ?2, ?3, ?4)",
            params![source, project, number, name],
        )?;
        Ok(name)
    }

    /// The import that brought a conversation; `None` = it was begun here.
    pub fn import_of(&self, conversation: ConversationId) -> Result<Option<ImportId>, Failure> {
        let sql = "SELECT import FROM imported WHERE conversation = ?1";
        self.one(sql, [conversation.blob()], |cols| cols.id("import"))
    }

    /// The conversation that is called so in another program.
    pub fn imported_as(&self, source: &str, source_id: &str) -> Result<Option<ConversationId>, Failure> {
        self.one(
            "SELECT i.conversation FROM imported i JOIN conversations c ON c.id = i.conversation
             WHERE i.source = ?1 AND i.source_id = ?2
             ORDER BY c.deleted_at IS NOT NULL, i.conversation LIMIT 1",
            [source, source_id],
            |cols| cols.id("conversation"),
        )
    }

    /// Has the user done something in an imported conversation: asked, voted, had it judged, begun to write?
    pub fn is_used(&self, conversation: ConversationId) -> Result<bool, Failure> {
        let done = self.one(
            "SELECT EXISTS (
                 SELECT 1 FROM turns t JOIN runs r ON r.turn = t.id
                 WHERE t.conversation = ?1 AND r.process <> ?2
             ) OR EXISTS (
                 SELECT 1 FROM turns t JOIN votes v ON v.turn = t.id
                 WHERE t.conversation = ?1 AND v.withdrawn_at IS NULL
             ) OR EXISTS (
                 SELECT 1 FROM turns t JOIN judgements j ON j.turn = t.id
                 WHERE t.conversation = ?1 AND j.process <> ?2
             ) OR EXISTS (
                 SELECT 1 FROM turns t JOIN notes n ON n.subject = t.id
                 WHERE t.conversation = ?1 AND n.changed_at <> t.created_at
             ) OR EXISTS (
                 SELECT 1 FROM turns t JOIN runs r ON r.turn = t.id JOIN notes n ON n.subject = r.id
                 WHERE t.conversation = ?1
             ) AS used",
            params![conversation.blob(), ProcessId::new(uuid::Uuid::nil()).blob()],
            |cols| cols.get::<bool>("used"),
        )?;
        let mut used = done.unwrap_or(false);
        for kind in ["draft", "files"] {
            used |= self.setting(&format!("view.{kind}.{conversation}"))?.is_some();
        }
        Ok(used)
    }

    /// Conversations of an import after `after` in the order of their ids, at most `limit`, each with
    /// whether the user has done something in it.
    pub fn imported_by(
        &self,
        import: ImportId,
        after: Option<ConversationId>,
        limit: u32,
    ) -> Result<Vec<(ConversationId, bool)>, Failure> {
        let page: Vec<ConversationId> = self.all(
            "SELECT conversation FROM imported WHERE import = ?1 AND conversation > ?2
             ORDER BY conversation LIMIT ?3",
            params![import.blob(), after.map_or_else(Vec::new, |id| id.blob().to_vec()), limit],
            |cols| cols.id("conversation"),
        )?;
        page.into_iter().map(|id| Ok((id, self.is_used(id)?))).collect()
    }

    /// An import was taken back. Folders that it or one taken back before it brought go, if nothing is in them.
    pub fn undo_import(&mut self, id: ImportId, at: Timestamp) -> Result<(), Failure> {
        self.exec(
            "DELETE FROM folders WHERE name IN (SELECT f.name FROM imported_folders f
                 JOIN imports i ON i.id = f.import WHERE i.id = ?1 OR i.undone_at IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM filed WHERE folder = folders.name)",
            [id.blob()],
        )?;
        self.change(
            "import",
            "UPDATE imports SET undone_at = ?2, conversations = 0, messages = 0 WHERE id = ?1",
            params![id.blob(), at.0],
        )
    }
}
