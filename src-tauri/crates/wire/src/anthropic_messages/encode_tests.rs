use super::*;
use domain::{Effort, EndpointId, Message, Params, ProviderId, Reasoning};
use std::sync::Arc;

fn endpoint(upstream: &str, most: Option<u64>) -> Endpoint {
    Endpoint {
        id: EndpointId::new(format!("acme/{upstream}")),
        provider: ProviderId::from("acme"),
        model: "acme/model".parse().unwrap(),
        upstream_model: upstream.to_owned(),
        context_length: None,
        max_completion_tokens: most,
        prices: None,
    }
}

fn quirks() -> Quirks {
    Quirks { effort_models: vec!["opus-5".into()], ..Quirks::default() }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

fn call(id: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "weather".into(),
        arguments: r#"{"location":"Florence, Italy"}"#.into(),
        signature: None,
        issuer: String::new(),
    }
}

fn result(id: &str) -> Part {
    Part::ToolResult { id: id.into(), name: "weather".into(), content: "40 C".into(), is_error: false }
}

fn request(messages: Vec<Message>) -> Request {
    Request { messages, ..Request::default() }
}

fn sent(request: &Request, to: &Endpoint) -> (Value, Vec<String>) {
    let encoded = encode(request, to, &quirks()).unwrap();
    let notices = encoded.notices.into_iter().map(|(_, detail)| detail.into_text()).collect();
    (serde_json::from_slice(&encoded.call.body).unwrap(), notices)
}

#[test]
fn a_plain_request_says_the_least_there_is_to_say() {
    let mut plain = request(vec![user(vec![text("What is 1+1?")])]);
    plain.system = Some("You are brief.".into());
    let encoded = encode(&plain, &endpoint("claude-sonnet-4-5", None), &quirks()).unwrap();
    assert_eq!(encoded.call.path, "/v1/messages");
    assert_eq!(encoded.call.headers.get("anthropic-version"), Some("2023-06-01"));
    let body: Value = serde_json::from_slice(&encoded.call.body).unwrap();
    assert_eq!(
        body,
        json!({
            "model": "claude-sonnet-4-5", "max_tokens": 4096, "stream": true, "system": "You are brief.",
            "messages": [{ "role": "user", "content": [{ "type": "text", "text": "What is 1+1?" }] }],
        })
    );
    assert_eq!(encoded.notices, []);
}

#[test]
fn the_version_is_said_once_even_when_the_provider_sets_its_own() {
    let quirks = Quirks {
        extra_headers: vec![("Anthropic-Version".into(), "2024-01-01".into())],
        ..Quirks::default()
    };
    let encoded = encode(&request(vec![user(vec![text("x")])]), &endpoint("m", None), &quirks).unwrap();
    assert_eq!(encoded.call.headers.get("anthropic-version"), None);
}

#[test]
fn a_limit_is_always_sent_and_never_beyond_the_model() {
    let mut asked = request(vec![user(vec![text("x")])]);
    let limit = |request: &Request, most| sent(request, &endpoint("m", most)).0["max_tokens"].clone();
    assert_eq!(limit(&asked, None), 4096);
    assert_eq!(limit(&asked, Some(8192)), 8192);
    assert_eq!(limit(&asked, Some(128_000)), 32_000);
    asked.params.max_completion_tokens = Some(64_000);
    assert_eq!(limit(&asked, Some(128_000)), 64_000);
    let (body, notices) = sent(&asked, &endpoint("m", Some(8192)));
    assert_eq!(body["max_tokens"], 8192);
    assert_eq!(notices, ["max_completion_tokens: 64000 became 8192, this model's most."]);
}

#[test]
fn roles_alternate_and_results_come_first() {
    let messages = vec![
        user(vec![text("Weather?")]),
        assistant(vec![text("Let me look."), call("functions.weather:0")]),
        user(vec![text("and quickly"), result("functions.weather:0")]),
        user(vec![text("please")]),
        assistant(vec![]),
        user(vec![text("   ")]),
    ];
    let (body, _) = sent(&request(messages), &endpoint("m", None));
    assert_eq!(
        body["messages"],
        json!([
            { "role": "user", "content": [{ "type": "text", "text": "Weather?" }] },
            { "role": "assistant", "content": [
                { "type": "text", "text": "Let me look." },
                { "type": "tool_use", "id": "functions_weather_0", "name": "weather",
                  "input": { "location": "Florence, Italy" } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "functions_weather_0", "content": "40 C" },
                { "type": "text", "text": "and quickly" },
                { "type": "text", "text": "please" },
            ] },
        ])
    );
    // Calls of an earlier answer must name a declared tool, even where none may be called now.
    assert_eq!(
        body["tools"],
        json!([{ "name": "weather", "description": "", "input_schema": { "type": "object" } }])
    );
    assert_eq!(body["tool_choice"], json!({ "type": "none" }));
}

#[test]
fn an_empty_conversation_is_refused_before_it_is_sent() {
    let failure = encode(&request(vec![user(vec![text(" ")])]), &endpoint("m", None), &quirks()).unwrap_err();
    assert_eq!(failure.kind, domain::ErrorKind::RequestInvalid);
}

