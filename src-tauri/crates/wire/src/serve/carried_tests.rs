//! What goes from one protocol into another, to the last wish, or is told to be left out.

#[path = "late_tests.rs"]
mod late;
#[path = "marks_tests.rs"]
mod marks;
#[path = "order_tests.rs"]
mod order;

use super::{Asked, Encoder, Protocol, Told, parse, whole};
use crate::trial::{assistant, endpoint, text, tool_call, user};
use domain::{BlockKind, FinishReason, NoticeKind, Part, Quirks, StreamEvent, ToolChoice};
use serde_json::{Value, json};

fn asked(protocol: Protocol, body: &Value) -> Asked {
    let path = (protocol == Protocol::Gemini).then_some("acme/m");
    parse(protocol, path, false, body.to_string().as_bytes()).unwrap()
}

/// What an endpoint of this dialect is sent, and what is told of it.
fn sent(asked: &Asked, dialect: &str) -> (Value, Vec<(NoticeKind, domain::Words)>) {
    let dialect = crate::dialect(dialect).unwrap();
    let encoded = dialect.encode(&asked.request, &endpoint("m-1"), &Quirks::default()).unwrap();
    (serde_json::from_slice(&encoded.call.body).unwrap(), encoded.notices)
}

#[test]
fn a_wish_for_one_call_at_a_time_reaches_every_provider_that_has_a_word_for_it() {
    let schema = json!({ "type": "object" });
    let function = json!({ "name": "f", "parameters": schema });
    let question = json!([{ "role": "user", "content": "x" }]);
    let chat = json!({ "model": "m", "messages": question, "parallel_tool_calls": false,
        "tools": [{ "type": "function", "function": function }] });
    let responses = json!({ "model": "m", "input": "x", "parallel_tool_calls": false,
        "tools": [{ "type": "function", "name": "f", "parameters": schema }] });
    let messages = json!({ "model": "m", "max_tokens": 9, "messages": question,
        "tools": [{ "name": "f", "input_schema": schema }],
        "tool_choice": { "type": "auto", "disable_parallel_tool_use": true } });
    for (protocol, body) in [
        (Protocol::OpenAiChat, chat),
        (Protocol::OpenAiResponses, responses),
        (Protocol::AnthropicMessages, messages),
    ] {
        let asked = asked(protocol, &body);
        for dialect in ["openai-chat", "openai-responses"] {
            assert_eq!(sent(&asked, dialect).0["parallel_tool_calls"], false, "{protocol:?} to {dialect}");
        }
        let choice = &sent(&asked, "anthropic-messages").0["tool_choice"];
        assert_eq!(*choice, json!({ "type": "auto", "disable_parallel_tool_use": true }), "{protocol:?}");
        for dialect in ["gemini", "cohere", "ollama", "bedrock-converse"] {
            let notices = sent(&asked, dialect).1;
            let told = notices.iter().any(|(_, words)| words.starts_with("parallel_tool_calls: "));
            assert!(told, "{protocol:?} to {dialect}: {notices:?}");
        }
    }
    let refuses = Quirks { untold_calls: vec!["m-".into()], ..Quirks::default() };
    let asked_once = asked(
        Protocol::OpenAiChat,
        &json!({ "model": "m", "messages": question,
        "parallel_tool_calls": false, "tools": [{ "type": "function", "function": function }] }),
    );
    for dialect in ["openai-chat", "openai-responses"] {
        let dialect = crate::dialect(dialect).unwrap();
        let encoded = dialect.encode(&asked_once.request, &endpoint("m-1"), &refuses).unwrap();
        assert_eq!(crate::trial::body(&encoded).get("parallel_tool_calls"), None);
        assert_eq!(encoded.notices.len(), 1);
    }
    let many = json!({ "model": "m", "messages": question, "tools": [{ "type": "function", "function": function }] });
    let many = asked(Protocol::OpenAiChat, &many);
    assert_eq!(sent(&many, "openai-chat").0.get("parallel_tool_calls"), None);
    assert_eq!(sent(&many, "anthropic-messages").0.get("tool_choice"), None);
    assert!(sent(&many, "gemini").1.is_empty());
}

