//! Requests as clients write them, and what goes on to a provider.

use super::*;
use crate::trial::{assistant, endpoint, text, tool_call, user};
use domain::{
    Effort, ErrorKind, Message, Part, Quirks, Reasoning, ResponseFormat, Role, Sort, Tool, ToolChoice,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn asked(protocol: Protocol, body: &Value) -> Asked {
    parse(protocol, (protocol == Protocol::Gemini).then_some("acme/m"), false, body.to_string().as_bytes())
        .unwrap()
}

fn refused(protocol: Protocol, body: &str) -> Failure {
    parse(protocol, None, false, body.as_bytes()).unwrap_err()
}

#[test]
fn chat_is_read_with_everything_it_can_say() {
    let asked = asked(
        Protocol::OpenAiChat,
        &json!({
            "model": "acme/m:floor", "stream": true, "stream_options": { "include_usage": true },
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "developer", "content": [{ "type": "text", "text": "Be kind." }] },
                { "role": "user", "content": [
                    { "type": "text", "text": "What is this?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAEC", "detail": "low" } },
                    { "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE" } },
                ] },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "c1", "type": "function", "function": { "name": "look", "arguments": "{\"a\":1}" } },
                    { "id": "c2", "type": "function", "function": { "name": "hear", "arguments": "" } },
                ] },
                { "role": "tool", "tool_call_id": "c1", "content": "a cat" },
                { "role": "tool", "tool_call_id": "c2", "content": [{ "type": "text", "text": "a purr" }] },
            ],
            "tools": [{ "type": "function", "function": { "name": "look", "description": "Looks.",
                "parameters": { "type": "object" }, "strict": true } }],
            "tool_choice": { "type": "function", "function": { "name": "look" } },
            "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": { "type": "object" }, "strict": true } },
            "reasoning": { "effort": "xhigh", "exclude": true }, "max_tokens": 9, "temperature": 0.5, "top_p": 1,
            "stop": "END", "seed": -3, "frequency_penalty": 0.5, "logit_bias": { "1": 2 }, "store": false,
            "models": ["acme/other"], "session_id": "s",
            "provider": { "order": ["acme"], "allow_fallbacks": false, "sort": "price", "zdr": true },
        }),
    );
    assert_eq!((asked.model.as_str(), asked.stream, asked.include_usage), ("acme/m:floor", true, true));
    assert_eq!(asked.prefs.models, ["acme/other"]);
    assert_eq!((asked.prefs.sort, asked.prefs.zdr), (Some(Sort::Price), Some(true)));
    assert_eq!((asked.session.as_deref(), asked.hide_reasoning), (Some("s"), true));
    assert_eq!(asked.dropped, ["image_url.detail", "frequency_penalty", "logit_bias"]);
    assert_eq!(asked.bound, None);
    let request = &asked.request;
    assert_eq!(request.system.as_deref(), Some("Be brief.\n\nBe kind."));
    let image = Part::Image { media_type: "image/png".into(), data: vec![0, 1, 2].into() };
    let file = Part::File {
        name: "a.pdf".into(),
        media_type: "application/pdf".into(),
        text: None,
        data: b"%PD".to_vec().into(),
    };
    let result = |id: &str, name: &str, content: &str| Part::ToolResult {
        id: id.into(),
        name: name.into(),
        content: content.into(),
        is_error: false,
    };
    assert_eq!(
        request.messages,
        [
            user(vec![text("What is this?"), image, file]),
            assistant(vec![tool_call("c1", "look", "{\"a\":1}"), tool_call("c2", "hear", "")]),
            user(vec![result("c1", "look", "a cat"), result("c2", "hear", "a purr")]),
        ]
    );
    assert_eq!(request.tools[0].name, "look");
    assert_eq!(request.tool_choice, Some(ToolChoice::Named { name: "look".into() }));
    let params = &request.params;
    assert_eq!((params.max_completion_tokens, params.seed), (Some(9), Some(-3)));
    assert_eq!((params.temperature, params.stop.as_slice()), (Some(0.5), &["END".to_owned()][..]));
    assert_eq!(params.reasoning, Some(Reasoning::Effort(Effort::XHigh)));
    assert!(matches!(&params.response_format, Some(ResponseFormat::JsonSchema { name, .. }) if name == "x"));
}