#[test]
fn reasoning_returns_only_to_its_issuer_and_unchanged() {
    let thought = |issuer: &str, signature: Option<&str>| Part::Reasoning {
        text: "Hm.".into(),
        signature: signature.map(str::to_owned),
        issuer: issuer.into(),
    };
    let messages = vec![
        user(vec![text("a")]),
        assistant(vec![
            thought("acme/m", Some("EpAD+/=")),
            thought("acme/m", Some("redacted_thinking:EmwKAhgB")),
            thought("other/m", Some("zzz")),
            thought("acme/m", None),
            text("b"),
        ]),
        user(vec![text("c")]),
    ];
    let (body, notices) = sent(&request(messages), &endpoint("m", None));
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            { "type": "thinking", "thinking": "Hm.", "signature": "EpAD+/=" },
            { "type": "redacted_thinking", "data": "EmwKAhgB" },
            { "type": "text", "text": "b" },
        ])
    );
    assert_eq!(notices.len(), 1, "{notices:?}");
}

#[test]
fn pictures_and_documents_travel_as_their_own_kind_of_block() {
    let image =
        |media_type: &str| Part::Image { media_type: media_type.into(), data: Arc::from(&b"abc"[..]) };
    let file = |name: &str, media_type: &str, data: &[u8]| Part::File {
        name: name.into(),
        media_type: media_type.into(),
        data: Arc::from(data),
        text: None,
    };
    let parts = vec![
        image("image/png"),
        image("image/tiff"),
        file("a.pdf", "application/pdf", b"%PDF-1.3"),
        file("b.csv", "text/csv", b"x,y"),
        file("c.zip", "application/zip", b"PK\0\0"),
    ];
    let (body, notices) = sent(&request(vec![user(parts)]), &endpoint("m", None));
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "YWJj" } },
            { "type": "document", "title": "a.pdf", "source":
                { "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjM=" } },
            { "type": "document", "title": "b.csv", "source":
                { "type": "text", "media_type": "text/plain", "data": "x,y" } },
        ])
    );
    assert_eq!(notices.len(), 2, "{notices:?}");
}

#[test]
fn a_budget_leaves_room_for_the_answer_and_takes_the_temperature_away() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.params =
        Params { temperature: Some(0.2), reasoning: Some(Reasoning::Budget(4000)), ..Params::default() };
    let (body, notices) = sent(&asked, &endpoint("m", None));
    assert_eq!(body["thinking"], json!({ "type": "enabled", "budget_tokens": 4000 }));
    assert_eq!(body["max_tokens"], 8096);
    assert_eq!(body.get("temperature"), None);
    assert_eq!(notices, ["temperature: not together with reasoning."]);

    asked.params = Params {
        max_completion_tokens: Some(2000),
        reasoning: Some(Reasoning::Effort(Effort::Max)),
        ..Params::default()
    };
    let (body, _) = sent(&asked, &endpoint("m", None));
    assert_eq!(body["max_tokens"], 2000);
    assert_eq!(body["thinking"]["budget_tokens"], 1500);

    asked.params.max_completion_tokens = Some(1024);
    let (body, notices) = sent(&asked, &endpoint("m", None));
    assert_eq!(body.get("thinking"), None);
    assert_eq!(notices.len(), 1);

    asked.params.reasoning = Some(Reasoning::Effort(Effort::None));
    let (body, notices) = sent(&asked, &endpoint("m", None));
    assert_eq!(body.get("thinking"), None);
    assert!(notices.is_empty());
}

#[test]
fn models_that_think_by_effort_get_one_and_no_sampling() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.params = Params {
        temperature: Some(0.2),
        top_p: Some(0.5),
        reasoning: Some(Reasoning::Effort(Effort::High)),
        ..Params::default()
    };
    let (body, notices) = sent(&asked, &endpoint("claude-opus-5-5", Some(128_000)));
    assert_eq!(body["thinking"], json!({ "type": "adaptive", "display": "summarized" }));
    assert_eq!(body["output_config"], json!({ "effort": "high" }));
    assert_eq!((body.get("temperature"), body.get("top_p")), (None, None));
    assert_eq!(notices.len(), 2);

    asked.params = Params { reasoning: Some(Reasoning::Budget(20_000)), ..Params::default() };
    let (body, notices) = sent(&asked, &endpoint("claude-opus-5", Some(128_000)));
    assert_eq!(body["output_config"], json!({ "effort": "high" }));
    assert_eq!(notices.len(), 1);
}

#[test]
fn a_tool_that_must_be_called_switches_thinking_off() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.tools = vec![Tool {
        name: "weather".into(),
        description: "Tells it".into(),
        parameters: json!({ "properties": { "location": { "type": "string" } } }),
    }];
    asked.tool_choice = Some(ToolChoice::Named { name: "weather".into() });
    asked.params.reasoning = Some(Reasoning::Budget(2000));
    let (body, notices) = sent(&asked, &endpoint("m", None));
    assert_eq!(body["tool_choice"], json!({ "type": "tool", "name": "weather" }));
    assert_eq!(body["tools"][0]["input_schema"]["type"], "object");
    assert_eq!(body.get("thinking"), None);
    assert_eq!(notices.len(), 1);
}

#[test]
fn an_answer_in_json_has_closed_objects() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.params.response_format = Some(ResponseFormat::JsonSchema {
        name: "city".into(),
        schema: json!({ "type": "object", "properties": { "at": { "type": "object", "properties": {} } } }),
    });
    asked.params.seed = Some(7);
    asked.params.stop = vec!["END".into(), "\n".into()];
    let (body, notices) = sent(&asked, &endpoint("m", None));
    assert_eq!(
        body["output_config"]["format"],
        json!({ "type": "json_schema", "schema": {
            "type": "object", "additionalProperties": false,
            "properties": { "at": { "type": "object", "properties": {}, "additionalProperties": false } },
        } })
    );
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(notices.len(), 3, "{notices:?}");
}
