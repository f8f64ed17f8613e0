//! OpenAI Responses: named events with numbered items, and no `[DONE]`.
//!
//! Nothing is stored at the provider (`store: false`): every request carries the whole conversation, and
//! reasoning goes back encrypted, so that a conversation is bound to no account.

mod decode;
mod encode;
mod items;

use crate::{
    Decoder, Dialect, Encoded, Framing, ListedModel, NameRule, failure, framed::Framed, listing, names,
};
use domain::{Endpoint, Failure, Headers, Quirks, Request};

/// The dialect.
pub(crate) struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn id(&self) -> &'static str {
        "openai-responses"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    /// As in its maker's chat (`^[a-zA-Z0-9_-]+$`, 2026-11-23).
    fn tool_names(&self) -> Option<NameRule> {
        names::plain(64)
    }

    fn decoder(&self, framing: Framing, quirks: &Quirks) -> Box<dyn Decoder> {
        Box::new(Framed::new(framing, decode::Responses::new(quirks)))
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        failure::from_http(status, headers, body)
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        listing::read(body)
    }
}

#[cfg(test)]
#[path = "openai_responses/tests.rs"]
mod tests;
