//! Which pieces of a message are sent, in which order: the same for every dialect that knows text, pictures,
//! documents, calls and their results, whatever its words for them.

use crate::{late::as_users, media, notices::Notices};
use domain::{ErrorKind, Failure, KeepPrompt, Message, Part, Request, Role, Upstream, Words, say};
use std::{borrow::Cow, ops::Range};

/// A piece of a user's message.
pub(crate) enum Asked<'a> {
    /// Words; a document that is text is quoted in them, since that needs no model that reads files.
    Text(Cow<'a, str>),
    /// What the system says, where it may say it at this place.
    System(&'a str),
    /// A picture.
    Image { media_type: &'a str, data: &'a [u8] },
    /// A picture on the web, for the provider to fetch.
    ImageUrl(&'a str),
    /// A document that is not text.
    File { name: &'a str, media_type: &'a str, data: &'a [u8], text: Option<&'a str> },
    /// All before it is to be kept.
    Kept(KeepPrompt),
    /// What a tool answered.
    Result { id: &'a str, name: &'a str, content: Cow<'a, str> },
}

/// A piece of an earlier answer.
pub(crate) enum Said<'a> {
    /// Words.
    Text(&'a str),
    /// Reasoning that this very endpoint made: to any other it is no use.
    Thought { text: &'a str, proof: Option<&'a str> },
    /// All before it is to be kept.
    Kept(KeepPrompt),
    /// A call of a tool; `arguments` is never blank.
    Call { id: &'a str, name: &'a str, arguments: &'a str },
}

/// The messages with results of tools in the order of the calls that they answer, for protocols which tell them apart by
/// their places alone. A program gives them back as they came in.
pub(crate) fn in_order_of_calls(messages: &[Message]) -> Cow<'_, [Message]> {
    let mut ordered = Cow::Borrowed(messages);
    let mut from = 0;
    while let Some(message) = messages.get(from) {
        let of = message.role;
        let until = messages.iter().skip(from).position(|other| other.role != of);
        let until = until.map_or(messages.len(), |length| from + length);
        if of == Role::User {
            reorder(&mut ordered, from..until);
        }
        from = until;
    }
    ordered
}

/// Puts the results within these messages, which follow each other, in the order of the calls before them.
fn reorder(messages: &mut Cow<'_, [Message]>, within: Range<usize>) {
    let before = messages.get(..within.start).unwrap_or_default();
    let answer = before.rsplit(|message| message.role != Role::Assistant).next().unwrap_or_default();
    let calls: Vec<&str> = answer
        .iter()
        .flat_map(|message| &message.parts)
        .filter_map(|part| if let Part::ToolCall { id, .. } = part { Some(id.as_str()) } else { None })
        .collect();
    let place = |id: &str| calls.iter().position(|call| *call == id).unwrap_or(calls.len());
    // A result with its pictures and marks, which stand behind it; what stands before the first is nobody's.
    let mut results: Vec<(usize, Vec<&Part>)> = Vec::new();
    let mut slots: Vec<(usize, usize)> = Vec::new();
    for (at, message) in messages.iter().enumerate().take(within.end).skip(within.start) {
        let mut of_result = false;
        for (piece, part) in message.parts.iter().enumerate() {
            match (part, results.last_mut()) {
                (Part::ToolResult { id, .. }, _) => {
                    results.push((place(id), vec![part]));
                    of_result = true;
                }
                (
                    Part::Image { .. } | Part::ImageUrl { .. } | Part::File { .. } | Part::Kept { .. },
                    Some((_, parts)),
                ) if of_result => {
                    parts.push(part);
                }
                _ => {
                    of_result = false;
                    continue;
                }
            }
            slots.push((at, piece));
        }
    }
    if results.is_sorted_by_key(|(place, _)| *place) {
        return;
    }
    results.sort_by_key(|(place, _)| *place);
    let ordered: Vec<Part> = results.into_iter().flat_map(|(_, parts)| parts).cloned().collect();
    let messages = messages.to_mut();
    for ((at, piece), part) in slots.into_iter().zip(ordered) {
        if let Some(slot) = messages.get_mut(at).and_then(|message| message.parts.get_mut(piece)) {
            *slot = part;
        }
    }
}

/// What a message may hold besides the user's words.
#[derive(Clone, Copy, Default)]
pub(crate) struct Takes {
    /// The system may speak in the middle of a conversation.
    pub late_system: bool,
    /// Marks of what is to be kept stand in the messages.
    pub marks: bool,
}

/// The pieces of a user's message.
pub(crate) fn asked<'a>(message: &'a Message, takes: Takes, notices: &mut Notices) -> Vec<Asked<'a>> {
    let mut pieces = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => {
                pieces.push(Asked::Text(text.into()));
            }
            Part::System { text } if takes.late_system => pieces.push(Asked::System(text)),
            // Behind a tool's answer some templates take nothing but the next answer. A mark between the two must not
            // change what they are.
            Part::System { text } => match pieces.last_mut() {
                Some(Asked::Result { content, .. }) if !takes.marks => {
                    let content = content.to_mut();
                    content.push_str("\n\n");
                    content.push_str(&as_users(text));
                }
                _ => pieces.push(Asked::Text(as_users(text).into())),
            },
            Part::Kept { long } if takes.marks => pieces.push(Asked::Kept(*long)),
            Part::Image { media_type, data } => pieces.push(Asked::Image { media_type, data }),
            Part::ImageUrl { url } => pieces.push(Asked::ImageUrl(url)),
            Part::File { name, media_type, data, text } => {
                pieces.push(match media::file_text(media_type, data) {
                    Some(text) => Asked::Text(media::quote_file(name, text).into()),
                    None => Asked::File { name, media_type, data, text: text.as_deref() },
                });
            }
            Part::Attachment(file) => notices.content(not_read(&file.name)),
            Part::ToolResult { id, name, content, is_error } => {
                pieces.push(Asked::Result { id, name, content: result(content, *is_error) });
            }
            Part::ToolCall { name, .. } => {
                notices.content(say!("A call of {name} outside an answer is not sent.", name));
            }
            // Only for showing, and never in a user's message.
            Part::Text { .. }
            | Part::Kept { .. }
            | Part::Refusal { .. }
            | Part::Reasoning { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::Seam(_)
            | Part::GeneratedImage { .. } => {}
        }
    }
    pieces
}

