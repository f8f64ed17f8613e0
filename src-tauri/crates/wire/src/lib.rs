//! Dialects: a request to bytes, bytes to events. One file a protocol family.
//!
//! Decoders are incremental and total: whatever the bytes and however they are cut, the same events
//! come out, bad input becomes `Unknown` events or an [`Ending`], and nothing panics. This crate
//! **never** does I/O, knows no provider by name (departures arrive as [`Quirks`]) and sees no key.
//!
//! [`serve`] is the other direction: what a client asks of us in one of four protocols, and our answers.
//!
//! To add a dialect: one file with a type that implements [`Dialect`], one line in [`DIALECTS`].
#![deny(missing_docs)]

mod anthropic_messages;
mod bedrock_converse;
mod blocks;
mod call;
mod cohere;
mod effort;
mod event_stream;
mod failure;
mod fit;
mod forms;
mod framed;
mod gemini;
mod json;
mod kept;
mod late;
mod listing;
mod media;
mod names;
mod notices;
mod ollama;
mod openai_chat;
mod openai_responses;
mod parts;
mod refused;
mod replay;
mod retry;
mod scan;
pub mod serve;
mod snapshot;
mod sse;
mod tally;
mod thinking;
#[cfg(test)]
mod trial;
mod vertex;

pub use cohere::PLAN as TOOL_PLAN;
pub use fit::{Declared, fit, reads};
pub use names::{NameRule, ToolNames};

use domain::{
    Call, Capabilities, Endpoint, Failure, Headers, Modality, NoticeKind, Quirks, Request, StreamEvent,
};

/// Every dialect there is.
pub const DIALECTS: &[&dyn Dialect] = &[
    &openai_chat::OpenAiChat,
    &openai_responses::OpenAiResponses,
    &ollama::Ollama,
    &cohere::Cohere,
    &anthropic_messages::AnthropicMessages,
    &gemini::Gemini,
    &bedrock_converse::BedrockConverse,
    &vertex::Vertex,
];

/// A wire protocol family.
pub trait Dialect: Sync {
    /// Its id, e.g. `openai-chat`.
    fn id(&self) -> &'static str;

    /// Puts a request into the dialect's words. What the endpoint cannot take is dropped with a notice
    /// or refused as `request.unsupported`, never silently.
    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure>;

    /// What it takes for the name of a tool; `None` = nobody knows, so every name is sent. See [`ToolNames`].
    fn tool_names(&self) -> Option<NameRule> {
        None
    }

    /// A decoder for one answer in the given framing.
    fn decoder(&self, framing: Framing, quirks: &Quirks) -> Box<dyn Decoder>;

    /// Reads an HTTP error (status ≥ 400). Never fails: an unreadable body is a failure by status.
    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure;

    /// Query of a model list, so that as few pages as possible are asked for.
    fn models_query(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Reads a model list.
    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure>;

    /// The call that asks what one listed model is, where lists of such servers say no more than its name.
    fn describe(&self, _model: &str) -> Option<Call> {
        None
    }

    /// Reads the answer to [`Self::describe`] into the entry; `None` = the model is none to talk to. An answer that
    /// cannot be read says nothing.
    fn described(&self, _body: &[u8], model: ListedModel) -> Option<ListedModel> {
        Some(model)
    }

    /// The dialect in which this model answers, where that is not this one.
    fn of_model(&self, _model: &str, _quirks: &Quirks) -> Option<&'static dyn Dialect> {
        None
    }
}

/// Turns bytes into events, piece by piece.
pub trait Decoder: Send {
    /// Takes the next bytes, wherever they are cut, and appends what they complete to `out`.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>);
    /// The protocol's closing mark was read: little may follow, and nothing of the answer. `false` in protocols whose
    /// answers end with their body.
    fn ended(&self) -> bool;
    /// The body ended: closes open blocks and says whether the answer is whole.
    fn finish(self: Box<Self>, out: &mut Vec<StreamEvent>) -> Ending;
}

/// How an answer ended, by its protocol's own closing mark.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The protocol's terminal marker was seen.
    Complete,
    /// The provider reported an error inside its answer; text before it stands.
    Failed(Failure),
    /// The body ended without the terminal marker.
    Truncated,
    /// The body is not what the protocol says.
    Malformed {
        /// Byte offset in the body.
        at: u64,
        /// What was wrong, in plain words.
        why: &'static str,
    },
}

/// How events are packed into the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`
    Sse,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// `application/vnd.amazon.eventstream`
    AwsEventStream,
}

/// A request ready for the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// The call.
    pub call: Call,
    /// What was left out and why.
    pub notices: Vec<(NoticeKind, domain::Words)>,
    /// The longest answer the call itself allows, in tokens; `None` = it names no limit.
    pub output_limit: Option<u64>,
}

/// An entry of a provider's own model list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedModel {
    /// The provider's id.
    pub id: String,
    /// Display name.
    pub name: Option<String>,
    /// Context in tokens.
    pub context_length: Option<u64>,
    /// What it reads. Empty = the server does not say.
    pub input: Vec<Modality>,
    /// What it can do; `None` = the server does not say.
    pub capabilities: Option<Capabilities>,
}

pub use listing::next_page;
pub use refused::Refused;
pub use retry::dated;

/// The dialect of that id, if it is built in.
pub fn dialect(id: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|d| d.id() == id)
}

/// The dialect in which a provider of dialect `id` answers for the model with this upstream id.
pub fn dialect_for(id: &str, model: &str, quirks: &Quirks) -> Option<&'static dyn Dialect> {
    let spoken = dialect(id)?;
    Some(spoken.of_model(model, quirks).unwrap_or(spoken))
}

/// The framing a content type announces; `None` for a type that announces none we know.
pub fn framing_of(content_type: &str) -> Option<Framing> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "text/event-stream" => Some(Framing::Sse),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/json-seq" => {
            Some(Framing::Ndjson)
        }
        "application/vnd.amazon.eventstream" => Some(Framing::AwsEventStream),
        "application/json" | "text/json" => Some(Framing::Json),
        other if other.ends_with("+json") => Some(Framing::Json),
        _ => None,
    }
}

/// A decoder for an answer by what it is, not by what was asked: servers answer a streaming request
/// with one JSON document, label event streams as JSON, or label nothing. Text framings are told apart
/// by their first byte whatever the label says.
pub fn decoder_for(dialect: &dyn Dialect, content_type: Option<&str>, quirks: &Quirks) -> Box<dyn Decoder> {
    let framing = content_type.and_then(framing_of).unwrap_or(Framing::Sse);
    dialect.decoder(framing, quirks)
}
