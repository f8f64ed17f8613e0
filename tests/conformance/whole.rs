//! A streamed answer and the same answer whole are one answer; and its counts add up, or it says that they
//! do not.
//!
//! Few requests were recorded both ways, so the whole form is made from what the recorded stream is expected to
//! say, in the shape each API documents (reference on wire formats, 3.2 to 3.10, 2026-11-21), and must be read as
//! the same.

use crate::{
    answer::{Answer, decode},
    compare, recordings,
};
use domain::{Headers, NoticeKind};
use serde_json::{Value, json};

/// What a stream said, as one document. `None` for a dialect without such a form.
fn whole(dialect: &str, expect: &Value) -> Option<Value> {
    let text = |key: &str| expect[key].as_str().unwrap_or_default();
    let (words, thought) = (text("text"), text("reasoning"));
    let calls = expect["tool_calls"].as_array().unwrap();
    let (model, usage, reason) = (&expect["model"], &expect["raw_usage"], &expect["raw_finish_reason"]);
    Some(match dialect {
        "openai-chat" => {
            let call = |call: &Value| {
                let function = json!({ "name": call["name"], "arguments": call["arguments"].to_string() });
                json!({ "id": call["id"], "type": "function", "function": function })
            };
            let message = json!({
                "role": "assistant", "content": words, "reasoning_content": thought,
                "refusal": expect["refusal"], "tool_calls": calls.iter().map(call).collect::<Vec<_>>(),
            });
            json!({
                "object": "chat.completion", "model": model, "usage": usage,
                "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
            })
        }
        "openai-responses" => responses(expect, words, thought, calls),
        "anthropic-messages" => {
            let mut content = vec![json!({ "type": "thinking", "thinking": thought, "signature": "s" })];
            content.push(json!({ "type": "text", "text": words }));
            content.extend(calls.iter().map(|call| {
                json!({ "type": "tool_use", "id": call["id"], "name": call["name"], "input": call["arguments"] })
            }));
            json!({ "type": "message", "model": model, "content": content, "stop_reason": reason, "usage": usage })
        }
        "gemini" => {
            let mut parts = vec![json!({ "text": thought, "thought": true }), json!({ "text": words })];
            parts.extend(calls.iter().map(|call| {
                json!({ "functionCall": { "id": call["id"], "name": call["name"], "args": call["arguments"] } })
            }));
            let candidate = json!({ "content": { "role": "model", "parts": parts }, "finishReason": reason });
            json!({ "modelVersion": model, "candidates": [candidate], "usageMetadata": usage })
        }
        "cohere" => {
            let call = |call: &Value| {
                let function = json!({ "name": call["name"], "arguments": call["arguments"].to_string() });
                json!({ "id": call["id"], "type": "function", "function": function })
            };
            let content =
                json!([{ "type": "thinking", "thinking": thought }, { "type": "text", "text": words }]);
            let message = json!({
                "role": "assistant", "content": content, "tool_plan": expect["tool_plan"],
                "tool_calls": calls.iter().map(call).collect::<Vec<_>>(),
            });
            json!({ "id": "r", "message": message, "finish_reason": reason, "usage": usage })
        }
        "bedrock-converse" => {
            let mut content = vec![json!({ "reasoningContent": { "reasoningText": { "text": thought } } })];
            content.push(json!({ "text": words }));
            content.extend(calls.iter().map(|call| {
                json!({ "toolUse": { "toolUseId": call["id"], "name": call["name"], "input": call["arguments"] } })
            }));
            json!({ "output": { "message": { "content": content } }, "stopReason": reason, "usage": usage })
        }
        "ollama" => {
            let call = |call: &Value| json!({ "id": call["id"], "function": { "name": call["name"], "arguments": call["arguments"] } });
            let mut answer = json!({
                "model": model, "done": true, "done_reason": reason,
                "message": { "content": words, "thinking": thought, "tool_calls": calls.iter().map(call).collect::<Vec<_>>() },
            });
            let fields = answer.as_object_mut().unwrap();
            fields.extend(usage.as_object().cloned().unwrap_or_default());
            answer
        }
        _ => return None,
    })
}

fn responses(expect: &Value, words: &str, thought: &str, calls: &[Value]) -> Value {
    let mut output = Vec::new();
    // Paragraphs of visible reasoning are parts of one item.
    let parts: Vec<Value> =
        thought.split("\n\n").map(|text| json!({ "type": "summary_text", "text": text })).collect();
    output.push(json!({ "type": "reasoning", "summary": parts }));
    let mut content = vec![json!({ "type": "output_text", "text": words, "annotations": [] })];
    if let Some(refusal) = expect["refusal"].as_str() {
        content.push(json!({ "type": "refusal", "refusal": refusal }));
    }
    output.push(json!({ "type": "message", "role": "assistant", "content": content }));
    output.extend(calls.iter().map(|call| {
        let arguments = call["arguments"].to_string();
        json!({ "type": "function_call", "call_id": call["id"], "name": call["name"], "arguments": arguments })
    }));
    let reason = expect["raw_finish_reason"].as_str().unwrap();
    let (status, why) = reason.split_once(':').unwrap_or((reason, ""));
    json!({
        "object": "response", "model": expect["model"], "status": status, "output": output,
        "incomplete_details": { "reason": why }, "usage": expect["raw_usage"],
    })
}

#[test]
fn an_answer_whole_is_the_answer_streamed() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for mut recording in recordings() {
        let plain = recording.expect["builtin_tools"].as_array().is_none_or(Vec::is_empty);
        let streamed = recording.framing != "json" && recording.outcome == "ok" && recording.is_sure();
        // A stream that never gave a reason has no whole form: one document ends where it does.
        if !plain || !streamed || recording.expect["raw_finish_reason"].is_null() {
            continue;
        }
        let Some(whole) = whole(&recording.wire, &recording.expect) else { continue };
        recording.body = whole.to_string().into_bytes();
        recording.headers = Headers(vec![("content-type".into(), "application/json".into())]);
        compared += 1;
        wrong.extend(compare::complaints(&recording).into_iter().map(|c| format!("{}: {c}", recording.name)));
    }
    println!("{compared} streams compared with their whole form");
    assert!(compared >= 40, "only {compared}");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn counts_add_up_or_say_that_they_do_not() {
    let mut wrong = Vec::new();
    let (mut exact, mut marked) = (0, 0);
    for recording in recordings().iter().filter(|r| r.status < 400) {
        let (events, ending) = decode(recording, &recording.body, usize::MAX);
        let answer = Answer::of(&events, &ending);
        let raw: Value =
            answer.usage.raw.as_deref().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        let total =
            ["total_tokens", "totalTokenCount", "totalTokens"].iter().find_map(|key| raw[key].as_u64());
        let (Some(total), Some(input), Some(output)) =
            (total, answer.usage.input.total, answer.usage.output.total)
        else {
            continue;
        };
        let rest = answer.usage.unexplained;
        let told = answer.notices.iter().any(|(kind, _)| *kind == NoticeKind::UsageMismatch);
        if input + output == total {
            exact += 1;
        } else if rest.is_some_and(|rest| input + output + rest == total) || told {
            marked += 1;
        } else {
            wrong.push(format!("{}: {input} + {output} of {total}, unexplained {rest:?}", recording.name));
        }
    }
    println!("{exact} answers whose counts add up, {marked} marked");
    assert!(exact >= 60, "only {exact}");
    assert!(wrong.is_empty(), "{} in silence:\n{}", wrong.len(), wrong.join("\n"));
}
