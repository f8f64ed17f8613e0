use super::*;
use crate::{serve::parse, trial::endpoint};
use domain::{AlsoSpoken, DialectId, ReasoningForm, ReasoningSwitch};
use serde_json::{Value, json};

fn asked(protocol: Protocol, body: &Value) -> Asked {
    parse(protocol, None, false, body.to_string().as_bytes()).unwrap()
}

#[test]
fn what_a_provider_words_differently_is_put_into_its_words() {
    let ask = |more: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" },
            { "role": "assistant", "content": "y" }, { "role": "user", "content": "z" }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked(Protocol::OpenAiChat, &body)
    };
    let chat = "openai-chat";
    // A form in another dialect is for its own models; one with a path or a body has to be written.
    let form = |path: Option<&str>| Quirks {
        forms: vec![ModelForm {
            models: vec!["pro".into()],
            dialect: DialectId::from("openai-responses"),
            path: path.map(str::to_owned),
            body: Default::default(),
            omit: Vec::new(),
        }],
        ..Quirks::default()
    };
    assert!(passes(&ask(json!({})), chat, "m", &form(None)));
    let items = asked(Protocol::OpenAiResponses, &json!({ "model": "pro", "input": "x" }));
    assert!(passes(&items, "openai-responses", "pro", &form(None)));
    assert!(!passes(&items, "openai-responses", "pro", &form(Some("/p"))));
    let short = Quirks { tool_id_length: Some(9), ..Quirks::default() };
    assert!(!passes(&ask(json!({})), chat, "m", &short));
}

#[test]
fn what_a_provider_takes_none_of_is_left_out_of_a_passing_body_and_told() {
    let body = json!({ "model": "m", "temperature": 0.5, "messages": [{ "role": "user", "content": "x" }] });
    let asked = asked(Protocol::OpenAiChat, &body);
    let quirks = Quirks { drop_params: vec!["temperature".into(), "top_p".into()], ..Quirks::default() };
    let passed = retarget(&asked, body.to_string().as_bytes(), &endpoint("m-1"), &quirks, None).unwrap();
    let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
    assert_eq!((sent.get("temperature"), passed.notices.len()), (None, 1), "{:?}", passed.notices);
    let body = json!({ "model": "m", "plugins": [{ "id": "web" }], "transforms": [],
        "messages": [{ "role": "user", "content": "x" }] });
    let searching = self::asked(Protocol::OpenAiChat, &body);
    let pass = |quirks: &Quirks| {
        let passed =
            retarget(&searching, body.to_string().as_bytes(), &endpoint("m-1"), quirks, None).unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        (sent.get("plugins").is_some(), passed.notices.len())
    };
    assert_eq!(pass(&Quirks::default()), (false, 1));
    assert_eq!(pass(&Quirks { take_params: vec!["plugins".into()], ..Quirks::default() }), (true, 0));
    // Its words for reasoning make no OpenRouter of a provider.
    let form = ReasoningForm { switch: Some(ReasoningSwitch::Reasoning), ..ReasoningForm::default() };
    assert_eq!(pass(&Quirks { reasoning: vec![form], ..Quirks::default() }), (false, 1));
    let forced = Quirks { tools_by_choice: true, ..Quirks::default() };
    assert!(passes(&asked, "openai-chat", "m", &forced));
}

#[test]
fn what_a_provider_speaks_besides_its_own_dialect_passes_in_it() {
    let also = AlsoSpoken { dialect: "openai-responses".into(), except: vec!["audio".into()] };
    let quirks = Quirks { also: vec![also], ..Quirks::default() };
    let body = json!({ "model": "m", "previous_response_id": "resp_1", "service_tier": "flex",
        "tools": [{ "type": "web_search" }], "input": "x" });
    let kept = asked(Protocol::OpenAiResponses, &body);
    assert!(passes(&kept, "openai-chat", "m-1", &quirks));
    assert!(!passes(&kept, "openai-chat", "m-1", &Quirks::default()), "it says nothing of it");
    assert!(!passes(&kept, "openai-chat", "m-audio", &quirks), "that model does not");
    let moved = Quirks { path: Some("/chat".into()), ..quirks.clone() };
    assert!(!passes(&kept, "openai-chat", "m-1", &moved), "it is not where others have it");
    let passed = retarget(&kept, body.to_string().as_bytes(), &endpoint("m-1"), &quirks, None).unwrap();
    assert_eq!(passed.call.path, "/responses");
    let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
    assert_eq!(
        sent,
        json!({ "model": "m-1", "previous_response_id": "resp_1", "service_tier": "flex",
        "tools": [{ "type": "web_search" }], "input": "x" })
    );
    let chat = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] });
    assert!(passes(&asked(Protocol::OpenAiChat, &chat), "openai-chat", "m-1", &quirks), "its own as well");
    // Where it does not pass, another price is told to be lost.
    assert!(kept.dropped.iter().any(|lost| lost == "service_tier"), "{:?}", kept.dropped);
    let usual = json!({ "model": "m", "service_tier": "auto", "input": "x" });
    assert!(asked(Protocol::OpenAiResponses, &usual).dropped.is_empty());
}

