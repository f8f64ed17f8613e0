//! Cohere's chat, version 2.

mod decode;
mod encode;

use crate::{Decoder, Dialect, Encoded, Framing, ListedModel, failure, framed::Framed, listing};
use domain::{Endpoint, Failure, Headers, Quirks, Request};

/// The proof on reasoning that is a plan for tools: it goes back under its own name, and is told apart in results.
pub const PLAN: &str = "tool_plan";

/// The dialect.
pub(crate) struct Cohere;

impl Dialect for Cohere {
    fn id(&self) -> &'static str {
        "cohere"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    fn decoder(&self, framing: Framing, _: &Quirks) -> Box<dyn Decoder> {
        Box::new(Framed::new(framing, decode::Chat::default()))
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        failure::from_http(status, headers, body)
    }

    fn models_query(&self) -> &'static [(&'static str, &'static str)] {
        &[("page_size", "1000")]
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        listing::read(body)
    }
}

#[cfg(test)]
#[path = "cohere/tests.rs"]
mod tests;
