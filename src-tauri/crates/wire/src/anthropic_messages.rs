//! The `anthropic-messages` dialect: `POST /v1/messages`.
//!
//! Departures from the other dialects that shape this one: a limit of the answer is required, roles
//! alternate, reasoning comes signed and must return unchanged to its issuer, and the prompt's token
//! count leaves the cached part out.

mod decode;
mod encode;
mod usage;

use crate::{
    Decoder, Dialect, Encoded, Framing, ListedModel, NameRule, event_stream, failure, json::Json, names,
};
use domain::{Endpoint, ErrorKind, Failure, Headers, Quirks, Request};

/// `anthropic-version`, unless the provider's quirks give another.
pub(crate) const VERSION: &str = "2023-06-01";

/// The dialect.
pub(crate) struct AnthropicMessages;

impl Dialect for AnthropicMessages {
    fn id(&self) -> &'static str {
        "anthropic-messages"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    /// The API refuses what does not match `^[a-zA-Z0-9_-]{1,128}$` (home-assistant/core#147760, anthropics/claude-code#96152,
    /// 2026-09).
    fn tool_names(&self) -> Option<NameRule> {
        names::plain(128)
    }

    fn decoder(&self, framing: Framing, _quirks: &Quirks) -> Box<dyn Decoder> {
        event_stream::decoder(framing, decode::Messages::default())
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        failure::from_http(status, headers, body)
    }

    fn models_query(&self) -> &'static [(&'static str, &'static str)] {
        &[("limit", "1000")]
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        let text = String::from_utf8_lossy(body);
        let json = Json::parse(&text).ok().filter(|json| json.get("data").is_some());
        let Some(json) = json else {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                "The provider's model list cannot be read.",
            ));
        };
        Ok(json
            .list("data")
            .iter()
            .filter_map(|model| {
                Some(ListedModel {
                    id: model.text("id")?.to_owned(),
                    name: model.text("display_name").map(str::to_owned),
                    context_length: model.get("max_input_tokens").and_then(Json::index),
                    ..ListedModel::default()
                })
            })
            .collect())
    }
}
