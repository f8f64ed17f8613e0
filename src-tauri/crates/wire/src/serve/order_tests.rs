//! The order in which a program names things is part of what it says.

use super::{asked, sent};
use crate::serve::Protocol;
use serde_json::json;

/// A model writes the parts of its answer in the order in which the schema names them, and judges better with the
/// grounds before the verdict.
#[test]
fn properties_stand_in_the_order_in_which_the_program_named_them() {
    let schema = json!({ "type": "object", "required": ["grounds", "doubts", "a verdict"], "properties": {
        "grounds": { "type": "string" }, "doubts": { "type": "string" }, "a verdict": { "type": "string" },
    } });
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }],
        "tools": [{ "type": "function", "function": { "name": "f", "parameters": schema } }],
        "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": schema } } });
    let read = asked(Protocol::OpenAiChat, &body);
    for dialect in [
        "openai-chat",
        "openai-responses",
        "anthropic-messages",
        "gemini",
        "cohere",
        "ollama",
        "bedrock-converse",
    ] {
        let body = sent(&read, dialect).0.to_string();
        let properties: Vec<&str> = body.split("\"properties\":{").skip(1).collect();
        assert!(!properties.is_empty(), "{dialect}: {body}");
        for properties in properties {
            let at = |name: &str| properties.find(&format!("\"{name}\":")).unwrap();
            assert!(at("grounds") < at("doubts") && at("doubts") < at("a verdict"), "{dialect}: {body}");
        }
    }
    let gemini = sent(&read, "gemini").0;
    let answer = &gemini["generationConfig"]["responseSchema"];
    assert_eq!(answer["propertyOrdering"], json!(["grounds", "doubts", "a verdict"]), "{gemini}");

    let google = asked(
        Protocol::Gemini,
        &json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }], "generationConfig": {
            "responseMimeType": "application/json", "responseSchema": { "type": "OBJECT",
                "properties": { "b": {}, "c": {}, "a": {}, "d": {} }, "propertyOrdering": ["a", "c", "gone"] } } }),
    );
    let sent = sent(&google, "openai-chat").0.to_string();
    assert!(sent.contains(r#""properties":{"a":{},"c":{},"b":{},"d":{}}"#), "{sent}");
}

/// The list of names is as long as a program likes.
#[test]
fn a_long_list_of_properties_is_put_in_order_at_once() {
    let names: Vec<String> = (0..40_000).map(|n| format!("p{n}")).collect();
    let properties: serde_json::Map<_, _> =
        names.iter().rev().map(|name| (name.clone(), json!({}))).collect();
    let schema = json!({ "type": "OBJECT", "properties": properties, "propertyOrdering": names });
    #[expect(clippy::disallowed_methods, reason = "the time that the machine takes is what is looked at")]
    let start = std::time::Instant::now();
    let google = asked(
        Protocol::Gemini,
        &json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }],
            "generationConfig": { "responseMimeType": "application/json", "responseSchema": schema } }),
    );
    assert!(start.elapsed().as_secs() < 10, "it took more than a minute where each was looked for by itself");
    let sent = sent(&google, "openai-chat").0;
    let properties = &sent["response_format"]["json_schema"]["schema"]["properties"];
    assert!(properties.as_object().unwrap().keys().eq(&names));
}
