//! What encoders of several dialects share.

use crate::{kept, notices::Notices, parts::Takes};
use domain::{
    Call, Endpoint, ErrorKind, Failure, Headers, KeepPrompt, Method, NoticeKind, Params, Quirks, Request,
    Tool, ToolChoice, say,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

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

/// What the model is called where it is asked: a deployment in the user's account may bear another name.
pub(crate) fn name<'a>(to: &'a Endpoint, quirks: &'a Quirks) -> &'a str {
    quirks.deployments.get(&to.upstream_model).unwrap_or(&to.upstream_model)
}

/// The call that posts `body`, at the provider's own path if its quirks name one.
pub(crate) fn post(path: &str, body: &Map<String, Value>, to: &Endpoint, quirks: &Quirks) -> Call {
    let path = quirks.path.as_deref().unwrap_or(path);
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    let name = name(to, quirks);
    let mut body = Cow::Borrowed(body);
    if name != to.upstream_model && body.contains_key("model") {
        body.to_mut().insert("model".into(), name.into());
    }
    Call {
        method: Method::Post,
        path: path.replace("{model}", &segment(name)),
        query: Vec::new(),
        headers,
        // Serialising a tree of strings and numbers cannot fail.
        body: serde_json::to_vec(body.as_ref()).unwrap_or_default(),
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
    notices: &mut Vec<(NoticeKind, domain::Words)>,
) {
    for name in &quirks.drop_params {
        if body.shift_remove(name).is_some() && name != "stream_options" {
            notices.push((NoticeKind::DroppedParameter, say!("{name}: this provider takes none.", name)));
        }
    }
}

/// A request whose every message is empty.
pub(crate) fn nothing() -> Failure {
    Failure::new(ErrorKind::RequestInvalid, say!("There is nothing to send: every message is empty."))
}

/// The system prompt, if it says anything.
pub(crate) fn system(request: &Request) -> Option<&str> {
    request.system.as_deref().filter(|system| !system.trim().is_empty())
}

/// Whether the system may speak in the middle of a conversation with this model.
pub(crate) fn late_system(to: &Endpoint, quirks: &Quirks) -> bool {
    is_listed(&quirks.late_system, &to.upstream_model)
}

/// Whether this model is among those that have such a part in their names.
pub(crate) fn is_listed(parts: &[String], model: &str) -> bool {
    parts.iter().any(|part| model.contains(part.as_str()))
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

/// Keeps an answer to one call of a tool, where the model can be told so.
pub(crate) fn one_call(
    request: &Request,
    to: &Endpoint,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Notices,
) {
    if quirks.untold_calls.iter().any(|part| to.upstream_model.contains(part.as_str())) {
        many_calls(request, notices);
    } else if request.one_tool_call {
        body.insert("parallel_tool_calls".into(), false.into());
    }
}

/// Anthropic's mark of a prompt that is to be kept.
pub(crate) fn kept(keep: KeepPrompt) -> Value {
    match keep {
        KeepPrompt::Usual => json!({ "type": "ephemeral" }),
        KeepPrompt::Hour => json!({ "type": "ephemeral", "ttl": "1h" }),
    }
}

/// Says that nobody was asked to keep the prompt, where the API has no word for it.
pub(crate) fn unkept(request: &Request, notices: &mut Notices) {
    if kept::wanted(request) {
        notices.parameter(not_kept());
    }
}

/// Said where a wish to keep the prompt is left out.
pub(crate) fn not_kept() -> domain::Words {
    say!("cache_control: this provider is not asked to keep the prompt.")
}

/// Whether the provider documents this parameter, which is not its dialect's own.
pub(crate) fn takes(quirks: &Quirks, name: &str) -> bool {
    quirks.take_params.iter().any(|taken| taken == name)
}

/// Says that an answer may call several tools, where the API cannot be told otherwise.
pub(crate) fn many_calls(request: &Request, notices: &mut Notices) {
    if request.one_tool_call {
        notices.parameter(say!(
            "parallel_tool_calls: this API cannot be kept from calling several tools at once."
        ));
    }
}

/// A number that JSON can hold; infinities and NaN have no place in it.
pub(crate) fn number(body: &mut Map<String, Value>, name: &str, value: Option<f64>) {
    if let Some(number) = value.and_then(serde_json::Number::from_f64) {
        body.insert(name.into(), number.into());
    }
}

/// The sequences that end an answer, as many as the API takes.
pub(crate) fn stops(params: &Params, most: Option<usize>, notices: &mut Notices) -> Vec<String> {
    let most = most.unwrap_or(usize::MAX);
    if params.stop.len() > most {
        notices.parameter(say!("stop: only the first {most_stops} sequences are sent.", most_stops = most));
    }
    params.stop.iter().take(most).cloned().collect()
}

/// Appends a user's message of these parts, if there are any. Servers for text-only models take no arrays, so
/// plain text goes as a plain string.
pub(crate) fn user_message(parts: Vec<Value>, takes: Takes, messages: &mut Vec<Value>) {
    if parts.is_empty() {
        return;
    }
    let content = texts(&parts, takes).map_or(Value::Array(parts), Value::String);
    messages.push(json!({ "role": "user", "content": content }));
}

/// The text of parts that are nothing but text, pieces parted by a blank line. Where marks may stand between them they
/// stay apart, with a mark or without: joined once it has moved on they would be another prompt than the one kept.
fn texts(parts: &[Value], takes: Takes) -> Option<String> {
    if takes.marks && (parts.len() > 1 || parts.iter().any(|part| part.get(kept::MARK).is_some())) {
        return None;
    }
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

/// Keys of a schema under which one schema stands, a list of them, and named ones.
const ONE: [&str; 5] = ["items", "not", "if", "then", "else"];
const MANY: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const NAMED: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];

/// Forbids further properties in every object of a schema, as some APIs demand. True if one was open.
pub(crate) fn close_objects(schema: &mut Value, depth: u32) -> bool {
    let Value::Object(object) = schema else { return false };
    if depth > 64 {
        return false;
    }
    let mut opened = false;
    let is_object = match object.get("type") {
        Some(Value::String(one)) => one == "object",
        Some(Value::Array(several)) => several.iter().any(|one| one == "object"),
        _ => object.contains_key("properties"),
    };
    if is_object {
        let before = object.insert("additionalProperties".into(), false.into());
        opened = before != Some(Value::Bool(false));
    }
    for (key, value) in object.iter_mut() {
        let key = key.as_str();
        match value {
            inner if ONE.contains(&key) => opened |= close_objects(inner, depth + 1),
            Value::Array(list) if MANY.contains(&key) => {
                list.iter_mut().for_each(|inner| opened |= close_objects(inner, depth + 1));
            }
            Value::Object(named) if NAMED.contains(&key) => {
                named.values_mut().for_each(|inner| opened |= close_objects(inner, depth + 1));
            }
            _ => {}
        }
    }
    opened
}

/// Said where [`close_objects`] changed something.
pub(crate) fn closed() -> domain::Words {
    say!(
        "response_format: this API takes no objects with further properties; those of the schema are closed."
    )
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
    fn objects_are_closed_where_a_schema_has_them_and_nowhere_else() {
        let mut schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "type": { "const": { "type": "object" } },
                "list": { "type": "array", "items": { "type": ["object", "null"], "properties": {} } },
            },
        });
        assert!(close_objects(&mut schema, 0));
        assert_eq!(
            schema,
            json!({
                "type": "object", "additionalProperties": false,
                "properties": {
                    "type": { "const": { "type": "object" } },
                    "list": { "type": "array", "items": {
                        "type": ["object", "null"], "properties": {}, "additionalProperties": false } },
                },
            })
        );
        assert!(!close_objects(&mut schema, 0), "all of it is closed already");
    }

    #[test]
    fn model_ids_are_one_path_segment() {
        assert_eq!(segment("us.anthropic.claude:0/x é"), "us.anthropic.claude%3A0%2Fx%20%C3%A9");
    }
}