/// What a tool answered, for APIs that have no field that says it failed: the words do.
fn result(content: &str, is_error: bool) -> Cow<'_, str> {
    let says = content.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("error"));
    if !is_error || says { content.into() } else { format!("Error: {content}").into() }
}

/// The pieces of an earlier answer. `own` is the issuer whose proofs this endpoint takes back.
pub(crate) fn said<'a>(message: &'a Message, own: &str, notices: &mut Notices) -> Vec<Said<'a>> {
    let mut pieces = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => pieces.push(Said::Text(text)),
            Part::Reasoning { text, signature, issuer } if issuer == own => {
                pieces.push(Said::Thought { text, proof: signature.as_deref() });
            }
            Part::Reasoning { .. } => {
                notices.content(say!("Reasoning of earlier answers of other models is not sent."));
            }
            Part::Kept { long } => pieces.push(Said::Kept(*long)),
            Part::ToolCall { id, name, arguments, .. } => {
                let arguments = if arguments.trim().is_empty() { "{}" } else { arguments.as_str() };
                pieces.push(Said::Call { id, name, arguments });
            }
            Part::Image { .. } | Part::ImageUrl { .. } | Part::File { .. } | Part::Attachment(_) => {
                notices.content(say!("Attachments inside an answer are not sent back."));
            }
            Part::Text { .. }
            | Part::System { .. }
            | Part::Refusal { .. }
            | Part::ToolResult { .. }
            | Part::ServerTool { .. }
            | Part::Citation { .. }
            | Part::Seam(_)
            | Part::GeneratedImage { .. } => {}
        }
    }
    pieces
}

/// Refuses a picture given by its address, for a dialect that has no place for one. Other endpoints may have.
pub(crate) fn no_addresses(request: &Request) -> Result<(), Failure> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    if !parts.into_iter().any(|part| matches!(part, Part::ImageUrl { .. })) {
        return Ok(());
    }
    let words = say!(
        "This provider takes no picture by its address. Send the picture itself, as base64, or choose \
                 another provider."
    );
    let upstream = Upstream { param: Some("image_url".to_owned()), ..Upstream::default() };
    Err(Failure::new(ErrorKind::RequestUnsupported, words).with_upstream(upstream))
}

/// What is said of a file whose bytes nobody has put in its place.
pub(crate) fn not_read(name: &str) -> Words {
    say!("The file “{name}” was not read and is not sent.", name)
}

/// A document that the dialect has no place for: its text, or a note.
pub(crate) fn no_file(
    name: &str,
    media_type: &str,
    text: Option<&str>,
    notices: &mut Notices,
) -> Option<String> {
    if let Some(text) = text {
        notices.content(as_text(name));
        return Some(media::quote_file(name, text));
    }
    notices.content(say!(
        "The file “{name}” ({media_type}) cannot be sent to this endpoint.",
        name,
        media_type
    ));
    None
}

/// Said where a document goes as its text.
pub(crate) fn as_text(name: &str) -> Words {
    say!("“{name}” is sent as its text, without pictures and layout.", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> Part {
        let (signature, issuer) = (None, String::new());
        Part::ToolCall {
            id: id.to_owned(),
            name: "f".to_owned(),
            arguments: String::new(),
            signature,
            issuer,
        }
    }

    fn result(id: &str) -> Part {
        Part::ToolResult { id: id.to_owned(), name: "f".to_owned(), content: id.to_owned(), is_error: false }
    }

    fn picture(letter: u8) -> Part {
        Part::Image { media_type: "image/png".to_owned(), data: vec![letter].into() }
    }

    #[test]
    fn results_stand_in_the_order_of_the_calls_they_answer() {
        let text = || Part::Text { text: "and".to_owned() };
        let kept = || Part::Kept { long: KeepPrompt::Usual };
        let said = |role: Role, parts: Vec<Part>| Message { role, parts };
        let messages = vec![
            said(Role::User, vec![text()]),
            said(Role::Assistant, vec![call("a"), call("b")]),
            said(Role::User, vec![result("b"), text()]),
            said(Role::User, vec![result("a"), result("of nothing")]),
            // The same ids again, the other way round.
            said(Role::Assistant, vec![call("b"), call("a")]),
            said(Role::User, vec![result("a"), kept(), picture(1), result("b"), picture(2)]),
        ];
        let mut wanted = messages.clone();
        wanted[2].parts[0] = result("a");
        wanted[3].parts[0] = result("b");
        wanted[5].parts = vec![result("b"), picture(2), result("a"), kept(), picture(1)];
        let ordered = in_order_of_calls(&messages);
        assert_eq!(*ordered, *wanted);
        assert!(matches!(in_order_of_calls(&ordered), Cow::Borrowed(_)));
    }
}
