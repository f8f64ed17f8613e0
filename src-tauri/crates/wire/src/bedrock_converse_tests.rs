use super::*;
use domain::{
    Effort, EndpointId, FinishReason, Message, Params, Part, ProviderId, Reasoning, ResponseFormat, Role,
    StreamEvent, Tool, ToolChoice,
};
use serde_json::{Value, json};
use std::sync::Arc;

fn sent(request: &Request, upstream: &str) -> (Value, Vec<String>) {
    let quirks = Quirks { effort_models: vec!["opus-5".into()], ..Quirks::default() };
    let encoded = BedrockConverse.encode(request, &endpoint(upstream), &quirks).unwrap();
    let notices = encoded.notices.into_iter().map(|(_, detail)| detail.into_text()).collect();
    (serde_json::from_slice(&encoded.call.body).unwrap(), notices)
}

fn endpoint(upstream: &str) -> Endpoint {
    Endpoint {
        id: EndpointId::new(format!("acme/{upstream}")),
        provider: ProviderId::from("acme"),
        model: "acme/model".parse().unwrap(),
        upstream_model: upstream.to_owned(),
        context_length: None,
        max_completion_tokens: Some(64_000),
        prices: None,
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

fn request(messages: Vec<Message>) -> Request {
    Request { messages, ..Request::default() }
}

#[test]
fn the_model_id_is_one_segment_of_the_path() {
    let mut asked = request(vec![message(Role::User, vec![text("Hi")])]);
    asked.system = Some("Brief.".into());
    asked.params = Params { temperature: Some(0.5), max_completion_tokens: Some(300), ..Params::default() };
    let to = endpoint("us.meta.llama3-2-1b-instruct-v1:0");
    let encoded = BedrockConverse.encode(&asked, &to, &Quirks::default()).unwrap();
    assert_eq!(encoded.call.path, "/model/us.meta.llama3-2-1b-instruct-v1%3A0/converse-stream");
    let body: Value = serde_json::from_slice(&encoded.call.body).unwrap();
    assert_eq!(
        body,
        json!({
            "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }],
            "system": [{ "text": "Brief." }],
            "inferenceConfig": { "maxTokens": 300, "temperature": 0.5 },
        })
    );
}

#[test]
fn a_tool_loop_names_its_calls_and_keeps_its_signed_reasoning() {
    let asked = request(vec![
        message(Role::User, vec![text("Weather?")]),
        message(
            Role::Assistant,
            vec![
                Part::Reasoning {
                    text: "Hm.".into(),
                    signature: Some("Ep==".into()),
                    issuer: "acme/claude".into(),
                },
                Part::Reasoning {
                    text: String::new(),
                    signature: Some("redacted_thinking:RQ==".into()),
                    issuer: "acme/claude".into(),
                },
                Part::Reasoning { text: "x".into(), signature: None, issuer: "other/m".into() },
                Part::ToolCall {
                    id: "call.1".into(),
                    name: "weather".into(),
                    arguments: "{}".into(),
                    signature: None,
                    issuer: String::new(),
                },
            ],
        ),
        message(
            Role::User,
            vec![
                text("Quick."),
                Part::ToolResult {
                    id: "call.1".into(),
                    name: "weather".into(),
                    content: " ".into(),
                    is_error: true,
                },
            ],
        ),
    ]);
    let (body, notices) = sent(&asked, "claude");
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            { "reasoningContent": { "reasoningText": { "text": "Hm.", "signature": "Ep==" } } },
            { "reasoningContent": { "redactedContent": "RQ==" } },
            { "toolUse": { "toolUseId": "call_1", "name": "weather", "input": {} } },
        ])
    );
    assert_eq!(
        body["messages"][2]["content"],
        json!([
            { "toolResult": { "toolUseId": "call_1", "content": [{ "json": {} }], "status": "error" } },
            { "text": "Quick." },
        ])
    );
    assert_eq!(
        body["toolConfig"],
        json!({ "tools": [{ "toolSpec": { "name": "weather", "inputSchema": { "json": { "type": "object" } } } }] })
    );
    assert_eq!(notices.len(), 1);
}