#[test]
fn a_request_names_no_more_stand_ins_than_can_be_weighed() {
    let many: Vec<String> = (0..1_000).map(|place| format!("acme/m{place}")).collect();
    for rest in
        [json!({ "models": many }), json!({ "provider": { "models": many }, "models": ["acme/last"] })]
    {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        assert_eq!(asked(Protocol::OpenAiChat, &body).prefs.models, many[..16]);
    }
}

#[test]
fn what_cannot_be_translated_binds_and_never_passes_silently() {
    for (protocol, body, word) in [
        (
            Protocol::OpenAiChat,
            json!({ "model": "m", "messages": [{ "role": "user", "content": [
            { "type": "image_url", "image_url": { "url": "file:///cat.png" } }] }] }),
            "address",
        ),
        (
            Protocol::OpenAiChat,
            json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }], "n": 3 }),
            "several",
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": "x", "previous_response_id": "r" }),
            "previous",
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": "x", "tools": [{ "type": "web_search" }] }),
            "web_search",
        ),
        (
            Protocol::AnthropicMessages,
            json!({ "model": "m", "max_tokens": 1, "messages": [{ "role": "user", "content": "x" }],
            "tools": [{ "type": "web_search_20250305", "name": "web_search" }] }),
            "web_search",
        ),
        (
            Protocol::Gemini,
            json!({ "contents": [{ "parts": [{ "fileData": { "fileUri": "x" } }] }] }),
            "fileData",
        ),
    ] {
        let asked = asked(protocol, &body);
        let bound = asked.bound.clone().unwrap();
        assert_eq!(bound.kind, ErrorKind::RequestUnsupported);
        assert!(bound.message.contains(word), "{}", bound.message);
        let dialects = ["openai-chat", "openai-responses", "anthropic-messages", "gemini", "cohere"];
        let takers: Vec<&str> =
            dialects.into_iter().filter(|d| passes(&asked, d, "m", &Quirks::default())).collect();
        assert_eq!(takers, [protocol.dialect()]);
    }
}