#[test]
fn calls_of_the_older_way_are_told_apart_and_answered_in_it() {
    let call = |city: &str| {
        json!({ "role": "assistant", "content": null,
        "function_call": { "name": "sky", "arguments": city } })
    };
    let result = |words: &str| json!({ "role": "function", "name": "sky", "content": words });
    let asked = asked(
        Protocol::OpenAiChat,
        &json!({ "model": "m", "functions": [{ "name": "sky" }], "function_call": "auto", "messages": [
            { "role": "user", "content": "x" }, call("1"), result("grey"), call("2"), result("blue") ] }),
    );
    let given = |id: &str, content: &str| {
        user(vec![Part::ToolResult {
            id: id.into(),
            name: "sky".into(),
            content: content.into(),
            is_error: false,
        }])
    };
    assert_eq!(
        asked.request.messages,
        [
            user(vec![text("x")]),
            assistant(vec![tool_call("call_1", "sky", "1")]),
            given("call_1", "grey"),
            assistant(vec![tool_call("call_3", "sky", "2")]),
            given("call_3", "blue"),
        ]
    );
    assert!(asked.request.one_tool_call && asked.old_calls);

    let told = Told { old_calls: true, ..Told::default() };
    let mut events = Vec::new();
    for (block, id, name) in [(0, "c1", "sky"), (1, "c2", "sea"), (2, "c3", "sky")] {
        let kind = BlockKind::ToolCall { id: id.into(), name: name.into() };
        events.push(StreamEvent::BlockOpen { block, kind });
        events.push(StreamEvent::BlockDelta { block, text: format!("{{\"n\":{block}}}") });
        events.push(StreamEvent::BlockClose { block, signature: Some(format!("proof {block}")) });
    }
    events.push(StreamEvent::Finish { reason: FinishReason::ToolCalls, raw: None });
    let answer: Value = serde_json::from_slice(&whole(Protocol::OpenAiChat, &told, &events, None)).unwrap();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "function_call");
    assert_eq!(choice["message"]["function_call"], json!({ "name": "sky", "arguments": "{\"n\":0}" }));
    assert_eq!(choice["message"].get("tool_calls"), None, "the forms are never mixed");
    assert_eq!(choice["message"]["reasoning_details"].as_array().map(Vec::len), Some(1));
    let told_of = |words: &Value| {
        let words = words[0].as_str().unwrap_or_default();
        words.starts_with("function_call: ") && words.ends_with(" Left out: sea, sky.")
    };
    assert!(told_of(&answer["warnings"]), "{answer}");
    let one: Vec<StreamEvent> = [&events[..3], &events[9..]].concat();
    let alone: Value = serde_json::from_slice(&whole(Protocol::OpenAiChat, &told, &one, None)).unwrap();
    assert_eq!(alone.get("warnings"), None);

    let mut out = Vec::new();
    let mut encoder = Encoder::new(Protocol::OpenAiChat, told);
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.end(None, &mut out);
    let chunks: Vec<Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .collect();
    let deltas = || chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
    let arguments: String =
        deltas().filter_map(|delta| delta["function_call"]["arguments"].as_str()).collect();
    assert_eq!(arguments, "{\"n\":0}");
    assert!(deltas().any(|delta| delta["function_call"]["name"] == "sky"));
    assert!(deltas().all(|delta| delta.get("tool_calls").is_none()), "the forms are never mixed");
    assert_eq!(deltas().filter(|delta| delta.get("reasoning_details").is_some()).count(), 1);
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "function_call");
    assert!(told_of(&last["warnings"]), "{last}");
}

