//! Conversations that grow: what a provider has read before it is sent again as it was, or nothing of it is cached.

use crate::bench::{Bench, every_protocol};
use serde_json::{Value, json};

/// So many turns, each but the first reminded by the system in its middle.
fn turns(path: &str, count: usize) -> Value {
    let responses = path.ends_with("/responses");
    let mut turns = vec![json!({ "role": "user", "content": "Question 0" })];
    for turn in 1..count {
        turns.push(json!({ "role": "assistant", "content": format!("Answer {turn}") }));
        let role = if responses { "developer" } else { "system" };
        turns.push(json!({ "role": role, "content": format!("Reminder {turn}") }));
        turns.push(json!({ "role": "user", "content": format!("Question {turn}") }));
    }
    let system = "Be brief.";
    match path {
        "/v1/responses" => json!({ "instructions": system, "input": turns }),
        "/v1/messages" => json!({ "max_tokens": 100, "system": system, "messages": turns }),
        _ => {
            turns.insert(0, json!({ "role": "system", "content": system }));
            json!({ "messages": turns })
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_with_reminders_grows_at_its_end_alone() {
    let bench = Bench::new(every_protocol()).await;
    for (path, to, list) in [
        ("/v1/chat/completions", "messages", "messages"),
        ("/v1/chat/completions", "gemini", "contents"),
        ("/v1/messages", "chat", "messages"),
        ("/v1/messages", "gemini", "contents"),
        ("/v1/responses", "chat", "messages"),
        ("/v1/responses", "messages", "messages"),
        ("/v1/responses", "gemini", "contents"),
    ] {
        let mut before = String::new();
        for count in 1..=4 {
            let mut body = turns(path, count);
            body["model"] = format!("m@{to}").into();
            let reply = bench.post(path, &body).await;
            assert_eq!((reply.status, reply.whole), (200, true), "{path} to {to}: {}", reply.text());
            let sent = String::from_utf8(bench.upstream.seen().pop().unwrap().body).unwrap();
            assert!(sent.starts_with(&before), "{path} to {to}: {before}\n{sent}");
            assert_eq!(sent.matches("Reminder").count(), count - 1, "{sent}");
            // Up to the end of the last message; what stands behind the list is no part of the prompt's beginning.
            let turns = serde_json::from_str::<Value>(&sent).unwrap()[list].to_string();
            let end = sent.find(&turns).unwrap() + turns.len() - 1;
            before = sent[..end].to_owned();
        }
    }
}