#[test]
fn mistakes_are_told_with_the_field_at_fault() {
    use Protocol::{AnthropicMessages as M, Gemini as G, OpenAiChat as C, OpenAiResponses as R};
    for (protocol, body, param) in [
        (C, "", "body"),
        (C, "[]", "body"),
        (C, "{\"model\":\"m\"", "body"),
        (C, r#"{"model":"m"}"#, "messages"),
        (C, r#"{"messages":[{"role":"user","content":"x"}]}"#, "model"),
        (C, r#"{"model":"m","messages":[]}"#, "messages"),
        (C, r#"{"model":"m","messages":[{"role":"boss","content":"x"}]}"#, "messages"),
        (C, r#"{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":"hot"}"#, "temperature"),
        (C, r#"{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1e400}"#, "temperature"),
        (C, r#"{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":-1.5}"#, "max_tokens"),
        (C, r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":"yes"}"#, "stream"),
        (
            C,
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"provider":{"onyl":["a"]}}"#,
            "provider",
        ),
        (
            C,
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:image/png;base64,!"}]}]}"#,
            "data",
        ),
        (R, r#"{"model":"m"}"#, "messages"),
        (
            M,
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"thinking":{"type":"enabled"}}"#,
            "thinking",
        ),
        (G, r#"{"model":"m"}"#, "contents"),
    ] {
        let failure = refused(protocol, body);
        assert_eq!(failure.kind, ErrorKind::RequestInvalid, "{body}");
        assert_eq!(failure.upstream.unwrap().param.as_deref(), Some(param), "{body}");
    }
}

#[test]
fn proofs_travel_through_a_client_and_back_to_their_issuer_only() {
    let told = Told { id: "g".into(), model: "acme/m".into(), issuer: "acme/m-1".into(), ..Told::default() };
    let events = [
        StreamEvent::BlockOpen { block: 0, kind: domain::BlockKind::Reasoning },
        StreamEvent::BlockDelta { block: 0, text: "Hm.".into() },
        StreamEvent::BlockClose { block: 0, signature: Some("p0".into()) },
        StreamEvent::BlockOpen {
            block: 1,
            kind: domain::BlockKind::ToolCall { id: "c1".into(), name: "f".into() },
        },
        StreamEvent::BlockDelta { block: 1, text: "{\"a\":1}".into() },
        StreamEvent::BlockClose { block: 1, signature: Some("p1".into()) },
        StreamEvent::Finish { reason: domain::FinishReason::ToolCalls, raw: None },
    ];
    for protocol in Protocol::ALL {
        let answer: Value = serde_json::from_slice(&whole(protocol, &told, &events, None)).unwrap();
        let question = json!({ "role": "user", "content": "x" });
        let body = match protocol {
            Protocol::OpenAiChat => {
                json!({ "model": "m", "messages": [question, answer["choices"][0]["message"]] })
            }
            Protocol::OpenAiResponses => {
                let mut input = vec![question];
                input.extend(answer["output"].as_array().unwrap().clone());
                json!({ "model": "m", "input": input })
            }
            Protocol::AnthropicMessages => json!({ "model": "m", "max_tokens": 9, "messages": [question,
                { "role": "assistant", "content": answer["content"] }] }),
            Protocol::Gemini => json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] },
                answer["candidates"][0]["content"]] }),
        };
        let asked = asked(protocol, &body);
        assert!(asked.sealed, "{protocol:?}");
        assert!(
            !passes(&asked, protocol.dialect(), "m", &Quirks::default()),
            "{protocol:?}: no provider knows our marks"
        );
        let answer = &asked.request.messages[1];
        assert_eq!(answer.role, Role::Assistant);
        let thought =
            Part::Reasoning { text: "Hm.".into(), signature: Some("p0".into()), issuer: "acme/m-1".into() };
        let call = Part::ToolCall {
            id: "c1".into(),
            name: "f".into(),
            arguments: "{\"a\":1}".into(),
            signature: Some("p1".into()),
            issuer: "acme/m-1".into(),
        };
        assert_eq!(answer.parts, [thought, call], "{protocol:?}");
    }
}

#[test]
fn a_providers_own_proofs_pass_as_they_are() {
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "x" },
        { "role": "assistant", "content": [{ "type": "thinking", "thinking": "Hm.", "signature": "EqQB" }] },
        { "role": "user", "content": "y" }] });
    let asked = asked(Protocol::AnthropicMessages, &body);
    assert!(passes(&asked, "anthropic-messages", "m", &Quirks::default()));
    assert!(
        matches!(&asked.request.messages[1].parts[0], Part::Reasoning { issuer, .. } if issuer.is_empty())
    );
}

#[test]
fn a_body_passes_with_nothing_changed_but_what_must() {
    let body = br#"{ "x_new" : {"model":"no","n":1e400}, "model":"acme/m", "provider":{"order":["a"]},
  "messages":[{"role":"user","content":"h\u00e9"}],"stream":true, "max_tokens" : 7 ,"models":["b"] }"#;
    let asked = parse(Protocol::OpenAiChat, None, false, body).unwrap();
    assert!(passes(&asked, "openai-chat", "m", &Quirks::default()));
    let to = endpoint("m-1");
    let passed = retarget(&asked, body, &to, &Quirks::default(), None).unwrap();
    assert_eq!(
        String::from_utf8(passed.call.body).unwrap(),
        r#"{"stream_options":{"include_usage":true}, "x_new" : {"model":"no","n":1e400}, "model":"m-1",
  "messages":[{"role":"user","content":"h\u00e9"}],"stream":true, "max_tokens" : 7 }"#
    );
    assert_eq!((passed.usage, passed.output_limit), (ToldUsage::Never, Some(7)));
    assert_eq!(passed.call.path, "/chat/completions");
    let quirks = Quirks { max_tokens_field: Some("max_completion_tokens".into()), ..Quirks::default() };
    let passed = retarget(&asked, body, &to, &quirks, None).unwrap();
    let sent: Value = serde_json::from_slice(&passed.call.body.clone()).unwrap_or_default();
    let text = String::from_utf8(passed.call.body).unwrap();
    assert!(sent.is_null() && text.contains("\"max_completion_tokens\" : 7"), "{text}");
    let passed = retarget(&asked, body, &to, &quirks, Some(3)).unwrap();
    assert_eq!(passed.output_limit, Some(3));
    let text = String::from_utf8(passed.call.body).unwrap();
    assert!(text.contains("\"max_completion_tokens\":3") && !text.contains("\"max_tokens\""), "{text}");
}