#[test]
fn what_no_other_protocol_has_a_word_for_is_told() {
    let picture = "data:image/png;base64,AAEC";
    let chat = |more: Value| json!({ "model": "m", "messages": [more] });
    let messages = |block: Value| {
        json!({ "model": "m", "max_tokens": 9,
        "messages": [{ "role": "user", "content": [block] }] })
    };
    let document = json!({ "type": "document", "title": "T", "context": "Old.", "citations": { "enabled": true },
        "source": { "type": "text", "media_type": "text/plain", "data": "Body." } });
    let pixels = json!({ "mimeType": "image/png", "data": "AAEC" });
    for (protocol, body, lost) in [
        (
            Protocol::OpenAiChat,
            chat(json!({ "role": "user", "name": "ada", "content": "x" })),
            "messages.name",
        ),
        (
            Protocol::OpenAiChat,
            chat(json!({ "role": "user", "content": [
                { "type": "image_url", "image_url": { "url": picture, "detail": "low" } }] })),
            "image_url.detail",
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": [{ "role": "user", "content": [
                { "type": "input_image", "image_url": picture, "detail": "high" }] }] }),
            "input_image.detail",
        ),
        (Protocol::AnthropicMessages, messages(document.clone()), "document.citations"),
        (
            Protocol::Gemini,
            json!({ "contents": [{ "parts": [{ "inlineData": pixels, "mediaResolution": { "level": "LOW" } }] }] }),
            "mediaResolution",
        ),
        (
            Protocol::OpenAiChat,
            json!({ "model": "m", "transforms": ["middle-out"], "messages": [{ "role": "user", "content": "x" }] }),
            "transforms",
        ),
    ] {
        assert_eq!(asked(protocol, &body).dropped, [lost], "{body}");
    }
    let usual = chat(json!({ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": picture, "detail": "auto" } }] }));
    assert!(asked(Protocol::OpenAiChat, &usual).dropped.is_empty());
    let enumerated = json!({ "contents": [{ "parts": [{ "text": "x" }] }],
        "generationConfig": { "responseMimeType": "text/x.enum" } });
    assert!(asked(Protocol::Gemini, &enumerated).bound.unwrap().message.contains("text/x.enum"));
    // What is said of a document goes along with it.
    let parts = &asked(Protocol::AnthropicMessages, &messages(document)).request.messages[0].parts;
    assert_eq!((parts.len(), &parts[0]), (2, &text("Old.")));
}

#[test]
fn what_geminis_json_says_in_its_own_way_is_kept() {
    let pixels = json!({ "mimeType": "image/png", "data": "AAEC" });
    let asked = asked(
        Protocol::Gemini,
        &json!({ "contents": [
            { "role": "model", "parts": [{ "functionCall": { "id": "c", "name": "look", "args": {} } }] },
            { "role": "user", "parts": [{ "functionResponse": { "id": "c", "name": "look",
                "response": { "output": "a cat" }, "parts": [{ "inlineData": pixels }] } }] } ],
            "tools": [{ "functionDeclarations": [{ "name": "look", "parameters": { "type": "ARRAY",
                "minItems": "1", "maxItems": "2", "items": { "type": "STRING", "maxLength": "9" } } }] }] }),
    );
    let parts = &asked.request.messages[1].parts;
    assert_eq!(parts[1], Part::Image { media_type: "image/png".into(), data: vec![0, 1, 2].into() });
    assert_eq!(
        asked.request.tools[0].parameters,
        json!({ "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "string", "maxLength": 9 } })
    );
}

/// “Either function calls or natural language”: who must call a tool never comes to its last words.
#[test]
fn calls_that_gemini_is_to_check_are_no_duty_to_call() {
    let body = |config: Value| {
        json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" }] }],
            "tools": [{ "functionDeclarations": [{ "name": "look", "parameters": { "type": "OBJECT" } }] }],
            "toolConfig": { "functionCallingConfig": config } })
    };
    let free = asked(Protocol::Gemini, &body(json!({ "mode": "VALIDATED" })));
    assert_eq!(free.request.tool_choice, Some(ToolChoice::Auto));
    assert_eq!(free.dropped, ["functionCallingConfig.mode: VALIDATED"], "that calls are checked is lost");
    assert!(free.bound.is_none());
    let duty = asked(Protocol::Gemini, &body(json!({ "mode": "ANY" })));
    assert_eq!((duty.request.tool_choice.clone(), duty.dropped.len()), (Some(ToolChoice::Required), 0));
    let some = body(json!({ "mode": "VALIDATED", "allowedFunctionNames": ["look"] }));
    assert!(asked(Protocol::Gemini, &some).bound.is_some());
}

#[test]
fn a_picture_that_was_made_goes_back_to_whoever_can_change_it() {
    let told = Told::default();
    let events = [
        StreamEvent::BlockOpen { block: 0, kind: BlockKind::Image { media_type: "image/png".into() } },
        StreamEvent::BlockDelta { block: 0, text: "AAEC".into() },
        StreamEvent::BlockClose { block: 0, signature: None },
        StreamEvent::Finish { reason: FinishReason::Stop, raw: None },
    ];
    let question = json!({ "role": "user", "content": "Draw." });
    for protocol in [Protocol::OpenAiChat, Protocol::OpenAiResponses] {
        let answer: Value = serde_json::from_slice(&whole(protocol, &told, &events, None)).unwrap();
        let body = match protocol {
            Protocol::OpenAiChat => {
                json!({ "model": "m", "messages": [question, answer["choices"][0]["message"], question] })
            }
            _ => json!({ "model": "m", "input": [question, answer["output"][0], question] }),
        };
        let asked = asked(protocol, &body);
        assert_eq!(asked.bound, None, "{protocol:?}");
        let (sent_on, _) = sent(&asked, "gemini");
        let picture = &sent_on["contents"][1]["parts"][0]["inlineData"];
        assert_eq!(*picture, json!({ "mimeType": "image/png", "data": "AAEC" }), "{protocol:?}");
        assert_eq!(sent(&asked, "anthropic-messages").1.len(), 1, "{protocol:?}: elsewhere it is told");
        let proves = Quirks { effort_models: vec!["m-".into()], ..Quirks::default() };
        let encoded = crate::dialect("gemini").unwrap();
        let encoded = encoded.encode(&asked.request, &endpoint("m-1"), &proves).unwrap();
        assert!(
            !crate::trial::body(&encoded).to_string().contains("inlineData"),
            "{protocol:?}: without its proof"
        );
        assert_eq!(encoded.notices.len(), 1, "{protocol:?}");
    }
}

#[test]
fn a_recording_is_heard_by_an_endpoint_of_the_chat_dialect() {
    let body = json!({ "contents": [{ "parts": [{ "text": "What is it?" },
        { "inlineData": { "mimeType": "audio/wav", "data": "UklGRg==" } }] }] });
    let (sent, _) = sent(&asked(Protocol::Gemini, &body), "openai-chat");
    assert_eq!(
        sent["messages"][0]["content"][1],
        json!({ "type": "input_audio", "input_audio": { "data": "UklGRg==", "format": "wav" } })
    );
}

#[test]
fn a_recording_and_a_picture_on_the_web_go_the_other_way_too() {
    let said = |format: &str| {
        json!({ "model": "m", "messages": [{ "role": "user", "content": [{ "type": "text", "text": "What is it?" },
            { "type": "input_audio", "input_audio": { "data": "UklGRg==", "format": format } }] }] })
    };
    let recorded = asked(Protocol::OpenAiChat, &said("wav"));
    assert_eq!(recorded.bound, None);
    let (body, notices) = sent(&recorded, "gemini");
    let sound = json!({ "inlineData": { "mimeType": "audio/wav", "data": "UklGRg==" } });
    assert_eq!((&body["contents"][0]["parts"][1], notices.len()), (&sound, 0));
    assert!(
        asked(Protocol::OpenAiChat, &said("pcm16")).bound.is_some(),
        "only its own protocol knows what that is"
    );
    let at = |url: &str| json!({ "contents": [{ "parts": [{ "fileData": { "mimeType": "image/png", "fileUri": url } }] }] });
    let shown = asked(Protocol::Gemini, &at("https://x.example/a.png"));
    assert_eq!(shown.bound, None);
    assert_eq!(
        sent(&shown, "openai-chat").0["messages"][0]["content"][0]["image_url"]["url"],
        "https://x.example/a.png"
    );
    let kept = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    assert!(asked(Protocol::Gemini, &at(kept)).bound.is_some(), "nobody else can read it");
}

#[test]
fn words_that_are_not_known_here_are_between_a_client_and_a_provider_of_its_protocol() {
    let question = json!([{ "role": "user", "content": "x" }]);
    let gemini =
        |config: Value| json!({ "contents": [{ "parts": [{ "text": "x" }] }], "generationConfig": config });
    let messages =
        |more: (&str, Value)| json!({ "model": "m", "max_tokens": 9, "messages": question, more.0: more.1 });
    for (protocol, body, what) in [
        (Protocol::AnthropicMessages, messages(("thinking", json!({ "type": "between_tools" }))), "thinking"),
        (
            Protocol::AnthropicMessages,
            messages(("output_config", json!({ "effort": "utmost" }))),
            "output_config.effort",
        ),
        (
            Protocol::OpenAiChat,
            json!({ "model": "m", "messages": question, "reasoning_effort": "default" }),
            "reasoning_effort",
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": "x", "reasoning": { "effort": "utmost" } }),
            "reasoning.effort",
        ),
        (
            Protocol::Gemini,
            gemini(json!({ "thinkingConfig": { "thinkingLevel": "UTMOST" } })),
            "thinkingLevel",
        ),
    ] {
        let asked = asked(protocol, &body);
        assert_eq!(
            (&asked.dropped, asked.request.params.reasoning),
            (&vec![what.to_owned()], None),
            "{body}"
        );
        assert!(super::passes(&asked, protocol.dialect(), "m", &Quirks::default()), "{body}");
        let text = body.to_string();
        let passed =
            super::retarget(&asked, text.as_bytes(), &endpoint("m"), &Quirks::default(), None).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        assert_eq!(sent["thinking"], body["thinking"]);
        assert_eq!(sent["reasoning_effort"], body["reasoning_effort"]);
    }
}

#[test]
fn a_system_prompt_alone_is_a_question_and_an_empty_message_is_the_providers_to_judge() {
    let chat = |message: Value| json!({ "model": "m", "messages": [message] });
    for (protocol, body) in [
        (Protocol::OpenAiChat, chat(json!({ "role": "system", "content": "Say hi." }))),
        (Protocol::OpenAiChat, chat(json!({ "role": "developer", "content": "Say hi." }))),
        (
            Protocol::OpenAiResponses,
            json!({ "model": "m", "input": [{ "role": "developer", "content": "Say hi." }] }),
        ),
        (Protocol::OpenAiResponses, json!({ "model": "m", "instructions": "Say hi." })),
    ] {
        let asked = asked(protocol, &body);
        assert_eq!(asked.bound, None);
        assert_eq!(
            (&asked.request.system, &asked.request.messages),
            (&None, &vec![user(vec![text("Say hi.")])])
        );
        assert!(super::passes(&asked, protocol.dialect(), "m", &Quirks::default()));
        for dialect in ["anthropic-messages", "gemini", "openai-chat"] {
            assert!(sent(&asked, dialect).0.to_string().contains("Say hi."), "{body} to {dialect}");
        }
    }
    for (protocol, body) in [
        (Protocol::OpenAiChat, chat(json!({ "role": "user", "content": "" }))),
        (Protocol::OpenAiResponses, json!({ "model": "m", "input": [{ "role": "user", "content": [] }] })),
    ] {
        let asked = asked(protocol, &body);
        assert!(asked.bound.as_ref().unwrap().message.starts_with("There is nothing to answer"));
        assert!(super::passes(&asked, protocol.dialect(), "m", &Quirks::default()));
        assert!(!super::passes(&asked, "gemini", "m", &Quirks::default()));
    }
}

#[test]
fn a_limit_below_nothing_is_none() {
    let body = json!({ "model": "m", "max_tokens": -1, "messages": [{ "role": "user", "content": "x" }] });
    let asked = asked(Protocol::OpenAiChat, &body);
    assert_eq!(asked.request.params.max_completion_tokens, None);
    let text = body.to_string();
    let pass = |limit| {
        let passed =
            super::retarget(&asked, text.as_bytes(), &endpoint("m"), &Quirks::default(), limit).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        (sent["max_tokens"].clone(), passed.output_limit)
    };
    assert_eq!(pass(None), (json!(-1), None));
    assert_eq!(pass(Some(7)), (json!(7), Some(7)), "a budget's takes its place");
    assert_eq!(sent(&asked, "openai-chat").0.get("max_tokens"), None);
}
