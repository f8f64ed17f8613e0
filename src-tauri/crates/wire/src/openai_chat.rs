//! OpenAI Chat Completions and everything that copies it.
//!
//! Half of the providers there are speak this, each with its own departures. Those seen in an answer are
//! all read without asking who sent it; those a request must obey arrive as [`Quirks`].

mod decode;
mod encode;
mod reasoning;
mod tools;

use crate::{
    Decoder, Dialect, Encoded, Framing, ListedModel, NameRule, failure, forms, framed::Framed, listing, names,
};
use domain::{Endpoint, Failure, Headers, Quirks, Request};

pub(crate) use reasoning::ask as reason;

/// Proof of reasoning that came as a part of the content (Mistral), and goes back as one.
const CONTENT: &str = "content";

/// The dialect.
pub(crate) struct OpenAiChat;

impl Dialect for OpenAiChat {
    fn id(&self) -> &'static str {
        "openai-chat"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        // Some models of such a provider answer in another dialect only.
        let other = forms::encode(request, to, quirks, self.id());
        other.unwrap_or_else(|| encode::encode(request, to, quirks))
    }

    /// The API reference for `function.name`: "a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of
    /// 64" (2026-11-23).
    fn tool_names(&self) -> Option<NameRule> {
        names::plain(64)
    }

    fn decoder(&self, framing: Framing, quirks: &Quirks) -> Box<dyn Decoder> {
        Box::new(Framed::new(framing, decode::Chat::new(quirks)))
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        failure::from_http(status, headers, body)
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        listing::read(body)
    }

    fn of_model(&self, model: &str, quirks: &Quirks) -> Option<&'static dyn Dialect> {
        forms::inner(model, quirks, self.id())
    }
}

#[cfg(test)]
#[path = "openai_chat/tests.rs"]
mod tests;
