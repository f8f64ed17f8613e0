#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use crate::{
    Ending,
    serve::{Protocol, Tap, ToldUsage},
};
use domain::Quirks;
use serde_json::{Value, json};

/// What a client that waits for one document (`whole`) or a stream is given, in pieces of `cut` bytes.
fn given(protocol: Protocol, whole: bool, body: &[u8], cut: usize) -> (Ending, String) {
    let mut tap = Tap::new(protocol, None, &Quirks::default(), ToldUsage::AsItComes).wanted(whole);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    for piece in body.chunks(cut) {
        tap.push(piece, &mut events, &mut pass);
    }
    (tap.finish(&mut events, &mut pass), String::from_utf8(pass).unwrap())
}

/// The document as a stream, and that stream as a document again.
fn there_and_back(protocol: Protocol, document: &Value) -> (String, Value) {
    let mut last = None;
    for cut in [1, 7, usize::MAX] {
        let (ending, stream) = given(protocol, false, document.to_string().as_bytes(), cut);
        assert_eq!(ending, Ending::Complete, "{stream}");
        let (ending, back) = given(protocol, true, stream.as_bytes(), cut);
        assert_eq!(ending, Ending::Complete, "{stream}");
        last = Some((stream, serde_json::from_str(&back).unwrap()));
    }
    last.unwrap()
}

#[test]
fn a_message_keeps_what_we_have_no_event_for() {
    let document = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1",
        "content": [
            { "type": "thinking", "thinking": "Let me look.", "signature": "proof" },
            { "type": "redacted_thinking", "data": "b3BhcXVl" },
            { "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": { "query": "wörld" } },
            { "type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
              "content": [{ "type": "web_search_result", "url": "https://a.example", "encrypted_content": "xyz" }] },
            { "type": "text", "text": "It is \"so\".", "citations": [
                { "type": "web_search_result_location", "url": "https://a.example", "cited_text": "so" }] },
            { "type": "tool_use", "id": "toolu_1", "name": "weather", "input": { "days": 1.5, "city": "Łódź" } },
            { "type": "tool_use", "id": "toolu_2", "name": "now", "input": {} }
        ],
        "stop_reason": "tool_use", "stop_sequence": null, "container": { "id": "c" },
        "usage": { "input_tokens": 20, "output_tokens": 5, "server_tool_use": { "web_search_requests": 1 } }
    });
    let (stream, back) = there_and_back(Protocol::AnthropicMessages, &document);
    assert_eq!(back, document);
    assert!(
        stream.starts_with("event: message_start\n") && stream.contains("\"signature_delta\""),
        "{stream}"
    );
    assert!(stream.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), "{stream}");
}

#[test]
fn a_completion_keeps_every_answer_and_call() {
    let call = |id: &str, arguments: &str| {
        json!({ "id": id, "type": "function",
        "function": { "name": "weather", "arguments": arguments } })
    };
    let document = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1", "x_vendor": "kept",
        "choices": [
            { "index": 0, "finish_reason": "tool_calls", "logprobs": { "content": [{ "token": "Hi" }] },
              "message": { "role": "assistant", "content": null, "reasoning_content": "Hm.",
                           "tool_calls": [call("call_1", "{\"a\":1}"), call("call_2", "")] } },
            { "index": 1, "finish_reason": "stop", "message": { "role": "assistant", "content": "Hi" } }
        ],
        "usage": { "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25 }
    });
    let (stream, back) = there_and_back(Protocol::OpenAiChat, &document);
    assert_eq!(back, document);
    assert!(stream.contains("chat.completion.chunk") && stream.ends_with("data: [DONE]\n\n"), "{stream}");

    // The usage that nobody asked for is withheld here too.
    let mut tap = Tap::new(Protocol::OpenAiChat, None, &Quirks::default(), ToldUsage::Never).wanted(false);
    let (mut events, mut pass) = (Vec::new(), Vec::new());
    tap.push(document.to_string().as_bytes(), &mut events, &mut pass);
    assert_eq!(tap.finish(&mut events, &mut pass), Ending::Complete);
    assert!(!String::from_utf8(pass).unwrap().contains("\"usage\""));
}

