//! Shapes of pins, folders, tags and titles.

use domain::ConversationId;
use serde::{Deserialize, Serialize};

/// Pins a conversation or takes the pin off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PinConversation {
    /// Which.
    pub id: ConversationId,
    /// It is to be pinned.
    pub pinned: bool,
}

/// Gives a conversation a tag or takes it off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TagConversation {
    /// Which.
    pub id: ConversationId,
    /// The tag.
    pub tag: String,
    /// It is to have it.
    pub on: bool,
}

/// Puts a conversation into a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MoveConversation {
    /// Which.
    pub id: ConversationId,
    /// Into which folder, which is made if need be; `None` = into none.
    pub folder: Option<String>,
}

/// A folder or a tag by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NameRef {
    /// Its name.
    pub name: String,
}

/// A folder's or tag's new name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutName {
    /// The name it had; `None` = it is new.
    pub was: Option<String>,
    /// The name it is to have.
    pub name: String,
}

/// A folder or tag, and how many conversations have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NamedCount {
    /// Its name.
    pub name: String,
    /// Conversations outside the trash.
    pub conversations: u32,
}

/// Every folder and tag, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CabinetView {
    /// Folders, the empty ones too.
    pub folders: Vec<NamedCount>,
    /// Tags.
    pub tags: Vec<NamedCount>,
}

/// Who gives titles to new chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TitleView {
    /// The model, as it is named; `None` = titles are the first words of prompts.
    pub model: Option<String>,
    /// Why the last title that was asked for was not made.
    pub failure: Option<domain::Failure>,
}

/// Chooses the model that gives titles to new chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetTitleModel {
    /// Its name, `author/name` or with `@provider`; `None` = no model is asked.
    pub model: Option<String>,
}
