//! Conversations of other programs, and our own exports, as one shape.
//!
//! A file is recognised by what is in it, never by its name: each conversation of a JSON file says itself
//! whose it is. It is read one conversation at a time, so that a file larger than memory can be. What comes
//! out is text with times and names; there is no way from here to a setting, an address or a key.
//!
//! The archives of exports are read here, and those of backups written: into what the caller gives.
//!
//! This crate **never** opens a file, looks at a clock or extracts an archive to disk. It is given bytes and
//! gives back conversations.
//!
//! To add a format: one file that turns a JSON value into [`tree::Node`]s, one arm in [`formats::read`].
#![deny(missing_docs)]

mod beside;
mod chatgpt;
mod chatgpt_cites;
mod chatgpt_report;
mod claude;
mod elements;
mod formats;
mod ids;
mod inside;
mod librechat;
mod llm;
mod nested;
mod open_webui;
mod open_webui_details;
mod own;
mod pack;
mod text;
mod tree;
mod zip;

pub use beside::{CALLED, CALLED_LIMIT, Files, Names, Place, Takes, Wanted};
pub use elements::{Element, Elements, LARGEST};
pub use formats::{Reason, read, read_with};
pub use ids::{conversation_id, fingerprint, stable};
pub use llm::{Response, conversation as llm_conversation};
pub use open_webui::folder as open_webui_folder;
pub use own::FORMAT;
pub use pack::{Packer, Packing};
pub use text::without_notes;
pub use zip::{Archive, Entry, Hostile};

use domain::{Part, Timestamp};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// ChatGPT's data export.
    ChatGpt,
    /// Claude's data export.
    Claude,
    /// Open WebUI's chat export.
    OpenWebUi,
    /// LibreChat's conversation export.
    LibreChat,
    /// The log of the `llm` command.
    Llm,
    /// Our own.
    Parallax,
}

impl Source {
    /// The word for it in the database and for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatGpt => "chatgpt",
            Self::Claude => "claude",
            Self::OpenWebUi => "open-webui",
            Self::LibreChat => "librechat",
            Self::Llm => "llm",
            Self::Parallax => "parallax",
        }
    }

    /// The name people know.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatGpt => "ChatGPT",
            Self::Claude => "Claude",
            Self::OpenWebUi => "Open WebUI",
            Self::LibreChat => "LibreChat",
            Self::Llm => "llm",
            Self::Parallax => "Parallax",
        }
    }
}

/// A conversation as its file tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Whose.
    pub source: Source,
    /// Its id there.
    pub id: String,
    /// Title; empty = it has none.
    pub title: String,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// Its last change.
    pub updated_at: Option<Timestamp>,
    /// It was put away there.
    pub archived: bool,
    /// Where it was kept.
    pub filed: Filed,
    /// Id of the policy it was under, for our own files: it forbids, and never allows.
    pub policy: Option<String>,
    /// Columns, in order.
    pub lanes: Vec<Lane>,
    /// In the order they are to be shown.
    pub turns: Vec<Turn>,
    /// What did not come along.
    pub left_out: LeftOut,
}

/// Most tags a conversation comes with.
const MOST_TAGS: usize = 20;

/// Where a conversation was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// It was pinned.
    pub pinned: bool,
    /// Its folder.
    pub folder: Option<String>,
    /// What the other program knows its folder by, where no name is told.
    pub project: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Filed {
    /// By what a file says; a name that cannot be one here is left out.
    pub(crate) fn told<'v>(
        pinned: bool,
        folder: &serde_json::Value,
        tags: impl Iterator<Item = &'v serde_json::Value>,
    ) -> Self {
        let name = |value: &serde_json::Value| value.as_str().and_then(domain::short_name);
        let tags = tags.filter_map(name).take(MOST_TAGS).collect();
        Self { pinned, folder: name(folder), project: None, tags }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its id, for our own files.
    pub key: Option<String>,
    /// The model it ends with; `None` = the file does not say.
    pub model: Option<String>,
    /// Who was to serve it, for our own files.
    pub provider: Option<String>,
    /// Id of the policy it was under, for our own files.
    pub policy: Option<String>,
    /// It is in the line-up at the end.
    pub in_line_up: bool,
    /// The answer its branch ends with.
    pub head: Option<(usize, usize)>,
}

/// A prompt and its answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Id there.
    pub key: String,
    /// When.
    pub at: Option<Timestamp>,
    /// What was asked.
    pub prompt: Vec<Part>,
    /// Its nodes of the tree: one, or one a branch it was put to.
    pub nodes: Vec<PromptNode>,
    /// Oldest first within a lane; the one that is shown comes last, unless our own file tells another.
    pub answers: Vec<Answer>,
    /// What only our own files tell.
    pub own: Option<OwnTurn>,
}