#[test]
fn chunks_are_put_together_as_they_were_meant() {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        format!("data: {}\n\n", json!({ "id": "c", "object": "chat.completion.chunk", "choices": [choice] }))
    };
    let call = |more: Value| chunk(json!({ "tool_calls": [more] }), Value::Null);
    let stream = [
        chunk(json!({ "role": "assistant", "content": "He" }), Value::Null),
        chunk(json!({ "role": "assistant", "content": "llo" }), Value::Null),
        call(
            json!({ "index": 0, "id": "a", "type": "function", "function": { "name": "f", "arguments": "" } }),
        ),
        call(
            json!({ "index": 1, "id": "b", "type": "function", "function": { "name": "g", "arguments": "{" } }),
        ),
        call(json!({ "index": 0, "function": { "arguments": "{}" } })),
        call(json!({ "index": 1, "function": { "arguments": "}" } })),
        chunk(json!({}), json!("tool_calls")),
        "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":2}}\n\ndata: [DONE]\n\n".to_owned(),
    ];
    let (ending, document) = given(Protocol::OpenAiChat, true, stream.concat().as_bytes(), 5);
    let call = |id: &str, name: &str| {
        json!({ "id": id, "type": "function",
        "function": { "name": name, "arguments": "{}" } })
    };
    let meant = json!({ "id": "c", "object": "chat.completion", "usage": { "prompt_tokens": 2 },
        "choices": [{ "index": 0, "finish_reason": "tool_calls", "message": { "role": "assistant",
            "content": "Hello", "tool_calls": [call("a", "f"), call("b", "g")] } }] });
    assert_eq!(ending, Ending::Complete);
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap(), meant);
}

#[test]
fn a_response_comes_with_its_words_and_its_items() {
    let document = json!({
        "id": "resp_1", "object": "response", "status": "completed", "model": "m-1",
        "output": [
            { "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "Hm." }],
              "encrypted_content": "opaque" },
            { "type": "web_search_call", "id": "ws_1", "status": "completed", "action": { "type": "search" } },
            { "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}",
              "status": "completed" },
            { "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
                { "type": "output_text", "text": "Hi", "annotations": [{ "type": "url_citation" }] }] }
        ],
        "usage": { "input_tokens": 20, "output_tokens": 5, "total_tokens": 25 }
    });
    let (stream, back) = there_and_back(Protocol::OpenAiResponses, &document);
    assert_eq!(back, document);
    for name in ["output_text.delta", "function_call_arguments.done", "reasoning_summary_text.delta"] {
        assert!(stream.contains(&format!("event: response.{name}\n")), "{stream}");
    }
}

#[test]
fn what_gemini_says_in_parts_is_one_answer() {
    let part = |parts: Value, more: Value| {
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "candidates": [candidate], "usageMetadata": { "totalTokenCount": 7 }, "modelVersion": "m-1" })
    };
    let parts = [
        part(json!([{ "text": "Hm", "thought": true }]), json!({})),
        part(json!([{ "text": "Hel" }]), json!({})),
        part(json!([{ "text": "lo" }, { "executableCode": { "code": "1" } }]), json!({})),
        part(json!([{ "text": "", "thoughtSignature": "proof" }]), json!({ "finishReason": "STOP" })),
    ];
    let meant = part(
        json!([{ "text": "Hm", "thought": true }, { "text": "Hello" }, { "executableCode": { "code": "1" } },
               { "text": "", "thoughtSignature": "proof" }]),
        json!({ "finishReason": "STOP" }),
    );
    let stream: String = parts.iter().map(|part| format!("data: {part}\r\n\r\n")).collect();
    let list = Value::from(parts.to_vec()).to_string();
    for body in [stream.as_bytes(), list.as_bytes()] {
        let (ending, document) = given(Protocol::Gemini, true, body, 3);
        assert_eq!(ending, Ending::Complete);
        assert_eq!(serde_json::from_str::<Value>(&document).unwrap(), meant);
    }
    // And the list as a stream, for one who asked for that.
    let (ending, events) = given(Protocol::Gemini, false, list.as_bytes(), 3);
    assert_eq!((ending, events.matches("data: ").count()), (Ending::Complete, 4));
}

#[test]
fn what_failed_or_broke_off_is_no_answer() {
    let failed = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n";
    let cut = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n";
    for (body, failed) in [(failed, true), (cut, false), ("\0\0\0\u{10}garbage", false), ("[]", false)] {
        let (ending, pass) = given(Protocol::AnthropicMessages, true, body.as_bytes(), usize::MAX);
        assert_eq!((matches!(ending, Ending::Failed(_)), pass.as_str()), (failed, ""), "{ending:?}");
        assert_ne!(ending, Ending::Complete);
    }
}
