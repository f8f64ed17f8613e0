//! Answers that came in another framing than their client waits for: a stream where one document was asked for, a
//! document where a stream was, frames of AWS.
//!
//! They are put together or taken apart out of the provider's own documents and not out of our events, so what we
//! have no event for (redacted reasoning, tools that ran at the provider, several answers at once) is still there.

mod chat;
mod gemini;
mod messages;
mod responses;

use super::{Protocol, ToldUsage, tap, write};
use crate::{
    Decoder as _, Ending,
    event_stream::{self, EventStream},
    framed::{Doc, Protocol as Documents},
    json::Json,
};
use domain::StreamEvent;
use std::borrow::Cow;

/// Fields of an object that is being built.
type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// One document of an answer.
struct Event<'a> {
    /// Its type, or what the stream calls it.
    name: &'a str,
    json: Json<'a>,
}

/// Puts an answer into the other framing.
pub(super) struct Reframer(EventStream<Sheet>);

struct Sheet {
    protocol: Protocol,
    /// One document is wanted, not a stream.
    whole: bool,
    usage: ToldUsage,
    /// Name and text of what makes up the document.
    kept: Vec<(String, String)>,
    /// What can be sent on.
    out: Vec<u8>,
}

impl Documents for Sheet {
    fn document(&mut self, doc: &Doc<'_>, _: &mut Vec<StreamEvent>) {
        let json = doc.json;
        let name = json.text("type").unwrap_or(doc.name);
        // A failure is told by whoever reads the answer.
        if name == "error" || json.get("error").is_some() {
            return;
        }
        if self.whole {
            self.kept.push((name.to_owned(), json.to_text()));
            return;
        }
        let out = &mut self.out;
        match self.protocol {
            Protocol::AnthropicMessages if name == "message" => messages::events(json, out),
            Protocol::OpenAiChat if is_whole_chat(json) => chat::events(json, self.usage, out),
            Protocol::OpenAiResponses if json.get("output").is_some() => responses::events(json, out),
            Protocol::OpenAiChat if self.usage != ToldUsage::AsItComes => {
                if self.usage == ToldUsage::AtTheEnd || !tap::only_usage(json) {
                    let keys: &[&str] = if json.get("usage").is_none() { &["usage"] } else { &[] };
                    write::sse(None, &Json::Object(without(json, keys)).to_text(), out);
                }
            }
            Protocol::Gemini | Protocol::OpenAiChat => write::sse(None, &json.to_text(), out),
            Protocol::AnthropicMessages | Protocol::OpenAiResponses => {
                write::sse(Some(name), &json.to_text(), out);
            }
        }
    }

    fn done(&mut self) {
        if !self.whole && self.protocol == Protocol::OpenAiChat {
            write::sse(None, "[DONE]", &mut self.out);
        }
    }

    fn finish(&mut self, _: &mut Vec<StreamEvent>) -> Ending {
        if self.whole {
            let events: Vec<Event<'_>> = self
                .kept
                .iter()
                .filter_map(|(name, text)| Some(Event { name, json: Json::parse(text).ok()? }))
                .collect();
            let document = match self.protocol {
                Protocol::AnthropicMessages => messages::document(&events),
                Protocol::OpenAiChat => chat::document(&events),
                Protocol::OpenAiResponses => responses::document(&events),
                Protocol::Gemini => gemini::document(&events),
            };
            self.out.extend(document.unwrap_or_default().into_bytes());
        }
        Ending::Complete
    }
}

fn is_whole_chat(json: &Json<'_>) -> bool {
    json.list("choices").iter().any(|choice| choice.get("delta").is_none())
}

impl Reframer {
    /// `whole`: one document is wanted; `usage` as in [`super::Passed`].
    pub(super) fn new(protocol: Protocol, whole: bool, usage: ToldUsage) -> Self {
        let sheet = Sheet { protocol, whole, usage, kept: Vec::new(), out: Vec::new() };
        Self(event_stream::told_by_first_byte(sheet))
    }

    /// Takes the next bytes of the answer; what can be sent on goes to `pass`, in whole events.
    pub(super) fn push(&mut self, bytes: &[u8], pass: &mut Vec<u8>) {
        // Whoever reads the answer tells what is wrong with it.
        self.0.push(bytes, &mut Vec::new());
        if let Some(sheet) = self.0.protocol() {
            pass.append(&mut sheet.out);
        }
    }

    /// The answer is whole: what is left of it.
    pub(super) fn finish(self, pass: &mut Vec<u8>) {
        if let (_, Some(mut sheet)) = self.0.close(&mut Vec::new()) {
            pass.append(&mut sheet.out);
        }
    }
}

/// A field as it stands there, `null` too.
fn field<'a, 'b>(json: &'b Json<'a>, key: &str) -> Option<&'b Json<'a>> {
    json.fields().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Gives a field this value.
fn set<'a>(fields: &mut Fields<'a>, key: impl Into<Cow<'a, str>>, value: Json<'a>) {
    let key = key.into();
    match fields.iter_mut().rev().find(|(name, _)| *name == key) {
        Some((_, old)) => *old = value,
        None => fields.push((key, value)),
    }
}

/// More of a text.
fn append<'a>(fields: &mut Fields<'a>, key: &str, more: &Json<'a>) {
    let old = fields.iter_mut().rev().find(|(name, _)| name == key).map(|(_, value)| value);
    match (old, more) {
        (Some(Json::String(old)), Json::String(more)) => old.to_mut().push_str(more),
        (Some(old), more) => *old = more.clone(),
        (None, more) => fields.push((key.to_owned().into(), more.clone())),
    }
}

/// One more of a list.
fn push<'a>(fields: &mut Fields<'a>, key: &'static str, item: Json<'a>) {
    match fields.iter_mut().rev().find(|(name, _)| name == key).map(|(_, value)| value) {
        Some(Json::Array(items)) => items.push(item),
        Some(other) => *other = Json::Array(vec![item]),
        None => fields.push((key.into(), Json::Array(vec![item]))),
    }
}

/// The fields of an object without some of them.
fn without<'a>(json: &Json<'a>, keys: &[&str]) -> Fields<'a> {
    json.fields().iter().filter(|(name, _)| !keys.contains(&name.as_ref())).cloned().collect()
}

fn text(value: &str) -> Json<'_> {
    Json::String(value.into())
}

fn owned(value: impl Into<String>) -> Json<'static> {
    Json::String(Cow::Owned(value.into()))
}

#[cfg(test)]
#[path = "reframe_tests.rs"]
mod tests;
