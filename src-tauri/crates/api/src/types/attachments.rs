//! Shapes of files and pictures.

use domain::{Attachment, RunId};
use serde::{Deserialize, Serialize};

/// A file as it was dropped, pasted or picked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AttachFile {
    /// File name.
    pub name: String,
    /// Its bytes, base64 with padding.
    pub base64: String,
}

/// Names a file that was attached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AttachmentRef {
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
}

/// A file as it was taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AttachmentFact {
    /// What a prompt names it by.
    pub file: Attachment,
    /// Pixels across, of a picture.
    pub width: Option<u32>,
    /// Pixels down.
    pub height: Option<u32>,
    /// A small picture as `data:` address.
    pub preview: Option<String>,
    /// What was changed in it or what it cannot do, in a sentence each.
    pub notes: Vec<domain::Words>,
}

/// Names a picture in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PictureRef {
    /// The answer.
    pub run: RunId,
    /// Which of its pictures, from 0.
    pub nth: u32,
}

/// Bytes with their sort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MediaData {
    /// IANA media type.
    pub media_type: String,
    /// Base64 with padding.
    pub base64: String,
}
