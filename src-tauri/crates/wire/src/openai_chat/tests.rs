use super::*;
use crate::{
    Ending,
    trial::{self, Read, ask, assistant, body, endpoint, sse, text, tool_call, tool_result, user},
};
use domain::{
    Effort, ErrorKind, NoticeKind, Params, Part, Reasoning, ResponseFormat, StreamEvent, StreamUsage, Tool,
    ToolChoice,
};
use serde_json::json;

fn encode(request: &Request, quirks: &Quirks) -> Encoded {
    OpenAiChat.encode(request, &endpoint("m-1"), quirks).unwrap()
}

fn chunks(deltas: &[&str]) -> Read {
    let mut events: Vec<String> = deltas
        .iter()
        .map(|d| {
            format!(r#"{{"id":"r","object":"chat.completion.chunk","choices":[{{"index":0,"delta":{d}}}]}}"#)
        })
        .collect();
    events.push(
        r#"{"id":"r","object":"chat.completion.chunk","choices":[{"delta":{},"finish_reason":"stop"}]}"#
            .into(),
    );
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    trial::read(OpenAiChat.decoder(Framing::Sse, &Quirks::default()), &sse(&events))
}

#[test]
fn a_plain_request_is_plain() {
    let mut request = ask(vec![user(vec![text("a"), text("b")])]);
    request.system = Some("be brief".into());
    let encoded = encode(&request, &Quirks::default());
    assert_eq!(encoded.call.path, "/chat/completions");
    assert_eq!(
        body(&encoded),
        json!({
            "model": "m-1", "stream": true, "stream_options": { "include_usage": true },
            "messages": [{ "role": "system", "content": "be brief" }, { "role": "user", "content": "a\n\nb" }],
        })
    );
    assert_eq!(encoded.notices, []);
}

#[test]
fn every_parameter_has_its_place() {
    let schema = json!({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false});
    let request = Request {
        params: Params {
            temperature: Some(0.5),
            top_p: Some(f64::NAN),
            max_completion_tokens: Some(100),
            stop: vec!["X".into()],
            seed: Some(-7),
            reasoning: Some(Reasoning::Effort(Effort::High)),
            response_format: Some(ResponseFormat::JsonSchema { name: "s".into(), schema: schema.clone() }),
        },
        tools: vec![Tool { name: "t".into(), description: "d".into(), parameters: json!({"type":"object"}) }],
        tool_choice: Some(ToolChoice::Named { name: "t".into() }),
        ..ask(vec![user(vec![text("a")])])
    };
    let sent = body(&encode(&request, &Quirks::default()));
    assert_eq!(sent["temperature"], 0.5);
    assert_eq!(sent.get("top_p"), None);
    assert_eq!(sent["max_tokens"], 100);
    assert_eq!(sent["stop"], json!(["X"]));
    assert_eq!(sent["seed"], -7);
    assert_eq!(sent["reasoning_effort"], "high");
    assert_eq!(sent["response_format"]["json_schema"], json!({"name":"s","schema":schema,"strict":true}));
    assert_eq!(sent["tools"][0]["function"]["name"], "t");
    assert_eq!(sent["tool_choice"], json!({"type":"function","function":{"name":"t"}}));
}

#[test]
fn departures_of_a_provider_are_obeyed_and_told() {
    let quirks = Quirks {
        max_tokens_field: Some("max_completion_tokens".into()),
        system_role: Some("developer".into()),
        stream_usage: StreamUsage::Always,
        drop_params: vec!["temperature".into(), "seed".into(), "stream_options".into()],
        path: Some("/deployments/{model}/chat".into()),
        most_stops: Some(4),
        ..Quirks::default()
    };
    let mut request = ask(vec![user(vec![text("a")])]);
    request.system = Some("s".into());
    request.params.temperature = Some(1.0);
    request.params.max_completion_tokens = Some(9);
    request.params.stop = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
    request.params.reasoning = Some(Reasoning::Budget(5000));
    let encoded = OpenAiChat.encode(&request, &endpoint("gpt 4/o"), &quirks).unwrap();
    let sent = body(&encoded);
    assert_eq!(encoded.call.path, "/deployments/gpt%204%2Fo/chat");
    assert_eq!(
        (sent.get("temperature"), sent.get("stream_options"), sent.get("max_tokens")),
        (None, None, None)
    );
    assert_eq!(
        (&sent["max_completion_tokens"], &sent["messages"][0]["role"]),
        (&json!(9), &json!("developer"))
    );
    assert_eq!(sent["stop"], json!(["a", "b", "c", "d"]));
    let told: Vec<&str> = encoded.notices.iter().map(|(_, detail)| &**detail).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.contains(&"stop: only the first 4 sequences are sent."), "{told:?}");
    // Of others nobody knows how many they take.
    let sent = body(&encode(&request, &Quirks::default()));
    assert_eq!(sent["stop"].as_array().unwrap().len(), 6);
    assert!(encoded.notices.iter().all(|(kind, _)| *kind == NoticeKind::DroppedParameter));
}

