use super::*;
use domain::{
    Effort, EndpointId, Message, Params, Part, ProviderId, Reasoning, ResponseFormat, Role, StreamEvent,
    Tool, ToolChoice,
};
use serde_json::{Value, json};
use std::sync::Arc;

fn endpoint(upstream: &str) -> Endpoint {
    Endpoint {
        id: EndpointId::new(format!("acme/{upstream}")),
        provider: ProviderId::from("acme"),
        model: "acme/model".parse().unwrap(),
        upstream_model: upstream.to_owned(),
        context_length: None,
        max_completion_tokens: Some(65_536),
        prices: None,
    }
}

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

fn assistant(parts: Vec<Part>) -> Message {
    Message { role: Role::Assistant, parts }
}

fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

fn call(id: &str, signature: Option<&str>, issuer: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "double".into(),
        arguments: r#"{"x":21}"#.into(),
        signature: signature.map(str::to_owned),
        issuer: issuer.into(),
    }
}

fn sent(request: &Request, upstream: &str) -> (Value, Vec<String>) {
    let quirks = Quirks { effort_models: vec!["gemini-3".into()], ..Quirks::default() };
    let encoded = Gemini.encode(request, &endpoint(upstream), &quirks).unwrap();
    let notices = encoded.notices.into_iter().map(|(_, detail)| detail.into_text()).collect();
    (serde_json::from_slice(&encoded.call.body).unwrap(), notices)
}

fn request(messages: Vec<Message>) -> Request {
    Request { messages, ..Request::default() }
}

#[test]
fn the_model_stands_in_the_path_and_no_key_in_the_address() {
    let asked = request(vec![user(vec![text("Hi")])]);
    for (model, path) in [
        ("gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        ("models/gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent"),
        ("odd/../name", "/v1beta/models/odd%2F..%2Fname:streamGenerateContent"),
    ] {
        let encoded = Gemini.encode(&asked, &endpoint(model), &Quirks::default()).unwrap();
        assert_eq!(encoded.call.path, path);
        assert_eq!(encoded.call.query, [("alt".to_owned(), "sse".to_owned())]);
    }
    let (body, _) = sent(&asked, "gemini-2.5-flash");
    assert_eq!(body, json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] }));
}

#[test]
fn a_tool_loop_goes_back_with_its_proofs_to_its_issuer() {
    let own = "acme/gemini-3-pro";
    let messages = vec![
        user(vec![text("What is double 21?")]),
        assistant(vec![
            Part::Reasoning { text: "Hm.".into(), signature: None, issuer: own.into() },
            call("22iommr8", Some("EoMC"), own),
            call("call_J3d_2", None, own),
        ]),
        user(vec![
            text("Quick."),
            Part::ToolResult {
                id: "22iommr8".into(),
                name: "double".into(),
                content: "42".into(),
                is_error: false,
            },
            Part::ToolResult {
                id: "call_J3d_2".into(),
                name: "double".into(),
                content: "no".into(),
                is_error: true,
            },
        ]),
    ];
    let mut asked = request(messages);
    asked.system = Some("Be brief.".into());
    let (body, notices) = sent(&asked, "gemini-3-pro");
    assert_eq!(
        body["contents"],
        json!([
            { "role": "user", "parts": [{ "text": "What is double 21?" }] },
            { "role": "model", "parts": [
                { "functionCall": { "id": "22iommr8", "name": "double", "args": { "x": 21 } }, "thoughtSignature": "EoMC" },
                { "functionCall": { "name": "double", "args": { "x": 21 } } },
            ] },
            { "role": "user", "parts": [
                { "functionResponse": { "id": "22iommr8", "name": "double", "response": { "output": "42" } } },
                { "functionResponse": { "name": "double", "response": { "error": "no" } } },
                { "text": "Quick." },
            ] },
        ])
    );
    assert_eq!(body["systemInstruction"], json!({ "parts": [{ "text": "Be brief." }] }));
    assert!(notices.is_empty(), "{notices:?}");

    // Another model of the same provider may not see the proof; a new one wants a stand-in for it.
    let (body, _) = sent(&asked, "gemini-3-flash");
    let proofs: Vec<&Value> =
        body["contents"][1]["parts"].as_array().unwrap().iter().map(|p| &p["thoughtSignature"]).collect();
    assert_eq!(proofs, [&json!("skip_thought_signature_validator"), &Value::Null]);
    let (body, _) = sent(&asked, "gemini-2.5-flash");
    assert_eq!(body["contents"][1]["parts"][0]["thoughtSignature"], Value::Null);
}

