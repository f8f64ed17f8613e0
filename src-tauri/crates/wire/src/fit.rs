//! A request cut to what its model is declared to do, before a dialect puts it into words.
//!
//! What changes how an answer is made (a setting, tools, a schema) is left out with a notice. What an answer
//! would be about is not: a question about a picture is not answered without it, but refused. Declarations come
//! from the catalogue; of a model that is not in it nothing is known, all is sent, and its provider decides.

use crate::{media, parts};
use domain::{
    Capabilities, Effort, ErrorKind, Failure, Modality, NoticeKind, Params, Part, Reasoning, Request,
    ResponseFormat, Role, ToolChoice, say,
};

/// What is known of the model at an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// What it is called, for the words of notices.
    pub name: &'a str,
    /// What it reads. Empty = not known.
    pub input: &'a [Modality],
    /// What it can do; `None` = not known.
    pub capabilities: Option<&'a Capabilities>,
    /// Its longest answer at this endpoint, in tokens.
    pub max_completion_tokens: Option<u64>,
}

/// The request without what the model cannot take, and what was left out. Refused as `request.unsupported` if
/// the newest message holds a picture or document that the model cannot read, or a tool must be called and it
/// calls none.
pub fn fit(
    request: &Request,
    to: &Declared<'_>,
) -> Result<(Request, Vec<(NoticeKind, domain::Words)>), Failure> {
    let mut request = request.clone();
    let mut notices = Vec::new();
    worded(&mut request, to, &mut notices);
    attachments(&mut request, to, &mut notices)?;
    if let Some(can) = to.capabilities {
        tools(&mut request, can, to.name, &mut notices)?;
        settings(&mut request.params, can, to.name, &mut notices);
    }
    if let (Some(asked), Some(most)) = (request.params.max_completion_tokens, to.max_completion_tokens)
        && asked > most
    {
        request.params.max_completion_tokens = Some(most);
        dropped(
            &mut notices,
            say!("max_completion_tokens: {asked} became {most}, this model's most.", asked, most),
        );
    }
    Ok((request, notices))
}

fn dropped(notices: &mut Vec<(NoticeKind, domain::Words)>, detail: domain::Words) {
    notices.push((NoticeKind::DroppedParameter, detail));
}

/// What a part wants a model to read besides text; `None` = text does.
pub fn reads(part: &Part) -> Option<Modality> {
    match part {
        Part::File { text: Some(_), .. } => None,
        _ => wants(part).map(|(modality, _)| modality),
    }
}

/// What a part wants read besides text, and its word.
fn wants(part: &Part) -> Option<(Modality, &'static str)> {
    match part {
        Part::Image { .. } | Part::ImageUrl { .. } => Some((Modality::Image, "pictures")),
        Part::File { media_type, data, .. } if media::file_text(media_type, data).is_none() => {
            Some(match media_type.split('/').next() {
                Some("audio") => (Modality::Audio, "sound"),
                Some("video") => (Modality::Video, "video"),
                Some("image") => (Modality::Image, "pictures"),
                _ => (Modality::File, "documents"),
            })
        }
        _ => None,
    }
}

/// That word, said.
fn said(word: &str) -> domain::Words {
    match word {
        "sound" => say!("sound"),
        "video" => say!("video"),
        "documents" => say!("documents"),
        _ => say!("pictures"),
    }
}

/// A document whose text is known goes as its text to a model that is not known to read documents.
fn worded(request: &mut Request, to: &Declared<'_>, notices: &mut Vec<(NoticeKind, domain::Words)>) {
    if to.input.contains(&Modality::File) {
        return;
    }
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        let Part::File { name, media_type, data, text } = part else { continue };
        let Some(words) = text.take() else { continue };
        notices.push((NoticeKind::DroppedContent, parts::as_text(name)));
        "text/plain".clone_into(media_type);
        *data = words.as_bytes().into();
    }
}

fn attachments(
    request: &mut Request,
    to: &Declared<'_>,
    notices: &mut Vec<(NoticeKind, domain::Words)>,
) -> Result<(), Failure> {
    if to.input.is_empty() {
        return Ok(());
    }
    let unread = |part: &Part| wants(part).filter(|(modality, _)| !to.input.contains(modality));
    let newest = request.messages.iter().rposition(|message| message.role == Role::User);
    for (at, message) in request.messages.iter_mut().enumerate() {
        let Some(word) = message.parts.iter().find_map(unread).map(|(_, word)| word) else { continue };
        if Some(at) == newest {
            let words = say!(
                "{name} reads no {word}. Take the attachment out, or choose a model that reads {word}.",
                name = to.name,
                word = said(word)
            );
            return Err(Failure::new(ErrorKind::RequestUnsupported, words));
        }
        for (_, word) in message.parts.iter().filter_map(unread) {
            let detail =
                say!("Earlier {word} are not sent: {name} reads none.", word = said(word), name = to.name);
            if notices.iter().all(|(_, told)| *told != detail) {
                notices.push((NoticeKind::DroppedContent, detail));
            }
        }
        message.parts.retain(|part| unread(part).is_none());
    }
    Ok(())
}

fn tools(
    request: &mut Request,
    can: &Capabilities,
    name: &str,
    notices: &mut Vec<(NoticeKind, domain::Words)>,
) -> Result<(), Failure> {
    if can.tools || request.tools.is_empty() {
        return Ok(());
    }
    if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. })) {
        let words = say!("{name} calls no tools. Choose a model that does, or ask without one.", name);
        return Err(Failure::new(ErrorKind::RequestUnsupported, words));
    }
    request.tools.clear();
    request.tool_choice = None;
    dropped(notices, say!("tools: {name} calls none.", name));
    Ok(())
}

fn settings(
    params: &mut Params,
    can: &Capabilities,
    name: &str,
    notices: &mut Vec<(NoticeKind, domain::Words)>,
) {
    if !can.reasoning
        && let Some(asked) = params.reasoning.take()
        && !matches!(asked, Reasoning::Effort(Effort::None) | Reasoning::Budget(0))
    {
        dropped(notices, say!("reasoning: {name} does not reason before it answers.", name));
    }
    if !can.structured_output && matches!(params.response_format, Some(ResponseFormat::JsonSchema { .. })) {
        params.response_format = None;
        dropped(notices, say!("response_format: {name} is not known to keep to a schema.", name));
    }
    // Who takes no temperature takes no other say in the sampling either (reference on wire formats, 3.2 and 3.4).
    if can.temperature == Some(false) {
        for (word, setting) in [("temperature", &mut params.temperature), ("top_p", &mut params.top_p)] {
            if setting.take().is_some() {
                dropped(notices, say!("{word}: {name} takes none.", word, name));
            }
        }
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
