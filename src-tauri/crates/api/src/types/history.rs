//! Shapes of the past: the archive, the trash, search, import and export.

use domain::{ConversationId, Timestamp};
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