#[test]
fn the_proof_of_a_text_returns_on_that_text() {
    let proof = |issuer: &str| Part::Reasoning {
        text: String::new(),
        signature: Some("Eao=".into()),
        issuer: issuer.into(),
    };
    let asked = request(vec![
        user(vec![text("a")]),
        assistant(vec![text("b"), proof("acme/gemini-3-pro"), proof("other/x")]),
        user(vec![text("c")]),
    ]);
    let (body, notices) = sent(&asked, "gemini-3-pro");
    assert_eq!(body["contents"][1]["parts"], json!([{ "text": "b", "thoughtSignature": "Eao=" }]));
    assert_eq!(notices.len(), 1);
}

#[test]
fn files_go_inline_or_as_text() {
    let file = |name: &str, media_type: &str, data: &[u8]| Part::File {
        name: name.into(),
        media_type: media_type.into(),
        data: Arc::from(data),
        text: None,
    };
    let asked = request(vec![user(vec![
        Part::Image { media_type: "image/png".into(), data: Arc::from(&b"abc"[..]) },
        file("a.pdf", "application/pdf", b"%PDF-1.3"),
        file("b.csv", "text/csv", b"x,y"),
        file("c.zip", "application/zip", b"PK\0"),
    ])]);
    let (body, notices) = sent(&asked, "m");
    assert_eq!(
        body["contents"][0]["parts"],
        json!([
            { "inlineData": { "mimeType": "image/png", "data": "YWJj" } },
            { "inlineData": { "mimeType": "application/pdf", "data": "JVBERi0xLjM=" } },
            { "text": "b.csv:\n```\nx,y\n```" },
        ])
    );
    assert_eq!(notices.len(), 1);
}

#[test]
fn settings_take_the_names_and_limits_of_the_api() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.params = Params {
        temperature: Some(0.0),
        top_p: Some(0.9),
        max_completion_tokens: Some(100_000),
        stop: ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec(),
        seed: Some(1 << 40),
        reasoning: Some(Reasoning::Budget(6400)),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "n".into(),
            schema: json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "additionalProperties": false }),
        }),
    };
    let (body, notices) = sent(&asked, "gemini-2.5-pro");
    assert_eq!(
        body["generationConfig"],
        json!({
            "temperature": 0.0, "topP": 0.9, "maxOutputTokens": 65536, "stopSequences": ["a", "b", "c", "d", "e"],
            "thinkingConfig": { "includeThoughts": true, "thinkingBudget": 6400 },
            "responseMimeType": "application/json",
            "responseSchema": { "type": "OBJECT", "properties": { "a": { "type": "INTEGER" } } },
        })
    );
    assert_eq!(notices.len(), 4, "{notices:?}");
}

#[test]
fn newer_models_get_a_level_and_older_ones_a_budget() {
    let mut asked = request(vec![user(vec![text("x")])]);
    for (reasoning, new, old) in [
        (
            Reasoning::Effort(Effort::High),
            json!({ "includeThoughts": true, "thinkingLevel": "high" }),
            json!({ "includeThoughts": true, "thinkingBudget": 24576 }),
        ),
        (Reasoning::Effort(Effort::None), json!({ "thinkingLevel": "low" }), json!({ "thinkingBudget": 0 })),
        (
            Reasoning::Budget(5000),
            json!({ "includeThoughts": true, "thinkingLevel": "medium" }),
            json!({ "includeThoughts": true, "thinkingBudget": 5000 }),
        ),
    ] {
        asked.params.reasoning = Some(reasoning);
        assert_eq!(sent(&asked, "gemini-3-pro").0["generationConfig"]["thinkingConfig"], new);
        assert_eq!(sent(&asked, "gemini-2.5-pro").0["generationConfig"]["thinkingConfig"], old);
    }
}