#[test]
fn documents_get_plain_names_and_each_its_own() {
    let file = |name: &str, media_type: &str, data: &[u8]| Part::File {
        name: name.into(),
        media_type: media_type.into(),
        data: Arc::from(data),
        text: None,
    };
    let parts = vec![
        Part::Image { media_type: "image/webp".into(), data: Arc::from(&b"abc"[..]) },
        file("Jahres_bericht  (2026).pdf", "application/pdf", b"%PDF"),
        file("…", "application/pdf", b"%PDF"),
        file("n.md", "text/markdown", b"# x"),
        file("c.zip", "application/zip", b"PK"),
    ];
    let (body, notices) = sent(&request(vec![message(Role::User, parts)]), "m");
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            { "image": { "format": "webp", "source": { "bytes": "YWJj" } } },
            { "document": { "format": "pdf", "name": "Jahres bericht (2026) pdf 1", "source": { "bytes": "JVBERg==" } } },
            { "document": { "format": "pdf", "name": "2", "source": { "bytes": "JVBERg==" } } },
            { "text": "n.md:\n```\n# x\n```" },
        ])
    );
    assert_eq!(notices.len(), 1);
}

#[test]
fn a_document_alone_gets_words_beside_it() {
    let file = || Part::File {
        name: "a.pdf".into(),
        media_type: "application/pdf".into(),
        data: Arc::from(&b"%PDF"[..]),
        text: None,
    };
    let (body, notices) = sent(&request(vec![message(Role::User, vec![file()])]), "m");
    assert_eq!(body["messages"][0]["content"][1], json!({ "text": "Attached." }));
    assert_eq!(notices.len(), 1);
    let (body, notices) = sent(&request(vec![message(Role::User, vec![file(), text("Read it.")])]), "m");
    assert_eq!(body["messages"][0]["content"].as_array().map(Vec::len), Some(2));
    assert_eq!(notices.len(), 0);
}

#[test]
fn reasoning_travels_in_the_way_the_model_takes() {
    let mut asked = request(vec![message(Role::User, vec![text("x")])]);
    asked.params.reasoning = Some(Reasoning::Effort(Effort::Medium));
    asked.params.temperature = Some(0.3);
    let (body, notices) = sent(&asked, "us.anthropic.claude-sonnet-4-5-v1:0");
    assert_eq!(
        body["additionalModelRequestFields"],
        json!({ "thinking": { "type": "enabled", "budget_tokens": 8192 } })
    );
    assert_eq!(body["inferenceConfig"], json!({ "maxTokens": 32_000 }));
    assert_eq!(notices.len(), 1);
    let (body, _) = sent(&asked, "us.anthropic.claude-opus-5-v1:0");
    assert_eq!(body["outputConfig"], json!({ "effort": "medium" }));
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "adaptive");
    assert_eq!(body.get("inferenceConfig"), None);
    let (body, notices) = sent(&asked, "amazon.nova-lite-v1:0");
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(body["inferenceConfig"], json!({ "temperature": 0.3 }));
    assert_eq!(notices.len(), 1);
}

#[test]
fn tools_and_the_form_of_the_answer() {
    let mut asked = request(vec![message(Role::User, vec![text("x")])]);
    asked.tools = vec![Tool {
        name: "now".into(),
        description: String::new(),
        parameters: json!({ "type": "object", "properties": {} }),
    }];
    asked.tool_choice = Some(ToolChoice::Required);
    asked.params.response_format =
        Some(ResponseFormat::JsonSchema { name: "n".into(), schema: json!({ "type": "object" }) });
    let (body, notices) = sent(&asked, "m");
    assert_eq!(notices.len(), 1, "that the schema's object was closed is told");
    assert_eq!(
        body["toolConfig"],
        json!({
            "tools": [{ "toolSpec": { "name": "now", "inputSchema": { "json": { "type": "object", "properties": {} } } } }],
            "toolChoice": { "any": {} },
        })
    );
    let form = &body["outputConfig"]["textFormat"];
    let schema = &form["structure"]["jsonSchema"];
    assert_eq!((&form["type"], &schema["name"]), (&json!("json_schema"), &json!("n")));
    // A string that holds JSON; in which order its members stand depends on how the JSON library was built.
    let closed: Value = serde_json::from_str(schema["schema"].as_str().unwrap()).unwrap();
    assert_eq!(closed, json!({ "type": "object", "additionalProperties": false }));
    // Nothing forbids tools here but leaving them out.
    asked.tool_choice = Some(ToolChoice::None);
    assert_eq!(sent(&asked, "m").0.get("toolConfig"), None);
}