/// What our own files tell of a turn beside its words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnTurn {
    /// The turn it stands after; `None` = it begins a branch.
    pub after: Option<usize>,
    /// What its lanes were to be shown. It names nothing that is not in the file.
    pub context: Option<domain::ContextPolicy>,
    /// What judges said of its answers.
    pub judgements: Vec<OwnJudgement>,
    /// What the user had written on it.
    pub note: Option<String>,
}

/// What a judge said of the answers of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnJudgement {
    /// Its id.
    pub key: String,
    /// When it was asked for.
    pub at: Option<Timestamp>,
    /// The judge, as it was named.
    pub model: String,
    /// By what it judged, as the file says.
    pub rubric: serde_json::Value,
    /// It was asked for what the answers agree on too.
    pub findings: bool,
    /// The answers it judged, all of this turn.
    pub answers: Vec<usize>,
    /// What it found, as the file says; `None` = it came to nothing.
    pub found: Option<serde_json::Value>,
    /// Why it came to nothing.
    pub failure: Option<domain::Failure>,
}

/// A prompt's place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptNode {
    /// Id there.
    pub key: String,
    /// The answer before it, as turn and answer.
    pub parent: Option<(usize, usize)>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Id there.
    pub key: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Its column.
    pub lane: usize,
    /// Which node of the prompt it answers.
    pub node: usize,
    /// Turns before this one on its branch.
    pub depth: u32,
    /// The model, as the file names it.
    pub model: Option<String>,
    /// The system prompt it was given.
    pub system: Option<String>,
    /// What is said.
    pub parts: Vec<Part>,
    /// It was stopped or broke off.
    pub cut: bool,
    /// Other answers begin with the same messages.
    pub shared: Option<Box<Shared>>,
    /// What only our own files tell.
    pub own: Option<Box<Own>>,
}

/// What else an answer may be known by, where others begin with the same messages: which of them goes by the first
/// message has not always been decided in the same way, and there may have been one of them alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Its first message.
    pub first: String,
    /// The messages that are its alone, the last one first.
    pub alone: Vec<String>,
}

/// What our own files tell of an answer beside its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// Id of the answer's node.
    pub message: String,
    /// Place from the left when it was sent.
    pub position: u32,
    /// Provider that was asked for.
    pub provider: Option<String>,
    /// Its settings.
    pub params: domain::Params,
    /// Where it stood.
    pub state: domain::RunState,
    /// What it was shown.
    pub saw: domain::Saw,
    /// Why the provider stopped.
    pub finish_reason: Option<domain::FinishReason>,
    /// What went wrong.
    pub failure: Option<domain::Failure>,
    /// What was told about it.
    pub notices: Vec<(domain::NoticeKind, domain::Words)>,
    /// Time to the first content.
    pub ttft: Option<domain::Millis>,
    /// Time to the end.
    pub duration: Option<domain::Millis>,
    /// Tokens.
    pub usage: Option<domain::Usage>,
    /// It was chosen to be the one that is shown of its lane.
    pub shown: bool,
    /// What it was shown beside its own branch, oldest first; `None` = the branch alone.
    pub earlier: Option<Vec<OwnEarlier>>,
    /// What it was made of; `None` = it answers its prompt.
    pub made_of: Option<OwnMerge>,
    /// The answer of the same turn, before it, that it was asked instead of.
    pub retry_of: Option<usize>,
}

/// An earlier turn as an answer was shown it. Answers are named by turn and answer.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnEarlier {
    /// Which turn.
    pub turn: usize,
    /// The lane's own answer in it.
    pub own: Option<(usize, usize)>,
    /// Letter of the lane's own column.
    pub letter: Option<String>,
    /// Those of others: the letter of the column, the model's name, the answer.
    pub others: Vec<(String, String, (usize, usize))>,
}

/// What an answer was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnMerge {
    /// How, as the file says.
    pub how: serde_json::Value,
    /// Answers of the same turn, in the order of their letters.
    pub sources: Vec<usize>,
    /// What was sent in the place of the prompt.
    pub prompt: String,
}

/// What of a file does not come along, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Pictures, sounds and files; a note stands in their place.
    pub attachments: u32,
    /// Characters that are not to be seen and can hide instructions.
    pub hidden_characters: u32,
    /// Hidden messages of the other program to its model.
    pub system_messages: u32,
}

impl LeftOut {
    /// Adds another count.
    pub const fn add(&mut self, other: Self) {
        self.attachments = self.attachments.saturating_add(other.attachments);
        self.hidden_characters = self.hidden_characters.saturating_add(other.hidden_characters);
        self.system_messages = self.system_messages.saturating_add(other.system_messages);
    }
}

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A zip archive.
    Zip,
    /// A SQLite database.
    Sqlite,
    /// JSON text.
    Json,
}

/// Recognises a file by its first bytes (16 are enough); `None` = nothing we read.
pub fn container(start: &[u8]) -> Option<Container> {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Some(Container::Zip);
    }
    if start.starts_with(b"SQLite format 3\0") {
        return Some(Container::Sqlite);
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[' | b'{') => Some(Container::Json),
        _ => None,
    }
}