#[test]
fn a_model_gets_only_the_levels_and_limits_it_takes() {
    let form = |part: &str, efforts: &[Effort]| domain::ReasoningForm {
        models: vec![part.into()],
        efforts: Some(efforts.to_vec()),
        ..Default::default()
    };
    let quirks = Quirks {
        effort_models: vec!["two".into(), "three".into()],
        reasoning: vec![
            form("two", &[Effort::Low, Effort::High]),
            form("three", &[Effort::Minimal, Effort::High]),
            domain::ReasoningForm {
                models: vec!["always".into()],
                budgets: Some((128, 32_768)),
                always: true,
                ..Default::default()
            },
            domain::ReasoningForm {
                models: vec!["may".into()],
                budgets: Some((512, 24_576)),
                ..Default::default()
            },
        ],
        ..Quirks::default()
    };
    let effort = Reasoning::Effort;
    for (model, wish, said, notices) in [
        ("two", effort(Effort::Medium), json!({ "includeThoughts": true, "thinkingLevel": "high" }), 1),
        ("two", effort(Effort::None), json!({ "thinkingLevel": "low" }), 1),
        ("two", Reasoning::Budget(60_000), json!({ "includeThoughts": true, "thinkingLevel": "high" }), 1),
        ("three", effort(Effort::None), json!({ "thinkingLevel": "minimal" }), 1),
        ("three", effort(Effort::High), json!({ "includeThoughts": true, "thinkingLevel": "high" }), 0),
        ("always", effort(Effort::None), json!({ "thinkingBudget": 128 }), 1),
        ("always", effort(Effort::Max), json!({ "includeThoughts": true, "thinkingBudget": 32_768 }), 0),
        ("always", Reasoning::Budget(5), json!({ "includeThoughts": true, "thinkingBudget": 128 }), 1),
        ("may", Reasoning::Budget(0), json!({ "thinkingBudget": 0 }), 0),
        ("may", Reasoning::Budget(100), json!({ "includeThoughts": true, "thinkingBudget": 512 }), 1),
    ] {
        let mut asked = request(vec![user(vec![text("x")])]);
        asked.params.reasoning = Some(wish);
        let encoded = Gemini.encode(&asked, &endpoint(model), &quirks).unwrap();
        let body: Value = serde_json::from_slice(&encoded.call.body).unwrap();
        assert_eq!(body["generationConfig"]["thinkingConfig"], said, "{model} {wish:?}");
        assert_eq!(encoded.notices.len(), notices, "{model} {wish:?}: {:?}", encoded.notices);
    }
}

#[test]
fn a_schema_that_cannot_be_said_is_told() {
    let mut asked = request(vec![user(vec![text("x")])]);
    asked.params.response_format =
        Some(ResponseFormat::JsonSchema { name: "n".into(), schema: json!({ "type": "object" }) });
    asked.tools = vec![Tool {
        name: "t".into(),
        description: String::new(),
        parameters: json!({ "type": "object", "properties": { "n": { "type": "integer", "enum": [1, 2] } } }),
    }];
    let (body, notices) = sent(&asked, "m");
    assert_eq!(body["generationConfig"], json!({ "responseMimeType": "application/json" }));
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("enum"), "{notices:?}");
}

#[test]
fn tools_are_declared_in_the_subset() {
    let mut asked = request(vec![user(vec![text("x")])]);
    let tool =
        |name: &str, parameters: Value| Tool { name: name.into(), description: "d".into(), parameters };
    asked.tools = vec![
        tool("now", json!({ "type": "object", "properties": {} })),
        tool(
            "add",
            json!({ "type": "object", "properties": { "a": { "type": "number" } }, "required": ["a"], "$schema": "x" }),
        ),
    ];
    asked.tool_choice = Some(ToolChoice::Named { name: "add".into() });
    let (body, _) = sent(&asked, "m");
    assert_eq!(
        body["tools"],
        json!([{ "functionDeclarations": [
            { "name": "now", "description": "d" },
            { "name": "add", "description": "d", "parameters":
                { "type": "OBJECT", "required": ["a"], "properties": { "a": { "type": "NUMBER" } } } },
        ] }])
    );
    assert_eq!(
        body["toolConfig"],
        json!({ "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": ["add"] } })
    );
}

/// Decodes documents given as one stream.
fn decoded(framing: Framing, body: &str) -> (Vec<StreamEvent>, crate::Ending) {
    let mut decoder = Gemini.decoder(framing, &Quirks::default());
    let mut out = Vec::new();
    decoder.push(body.as_bytes(), &mut out);
    let ending = decoder.finish(&mut out);
    (out, ending)
}

