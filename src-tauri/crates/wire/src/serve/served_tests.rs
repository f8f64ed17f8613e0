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
    assert_eq!(messages(limited), ServedTools { searches: 3, ..ServedTools::default() });
    let open = messages(json!([{ "type": "web_search_20250305", "name": "web_search" }]));
    assert_eq!(open.endless.as_deref(), Some("web_search_20250305"));
    let code = messages(json!([{ "type": "code_execution_20250522", "name": "code" }]));
    assert!(code.endless.is_some());
    let responses = |tools: Value, most: Value| {
        let body = json!({ "model": "m", "input": "Hi", "tools": tools, "max_tool_calls": most });
        served(Protocol::OpenAiResponses, body)
    };
    let search = json!([{ "type": "web_search" }]);
    assert_eq!(responses(search.clone(), json!(4)), ServedTools { searches: 4, ..ServedTools::default() });
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

/// What costs by the use without being a tool, or stands where its length cannot be seen.
#[test]
fn what_is_kept_elsewhere_or_costs_by_the_use_is_told() {
    let said = json!([{ "role": "user", "content": "Hi" }]);
    let served = |protocol, field: &str, value: Value| {
        let mut body = match protocol {
            Protocol::OpenAiResponses => json!({ "model": "m", "input": "Hi" }),
            Gemini => json!({ "model": "m", "contents": [{ "parts": [{ "text": "Hi" }] }] }),
            _ => json!({ "model": "m", "max_tokens": 9, "messages": said }),
        };
        body[field] = value;
        asked(protocol, &body).served().clone()
    };
    use Protocol::{AnthropicMessages as Messages, Gemini, OpenAiChat as Chat, OpenAiResponses as Responses};
    let servers = json!([{ "type": "url", "url": "https://mcp.example", "name": "x" }]);
    for (protocol, field, value) in [
        (Chat, "tools", json!([{ "type": "builtin_function", "function": { "name": "$web_search" } }])),
        (Chat, "tools", json!([{ "type": "web_search", "web_search": { "enable": true } }])),
        (Chat, "plugins", json!([{ "id": "web" }])),
        (Chat, "search_parameters", json!({ "mode": "auto" })),
        (Chat, "enable_search", json!(true)),
        (Messages, "mcp_servers", servers),
        (Responses, "prompt", json!({ "id": "pmpt_1" })),
        (Messages, "context_management", json!({ "edits": [{ "type": "compact_20260112" }] })),
        (Responses, "context_management", json!([{ "type": "compaction", "compact_threshold": 1_000 }])),
    ] {
        assert!(served(protocol, field, value.clone()).endless.is_some(), "{field}: {value}");
    }
    for (field, value) in [
        ("tools", json!([{ "type": "custom", "custom": { "name": "x" } }])),
        ("plugins", json!([])),
        ("search_parameters", json!({ "mode": "off" })),
        ("enable_search", json!(false)),
    ] {
        assert_eq!(served(Chat, field, value), ServedTools::default(), "{field}");
    }
    // What is taken out of a conversation costs nothing.
    let edits = json!({ "edits": [{ "type": "clear_tool_uses_20250919" }] });
    assert_eq!(served(Messages, "context_management", edits), ServedTools::default());
    let by = |kind: &str| json!([{ "role": "user", "content": [{ "type": kind, kind: "https://x.org/a" }, { "type": "text", "text": "Hi" }] }]);
    let spoken =
        json!([{ "role": "assistant", "audio": { "id": "a" } }, { "role": "user", "content": "Hi" }]);
    let thought =
        json!([{ "type": "reasoning", "id": "rs_1", "summary": [] }, { "role": "user", "content": "Hi" }]);
    let file = json!([{ "role": "user", "content": [
        { "type": "file", "file": { "file_id": "f" } }, { "type": "text", "text": "Hi" }] }]);
    let document = json!([{ "role": "user", "content": [
        { "type": "document", "source": { "type": "url", "url": "https://x.org/a.pdf" } }] }]);
    for (protocol, field, value) in [
        (Chat, "messages", file),
        (Chat, "messages", by("document_url")),
        (Chat, "messages", by("video_url")),
        (Chat, "messages", spoken),
        (Messages, "messages", document),
        (Messages, "messages", by("container_upload")),
        (Responses, "input", thought),
        (
            Responses,
            "input",
            json!([{ "type": "a_new_item", "id": "i" }, { "role": "user", "content": "Hi" }]),
        ),
        (Responses, "previous_response_id", json!("resp_1")),
        (Responses, "conversation", json!("conv_1")),
        (
            Responses,
            "input",
            json!([{ "type": "item_reference", "id": "i" }, { "role": "user", "content": "Hi" }]),
        ),
        (Gemini, "cachedContent", json!("cachedContents/1")),
        (
            Gemini,
            "contents",
            json!([{ "parts": [{ "fileData": { "fileUri": "gs://a" } }, { "text": "Hi" }] }]),
        ),
    ] {
        assert!(served(protocol, field, value.clone()).kept, "{field}: {value}");
    }
}

#[test]
fn a_request_is_counted_whole_or_in_its_field() {
    let plain = json!({ "contents": [{ "parts": [{ "text": "Hello there." }] }] });
    let held = json!({ "generateContentRequest": { "model": "models/m", "contents": plain["contents"],
        "systemInstruction": { "parts": [{ "text": "Be brief." }] } } });
    let count = |body: &Value| {
        let asked = crate::serve::to_count(Protocol::Gemini, Some("m"), body.to_string().as_bytes()).unwrap();
        (asked.request.messages.len(), asked.request.system.is_some())
    };
    assert_eq!((count(&plain), count(&held)), ((1, false), (1, true)));
    let whole = parse(Protocol::Gemini, Some("m"), false, held.to_string().as_bytes());
    assert!(whole.is_err(), "it is no request to be answered");
}

