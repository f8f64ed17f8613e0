//! Earlier answers, sent back in a form that any provider takes.

use domain::{Part, Request};
use serde_json::{Value, json};

/// Tells the opaque data of redacted reasoning from a signature; both are base64, without a colon.
pub(crate) const REDACTED: &str = "redacted_thinking:";
/// Longest id of a tool call that is sent as it is.
const LONGEST_ID: usize = 64;

/// Who may see an endpoint's signed reasoning again: that endpoint alone.
pub(crate) fn issuer(to: &domain::Endpoint) -> String {
    format!("{}/{}", to.provider, to.upstream_model)
}

/// An id of a tool call in letters, digits, `_` and `-`; ids made elsewhere may hold more.
pub(crate) fn id(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let id: String = id.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    if id.is_empty() {
        return "call".into();
    }
    // The end of a long id is what tells it from others.
    id[id.len().saturating_sub(LONGEST_ID)..].to_owned()
}

/// Arguments as the object they must be. What is none is kept under a name rather than lost.
pub(crate) fn arguments(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Value::Object(object),
        Ok(Value::Null) => json!({}),
        _ if text.trim().is_empty() => json!({}),
        Ok(other) => json!({ "arguments": other }),
        Err(_) => json!({ "arguments": text }),
    }
}

/// Names of the tools called in the conversation, in order, each once.
pub(crate) fn called(request: &Request) -> Vec<&str> {
    let mut names = Vec::new();
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        if let Part::ToolCall { name, .. } = part
            && !names.contains(&name.as_str())
        {
            names.push(name.as_str());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_no_object_are_kept() {
        assert_eq!(arguments(""), json!({}));
        assert_eq!(arguments("null"), json!({}));
        assert_eq!(arguments(r#"{"a":1}"#), json!({ "a": 1 }));
        assert_eq!(arguments("[1]"), json!({ "arguments": [1] }));
        assert_eq!(arguments("{\"a\":"), json!({ "arguments": "{\"a\":" }));
    }

    #[test]
    fn ids_of_other_makers_are_made_plain_and_stay_apart() {
        assert_eq!(id("toolu_01-x"), "toolu_01-x");
        assert_eq!(id("functions.weather:0"), "functions_weather_0");
        assert_eq!(id(""), "call");
        let long = |end: char| format!("{}{end}", "é".repeat(100));
        assert_eq!(id(&long('1')).len(), 64);
        assert_ne!(id(&long('1')), id(&long('2')));
    }
}
