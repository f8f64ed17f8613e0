//! What of a request the provider would run by itself.

use super::{Protocol, ServedTools, parse};
use serde_json::{Value, json};

fn asked(protocol: Protocol, body: &Value) -> super::Asked {
    parse(protocol, None, false, body.to_string().as_bytes()).unwrap()
}

#[test]
fn what_a_provider_does_by_itself_is_told_from_what_the_client_runs() {
    let served = |protocol, body: Value| asked(protocol, &body).served().clone();
    let messages = |tools: Value| {
        let said = json!([{ "role": "user", "content": "Hi" }]);
        served(
            Protocol::AnthropicMessages,
            json!({ "model": "m", "max_tokens": 9, "messages": said, "tools": tools }),
        )
    };
    let limited = json!([
        { "type": "web_search_20250305", "name": "web_search", "max_uses": 3 },
        { "type": "bash_20250124", "name": "bash" },
    ]);
    assert_eq!(messages(limited), ServedTools { searches: 3, endless: None });
    let open = messages(json!([{ "type": "web_search_20250305", "name": "web_search" }]));
    assert_eq!(open.endless.as_deref(), Some("web_search_20250305"));
    let code = messages(json!([{ "type": "code_execution_20250522", "name": "code" }]));
    assert!(code.endless.is_some());
    let responses = |tools: Value, most: Value| {
        let body = json!({ "model": "m", "input": "Hi", "tools": tools, "max_tool_calls": most });
        served(Protocol::OpenAiResponses, body)
    };
    let search = json!([{ "type": "web_search" }]);
    assert_eq!(responses(search.clone(), json!(4)), ServedTools { searches: 4, endless: None });
    assert!(responses(search, Value::Null).endless.is_some());
    assert!(responses(json!([{ "type": "file_search" }]), json!(4)).endless.is_some());
    let chat =
        json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }], "web_search_options": {} });
    assert!(served(Protocol::OpenAiChat, chat).endless.is_some());
    let gemini = json!({ "contents": [{ "parts": [{ "text": "Hi" }] }], "tools": [{ "google_search": {} }] });
    let body = gemini.to_string();
    let read = parse(Protocol::Gemini, Some("m"), false, body.as_bytes()).unwrap();
    assert_eq!(read.served().endless.as_deref(), Some("google_search"));
}
