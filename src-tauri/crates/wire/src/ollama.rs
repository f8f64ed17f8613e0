//! Ollama's own API: one JSON document a line, tool calls whole, settings under `options`.
//!
//! The server cuts a prompt that does not fit its context window without saying so. Where a prompt is
//! larger than the window it has by default, the request therefore asks for a larger one, within what the
//! server says that the model was made for.

mod decode;
mod described;
mod encode;

use crate::{Decoder, Dialect, Encoded, Framing, ListedModel, failure, framed::Framed, listing};
use domain::{Call, Endpoint, Failure, Headers, Quirks, Request};

/// The dialect.
pub(crate) struct Ollama;

impl Dialect for Ollama {
    fn id(&self) -> &'static str {
        "ollama"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    fn decoder(&self, framing: Framing, _: &Quirks) -> Box<dyn Decoder> {
        // Without a label its streams are lines.
        let framing = if framing == Framing::Sse { Framing::Ndjson } else { framing };
        Box::new(Framed::new(framing, decode::Chat::default()))
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        failure::from_http(status, headers, body)
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        listing::read(body)
    }

    fn describe(&self, model: &str) -> Option<Call> {
        Some(described::ask(model))
    }

    fn described(&self, body: &[u8], model: ListedModel) -> Option<ListedModel> {
        described::read(body, model)
    }
}

#[cfg(test)]
#[path = "ollama/tests.rs"]
mod tests;
