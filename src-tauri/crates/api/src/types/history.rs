//! Shapes of the past: the archive, the trash, search, import and export.

use domain::{ConversationId, ImportId, MessageId, PicoUsd, RunId, Timestamp, TurnId};
use serde::{Deserialize, Serialize};

/// Where conversations stand that are not in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ShelfRef {
    /// Which.
    pub shelf: ShelfName,
}

/// `archived` or `trash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ShelfName {
    /// Put away, kept for good.
    Archived,
    /// Deleted, kept for thirty days.
    Trash,
}

/// What stands on a shelf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Shelved {
    /// Newest first; in the trash those that came there last.
    pub conversations: Vec<ShelvedConversation>,
}

/// A conversation in the archive or the trash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ShelvedConversation {
    /// Id.
    pub id: ConversationId,
    /// Title.
    pub title: String,
    /// Its last turn.
    pub updated_at: Timestamp,
    /// When it was put there.
    pub since: Timestamp,
    /// When it will be removed for good; `None` = never.
    pub until: Option<Timestamp>,
}

/// A text to be looked up in what is on the screen of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FindInChat {
    /// Conversation.
    pub id: ConversationId,
    /// The text; empty = it will be asked for soon, `None` = no more.
    pub text: Option<String>,
}

/// A search over everything that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SearchQuery {
    /// Words, phrases in quotation marks, facets.
    pub text: String,
    /// Where to go on; `None` = from the newest.
    pub from: Option<SearchCursor>,
    /// Most results.
    pub limit: u32,
}

/// Where a page of results begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SearchCursor {
    /// Among parts of words instead of whole words.
    pub parts: bool,
    /// Behind this place.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub before: Option<i64>,
}

/// Results, whole words first, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SearchPage {
    /// What was found.
    pub hits: Vec<SearchHit>,
    /// Where to go on; `None` = that is all.
    pub next: Option<SearchCursor>,
    /// Only the newest messages were looked through.
    pub partial: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SearchHit {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Title of that.
    pub title: String,
    /// That was put away.
    pub archived: bool,
    /// Its turn.
    pub turn: TurnId,
    /// The run of an answer; `None` = this is the prompt.
    pub run: Option<RunId>,
    /// The model of an answer.
    pub model: Option<String>,
    /// When it was said.
    pub at: Timestamp,
    /// What it cost; `None` = unknown, or a prompt.
    pub cost: Option<PicoUsd>,
    /// The text around what was found.
    pub snippet: Vec<SnippetPiece>,
    /// Found inside a word.
    pub part: bool,
}

/// A piece of a snippet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SnippetPiece {
    /// Text.
    pub text: String,
    /// This is what was looked for.
    pub hit: bool,
}

/// A conversation to be written into the downloads folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExportConversation {
    /// Which.
    pub id: ConversationId,
    /// In which form.
    pub form: ExportFormName,
}

/// `markdown`, `json` or `html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormName {
    /// To read.
    Markdown,
    /// All that is known; can be taken back in.
    Json,
    /// One file without script.
    Html,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ExportedFile {
    /// Where.
    pub path: String,
}

/// A file to import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportFile {
    /// Its full path.
    pub path: String,
    /// Say only what it would do.
    pub dry_run: bool,
}

/// A file in the downloads folder that may hold conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportCandidate {
    /// Its full path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A backup to restore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RestoreFile {
    /// Its full path.
    pub path: String,
}

/// A backup or a restore that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BackupDone {
    /// Where the archive is.
    pub path: String,
    /// It was stopped: nothing was written.
    pub stopped: bool,
    /// Bytes of the archive.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Attached files in it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub files: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Attached files that were damaged on the disk and are not in it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub damaged: u64,
}

/// A backup or a restore that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BackupRunning {
    /// It restores.
    pub restoring: bool,
    /// Bytes handled.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub done: u64,
    /// Bytes to handle in all; 0 = not known.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub all: u64,
}

/// Backups: what goes on and what could be restored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BackupState {
    /// What goes on.
    pub running: Option<BackupRunning>,
    /// Backups in the downloads folder, newest first.
    pub candidates: Vec<ImportCandidate>,
    /// One is ready and is put in place by the next start.
    pub waits: bool,
}

/// Imports: what may be imported, what goes on, what was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportState {
    /// The import that goes on.
    pub running: Option<ImportRunning>,
    /// Files in the downloads folder, newest first.
    pub candidates: Vec<ImportCandidate>,
    /// Imports that can be taken back, newest first.
    pub done: Vec<ImportDone>,
}

/// An import that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportRunning {
    /// The file's name.
    pub name: String,
    /// Only a look.
    pub dry_run: bool,
    /// Bytes read.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub read: u64,
    /// Bytes in all; 0 = not known.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// Conversations so far.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub conversations: u64,
}

/// An import that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportDone {
    /// To take it back by.
    pub id: ImportId,
    /// The file's name.
    pub name: String,
    /// Whose conversations.
    pub source: String,
    /// When.
    pub at: Timestamp,
    /// It came to the end of the file.
    pub finished: bool,
    /// Conversations it brought.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub conversations: u64,
    /// Messages it brought.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub messages: u64,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportOutcome {
    /// To take it back by; `None` = it brought nothing.
    pub id: Option<ImportId>,
    /// Whose conversations the file holds.
    pub sources: Vec<String>,
    /// New conversations.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub added: u64,
    /// Conversations that have grown.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub extended: u64,
    /// Conversations that were here already.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub known: u64,
    /// Conversations that are in the trash and stay there.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub in_trash: u64,
    /// New messages.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub messages: u64,
    /// What should be known beside that, one sentence each.
    pub notes: Vec<domain::Words>,
    /// Everything that is a conversation came in.
    pub complete: bool,
    /// It was stopped.
    pub stopped: bool,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Names an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportRef {
    /// Id.
    pub id: ImportId,
}

/// An import was taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportUndone {
    /// Conversations that went.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub gone: u64,
    /// Conversations that stayed because they were gone on with.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub kept: u64,
    /// Messages that stayed in conversations which other imports had brought.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub elsewhere: u64,
}
