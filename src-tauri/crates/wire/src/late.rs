//! What the system says in the middle of a conversation, for models to which it cannot speak there: it goes in the user's
//! turn, at its place, so that nothing before it changes, and nobody else's words look like it.

use crate::{media, notices::Notices};
use domain::{Part, Request, Role, say};
use std::borrow::Cow;

/// The name of the tags.
const NAME: &str = "system";

/// The words of the system in a user's turn.
pub(crate) fn as_users(system: &str) -> String {
    format!("<{NAME}>\n{system}\n</{NAME}>")
}

/// The request as it goes to a model, `late` if the system may speak at any place. Otherwise no words of the user's, a
/// tool's or a file's hold the tags between which the system speaks, nor do its own. Which is told. Only these are
/// changed, and the same words always in the same way: what was sent before is sent again as it was.
pub(crate) fn untagged<'a>(request: &'a Request, late: bool, notices: &mut Notices) -> Cow<'a, Request> {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    if late || !parts.any(|part| matches!(part, Part::System { .. })) {
        return Cow::Borrowed(request);
    }
    let mut request = Cow::Borrowed(request);
    for at in 0..request.messages.len() {
        // An answer is nobody's but the model's, and what proves it goes with its very words.
        let users = request.messages.get(at).filter(|message| message.role == Role::User);
        for piece in 0..users.map_or(0, |message| message.parts.len()) {
            let part = request.messages.get(at).and_then(|message| message.parts.get(piece));
            let Some(plain) = part.and_then(plain) else { continue };
            notices.content(say!("Only the system speaks between <system> tags: such tags in other words are sent as “&lt;system>”."));
            let messages = &mut request.to_mut().messages;
            if let Some(slot) = messages.get_mut(at).and_then(|message| message.parts.get_mut(piece)) {
                *slot = plain;
            }
        }
    }
    request
}

/// The part without tags, if it has any.
fn plain(part: &Part) -> Option<Part> {
    Some(match part {
        Part::Text { text } => Part::Text { text: escaped(text)? },
        Part::Refusal { text } => Part::Refusal { text: escaped(text)? },
        Part::System { text } => Part::System { text: escaped(text)? },
        Part::ToolResult { id, name, content, is_error } => {
            let (id, name, is_error) = (id.clone(), name.clone(), *is_error);
            Part::ToolResult { id, name, content: escaped(content)?, is_error }
        }
        Part::File { name, media_type, data, text } => {
            let words = media::file_text(media_type, data).and_then(escaped);
            let (named, read) = (escaped(name), text.as_deref().and_then(escaped));
            if words.is_none() && named.is_none() && read.is_none() {
                return None;
            }
            Part::File {
                name: named.unwrap_or_else(|| name.clone()),
                media_type: media_type.clone(),
                data: words.map_or_else(|| data.clone(), |words| words.into_bytes().into()),
                text: read.map_or_else(|| text.clone(), |read| Some(read.into())),
            }
        }
        _ => return None,
    })
}

/// The text with its tags as words, if it has any.
fn escaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices('<').filter(|(at, _)| is_tag(text.get(at + 1..).unwrap_or_default())) {
        out.push_str(text.get(from..at)?);
        out.push_str("&lt;");
        from = at + 1;
    }
    if from == 0 {
        return None;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// Whether this, behind a `<`, is the tag in any writing. Longer names are other tags.
fn is_tag(rest: &str) -> bool {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('/').unwrap_or(rest).trim_start();
    let Some((name, behind)) = rest.split_at_checked(NAME.len()) else { return false };
    let longer = |letter: char| letter.is_alphanumeric() || "-_.:".contains(letter);
    name.eq_ignore_ascii_case(NAME) && !behind.starts_with(longer)
}
