//! What a provider's dialect does not take goes in words that it does, and comes back in the client's.

use crate::bench::{Bench, chat_document, data, every_protocol, messages};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::{Value, json};

/// A program's request with a tool of this name, which was called before and must be called again.
fn asked(name: &str, model: &str, stream: bool) -> Value {
    let mut body = messages(model, stream);
    body["tools"] = json!([{ "name": name, "description": "d", "input_schema": { "type": "object" } }]);
    body["tool_choice"] = json!({ "type": "tool", "name": name });
    body["messages"] = json!([
        { "role": "user", "content": "Go." },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "c0", "name": name, "input": {} }] },
        { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c0", "content": "gone" }] },
    ]);
    body
}

fn sent(bench: &Bench) -> Value {
    serde_json::from_slice(&bench.upstream.seen().pop().unwrap().body).unwrap()
}

/// An upstream that calls the tool of this name, streamed or not.
async fn calling(name: &str) -> Bench {
    let call = json!({ "id": "c1", "index": 0, "type": "function",
        "function": { "name": name, "arguments": "{}" } });
    let mut whole = chat_document();
    whole["choices"][0]["message"] = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    whole["choices"][0]["finish_reason"] = json!("tool_calls");
    let chunk = |delta: Value, finish: Value| {
        format!(
            "data: {}\n\n",
            json!({ "id": "c", "choices": [{ "delta": delta, "finish_reason": finish }] })
        )
    };
    let events = [
        chunk(json!({ "tool_calls": [call] }), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        "data: [DONE]\n\n".to_owned(),
    ];
    Bench::new(vec![
        Route::answer(Answer::event_stream(events.concat())).path("/v1/chat").body("\"stream\":true"),
        Route::answer(Answer::json(200, &whole)).path("/v1/chat"),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_by_the_name_its_program_gave_it() {
    // Tools of MCP servers have names of up to 128 letters at Claude Code; OpenAI's dialect takes 64.
    let long = format!("mcp__a_server__{}", "and_what_it_does_".repeat(5));
    let bench = Bench::new(every_protocol()).await;
    bench.post("/v1/messages", &asked(&long, "m@messages", false)).await;
    assert_eq!(sent(&bench)["tools"][0]["name"], long, "what passes is as it was");
    let reply = bench.post("/v1/messages", &asked(&long, "m@chat", false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let body = sent(&bench);
    let ours = body["tools"][0]["function"]["name"].as_str().unwrap();
    assert!(ours.len() <= 64 && ours.starts_with("mcp__a_server__and_what"), "{ours}");
    assert_eq!(body["tool_choice"]["function"]["name"], ours);
    assert_eq!(body["messages"][1]["tool_calls"][0]["function"]["name"], ours);
    assert!(!body.to_string().contains(&long), "{body}");
    let calling = calling(ours).await;
    let reply = calling.post("/v1/messages", &asked(&long, "m@chat", false)).await;
    assert_eq!(reply.json()["content"][0]["name"], long, "{}", reply.text());
    let reply = calling.post("/v1/messages", &asked(&long, "m@chat", true)).await;
    let begun = data(&reply.text()).into_iter().find(|event| event["type"] == "content_block_start");
    assert_eq!(begun.unwrap()["content_block"]["name"], long, "{}", reply.text());
    for bench in [bench, calling] {
        let whole = |entry: &store::Entry| ["stop", "tool_calls"].contains(&entry.row.outcome.as_str());
        assert!(bench.booked().await.iter().all(whole));
    }
}

/// Google's dialect takes dots and colons, which others do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_dots_comes_back_with_them() {
    let body = json!({
        "contents": [{ "role": "user", "parts": [{ "text": "Go." }] }],
        "tools": [{ "functionDeclarations": [{ "name": "ns.tool:v1" }, { "name": "ns_tool_v1" }] }],
    });
    let bench = Bench::new(every_protocol()).await;
    bench.post("/v1beta/models/m@chat:generateContent", &body).await;
    let names: Vec<String> = sent(&bench)["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names[0].starts_with("ns_tool_v1_") && names[1] == "ns_tool_v1", "{names:?}");
    let calling = calling(&names[0]).await;
    for verb in ["generateContent", "streamGenerateContent"] {
        let reply = calling.post(&format!("/v1beta/models/m@chat:{verb}"), &body).await;
        assert!(reply.text().contains("\"ns.tool:v1\""), "{}", reply.text());
        assert!(!reply.text().contains(&names[0]), "{}", reply.text());
    }
}