#[test]
fn a_limit_goes_on_in_the_field_it_came_in_unless_the_provider_is_known_to_take_another() {
    let sent = |body: Value, quirks: &Quirks, limit: Option<u64>| {
        let text = body.to_string();
        let passed =
            retarget(&asked(Protocol::OpenAiChat, &body), text.as_bytes(), &endpoint("m-1"), quirks, limit);
        let passed = passed.unwrap();
        let sent: Value = serde_json::from_slice(&passed.call.body).unwrap();
        let limits =
            ["max_completion_tokens", "max_tokens"].map(|name| sent.get(name).and_then(Value::as_u64));
        (limits, passed.output_limit)
    };
    let ask = |fields: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let (new, old) = (ask(json!({ "max_completion_tokens": 50 })), ask(json!({ "max_tokens": 50 })));
    let own = Quirks::default();
    assert_eq!(sent(new.clone(), &own, None), ([Some(50), None], Some(50)));
    assert_eq!(sent(old.clone(), &own, None), ([None, Some(50)], Some(50)));
    assert_eq!(sent(new.clone(), &own, Some(7)), ([Some(7), None], Some(7)));
    assert_eq!(sent(ask(json!({})), &own, Some(7)), ([None, Some(7)], Some(7)));
    for (field, place) in [("max_completion_tokens", 0), ("max_tokens", 1)] {
        let quirks = Quirks { max_tokens_field: Some(field.into()), ..Quirks::default() };
        let mut limits = [None; 2];
        limits[place] = Some(50);
        for body in [&new, &old] {
            assert_eq!(sent(body.clone(), &quirks, None), (limits, Some(50)), "{field}");
        }
    }
}

/// To OpenRouter its own preferences go on; our names mean nothing there, and `only` would let nobody serve.
#[test]
fn a_gateway_behind_us_is_told_what_is_left_to_choose() {
    let quirks = Quirks { take_params: vec!["provider".into()], ..Quirks::default() };
    let to = endpoint("m-1");
    let here = to.provider.as_str();
    let sent = |prefs: Value| {
        let body =
            json!({ "model": "m", "provider": prefs, "messages": [{ "role": "user", "content": "x" }] });
        let asked = asked(Protocol::OpenAiChat, &body);
        let passed = retarget(&asked, body.to_string().as_bytes(), &to, &quirks, None).unwrap();
        assert!(passed.notices.is_empty(), "{:?}", passed.notices);
        serde_json::from_slice::<Value>(&passed.call.body).unwrap().get("provider").cloned()
    };
    assert_eq!(sent(json!({ "only": [here], "sort": "price" })), Some(json!({ "sort": "price" })));
    assert_eq!(sent(json!({ "only": [here] })), None);
    assert_eq!(sent(json!({ "order": [here], "hedge": true, "regions": ["eu"], "models": ["b"] })), None);
    let theirs = json!({ "order": ["deepinfra/fp8"], "ignore": ["acme"], "zdr": true, "max_price": { "prompt": 1 },
        "allow_fallbacks": false, "quantizations": ["fp8"] });
    let mut mixed = theirs.clone();
    mixed["order"] = json!([here, "deepinfra/fp8"]);
    assert_eq!((sent(mixed), sent(theirs.clone())), (Some(theirs.clone()), Some(theirs)));
}

