//! Whose conversation a JSON value is.

use crate::{Conversation, Files, chatgpt, claude, librechat, nested, open_webui, own};
use domain::{Words, say};
use serde_json::Value;

/// Why a value of a file is not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is no conversation of a form we know; a list of users or projects, for instance.
    NotAConversation,
    /// It is not sound JSON, or nested too deeply.
    Unreadable,
    /// It has no id, so importing it again could not be noticed.
    NoId,
    /// Nothing is said in it.
    Empty,
    /// It is larger than [`crate::LARGEST`].
    TooLarge,
    /// It was written by a newer version of this program.
    Newer,
}

impl Reason {
    /// In words, of several conversations.
    pub fn words(self) -> Words {
        match self {
            Self::NotAConversation => say!("not a conversation"),
            Self::Unreadable => say!("not readable"),
            Self::NoId => say!("without an id"),
            Self::Empty => say!("empty"),
            Self::TooLarge => say!("larger than 24 MB"),
            Self::Newer => say!("written by a newer version of Parallax"),
        }
    }
}

/// Reads one value of a file, with none of the files that its messages name.
pub fn read(bytes: &[u8]) -> Result<Conversation, Reason> {
    read_with(bytes, &mut |_| None)
}

/// Reads one value of a file; the files that its messages name are asked of `files`.
pub fn read_with(bytes: &[u8], files: &mut Files<'_>) -> Result<Conversation, Reason> {
    let value = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => value,
        // Exports cut titles in the middle of a character that needs two escapes.
        Err(_) => {
            let whole = whole_escapes(bytes);
            let value = serde_json::from_slice(&whole).ok();
            value.or_else(|| nested::flat(&whole)).ok_or(Reason::Unreadable)?
        }
    };
    let conversation = if value["format"] == own::FORMAT {
        own::read(&value)?
    } else if value["mapping"].is_object() {
        chatgpt::read(&value, files)?
    } else if value["chat_messages"].is_array() {
        claude::read(&value, files)?
    } else if value["chat"].is_object() || value["history"]["messages"].is_object() {
        open_webui::read(&value, files)?
    } else if librechat::messages(&value).is_some() && !value["conversationId"].is_null() {
        librechat::read(&value)?
    } else {
        return Err(Reason::NotAConversation);
    };
    if conversation.turns.is_empty() { Err(Reason::Empty) } else { Ok(conversation) }
}

/// The same with every half of a two-part escape replaced by the mark for "unreadable".
fn whole_escapes(bytes: &[u8]) -> Vec<u8> {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' {
            out.push(*byte);
            at += 1;
            continue;
        }
        let (length, sound) = match unit(at) {
            Some(0xd800..=0xdbff) => match unit(at + 6) {
                Some(0xdc00..=0xdfff) => (12, true),
                _ => (6, false),
            },
            Some(0xdc00..=0xdfff) => (6, false),
            Some(_) => (6, true),
            None => (2, true),
        };
        let end = (at + length).min(bytes.len());
        if sound {
            out.extend_from_slice(&bytes[at..end])
        } else {
            out.extend_from_slice(b"\\ufffd")
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_character_becomes_the_mark_for_it() {
        let text = br#"{"a":"x\ud83d","b":"\ud83d\ude00","c":"\\ud83d","d":"\ude00\n"}"#;
        let fixed = String::from_utf8(whole_escapes(text)).unwrap_or_default();
        assert_eq!(fixed, r#"{"a":"x\ufffd","b":"\ud83d\ude00","c":"\\ud83d","d":"\ufffd\n"}"#);
    }

    #[test]
    fn what_is_no_conversation_is_said_to_be_none() {
        assert_eq!(read(b"{\"uuid\":\"1\",\"email\":\"x\"}"), Err(Reason::NotAConversation));
        assert_eq!(read(b"[1]"), Err(Reason::NotAConversation));
        assert_eq!(read(b"{\"mapping\":{}"), Err(Reason::Unreadable));
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert_eq!(read(&deep), Err(Reason::Unreadable));
    }
}