#[test]
fn one_answer_is_the_same_streamed_in_an_array_or_line_by_line() {
    let chunks = [
        r#"{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true}],"role":"model"}}],"responseId":"r"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Pa"}]}}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5}}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"ris","thoughtSignature":"Eao="}]},"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://x.org","title":"X"}}]}}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":3,"totalTokenCount":14}}"#,
    ];
    let sse: String = chunks.iter().map(|c| format!("data: {c}\r\n\r\n")).collect();
    let streamed = decoded(Framing::Sse, &sse);
    assert_eq!(streamed, decoded(Framing::Json, &format!("[{}]", chunks.join(",\n"))));
    assert_eq!(streamed, decoded(Framing::Json, &chunks.join("\n")));
    let (events, ending) = streamed;
    assert_eq!(ending, crate::Ending::Complete);
    let proof = events
        .iter()
        .position(|e| matches!(e, StreamEvent::BlockClose { signature: Some(s), .. } if s == "Eao="));
    let cited = events.iter().position(|e| {
        matches!(e, StreamEvent::BlockOpen { kind: domain::BlockKind::Citation { url: Some(u), .. }, .. } if u == "https://x.org")
    });
    assert!(proof.is_some() && cited > proof, "{events:?}");
    let usage = events
        .iter()
        .rev()
        .find_map(|e| match e {
            StreamEvent::Usage(u) => Some(u),
            _ => None,
        })
        .unwrap();
    assert_eq!((usage.input.total, usage.output.total, usage.unexplained), (Some(5), Some(5), Some(4)));
}

#[test]
fn proofs_behind_a_text_are_all_kept_in_their_order() {
    let part = |proof: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"","thoughtSignature":"{proof}"}}]}}}}]}}"#
        )
    };
    let words = r#"{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}"#;
    let end = r#"{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}"#;
    let chunks = [words.to_owned(), part("Zmlyc3Q="), part("c2Vjb25k"), part("dGhpcmQ="), end.to_owned()];
    let (events, _) = decoded(Framing::Json, &format!("[{}]", chunks.join(",")));
    let proofs: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::BlockClose { signature, .. } => signature.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(proofs, ["Zmlyc3Q=", "c2Vjb25k", "dGhpcmQ="]);
}

#[test]
fn arguments_in_pieces_become_one_call() {
    let chunks = [
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","id":"x1","willContinue":true},"thoughtSignature":"Eao="}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.location","stringValue":"New ","willContinue":true}],"willContinue":true}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.location","stringValue":"Delhi"},{"jsonPath":"$.days","numberValue":3}],"willContinue":true}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{}}}]},"finishReason":"STOP"}],"responseId":"late"}"#,
    ];
    let (events, _) = decoded(Framing::Json, &format!("[{}]", chunks.join(",")));
    let calls: Vec<&StreamEvent> = events
        .iter()
        .filter(|e| matches!(e, StreamEvent::BlockOpen { .. } | StreamEvent::BlockDelta { .. }))
        .collect();
    assert_eq!(calls.len(), 4, "{calls:?}");
    // In which order an object's members stand depends on how the JSON library was built.
    let StreamEvent::BlockDelta { text, .. } = calls[1] else { panic!("{:?}", calls[1]) };
    let arguments: Value = serde_json::from_str(text).unwrap();
    assert_eq!(arguments, serde_json::json!({ "days": 3, "location": "New Delhi" }));
    assert!(matches!(calls[3], StreamEvent::BlockDelta { text, .. } if text == "{}"));
    assert!(events.contains(&StreamEvent::BlockClose { block: 0, signature: Some("Eao=".into()) }));
    assert!(matches!(
        events.last(),
        Some(StreamEvent::Finish { reason: domain::FinishReason::ToolCalls, .. })
    ));
}

#[test]
fn an_answer_the_model_spoiled_is_no_success() {
    let body = r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: x("}]}"#;
    let (events, ending) = decoded(Framing::Json, body);
    assert!(matches!(events.last(), Some(StreamEvent::Finish { reason: domain::FinishReason::Error, .. })));
    let crate::Ending::Failed(failure) = ending else { panic!("{ending:?}") };
    assert_eq!(failure.upstream.unwrap().code.as_deref(), Some("MALFORMED_FUNCTION_CALL"));
    let (events, ending) = decoded(Framing::Json, r#"{"candidates":[{"finishReason":"FUTURE_REASON"}]}"#);
    assert!(matches!(events.last(), Some(StreamEvent::Finish { reason: domain::FinishReason::Other, .. })));
    assert_eq!(ending, crate::Ending::Complete);
}

#[test]
fn a_reason_that_is_not_specified_is_none() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"FINISH_REASON_UNSPECIFIED"}],"promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"}}"#;
    assert_eq!(decoded(Framing::Json, body).1, crate::Ending::Truncated);
}

