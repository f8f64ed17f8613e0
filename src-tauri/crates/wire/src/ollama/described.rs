//! What a server says of one of its models. Its list gives names alone.
//!
//! Source of the shape: docs.ollama.com/api-reference/show-model-details, as others repeat it (2026-11).

use crate::{
    ListedModel,
    json::{Count, Json},
};
use domain::{Call, Capabilities, Headers, Method, Modality};
use serde_json::json;

/// The call that asks. Servers of before 2025 know the model as `name`.
pub(super) fn ask(model: &str) -> Call {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    let body = json!({ "model": model, "name": model }).to_string().into_bytes();
    Call { method: Method::Post, path: "/api/show".into(), query: Vec::new(), headers, body }
}

/// Context length and abilities; `None` for a model that only makes vectors. Older servers list no abilities: then
/// nothing is known of them.
pub(super) fn read(body: &[u8], mut model: ListedModel) -> Option<ListedModel> {
    let text = String::from_utf8_lossy(body);
    let Ok(json) = Json::parse(text.trim()) else { return Some(model) };
    let length = json.get("model_info").map_or(&[][..], Json::fields).iter().find_map(|(key, value)| {
        match value.count() {
            // The name of the architecture stands before it.
            Count::Said(n) if n > 0 && key.ends_with(".context_length") => Some(n),
            _ => None,
        }
    });
    model.context_length = length.or(model.context_length);
    let abilities = json.list("capabilities");
    if abilities.is_empty() {
        return Some(model);
    }
    let can = |ability: &str| abilities.iter().any(|said| said.str() == Some(ability));
    if !can("completion") {
        return None;
    }
    model.input = vec![Modality::Text];
    model.input.extend(can("vision").then_some(Modality::Image));
    model.capabilities = Some(Capabilities {
        tools: can("tools"),
        reasoning: can("thinking"),
        // The server itself keeps any model to a grammar, and does the sampling.
        structured_output: true,
        temperature: Some(true),
    });
    Some(model)
}