#[test]
fn pictures_and_files_travel_inside() {
    let image = Part::Image { media_type: "image/png".into(), data: vec![0, 1, 2].into() };
    let pdf = Part::File {
        name: "a.pdf".into(),
        media_type: "application/pdf".into(),
        data: vec![1].into(),
        text: None,
    };
    let notes = Part::File {
        name: "a.md".into(),
        media_type: "text/markdown".into(),
        data: (*b"# x").into(),
        text: None,
    };
    let sent = body(&encode(&ask(vec![user(vec![text("see"), image, pdf, notes])]), &Quirks::default()));
    assert_eq!(
        sent["messages"][0]["content"],
        json!([
            { "type": "text", "text": "see" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAEC" } },
            { "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,AQ==" } },
            { "type": "text", "text": "a.md:\n```\n# x\n```" },
        ])
    );
}

#[test]
fn results_follow_their_calls() {
    let request = ask(vec![
        user(vec![text("weather?")]),
        assistant(vec![text("I look."), tool_call("c1", "t", ""), tool_call("c2", "t", "{\"a\":1}")]),
        user(vec![tool_result("c1", "rain"), tool_result("c2", "sun"), text("and?")]),
    ]);
    let sent = body(&encode(&request, &Quirks::default()));
    let roles: Vec<&str> =
        sent["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool", "user"]);
    assert_eq!(sent["messages"][1]["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(sent["messages"][2], json!({ "role": "tool", "tool_call_id": "c1", "content": "rain" }));
}

/// Mistral: nine letters and digits, and the result names the same as the call.
#[test]
fn ids_are_made_to_measure_where_only_some_are_taken() {
    let request = ask(vec![
        user(vec![text("Hi")]),
        assistant(vec![
            tool_call("call_abc", "f", "{}"),
            tool_call("call_abd", "f", "{}"),
            tool_call("D681PevKs", "f", "{}"),
        ]),
        user(vec![tool_result("call_abd", "1")]),
    ]);
    let quirks = Quirks { tool_id_length: Some(9), ..Quirks::default() };
    let sent = body(&encode(&request, &quirks));
    let id = |call: usize| sent["messages"][1]["tool_calls"][call]["id"].as_str().unwrap().to_owned();
    for made in [id(0), id(1)] {
        assert!(made.len() == 9 && made.bytes().all(|b| b.is_ascii_alphanumeric()), "{made}");
    }
    assert_ne!(id(0), id(1));
    assert_eq!(id(2), "D681PevKs");
    assert_eq!(sent["messages"][2]["tool_call_id"], id(1));
}

#[test]
fn models_that_want_their_reasoning_back_get_an_empty_one() {
    let request = ask(vec![user(vec![text("Hi")]), assistant(vec![text("Hello")]), user(vec![text("And?")])]);
    let quirks = Quirks { wants_reasoning: vec!["other".into()], ..Quirks::default() };
    assert!(body(&encode(&request, &quirks))["messages"][1].get("reasoning_content").is_none());
    let model = body(&encode(&request, &quirks))["model"].as_str().unwrap().to_owned();
    let quirks = Quirks { wants_reasoning: vec![model], ..Quirks::default() };
    assert_eq!(body(&encode(&request, &quirks))["messages"][1]["reasoning_content"], "");
}

#[test]
fn nothing_to_say_is_refused_before_it_is_sent() {
    for messages in [vec![], vec![user(vec![])], vec![user(vec![text("")]), assistant(vec![])]] {
        let refused = OpenAiChat.encode(&ask(messages), &endpoint("m"), &Quirks::default());
        assert_eq!(refused.unwrap_err().kind, ErrorKind::RequestInvalid);
    }
}

#[test]
fn calls_are_told_apart_though_every_index_is_zero() {
    let read = chunks(&[
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\":"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"2}"}}]}"#,
    ]);
    assert_eq!(read.blocks, [r#"call a f: {"x":1}"#, r#"call b f: {"x":2}"#]);
}

#[test]
fn calls_without_ids_or_indices_are_told_apart() {
    let read = chunks(&[
        r#"{"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"id":"null","function":{"name":"f","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"name":"g","arguments":null}}]}"#,
    ]);
    assert_eq!(read.blocks, [r#"call call_0 f: {"x":1}"#, "call call_1 f: {}", "call call_2 g: "]);
}

#[test]
fn interleaved_calls_and_late_names_are_put_together() {
    let read = chunks(&[
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":2,"id":"c","function":{"arguments":"{}"}}]}"#,
    ]);
    assert_eq!(read.blocks, ["call b g: {}", r#"call a f: {"x":1}"#, "call c : {}"]);
    let legacy = chunks(&[
        r#"{"function_call":{"name":"f","arguments":"{"}}"#,
        r#"{"function_call":{"arguments":"}"}}"#,
    ]);
    assert_eq!(legacy.blocks, ["call call_0 f: {}"]);
}

#[test]
fn content_in_parts_is_read_by_its_sort() {
    let read = chunks(&[
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"Yes"}]}"#,
        r#"{"content":[{"type":"text","text":"."},{"type":"reference","reference_ids":[1]}]}"#,
        r#"{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}}]}"#,
        r#"{"annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"X"}}]}"#,
        r#"{"annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"X"}}]}"#,
    ]);
    assert_eq!(read.blocks, ["reasoning: Hm", "text: Yes.", "image image/png: AAEC", "cite https://x|X"]);
    assert_eq!(read.ending, Ending::Complete);
}

#[test]
fn reasoning_that_came_in_the_content_goes_back_in_it() {
    let thought = r#"{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}"#;
    let read =
        chunks(&[&format!(r#"{{"content":[{thought}]}}"#), r#"{"content":[{"type":"text","text":"Yes"}]}"#]);
    assert_eq!(read.blocks, ["reasoning: Hm", "text: Yes"]);
    let part = |issuer: &str| Part::Reasoning {
        text: "Hm".into(),
        signature: Some(read.signatures[0].clone()),
        issuer: issuer.into(),
    };
    let sent = |issuer| ask(vec![assistant(vec![part(issuer), text("Yes")]), user(vec![text("?")])]);
    let own = encode(&sent("acme/m-1"), &Quirks::default());
    let thought: serde_json::Value = serde_json::from_str(thought).unwrap();
    assert_eq!(body(&own)["messages"][0]["content"], json!([thought, { "type": "text", "text": "Yes" }]));
    let other = encode(&sent("acme/other"), &Quirks::default());
    assert_eq!(body(&other)["messages"][0]["content"], "Yes");
    assert_eq!(other.notices[0].0, NoticeKind::DroppedContent);
}

#[test]
fn reasoning_details_go_back_as_the_objects_they_are_pieces_of() {
    let read = chunks(&[
        r#"{"reasoning":"Let ","reasoning_details":[{"type":"reasoning.text","text":"Let ","format":"f","index":0}]}"#,
        r#"{"reasoning":"me \"see\"","reasoning_details":[{"type":"reasoning.text","text":"me \"see\"","format":"f","index":0}]}"#,
        r#"{"content":"Yes"}"#,
        r#"{"reasoning_details":[{"type":"reasoning.text","signature":"SIG","index":0}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"AAAA","id":"e1","index":1}]}"#,
    ]);
    assert_eq!(read.blocks, ["reasoning: Let me \"see\"", "text: Yes"]);
    let details = json!([
        { "type": "reasoning.text", "text": "Let me \"see\"", "format": "f", "index": 0, "signature": "SIG" },
        { "type": "reasoning.encrypted", "data": "AAAA", "id": "e1", "index": 1 },
    ]);
    let signature = read.signatures[0].clone();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&signature).unwrap(), details);
    let reasoning = |issuer: &str| Part::Reasoning {
        text: "Let me \"see\"".into(),
        signature: Some(signature.clone()),
        issuer: issuer.into(),
    };
    let sent = |part| {
        body(&encode(
            &ask(vec![assistant(vec![part, text("Yes")]), user(vec![text("?")])]),
            &Quirks::default(),
        ))
    };
    assert_eq!(sent(reasoning("acme/m-1"))["messages"][0]["reasoning_details"], details);
    assert_eq!(
        sent(reasoning("acme/other"))["messages"][0].get("reasoning_details"),
        None,
        "only to who made it"
    );
}

#[test]
fn reasoning_content_goes_back_in_its_field() {
    let read = chunks(&[r#"{"reasoning_content":"Hm"}"#, r#"{"content":"Yes"}"#]);
    let part = Part::Reasoning {
        text: "Hm".into(),
        signature: Some(read.signatures[0].clone()),
        issuer: "acme/m-1".into(),
    };
    let sent = body(&encode(
        &ask(vec![assistant(vec![part, text("Yes")]), user(vec![text("?")])]),
        &Quirks::default(),
    ));
    assert_eq!(sent["messages"][0]["reasoning_content"], "Hm");
    assert_eq!(chunks(&[r#"{"reasoning":"Hm"}"#]).signatures, [""; 0]);
}

#[test]
fn an_error_number_in_a_good_looking_answer_is_an_error() {
    let body =
        r#"{"id":"x","choices":[],"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#;
    let read = trial::read(OpenAiChat.decoder(Framing::Json, &Quirks::default()), body);
    let Ending::Failed(failure) = read.ending else { panic!("{:?}", read.ending) };
    assert_eq!(failure.kind, ErrorKind::BillingCredits);
    let fine = r#"{"id":"x","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"base_resp":{"status_code":0}}"#;
    let read = trial::read(OpenAiChat.decoder(Framing::Json, &Quirks::default()), fine);
    assert_eq!((read.blocks, read.ending), (vec!["text: a".to_owned()], Ending::Complete));
}

#[test]
fn what_stopped_a_stream_is_found_beside_its_chunk() {
    let event = r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":null}],"x_groq":{"id":"r","error":"over capacity, try again"}}"#;
    let read = trial::read(OpenAiChat.decoder(Framing::Sse, &Quirks::default()), &sse(&[event, "[DONE]"]));
    let Ending::Failed(failure) = read.ending else { panic!("{:?}", read.ending) };
    assert_eq!(failure.kind, ErrorKind::LimitOverloaded);
}

#[test]
fn usage_is_found_wherever_it_is_put() {
    let usage = r#"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#;
    let quirks = Quirks { usage_paths: vec!["/meta/tokens".into()], ..Quirks::default() };
    for place in [
        format!(r#"{{"choices":[],"usage":{usage}}}"#),
        format!(r#"{{"choices":[],"x_groq":{{"usage":{usage}}}}}"#),
        format!(r#"{{"choices":[{{"delta":{{}},"usage":{usage}}}]}}"#),
        format!(r#"{{"meta":{{"tokens":{usage}}}}}"#),
    ] {
        let read = trial::read(OpenAiChat.decoder(Framing::Sse, &quirks), &sse(&[&place, "[DONE]"]));
        assert_eq!((read.usage.input.total, read.usage.output.total), (Some(3), Some(2)), "{place}");
    }
}

#[test]
fn what_is_not_known_is_counted() {
    let read = chunks(&[r#"{"content":"a"}"#]);
    assert!(!read.events.iter().any(|e| matches!(e, StreamEvent::Unknown { .. })));
    let read = trial::read(
        OpenAiChat.decoder(Framing::Sse, &Quirks::default()),
        &sse(&[r#"{"object":"new.thing"}"#]),
    );
    assert_eq!(read.events, [StreamEvent::Unknown { name: "new.thing".into(), bytes: 22 }]);
    assert_eq!(read.ending, Ending::Truncated);
}

#[test]
fn stop_with_calls_waits_for_tools() {
    let read = chunks(&[r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#]);
    assert!(matches!(
        read.events.last(),
        Some(StreamEvent::Finish { reason: domain::FinishReason::ToolCalls, .. })
    ));
}

#[test]
fn a_flood_of_calls_is_cut_off() {
    let calls: Vec<String> = (0..5_000)
        .map(|i| format!(r#"{{"tool_calls":[{{"index":{i},"id":"c{i}","function":{{"name":"f","arguments":"{{}}"}}}}]}}"#))
        .collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let read = chunks(&calls);
    assert_eq!(read.blocks.len(), 1_000);
    assert_eq!(read.events.iter().filter(|e| matches!(e, StreamEvent::Unknown { .. })).count(), 4_000);
}

/// Together, through Hugging Face: the older completions' field beside the delta.
#[test]
fn words_given_twice_are_said_once() {
    let twice = r#"{"object":"chat.completion.chunk","choices":[{"index":0,"text":"Hi","delta":{"role":"assistant","content":"Hi"}}]}"#;
    let old =
        r#"{"object":"text_completion","choices":[{"index":0,"text":" there","finish_reason":"stop"}]}"#;
    let read =
        trial::read(OpenAiChat.decoder(Framing::Sse, &Quirks::default()), &sse(&[twice, old, "[DONE]"]));
    assert_eq!((read.blocks, read.ending), (vec!["text: Hi there".to_owned()], Ending::Complete));
}

/// Snowflake, whole: every field of its types, most of them empty.
#[test]
fn fields_written_out_empty_say_nothing() {
    let body = r#"{"object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"4","refusal":"","annotations":null,"audio":{"data":"","expires_at":0,"id":"","transcript":""},"function_call":{"arguments":"","name":""},"tool_calls":null}}]}"#;
    let read = trial::read(OpenAiChat.decoder(Framing::Json, &Quirks::default()), body);
    assert_eq!(read.blocks, ["text: 4"]);
    assert!(!read.events.iter().any(|e| matches!(e, StreamEvent::Unknown { .. })), "{:?}", read.events);
    let end = read.events.last();
    assert!(matches!(end, Some(StreamEvent::Finish { reason: domain::FinishReason::Stop, .. })), "{end:?}");
}

#[test]
fn reasons_are_understood_whoever_gives_them() {
    use domain::FinishReason as F;
    for (raw, meant) in [
        ("stop", F::Stop),
        ("eos", F::Stop),
        ("max_tokens", F::Length),
        ("model_length", F::Length),
        ("model_context_window_exceeded", F::Length),
        ("function_call", F::ToolCalls),
        ("sensitive", F::ContentFilter),
        ("content_filter: RECITATION", F::ContentFilter),
        ("network_error", F::Error),
        ("insufficient_system_resource", F::Error),
        ("TIMEOUT", F::Error),
        ("abort", F::Error),
        ("MALFORMED_FUNCTION_CALL", F::Error),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", F::Error),
        ("because", F::Other),
    ] {
        let body = format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"{raw}"}}]}}"#);
        let read = trial::read(OpenAiChat.decoder(Framing::Json, &Quirks::default()), &body);
        let Some(StreamEvent::Finish { reason, raw: kept }) = read.events.last() else { panic!("{raw}") };
        assert_eq!((*reason, kept.as_deref()), (meant, Some(raw)));
        assert_eq!(matches!(read.ending, Ending::Failed(_)), meant == F::Error, "{raw}");
    }
}

#[test]
fn a_model_of_another_dialect_is_asked_and_read_in_that() {
    let quirks = Quirks {
        path: Some("/own/{model}".into()),
        forms: vec![domain::ModelForm {
            models: vec!["-pro".into()],
            dialect: domain::DialectId::from("openai-responses"),
            path: None,
            body: Default::default(),
            omit: Vec::new(),
        }],
        ..Quirks::default()
    };
    let request = ask(vec![user(vec![text("Hi")])]);
    let other = OpenAiChat.encode(&request, &endpoint("m-pro"), &quirks).unwrap();
    assert_eq!(other.call.path, "/responses");
    assert_eq!(body(&other)["input"][0]["role"], "user");
    let own = OpenAiChat.encode(&request, &endpoint("m"), &quirks).unwrap();
    assert_eq!(own.call.path, "/own/m");
    let of = |model| crate::dialect_for("openai-chat", model, &quirks).unwrap().id();
    assert_eq!((of("m-pro"), of("m")), ("openai-responses", "openai-chat"));
}

#[test]
fn a_tool_that_failed_says_so_in_words_where_no_field_does() {
    let result = |content: &str, is_error| Part::ToolResult {
        id: "c".into(),
        name: "t".into(),
        content: content.into(),
        is_error,
    };
    let sent = |part: Part| {
        let encoded = encode(&ask(vec![user(vec![part])]), &Quirks::default());
        body(&encoded)["messages"][0]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!(sent(result("no such city", true)), "Error: no such city");
    assert_eq!(sent(result("ERROR 5", true)), "ERROR 5");
    assert_eq!(sent(result("no such city", false)), "no such city");
    assert_eq!(sent(result("", true)), "Error: ");
}

#[test]
fn where_no_tool_can_be_demanded_that_is_told() {
    let mut request = ask(vec![user(vec![text("Hi")])]);
    request.tools = vec![Tool { name: "t".into(), description: String::new(), parameters: json!({}) }];
    request.tool_choice = Some(ToolChoice::Required);
    let encoded = encode(&request, &Quirks { tools_by_choice: true, ..Quirks::default() });
    assert_eq!((body(&encoded).get("tool_choice"), encoded.notices.len()), (None, 1));
    request.tool_choice = Some(ToolChoice::None);
    let encoded = encode(&request, &Quirks { tools_by_choice: true, ..Quirks::default() });
    assert_eq!((&body(&encoded)["tool_choice"], encoded.notices.len()), (&json!("none"), 0));
}
