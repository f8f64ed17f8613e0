//! Which pieces of a message are sent, in which order: the same for every dialect that knows text, pictures,
//! documents, calls and their results, whatever its words for them.

use crate::{media, notices::Notices};
use domain::{ErrorKind, Failure, Message, Part, Request, Upstream, Words, say};
use std::borrow::Cow;

/// A piece of a user's message.
pub(crate) enum Asked<'a> {
    /// Words; a document that is text is quoted in them, since that needs no model that reads files.
    Text(Cow<'a, str>),
    /// A picture.
    Image { media_type: &'a str, data: &'a [u8] },
    /// A picture on the web, for the provider to fetch.
    ImageUrl(&'a str),
    /// A document that is not text.
    File { name: &'a str, media_type: &'a str, data: &'a [u8], text: Option<&'a str> },
    /// What a tool answered.
    Result { id: &'a str, name: &'a str, content: Cow<'a, str> },
}

/// A piece of an earlier answer.
pub(crate) enum Said<'a> {
    /// Words.
    Text(&'a str),
    /// Reasoning that this very endpoint made: to any other it is no use.
    Thought { text: &'a str, proof: Option<&'a str> },
    /// A call of a tool; `arguments` is never blank.
    Call { id: &'a str, name: &'a str, arguments: &'a str },
}

/// The pieces of a user's message.
pub(crate) fn asked<'a>(message: &'a Message, notices: &mut Notices) -> Vec<Asked<'a>> {
    let mut pieces = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text { text } | Part::Refusal { text } if !text.is_empty() => {
                pieces.push(Asked::Text(text.into()));
            }
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
            Part::ToolCall { id, name, arguments, .. } => {
                let arguments = if arguments.trim().is_empty() { "{}" } else { arguments.as_str() };
                pieces.push(Said::Call { id, name, arguments });
            }
            Part::Image { .. } | Part::ImageUrl { .. } | Part::File { .. } | Part::Attachment(_) => {
                notices.content(say!("Attachments inside an answer are not sent back."));
            }
            Part::Text { .. }
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
