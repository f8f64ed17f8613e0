//! The `gemini` dialect: `POST /v1beta/models/{model}:streamGenerateContent`.
//!
//! Departures from the other dialects that shape this one: the model stands in the path, tool calls come
//! whole and often without an id, reasoning is counted beside the answer, and a schema is only a subset
//! of JSON Schema. The key travels in a header, never in the address.

mod args;
mod decode;
mod encode;
mod schema;
mod usage;

use crate::{Decoder, Dialect, Encoded, Framing, ListedModel, NameRule, failure, framed::Framed, json::Json};
use domain::{Endpoint, ErrorKind, Failure, Headers, Quirks, Request};

/// The dialect.
pub(crate) struct Gemini;

/// Path of a streaming call for this model.
pub(crate) fn path(model: &str) -> String {
    encode::default_path(model)
}

impl Dialect for Gemini {
    fn id(&self) -> &'static str {
        "gemini"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    /// `FunctionDeclaration`: begins with a letter or an underscore; letters, digits, underscores, colons, dots and dashes, 64 at
    /// most (googleapis.github.io/java-genai, 2026-11-23).
    fn tool_names(&self) -> Option<NameRule> {
        Some(NameRule { signs: b"_-.:", most: 64, word: true })
    }

    fn decoder(&self, framing: Framing, _quirks: &Quirks) -> Box<dyn Decoder> {
        Box::new(Framed::new(framing, decode::Contents::default()))
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        let failure = failure::from_http(status, headers, body);
        let words = failure.upstream.as_ref().and_then(|upstream| upstream.message.as_deref());
        // A quota of nothing: the model is not part of the free tier, and no waiting changes that.
        let none = words.is_some_and(|w| {
            w.lines().any(|l| l.trim_end().contains("limit: 0,") || l.ends_with("limit: 0"))
        });
        if failure.kind == ErrorKind::LimitRate && none {
            let message = "This model needs a paid plan at the provider. Switch billing on there, or choose another model.";
            return Failure { kind: ErrorKind::BillingCredits, ..failure }.reworded(message);
        }
        failure
    }

    fn models_query(&self) -> &'static [(&'static str, &'static str)] {
        &[("pageSize", "1000")]
    }

    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        let text = String::from_utf8_lossy(body);
        let json = Json::parse(&text).ok().filter(|json| json.get("models").is_some());
        let Some(json) = json else {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                "The provider's model list cannot be read.",
            ));
        };
        let answers = |model: &&Json<'_>| {
            let methods = model.list("supportedGenerationMethods");
            methods.is_empty() || methods.iter().any(|m| m.str() == Some("generateContent"))
        };
        Ok(json
            .list("models")
            .iter()
            .filter(answers)
            .filter_map(|model| {
                let name = model.text("name")?;
                Some(ListedModel {
                    id: name.strip_prefix("models/").unwrap_or(name).to_owned(),
                    name: model.text("displayName").map(str::to_owned),
                    context_length: model.get("inputTokenLimit").and_then(Json::index),
                    ..ListedModel::default()
                })
            })
            .collect())
    }
}

#[cfg(test)]
#[path = "gemini_tests.rs"]
mod tests;