#[test]
fn a_tier_is_told_in_its_providers_word() {
    use Protocol::{AnthropicMessages as Messages, Gemini, OpenAiChat as Chat, OpenAiResponses as Responses};
    let said = json!([{ "role": "user", "content": "Hi" }]);
    let tier = |protocol, field: &str, word: &str| {
        let body = json!({ "model": "m", "max_tokens": 9, "messages": said, "input": "Hi", field: word });
        asked(protocol, &body).tier().map(str::to_owned)
    };
    assert_eq!(tier(Messages, "speed", "fast").as_deref(), Some("fast"));
    assert_eq!(tier(Messages, "inference_geo", "us").as_deref(), Some("us"));
    assert_eq!(tier(Messages, "service_tier", "auto"), None);
    assert_eq!(tier(Chat, "service_tier", "priority").as_deref(), Some("priority"));
    assert_eq!(tier(Responses, "service_tier", "flex").as_deref(), Some("flex"));
    let twice = json!({ "contents": [{ "parts": [{ "text": "Hi" }] }], "generationConfig": {}, "generation_config": {} });
    assert!(parse(Gemini, Some("m"), false, twice.to_string().as_bytes()).is_err());
}

#[test]
fn rules_that_say_nothing_are_none() {
    let rules = json!({ "order": null, "ignore": null, "only": null, "zdr": true, "max_price": null,
        "enforce_distillable_text": false });
    let body = |rules: Value| json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }], "provider": rules });
    let prefs = asked(Protocol::OpenAiChat, &body(rules)).prefs;
    assert_eq!(prefs, domain::RoutingPrefs { zdr: Some(true), ..domain::RoutingPrefs::default() });
    let priced = json!({ "max_price": { "prompt": 1, "request": 0.01, "completion": null } });
    let limits = asked(Protocol::OpenAiChat, &body(priced)).prefs.max_price;
    assert_eq!(limits.request, Some(domain::PicoUsd::from_dollars("0.01").unwrap()));
    assert_eq!((limits.prompt.is_some(), limits.completion), (true, None));
    // What is not understood is not obeyed in part.
    for rule in [json!({ "enforce_distillable_text": true }), json!({ "max_price": { "image": 1 } })] {
        let text = body(rule.clone()).to_string();
        assert!(parse(Protocol::OpenAiChat, None, false, text.as_bytes()).is_err(), "{rule}");
    }
}

/// What Codex sends with every request.
#[test]
fn groups_of_functions_and_a_search_beside_functions_are_offers_that_can_be_left_out() {
    let function = json!({ "type": "function", "name": "f", "parameters": { "type": "object" } });
    let group = json!({ "type": "namespace", "name": "agents", "tools": [function] });
    let ask = |tools: Value, choice: Value| {
        asked(
            Protocol::OpenAiResponses,
            &json!({ "model": "m", "input": "x", "tools": tools, "tool_choice": choice }),
        )
    };
    let search = json!({ "type": "web_search" });
    let offered = ask(json!([function, group, search]), json!("auto"));
    assert_eq!((offered.bound.as_ref(), offered.request.tools.len()), (None, 1));
    assert_eq!(offered.dropped, ["tools.namespace", "tools.web_search"]);
    assert!(offered.served().endless.is_some(), "where it passes it is a search without a limit");
    assert!(ask(json!([search]), json!("auto")).bound.is_some(), "alone it is what is asked for");
    assert!(ask(json!([function, search]), search).bound.is_some());
}

#[test]
fn equal_bodies_are_told_from_others_to_the_last_digit() {
    let text = |json: &str| super::canonical(json.as_bytes());
    assert_eq!(
        text(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#),
        text(r#"{ "b": {"d":"\u0078","c":[1,2]}, "a": 1 }"#)
    );
    assert_eq!(text(r#"{"a":2,"a":1}"#), text(r#"{"a":1}"#), "the last of one name counts");
    for (one, other) in [
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
        (r#"{"a":1}"#, r#"{"a":"1"}"#),
        (r#"["a","b"]"#, r#"["a\",\"b"]"#),
        (r#"{"x":12345678901234567890123}"#, r#"{"x":12345678901234567890124}"#),
        (r#"{"x":0.1234567890123456789}"#, r#"{"x":0.1234567890123456788}"#),
    ] {
        assert!(text(one).is_some());
        assert_ne!(text(one), text(other), "{one}");
    }
    for body in ["", "{", r#""\ud800""#, "\u{FFFD}"] {
        assert_eq!(text(body), None, "{body:?}");
    }
}

#[test]
fn a_picture_may_be_asked_for_of_whoever_makes_some() {
    let ask = |kinds: Value| {
        let message = json!([{ "role": "user", "content": "x" }]);
        asked(Protocol::OpenAiChat, &json!({ "model": "m", "modalities": kinds, "messages": message }))
    };
    let picture = ask(json!(["image", "text"]));
    assert_eq!((picture.bound, picture.dropped), (None, vec!["modalities".to_owned()]));
    assert_eq!(ask(json!(["text"])).dropped, Vec::<String>::new());
    assert!(ask(json!(["text", "audio"])).bound.is_some());
}