/// What an answer is said to have used at its end: prompt and answer.
fn used(body: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (events, _) = decoded(Framing::Json, body);
    let used = |event: &StreamEvent| match event {
        StreamEvent::Usage(usage) => Some((usage.input.total, usage.output.total)),
        _ => None,
    };
    events.iter().rev().find_map(used)
}

#[test]
fn a_prompt_that_is_blocked_has_an_answer_of_no_tokens() {
    let usage = r#""usageMetadata":{"promptTokenCount":5,"totalTokenCount":5}"#;
    let blocked = format!(r#"{{"promptFeedback":{{"blockReason":"SAFETY"}},{usage}}}"#);
    assert_eq!(used(&blocked), Some((Some(5), Some(0))));
    let empty = format!(r#"{{"candidates":[{{"finishReason":"SAFETY"}}],{usage}}}"#);
    assert_eq!(used(&empty), Some((Some(5), Some(0))));
    // Where something was written, or counted, or where it ended is not known, nobody knows.
    let parts = r#""candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]"#;
    assert_eq!(used(&format!("{{{parts},{usage}}}")), Some((Some(5), None)));
    assert_eq!(used(&format!("{{{usage}}}")), Some((Some(5), None)));
    let more = usage.replace(":5}", ":9}");
    let blocked = format!(r#"{{"promptFeedback":{{"blockReason":"SAFETY"}},{more}}}"#);
    assert_eq!(used(&blocked), Some((Some(5), None)));
}

#[test]
fn a_picture_it_thought_with_is_not_its_answer() {
    let body = r#"{"candidates":[{"content":{"parts":[{"thought":true,"inlineData":{"mimeType":"image/png","data":"AAEC"}},{"inlineData":{"mimeType":"image/png","data":"AwQF"},"thoughtSignature":"s"}]},"finishReason":"STOP"}]}"#;
    let events = decoded(Framing::Json, body).0;
    let said: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            StreamEvent::BlockDelta { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(said, ["AwQF"], "{events:?}");
    assert!(events.iter().any(|event| matches!(event, StreamEvent::Unknown { .. })), "{events:?}");
}

#[test]
fn a_quota_of_nothing_is_not_waited_for() {
    let body = |words: &str| {
        json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": words,
        "details": [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s" }] } })
        .to_string()
    };
    let kind = |words: &str| Gemini.failure(429, &Headers::default(), body(words).as_bytes()).kind;
    assert_eq!(
        kind("Quota exceeded for metric: x, limit: 0, model: y\nPlease retry in 36.4s."),
        ErrorKind::BillingCredits
    );
    assert_eq!(
        kind("Quota exceeded for metric: x, limit: 20, model: y\nPlease retry in 36.4s."),
        ErrorKind::LimitRate
    );
    // Google wraps errors of streams in an array.
    let wrapped = format!("[{}]", body("slow down"));
    let failure = Gemini.failure(429, &Headers::default(), wrapped.as_bytes());
    assert_eq!(failure.kind, ErrorKind::LimitRate);
    assert_eq!(failure.upstream.unwrap().retry_after, Some(domain::Millis(36_000)));
}

#[test]
fn the_model_list_leaves_out_what_cannot_answer() {
    let body = br#"{"models":[{"name":"models/gemini-2.5-flash","displayName":"Gemini 2.5 Flash","inputTokenLimit":1048576,
        "supportedGenerationMethods":["generateContent"]},{"name":"models/embedding-001","supportedGenerationMethods":["embedContent"]}]}"#;
    let list = Gemini.models(body).unwrap();
    assert_eq!(
        list,
        [ListedModel {
            id: "gemini-2.5-flash".into(),
            name: Some("Gemini 2.5 Flash".into()),
            context_length: Some(1_048_576),
            ..ListedModel::default()
        }]
    );
    assert!(Gemini.models(b"<html>").is_err());
}