#[test]
fn limits_of_a_budget_take_the_place_of_the_clients() {
    let cases = [
        (Protocol::OpenAiResponses, json!({ "model": "m", "input": "x" }), "/max_output_tokens"),
        (
            Protocol::AnthropicMessages,
            json!({ "model": "m", "max_tokens": 900,
            "messages": [{ "role": "user", "content": "x" }] }),
            "/max_tokens",
        ),
        (
            Protocol::Gemini,
            json!({ "contents": [{ "parts": [{ "text": "x" }] }] }),
            "/generationConfig/maxOutputTokens",
        ),
        (
            Protocol::Gemini,
            json!({ "contents": [{ "parts": [{ "text": "x" }] }],
            "generationConfig": { "maxOutputTokens": 900, "topK": 3 } }),
            "/generationConfig/maxOutputTokens",
        ),
    ];
    for (protocol, body, place) in cases {
        let asked = asked(protocol, &body);
        let to = endpoint("m-1");
        let passed =
            retarget(&asked, body.to_string().as_bytes(), &to, &Quirks::default(), Some(50)).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        assert_eq!(sent.pointer(place), Some(&json!(50)), "{sent}");
        assert_eq!(passed.output_limit, Some(50));
        let own = retarget(&asked, body.to_string().as_bytes(), &to, &Quirks::default(), None).unwrap();
        let said = body.pointer(place).and_then(Value::as_u64);
        assert_eq!(own.output_limit, said, "{protocol:?}");
    }
}

#[test]
fn gemini_names_its_model_in_the_path() {
    let body = br#"{"contents":[{"parts":[{"text":"x"}]}]}"#;
    for (stream, path) in [(true, "streamGenerateContent"), (false, "generateContent")] {
        let asked = parse(Protocol::Gemini, Some("models/acme/m"), stream, body).unwrap();
        assert_eq!((asked.model.as_str(), asked.stream), ("acme/m", stream));
        let passed = retarget(&asked, body, &endpoint("m-1"), &Quirks::default(), None).unwrap();
        assert_eq!(passed.call.path, format!("/v1beta/models/m-1:{path}"));
        assert_eq!(passed.call.query.len(), usize::from(stream));
        assert_eq!(passed.call.body, body);
    }
}

