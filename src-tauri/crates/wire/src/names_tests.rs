use super::*;
use crate::{
    Framing, dialect,
    trial::{assistant, body, endpoint, read, sse, text, tool_call, user},
};
use domain::{Quirks, Tool};
use serde_json::json;
use std::time::{Duration, Instant};

fn tool(name: &str) -> Tool {
    Tool { name: name.to_owned(), description: String::new(), parameters: json!({ "type": "object" }) }
}

/// A request with these tools, of which the first was called and must be called again.
fn request(names: &[&str]) -> Request {
    let result =
        Part::ToolResult { id: "c".into(), name: names[0].into(), content: "x".into(), is_error: false };
    Request {
        messages: vec![
            user(vec![text("go")]),
            assistant(vec![tool_call("c", names[0], "{}")]),
            user(vec![result]),
        ],
        tools: names.iter().map(|name| tool(name)).collect(),
        tool_choice: Some(ToolChoice::Named { name: names[0].to_owned() }),
        ..Request::default()
    }
}

fn ours(id: &str, names: &[&str]) -> Vec<String> {
    let request = request(names);
    let put =
        ToolNames::of(dialect(id).unwrap(), &request).map_or(request.clone(), |names| names.put(&request));
    put.tools.into_iter().map(|tool| tool.name).collect()
}

#[test]
fn names_that_a_dialect_takes_stay() {
    let long = "mcp__server__".to_owned() + &"x".repeat(115);
    assert_eq!(long.len(), 128);
    for (id, names) in [
        ("openai-chat", ["a", "Get_weather-2", &long[..64]]),
        ("openai-responses", ["a", "1st", &long[..64]]),
        ("bedrock-converse", ["a", "1st", &long[..64]]),
        ("anthropic-messages", ["a", "1st", &long]),
        ("gemini", ["ns.tool:v1", "_a", &long[..64]]),
        // Nothing is known of what they take.
        ("ollama", ["ns.tool:v1", "ü b", &long]),
        ("cohere", ["ns.tool:v1", "ü b", &long]),
    ] {
        let request = request(&names);
        assert_eq!(ToolNames::of(dialect(id).unwrap(), &request), None, "{id}");
    }
}

#[test]
fn names_that_it_does_not_take_are_told_apart_and_can_be_read() {
    let long = "mcp__server__".to_owned() + &"x".repeat(100);
    let (one, other) = (long.clone() + "1", long + "2");
    let names = ["ns.tool:v1", "ns_tool_v1", "ns.tool.v1", &one, &other, "Wetter für heute"];
    for (id, most) in [("openai-chat", 64), ("openai-responses", 64), ("anthropic-messages", 128)] {
        let made = ours(id, &names);
        let apart: HashSet<&String> = made.iter().collect();
        assert_eq!(apart.len(), names.len(), "{made:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        assert!(made.iter().all(|name| name.len() <= most && name.chars().all(plain)), "{id}: {made:?}");
        assert!(made[0].starts_with("ns_tool_v1_") && made[3].starts_with("mcp__server__xxx"), "{made:?}");
        assert_eq!(made[1], names[1], "what fits stays");
        assert_eq!(made, ours(id, &names), "the same in every request");
        assert_eq!(made[2], ours(id, &["ns.tool.v1"])[0], "and beside whichever others");
    }
    assert!(ours("gemini", &["3d.view", "a b"])[0].starts_with("_3d.view_"));
    // Somebody has the very name that would have been ours.
    let taken = ours("openai-chat", &["a.b"]).remove(0);
    let made = ours("openai-chat", &["a.b", &taken]);
    assert!(made[1] == taken && made[0] != taken && made[0].starts_with("a_b_"), "{made:?}");
}

#[test]
fn one_name_stands_wherever_the_tool_is_meant_and_the_clients_comes_back() {
    let name = "ns.tool:v1";
    let request = request(&[name]);
    let chat = dialect("openai-chat").unwrap();
    let names = ToolNames::of(chat, &request).unwrap();
    let sent = body(&chat.encode(&names.put(&request), &endpoint("m"), &Quirks::default()).unwrap());
    let ours = sent["tools"][0]["function"]["name"].as_str().unwrap();
    assert_eq!(sent["tool_choice"]["function"]["name"], ours);
    assert_eq!(sent["messages"][1]["tool_calls"][0]["function"]["name"], ours);
    assert!(!sent.to_string().contains(name), "{sent}");
    let call = |name: &str| {
        json!({ "id": "c1", "type": "function", "index": 0,
        "function": { "name": name, "arguments": "{}" } })
    };
    let streamed = sse(&[
        &json!({ "choices": [{ "delta": { "tool_calls": [call(ours)] } }] }).to_string(),
        &json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }).to_string(),
        "[DONE]",
    ]);
    let whole =
        json!({ "choices": [{ "message": { "tool_calls": [call(ours)] }, "finish_reason": "tool_calls" }] });
    for (framing, text) in [(Framing::Sse, streamed), (Framing::Json, whole.to_string())] {
        let decoder = names.clone().reading(chat.decoder(framing, &Quirks::default()));
        assert_eq!(read(decoder, &text).blocks, [format!("call c1 {name}: {{}}")], "{framing:?}");
    }
    // A name that nobody asked with is the model's own.
    let other = sse(&[&json!({ "choices": [{ "delta": { "tool_calls": [call("other")] } }] }).to_string()]);
    let decoder = names.reading(chat.decoder(Framing::Sse, &Quirks::default()));
    assert_eq!(read(decoder, &other).blocks, ["call c1 other: {}"]);
}

/// A request may have as many names as its bytes allow, and they are read on the way out of every attempt.
#[test]
#[allow(clippy::disallowed_methods, reason = "what is tested is how long it takes")]
fn ten_times_as_many_names_take_ten_times_as_long() {
    let many: Vec<String> = (0..40_000).map(|place| format!("a.{place}")).collect();
    let chat = dialect("openai-chat").unwrap();
    let spent = |count: usize| {
        let names: Vec<&str> = many[..count].iter().map(String::as_str).collect();
        let request = request(&names);
        let call = |name: &Tool| StreamEvent::BlockOpen {
            block: 0,
            kind: BlockKind::ToolCall { id: "c".into(), name: name.name.clone() },
        };
        #[expect(clippy::disallowed_methods, reason = "the time that the machine takes is what is looked at")]
        let begun = Instant::now();
        let made = ToolNames::of(chat, &request).unwrap();
        let put = made.put(&request);
        let mut events: Vec<StreamEvent> = put.tools.iter().map(call).collect();
        made.put_back(&mut events);
        let spent = begun.elapsed();
        assert_eq!(events, request.tools.iter().map(call).collect::<Vec<_>>());
        spent
    };
    let (few, all) = (spent(4_000), spent(40_000));
    // Ten times as many: a hundred times as long if each were searched for among all.
    assert!(all < few * 40 + Duration::from_millis(200), "{few:?} {all:?}");
}