fn decoded(body: &str) -> (Vec<StreamEvent>, crate::Ending) {
    let mut decoder = BedrockConverse.decoder(Framing::Json, &Quirks::default());
    let mut out = Vec::new();
    decoder.push(body.as_bytes(), &mut out);
    let ending = decoder.finish(&mut out);
    (out, ending)
}

#[test]
fn usage_adds_what_the_cache_served_and_took() {
    let (events, _) = decoded(
        r#"{"output":{"message":{"content":[{"text":"ok"}]}},"stopReason":"end_turn","serviceTier":{"type":"flex"},
        "usage":{"inputTokens":5,"outputTokens":2,"totalTokens":57,"cacheReadInputTokens":20,"cacheWriteInputTokens":30,
        "cacheDetails":[{"ttl":"1h","inputTokens":10},{"ttl":"5m","inputTokens":20}]}}"#,
    );
    let usage =
        events.iter().find_map(|e| if let StreamEvent::Usage(usage) = e { Some(usage) } else { None });
    let usage = usage.unwrap();
    assert_eq!(
        (usage.input.total, usage.input.cache_read, usage.output.total),
        (Some(55), Some(20), Some(2))
    );
    assert_eq!((usage.input.cache_write_5m, usage.input.cache_write_1h), (Some(20), Some(10)));
    assert_eq!((usage.unexplained, usage.service_tier.as_deref()), (None, Some("flex")));
}

#[test]
fn whole_answers_hold_reasoning_citations_and_tools() {
    let (events, ending) = decoded(
        r#"{"output":{"message":{"content":[
        {"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"Ep=="}}},
        {"reasoningContent":{"redactedContent":"RQ=="}},
        {"citationsContent":{"content":[{"text":"Rome."}],"citations":[{"title":"T","location":{"web":{"url":"https://x.org"}}}]}},
        {"toolUse":{"toolUseId":"t1","name":"now","input":{}}}]}},"stopReason":"tool_use"}"#,
    );
    assert_eq!(ending, crate::Ending::Complete);
    let closes: Vec<Option<&str>> = events
        .iter()
        .filter_map(|e| {
            if let StreamEvent::BlockClose { signature, .. } = e { Some(signature.as_deref()) } else { None }
        })
        .collect();
    assert_eq!(closes, [Some("Ep=="), Some("redacted_thinking:RQ=="), None, None, None]);
    let text: Vec<&str> = events
        .iter()
        .filter_map(|e| if let StreamEvent::BlockDelta { text, .. } = e { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(text, ["Hm.", "Rome.", "{}"]);
    assert!(matches!(events.last(), Some(StreamEvent::Finish { reason: FinishReason::ToolCalls, .. })));
}

#[test]
fn an_answer_the_model_spoiled_is_no_success() {
    let (_, ending) = decoded(r#"{"output":{"message":{"content":[]}},"stopReason":"malformed_tool_use"}"#);
    assert!(matches!(ending, crate::Ending::Failed(f) if f.kind == ErrorKind::UpstreamInternal));
    let failure = BedrockConverse.failure(424, &Headers::default(), br#"{"message":"The model failed"}"#);
    assert_eq!(failure.kind, ErrorKind::UpstreamInternal);
}

#[test]
fn the_list_of_foundation_models() {
    let body = br#"{"modelSummaries":[{"modelId":"amazon.nova-lite-v1:0","modelName":"Nova Lite"}]}"#;
    let list = BedrockConverse.models(body).unwrap();
    assert_eq!((list[0].id.as_str(), list[0].name.as_deref()), ("amazon.nova-lite-v1:0", Some("Nova Lite")));
    assert!(BedrockConverse.models(b"{}").is_err());
}
