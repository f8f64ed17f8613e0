//! Thoughts on their way through a client that streams, and back to whoever had them.

use super::{Encoder, Protocol, Told, parse};
use crate::trial::endpoint;
use domain::{BlockKind, FinishReason, Part, Quirks, StreamEvent};
use serde_json::{Value, json};

/// What a server of the chat dialect streams that wants its `reasoning_content` back: it is known for that only when
/// everything else was told.
fn events() -> Vec<StreamEvent> {
    let call = BlockKind::ToolCall { id: "c1".into(), name: "f".into() };
    let open = |block, kind| StreamEvent::BlockOpen { block, kind };
    let delta = |block, text: &str| StreamEvent::BlockDelta { block, text: text.into() };
    let close =
        |block, proof: Option<&str>| StreamEvent::BlockClose { block, signature: proof.map(str::to_owned) };
    vec![
        open(0, BlockKind::Reasoning),
        delta(0, "It may "),
        delta(0, "rain."),
        open(1, BlockKind::Text),
        delta(1, "Let me look."),
        open(2, call),
        delta(2, "{}"),
        close(2, None),
        close(1, None),
        close(0, Some("reasoning_content")),
        StreamEvent::Finish { reason: FinishReason::ToolCalls, raw: None },
    ]
}

/// What the client has of it in the end, as it sends it back.
fn answer(protocol: Protocol) -> Vec<Value> {
    let told = Told { id: "g".into(), model: "acme/m".into(), issuer: "acme/m-1".into(), ..Told::default() };
    let (mut encoder, mut out) = (Encoder::new(protocol, told), Vec::new());
    events().iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(None, &mut out);
    let text = String::from_utf8(out).unwrap();
    let documents = text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    let mut answer: Vec<Value> = Vec::new();
    for document in documents {
        let document: Value = document;
        match document["type"].as_str() {
            Some("response.output_item.done") => answer.push(document["item"].clone()),
            Some("content_block_start") => answer.push(document["content_block"].clone()),
            Some("content_block_delta") => {
                let block = answer.last_mut().unwrap();
                for (from, to) in [("text", "text"), ("thinking", "thinking"), ("signature", "signature")] {
                    if let Some(more) = document["delta"][from].as_str() {
                        block[to] = format!("{}{more}", block[to].as_str().unwrap_or_default()).into();
                    }
                }
            }
            _ => {}
        }
    }
    answer
}

#[test]
fn a_thought_that_was_proved_late_goes_back_with_its_words() {
    for protocol in [Protocol::AnthropicMessages, Protocol::OpenAiResponses] {
        let answer = answer(protocol);
        let body = match protocol {
            Protocol::OpenAiResponses => {
                let mut input = vec![json!({ "role": "user", "content": "x" })];
                input.extend(answer);
                input.push(json!({ "type": "function_call_output", "call_id": "c1", "output": "sun" }));
                json!({ "model": "m", "input": input })
            }
            _ => json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "x" },
                { "role": "assistant", "content": answer },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c1", "content": "sun" }] }] }),
        };
        let asked = parse(protocol, None, false, body.to_string().as_bytes()).unwrap();
        let thoughts = asked.request.messages[1].parts.iter().filter_map(|part| match part {
            Part::Reasoning { text, signature, issuer } => {
                Some((text.as_str(), signature.as_deref(), issuer.as_str()))
            }
            _ => None,
        });
        let thoughts: Vec<_> = thoughts.collect();
        assert_eq!(thoughts, [("It may rain.", Some("reasoning_content"), "acme/m-1")], "{protocol:?}");
        let encoded = crate::dialect("openai-chat").unwrap();
        let encoded = encoded.encode(&asked.request, &endpoint("m-1"), &Quirks::default()).unwrap();
        let sent: Value = serde_json::from_slice(&encoded.call.body).unwrap();
        assert_eq!(sent["messages"][1]["reasoning_content"], "It may rain.", "{protocol:?}");
    }
}
