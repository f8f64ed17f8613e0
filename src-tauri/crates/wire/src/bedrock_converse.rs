//! The `bedrock-converse` dialect: `POST /model/{model}/converse-stream`.
//!
//! One protocol for models of many makers. Departures from the other dialects that shape this one: the
//! answer comes in binary frames, errors come inside a successful stream, usage comes after the end, and
//! what only some models take travels in a field of its own.

mod decode;
mod encode;

use crate::{
    Decoder, Dialect, Encoded, Framing, ListedModel, NameRule, event_stream, failure, json::Json, names,
};
use domain::{Endpoint, ErrorKind, Failure, Headers, Quirks, Request};

/// The dialect.
pub(crate) struct BedrockConverse;

impl Dialect for BedrockConverse {
    fn id(&self) -> &'static str {
        "bedrock-converse"
    }

    fn encode(&self, request: &Request, to: &Endpoint, quirks: &Quirks) -> Result<Encoded, Failure> {
        encode::encode(request, to, quirks)
    }

    /// `ToolName` in botocore 1.43.11: `[a-zA-Z0-9_-]+`, 64 at most.
    fn tool_names(&self) -> Option<NameRule> {
        names::plain(64)
    }

    fn decoder(&self, framing: Framing, _quirks: &Quirks) -> Box<dyn Decoder> {
        event_stream::decoder(framing, decode::Converse::default())
    }

    fn failure(&self, status: u16, headers: &Headers, body: &[u8]) -> Failure {
        let failure = failure::from_http(status, headers, body);
        // 424: the model itself failed. Nothing in the request was wrong.
        if status == 424 && failure.kind == ErrorKind::RequestInvalid {
            let message = "The model failed while answering. Try again or choose another provider.";
            return Failure { kind: ErrorKind::UpstreamInternal, ..failure }.reworded(message);
        }
        failure
    }

    /// Reads the list of foundation models.
    fn models(&self, body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
        let text = String::from_utf8_lossy(body);
        let json = Json::parse(text.trim()).ok().filter(|json| json.get("modelSummaries").is_some());
        let Some(json) = json else {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                "The provider's model list cannot be read.",
            ));
        };
        Ok(json
            .list("modelSummaries")
            .iter()
            .filter_map(|model| {
                let id = model.text("modelId")?.to_owned();
                let name = model.text("modelName").map(str::to_owned);
                Some(ListedModel { id, name, context_length: None, ..ListedModel::default() })
            })
            .collect())
    }
}

#[cfg(test)]
#[path = "bedrock_converse_tests.rs"]
mod tests;
