//! What encoders of several dialects share.

use crate::notices::Notices;
use domain::{
    Call, Effort, Endpoint, ErrorKind, Failure, Headers, Method, NoticeKind, Quirks, Reasoning, Request,
    Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

/// Characters of a model id that may stand in a path segment as they are. An `@` parts a model from its
/// version.
fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@')
}

/// Percent-encodes one path segment.
pub(crate) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The call that posts `body`, at the provider's own path if its quirks name one.
pub(crate) fn post(path: &str, body: &Map<String, Value>, to: &Endpoint, quirks: &Quirks) -> Call {
    let path = quirks.path.as_deref().unwrap_or(path);
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    Call {
        method: Method::Post,
        path: path.replace("{model}", &segment(&to.upstream_model)),
        query: Vec::new(),
        headers,
        // Serialising a tree of strings and numbers cannot fail.
        body: serde_json::to_vec(body).unwrap_or_default(),
    }
}

/// The limit that a field of the body sets.
pub(crate) fn limit(body: &Map<String, Value>, field: &str) -> Option<u64> {
    body.get(field).and_then(Value::as_u64)
}

/// Takes out what the provider rejects and says so.
pub(crate) fn drop_params(
    body: &mut Map<String, Value>,
    quirks: &Quirks,
    notices: &mut Vec<(NoticeKind, String)>,
) {
    for name in &quirks.drop_params {
        if body.remove(name).is_some() && name != "stream_options" {
            notices.push((NoticeKind::DroppedParameter, format!("{name}: this provider takes none.")));
        }
    }
}

/// A request whose every message is empty.
pub(crate) fn nothing() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, "There is nothing to send: every message is empty.")
}

/// The system prompt, if it says anything.
pub(crate) fn system(request: &Request) -> Option<&str> {
    request.system.as_deref().filter(|system| !system.trim().is_empty())
}

/// A tool as OpenAI's chat describes it, which others took over.
pub(crate) fn function(tool: &Tool) -> Value {
    json!({ "type": "function", "function": {
        "name": tool.name, "description": tool.description, "parameters": tool.parameters,
    }})
}

/// Whether a tool must be called, in OpenAI's words; `named` says how one tool is named.
pub(crate) fn choice(choice: Option<&ToolChoice>, named: impl Fn(&str) -> Value) -> Option<Value> {
    Some(match choice? {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named { name } => named(name),
    })
}

/// A number that JSON can hold; infinities and NaN have no place in it.
pub(crate) fn number(body: &mut Map<String, Value>, name: &str, value: Option<f64>) {
    if let Some(number) = value.and_then(serde_json::Number::from_f64) {
        body.insert(name.into(), number.into());
    }
}

/// The effort nearest to a limit in tokens, for APIs that take no limit.
pub(crate) fn effort_of(tokens: u64) -> Effort {
    match tokens {
        0 => Effort::None,
        1..4_096 => Effort::Low,
        4_096..16_384 => Effort::Medium,
        16_384..32_768 => Effort::High,
        _ => Effort::Max,
    }
}

/// OpenAI's word for an effort.
pub(crate) fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "max",
    }
}

/// The effort asked for; a limit in tokens becomes the nearest effort, with a notice.
pub(crate) fn as_effort(asked: Option<Reasoning>, notices: &mut Notices) -> Option<Effort> {
    match asked? {
        Reasoning::Effort(effort) => Some(effort),
        Reasoning::Budget(tokens) => {
            let nearest = effort_of(tokens);
            notices.parameter(format!(
                "reasoning budget: this API takes an effort; {tokens} tokens became “{}”.",
                effort(nearest)
            ));
            Some(nearest)
        }
    }
}

/// Appends a user's message of these parts, if there are any. Servers for text-only models take no arrays, so
/// plain text goes as a plain string.
pub(crate) fn user_message(parts: Vec<Value>, messages: &mut Vec<Value>) {
    if parts.is_empty() {
        return;
    }
    let content = texts(&parts).map_or(Value::Array(parts), Value::String);
    messages.push(json!({ "role": "user", "content": content }));
}

/// The text of parts that are nothing but text, pieces parted by a blank line.
fn texts(parts: &[Value]) -> Option<String> {
    let pieces: Option<Vec<&str>> =
        parts.iter().map(|p| p["text"].as_str().filter(|_| p["type"] == "text")).collect();
    Some(pieces?.join("\n\n"))
}

/// Whether a schema keeps to OpenAI's strict subset: every object closed and every property required.
/// Asking for strictness of any other schema is an error there.
pub(crate) fn is_strict(schema: &Value, depth: u32) -> bool {
    let Value::Object(fields) = schema else { return true };
    if depth > 32 {
        return false;
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    if properties.is_some() || fields.get("type").is_some_and(|t| t == "object") {
        let closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
        let required = fields.get("required").and_then(Value::as_array);
        let all = properties.is_none_or(|properties| {
            properties.keys().all(|key| required.is_some_and(|r| r.iter().any(|name| name == key)))
        });
        if !closed || !all {
            return false;
        }
    }
    let inner = |value: &Value| match value {
        Value::Object(map) => map.values().all(|v| is_strict(v, depth + 1)),
        Value::Array(list) => list.iter().all(|v| is_strict(v, depth + 1)),
        _ => true,
    };
    ["properties", "$defs", "definitions", "anyOf"].iter().all(|key| fields.get(*key).is_none_or(inner))
        && fields.get("items").is_none_or(|items| is_strict(items, depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_closed_schemas_are_strict() {
        let closed = json!({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false});
        assert!(is_strict(&closed, 0));
        assert!(is_strict(&json!({"type":"string"}), 0));
        assert!(!is_strict(&json!({"type":"object","properties":{"a":{}}}), 0));
        assert!(!is_strict(&json!({"type":"object","properties":{"a":{}},"additionalProperties":false}), 0));
        let inner = json!({"type":"array","items":{"type":"object"}});
        assert!(!is_strict(&inner, 0));
    }

    #[test]
    fn model_ids_are_one_path_segment() {
        assert_eq!(segment("us.anthropic.claude:0/x é"), "us.anthropic.claude%3A0%2Fx%20%C3%A9");
    }
}
