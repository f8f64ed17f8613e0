//! Earlier answers, sent back in a form that any provider takes.

use domain::{Message, Part, Request};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
};

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

/// The messages with an id of its own for every call: some clients count the calls of each answer from nought, and some
/// providers refuse an id that comes twice. Results go with the calls before them, in their order.
pub(crate) fn told_apart(messages: &[Message]) -> Cow<'_, [Message]> {
    let mut used = HashSet::new();
    let mut calls = messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolCall { id: given, .. } => Some(id(given)),
        _ => None,
    });
    if calls.all(|call| used.insert(call)) {
        return Cow::Borrowed(messages);
    }
    used.clear();
    // By the id they came with: those that wait for a result, and the last that had one.
    let mut open: HashMap<String, (VecDeque<String>, String)> = HashMap::new();
    let mut messages = messages.to_vec();
    for part in messages.iter_mut().flat_map(|message| &mut message.parts) {
        match part {
            Part::ToolCall { id: given, .. } => {
                let mut own = id(given);
                let mut times = 1_u32;
                while !used.insert(own.clone()) {
                    times = times.saturating_add(1);
                    own = id(&format!("{given}_{times}"));
                }
                let (waiting, _) = open.entry(std::mem::replace(given, own.clone())).or_default();
                waiting.push_back(own);
            }
            Part::ToolResult { id: given, .. } => {
                if let Some((waiting, last)) = open.get_mut(given.as_str()) {
                    *last = waiting.pop_front().unwrap_or_else(|| last.clone());
                    given.clone_from(last);
                }
            }
            _ => {}
        }
    }
    Cow::Owned(messages)
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
    fn calls_that_share_an_id_get_one_of_their_own_and_results_follow_them() {
        use crate::trial::{assistant, tool_call, tool_result, user};
        let ids = |messages: &[Message]| -> Vec<String> {
            let parts = messages.iter().flat_map(|message| &message.parts);
            parts
                .map(|part| match part {
                    Part::ToolCall { id, .. } | Part::ToolResult { id, .. } => id.clone(),
                    _ => unreachable!(),
                })
                .collect()
        };
        let call = |id: &str| tool_call(id, "t", "{}");
        let result = |id: &str| tool_result(id, "x");
        let apart = [
            assistant(vec![call("a"), call("b")]),
            user(vec![result("b"), result("a")]),
            assistant(vec![call("a.")]),
        ];
        assert!(matches!(told_apart(&apart), Cow::Borrowed(_)));
        let same = [
            assistant(vec![call("a"), call("b")]),
            user(vec![result("b"), result("a")]),
            assistant(vec![call("a"), call("a"), call("a_2")]),
            user(vec![result("a"), result("a"), result("a_2"), result("a"), result("nobody's")]),
        ];
        let told = told_apart(&same);
        assert_eq!(
            ids(&told),
            ["a", "b", "b", "a", "a_2", "a_3", "a_2_2", "a_2", "a_3", "a_2_2", "a_3", "nobody's"]
        );
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
