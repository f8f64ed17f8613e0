//! Scripted answers in the most common dialect.

use serde_json::json;
use transport::scripted::{Script, Step};

/// A whole answer: these pieces, then why it stopped, usage, and the closing mark.
pub fn chat_stream(pieces: &[&str], prompt: u64, completion: u64) -> Script {
    let script = pieces.iter().fold(Script::event_stream(), |script, piece| script.send(delta(piece)));
    let finish = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({
        "choices": [],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    });
    script.send(format!("data: {finish}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))
}

/// An answer that breaks off after these pieces, the way `end` says.
pub fn chat_stream_broken(pieces: &[&str], end: Step) -> Script {
    pieces.iter().fold(Script::event_stream(), |script, piece| script.send(delta(piece))).step(end)
}

fn delta(text: &str) -> String {
    let chunk = json!({
        "id": "chatcmpl-test",
        "model": "m",
        "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }],
    });
    format!("data: {chunk}\n\n")
}