#[test]
fn a_wish_to_keep_the_whole_prompt_goes_only_where_it_is_documented() {
    let question = json!([{ "role": "user", "content": "x" }]);
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let form = ReasoningForm { switch: Some(ReasoningSwitch::Reasoning), ..ReasoningForm::default() };
    let alike = Quirks { reasoning: vec![form], ..Quirks::default() };
    let mark = json!({ "type": "ephemeral" });
    for (wish, told) in [(mark.clone(), 1), (Value::Null, 0)] {
        let body = json!({ "model": "m", "cache_control": wish, "messages": question });
        let asked = asked(Protocol::OpenAiChat, &body);
        let sent = |quirks: &Quirks| {
            let text = body.to_string();
            let passed = retarget(&asked, text.as_bytes(), &endpoint("m-1"), quirks, None).unwrap();
            let written = crate::dialect("openai-chat").unwrap();
            let written = written.encode(&asked.request, &endpoint("m-1"), quirks).unwrap();
            let read = |call: &Call| -> Option<Value> {
                let body: Value = serde_json::from_slice(&call.body).unwrap();
                body.get("cache_control").filter(|wish| !wish.is_null()).cloned()
            };
            assert_eq!(passed.notices.len(), written.notices.len(), "{:?}", passed.notices);
            assert_eq!(read(&passed.call), read(&written.call));
            (read(&passed.call), passed.notices)
        };
        assert_eq!(sent(&takes), (Some(wish.clone()).filter(|wish| !wish.is_null()), Vec::new()));
        for quirks in [&alike, &Quirks::default()] {
            let (left, notices) = sent(quirks);
            assert_eq!((left, notices.len()), (None, told));
            assert!(notices.iter().all(|(kind, words)| {
                *kind == NoticeKind::DroppedParameter && words.starts_with("cache_control: ")
            }));
        }
    }
    // In Anthropic's own protocol the field is the protocol's.
    let body = json!({ "model": "m", "max_tokens": 9, "cache_control": mark, "messages": question });
    let asked = asked(Protocol::AnthropicMessages, &body);
    let text = body.to_string();
    let passed = retarget(&asked, text.as_bytes(), &endpoint("m-1"), &Quirks::default(), None).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&passed.call.body).unwrap()["cache_control"], mark);
    assert!(passed.notices.is_empty());
}

/// Whoever adds words of the user to what tools gave, as agents do with their reminders, is refused by some models.
#[test]
fn where_an_answer_has_to_stand_behind_what_tools_gave_there_is_one_that_says_nothing() {
    let quirks = Quirks { answer_after_tools: vec!["acme/".into()], ..Quirks::default() };
    let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let mut messages = vec![
        json!({ "role": "user", "content": "q" }),
        json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
        json!({ "role": "tool", "tool_call_id": "c", "content": "r" }),
    ];
    let body = |messages: &[Value]| json!({ "model": "m", "messages": messages });
    let roles = |asked: &Asked, model: &str| -> Vec<Value> {
        let encoded =
            crate::dialect("openai-chat").unwrap().encode(&asked.request, &endpoint(model), &quirks);
        let sent: Value = serde_json::from_slice(&encoded.unwrap().call.body).unwrap();
        sent["messages"].as_array().unwrap().iter().map(|message| message["role"].clone()).collect()
    };
    let read = asked(Protocol::OpenAiChat, &body(&messages));
    assert!(passes(&read, "openai-chat", "acme/m", &quirks));
    assert_eq!(roles(&read, "acme/m"), ["user", "assistant", "tool"]);
    messages.push(json!({ "role": "user", "content": "and?" }));
    let read = asked(Protocol::OpenAiChat, &body(&messages));
    assert!(!passes(&read, "openai-chat", "acme/m", &quirks));
    assert_eq!(roles(&read, "acme/m"), ["user", "assistant", "tool", "assistant", "user"]);
    assert!(passes(&read, "openai-chat", "other/m", &quirks));
    assert_eq!(roles(&read, "other/m"), ["user", "assistant", "tool", "user"]);
    let agents = asked(
        Protocol::AnthropicMessages,
        &json!({ "model": "m", "max_tokens": 90, "messages": [
            { "role": "user", "content": "q" },
            { "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c", "content": "r" },
                { "type": "text", "text": "Remember: be brief." },
            ] },
        ] }),
    );
    assert_eq!(roles(&agents, "acme/m"), ["user", "assistant", "tool", "assistant", "user"]);
}
