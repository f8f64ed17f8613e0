//! What makes no sense of a body: values, fields and bytes of it change, or all of it does.

use crate::dice::Dice;
use serde_json::{Map, Value};

/// What parsers trip over, as it stands in the body: not all of it is JSON.
const THORNS: [&str; 38] = [
    "null",
    "{}",
    "[]",
    "-1",
    "-0",
    "1e400",
    "-1e-400",
    "0.1",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890123456789012345678901234567890.5e3",
    "\"\"",
    "true",
    "false",
    "\"\\ud800\"",
    "\"\\udc00\\ud800x\"",
    "\"data:image/png;base64,!\"",
    "\"data:application/pdf;base64,AAEC\"",
    "\"data:;base64,\"",
    "\"https://example.com/x.png\"",
    "\"\\u0000\"",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
    "{\"type\":\"function\"}",
    "{\"type\":\"text\",\"text\":\"x\"}",
    "[{\"role\":\"user\",\"content\":\"x\"}]",
    "{\"a\":1,\"a\":{\"a\":2}}",
    "\"user\"",
    "\"none\"",
    "\"m@chat\"",
    "\"auto\"",
    "\"../../v1/models\"",
    "\"\u{1F600}\u{202E}\u{FEFF}\"",
    "\"\r\nx: y\"",
    "\"\\r\\nx: y\"",
    "NaN",
    "01",
    "\"{}\"",
];

/// Fields that a protocol may have, for objects that have them not.
const FIELDS: [&str; 34] = [
    "n",
    "stop",
    "seed",
    "top_p",
    "top_k",
    "stream",
    "logit_bias",
    "logprobs",
    "metadata",
    "store",
    "user",
    "usage",
    "service_tier",
    "stream_options",
    "parallel_tool_calls",
    "max_completion_tokens",
    "reasoning_effort",
    "functions",
    "function_call",
    "previous_response_id",
    "plugins",
    "transforms",
    "session_id",
    "cache_control",
    "context_management",
    "container",
    "web_search_options",
    "safetySettings",
    "cachedContent",
    "systemInstruction",
    "toolConfig",
    "audio",
    "detail",
    "",
];

/// Where a thorn will stand once the body is text.
fn place_of(thorn: usize) -> Value {
    Value::from(format!("\u{27E6}{thorn}\u{27E7}"))
}

/// The body as text, with its thorns.
pub(crate) fn text_of(body: &Value) -> String {
    let text = body.to_string();
    let mut rest = text.as_str();
    let mut out = String::with_capacity(text.len() + 64);
    while let Some((before, after)) = rest.split_once("\"\u{27E6}") {
        out.push_str(before);
        let Some((number, after)) = after.split_once("\u{27E7}\"") else { break };
        out.push_str(number.parse().ok().and_then(|at: usize| THORNS.get(at)).copied().unwrap_or("?"));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Changes something somewhere in it.
pub(crate) fn prick(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.below(4) > 0;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let place = dice.below(fields.len());
            if let Some(inner) = fields.values_mut().nth(place) {
                return prick(inner, dice);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let place = dice.below(items.len());
            return prick(&mut items[place], dice);
        }
        _ => {}
    }
    match (dice.below(4), value) {
        (0 | 1, Value::Object(fields)) => change(fields, dice),
        (0, Value::Array(items)) if !items.is_empty() => {
            let again = items[dice.below(items.len())].clone();
            items.push(again);
        }
        (_, value) => *value = place_of(dice.below(THORNS.len())),
    }
}

/// Takes a field away, or adds one.
fn change(fields: &mut Map<String, Value>, dice: &mut Dice) {
    if dice.below(2) == 0 && !fields.is_empty() {
        let name = fields.keys().nth(dice.below(fields.len())).cloned().unwrap_or_default();
        fields.remove(&name);
    } else {
        let name = FIELDS[dice.below(FIELDS.len())];
        fields.insert(name.to_owned(), place_of(dice.below(THORNS.len())));
    }
}

/// Breaks bytes.
pub(crate) fn scratch(body: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(body.len() + 1);
    let end = (at + dice.below(40)).min(body.len());
    match dice.below(5) {
        0 if at < body.len() => body[at] ^= 1 << dice.below(8),
        1 => drop(body.drain(at..end)),
        2 => body.truncate(at),
        3 => drop(body.splice(at..at, [0xC0, 0xED, 0xA0, 0xFF][dice.below(4)..].iter().copied())),
        _ => drop(body.splice(at..at, THORNS[dice.below(THORNS.len())].bytes())),
    }
}

/// A body like nothing that a client sends.
pub(crate) fn monster(dice: &mut Dice) -> Vec<u8> {
    let deep = [20, 127, 128, 1_000, 50_000][dice.below(5)];
    let many = if dice.below(100) == 0 { 100 } else { 1 };
    let in_chat = |content: &str| {
        format!(r#"{{"model":"m@messages","messages":[{{"role":"user","content":{content}}}]}}"#).into_bytes()
    };
    match dice.below(12) {
        0 => ["{}", "[]", "null", "", "\u{FEFF}", "\"x\"", "0"][dice.below(7)].as_bytes().to_vec(),
        1 => "[".repeat(deep).into_bytes(),
        2 => in_chat(&format!("{}{}", "[".repeat(deep), "]".repeat(deep))),
        3 => in_chat(&format!("{}1{}", "{\"type\":".repeat(deep), "}".repeat(deep))),
        4 => in_chat(&format!("\"{}\"", "\u{1F600}x\\n".repeat(200 * many))),
        5 => in_chat(&format!("[{}{{}}]", "{\"type\":\"text\",\"text\":\"x\"},".repeat(20 * many))),
        6 => format!("{{{}\"model\":\"m@chat\"}}", "\"model\":\"m\",".repeat(30 * many)).into_bytes(),
        7 => format!(
            r#"{{"model":"m@chat","max_tokens":{},"messages":[{{"role":"user","content":"x"}}]}}"#,
            "9".repeat([18, 19, 20, 21, 400, 5_000][dice.below(6)])
        )
        .into_bytes(),
        8 => {
            let turn = r#"{"role":"user","content":"x"},{"role":"assistant","content":"y"},"#;
            format!(r#"{{"model":"m@gemini","messages":[{}]}}"#, turn.repeat(20 * many).trim_end_matches(','))
                .into_bytes()
        }
        9 => [in_chat("\"x\""), b" \n".repeat(500)].concat(),
        10 => [b"\xEF\xBB\xBF".to_vec(), in_chat("\"x\"")].concat(),
        // Bytes of no text where its words are.
        _ => {
            let mut body = in_chat("\"xyz\"");
            let at = body.len() - 6;
            let bad: [&[u8]; 4] = [b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\x80"];
            body.splice(at..at, bad[dice.below(4)].iter().copied());
            body
        }
    }
}