#[test]
fn failures_have_each_protocols_shape() {
    let failure = Failure::new(ErrorKind::LimitRate, "Too many requests. Wait a little.").with_upstream(
        domain::Upstream { retry_after: Some(domain::Millis(1_500)), ..domain::Upstream::default() },
    );
    let read = |protocol| {
        let (status, body) = error_body(protocol, &failure);
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (status, chat) = read(Protocol::OpenAiChat);
    assert_eq!((status, &chat["error"]["code"]), (429, &json!("rate_limit_exceeded")));
    assert_eq!(read(Protocol::AnthropicMessages).1["error"]["type"], "rate_limit_error");
    let gemini = read(Protocol::Gemini).1;
    assert_eq!(gemini["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(gemini["error"]["details"][1]["retryDelay"], "1.500s");
    for kind in ErrorKind::ALL {
        assert!((400..600).contains(&status_of(&Failure::new(*kind, "No."))), "{kind:?}");
    }
}

/// Requests every protocol can say.
fn request() -> impl Strategy<Value = Request> {
    let words = || "[a-zé\"\\\\\n]{1,12}".prop_filter("not blank", |s: &String| !s.trim().is_empty());
    let turn = (words(), words(), proptest::collection::vec(0_u8..255, 0..4), any::<bool>()).prop_map(
        |(question, answer, bytes, call)| {
            let image = Part::Image { media_type: "image/png".into(), data: bytes.into() };
            let mut turn = vec![user(vec![text(&question), image]), assistant(vec![text(&answer)])];
            if call {
                turn[1].parts.push(tool_call("toolu_1", "look", "{\"a\":1}"));
                let result = Part::ToolResult {
                    id: "toolu_1".into(),
                    name: "look".into(),
                    content: answer,
                    is_error: false,
                };
                turn.push(user(vec![result]));
                turn.push(assistant(vec![text("So.")]));
            }
            turn
        },
    );
    let choice = prop_oneof![
        Just(None),
        Just(Some(ToolChoice::Auto)),
        Just(Some(ToolChoice::None)),
        Just(Some(ToolChoice::Required)),
        Just(Some(ToolChoice::Named { name: "look".into() })),
    ];
    let turns = proptest::collection::vec(turn, 1..3);
    (proptest::option::of(words()), turns, words(), choice, 16_u64..9_000).prop_map(
        |(system, turns, last, tool_choice, limit)| {
            let mut messages: Vec<Message> = turns.into_iter().flatten().collect();
            messages.push(user(vec![text(&last)]));
            let messages = crate::replay::told_apart(&messages).into_owned();
            let parameters = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
            let tool = Tool { name: "look".into(), description: "Looks.".into(), parameters };
            let params = domain::Params {
                max_completion_tokens: Some(limit),
                temperature: Some(0.5),
                ..domain::Params::default()
            };
            Request {
                system,
                messages,
                params,
                tools: vec![tool],
                tool_choice,
                one_tool_call: false,
                keep_prompt: None,
                kept_system: None,
                kept_tools: None,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_our_encoders_write_is_read_back(request in request()) {
        for protocol in Protocol::ALL {
            let dialect = crate::dialect(protocol.dialect()).unwrap();
            let encoded = dialect.encode(&request, &endpoint("m-1"), &Quirks::default()).unwrap();
            let path = (protocol == Protocol::Gemini).then_some("m-1");
            let asked = parse(protocol, path, true, &encoded.call.body).unwrap();
            prop_assert_eq!(&*asked.request, &request, "{:?}", protocol);
            prop_assert!(asked.stream && asked.bound.is_none());
            prop_assert_eq!(asked.dropped, Vec::<String>::new());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for protocol in Protocol::ALL {
            let _ = parse(protocol, None, false, &bytes);
            let mut tap = Tap::new(protocol, None, &Quirks::default(), ToldUsage::Never);
            let (mut events, mut pass) = (Vec::new(), Vec::new());
            tap.push(&bytes, &mut events, &mut pass);
            tap.finish(&mut events, &mut pass);
        }
        let _ = (embeddings(None, &bytes), embeddings(Some("m"), &bytes));
    }

    #[test]
    fn no_json_makes_it_panic(value in json_value(), model in "[a-z/:]{0,9}") {
        const KEYS: &[&str] = &["messages", "input", "contents", "tools", "provider", "models", "reasoning",
            "response_format", "text", "stream_options", "generationConfig", "tool_choice", "thinking"];
        for key in KEYS {
            let body = json!({ "model": model, *key: value }).to_string();
            for protocol in Protocol::ALL {
                let Ok(asked) = parse(protocol, None, true, body.as_bytes()) else { continue };
                let passed = retarget(&asked, body.as_bytes(), &endpoint("m-1"), &Quirks::default(), Some(5));
                let sent = serde_json::from_slice::<Value>(&passed.unwrap().call.body);
                prop_assert!(sent.is_ok(), "{body}");
            }
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![
            Just("text"),
            Just("user"),
            Just("function"),
            Just("data:image/png;base64,AA=="),
            Just("")
        ]
        .prop_map(Value::from),
    ];
    const KEYS: &[&str] = &[
        "type",
        "role",
        "content",
        "parts",
        "text",
        "function",
        "name",
        "arguments",
        "id",
        "image_url",
        "source",
        "input",
        "tool_calls",
        "functionCall",
        "functionResponse",
        "response",
        "inlineData",
        "data",
        "effort",
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(KEYS), inner), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Google reads both alike, and clients send both.
#[test]
fn a_tool_of_gemini_may_stand_without_its_list() {
    let tool = json!({ "functionDeclarations": [{ "name": "sky", "parameters": { "type": "OBJECT" } }] });
    let body = |tools: Value| json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }], "tools": tools });
    let alone = asked(Protocol::Gemini, &body(tool.clone()));
    assert_eq!(alone.request.tools.len(), 1);
    assert_eq!(alone.request, asked(Protocol::Gemini, &body(json!([tool]))).request);
}
