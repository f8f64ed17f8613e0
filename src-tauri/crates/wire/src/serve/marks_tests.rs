//! Marks of what is to be kept: they stay where a program put them.

use super::asked;
use crate::serve::{Asked, Protocol};
use domain::{
    Meter, NoticeKind, PicoUsd, PriceOrigin, PriceRule, PriceSheet, PriceSource, Quirks, Request, Words,
};
use serde_json::{Value, json};

/// An endpoint at which all that can be kept has a price.
fn endpoint(upstream: &str) -> domain::Endpoint {
    priced(upstream, &[Meter::InputCacheWrite5m, Meter::InputCacheWrite1h])
}

fn sent(asked: &Asked, dialect: &str) -> (Value, Vec<(NoticeKind, Words)>) {
    sent_to(asked, dialect, &endpoint("m-1"))
}

/// The body for an endpoint that takes marks if its dialect has them.
fn sent_to(asked: &Asked, dialect: &str, to: &domain::Endpoint) -> (Value, Vec<(NoticeKind, Words)>) {
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let quirks = if dialect == "openrouter" { takes } else { Quirks::default() };
    let dialect = crate::dialect(if dialect == "openrouter" { "openai-chat" } else { dialect }).unwrap();
    let encoded = dialect.encode(&asked.request, to, &quirks).unwrap();
    (crate::trial::body(&encoded), encoded.notices)
}

/// The fixed beginning of a system prompt is written once and read by every request, whatever changes behind it.
#[test]
fn of_a_system_prompt_what_stands_before_the_mark_is_kept() {
    let hour = json!({ "type": "ephemeral", "ttl": "1h" });
    let pieces = json!([{ "type": "text", "text": "Long.", "cache_control": hour }, { "type": "text", "text": "Today." }]);
    let user = json!({ "role": "user", "content": [{ "type": "text", "text": "x", "cache_control": { "type": "ephemeral" } }] });
    let chat = |first: Value| {
        let body = json!({ "model": "m", "max_tokens": 9, "messages": [first, user.clone()] });
        sent(&asked(Protocol::OpenAiChat, &body), "anthropic-messages").0["system"].take()
    };
    assert_eq!(chat(json!({ "role": "system", "content": pieces })), pieces);
    // A message that is marked is marked to its end.
    let marked = json!({ "role": "system", "content": "Long.", "cache_control": hour });
    assert_eq!(chat(marked), json!([{ "type": "text", "text": "Long.", "cache_control": hour }]));
    let messages = json!({ "model": "m", "max_tokens": 9, "system": pieces, "messages": [{ "role": "user", "content": "x" }] });
    let (body, _) = sent(&asked(Protocol::AnthropicMessages, &messages), "anthropic-messages");
    assert_eq!(body["system"], pieces);
    // No mark stands behind nothing.
    let blank =
        json!([{ "type": "text", "text": " ", "cache_control": hour }, { "type": "text", "text": "Today." }]);
    let blank = chat(json!({ "role": "system", "content": blank }));
    assert_eq!((blank[0]["text"].as_str(), blank.as_array().map(Vec::len)), (Some(" Today."), Some(1)));
}

#[test]
fn a_prompt_that_is_to_be_kept_is_kept_where_that_must_be_asked_for() {
    let mark = json!({ "type": "ephemeral" });
    let hour = json!({ "type": "ephemeral", "ttl": "1h" });
    let words = |mark: &Value| json!([{ "type": "text", "text": "Long.", "cache_control": mark }]);
    let chat = |mark: &Value| {
        json!({ "model": "m", "messages": [
        { "role": "system", "content": words(mark) }, { "role": "user", "content": "x" }] })
    };
    let messages = json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": words(&mark) }],
        "tools": [{ "name": "f", "input_schema": { "type": "object" } }] });
    let (body, _) = sent(&asked(Protocol::OpenAiChat, &chat(&mark)), "anthropic-messages");
    assert_eq!(body["system"], words(&mark));
    assert_eq!(body["messages"][0]["content"][0].get("cache_control"), None);
    let (body, _) = sent(&asked(Protocol::OpenAiChat, &chat(&hour)), "anthropic-messages");
    assert_eq!(body["system"][0]["cache_control"], hour);
    let (body, _) = sent(&asked(Protocol::AnthropicMessages, &messages), "anthropic-messages");
    assert_eq!(body["messages"][0]["content"], words(&mark));
    assert_eq!(body["tools"][0].get("cache_control"), None);
    assert_eq!(
        sent(&asked(Protocol::AnthropicMessages, &messages), "openai-chat").0.get("cache_control"),
        None
    );
    let quirks = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let request = asked(Protocol::AnthropicMessages, &messages).request;
    let encoded = crate::dialect("openai-chat").unwrap().encode(&request, &endpoint("m-1"), &quirks).unwrap();
    let body: Value = serde_json::from_slice(&encoded.call.body).unwrap();
    assert_eq!(body["messages"][0]["content"], words(&mark));
    assert_eq!(body.get("cache_control"), None);
    for dialect in ["openai-chat", "openai-responses", "gemini", "cohere", "ollama", "bedrock-converse"] {
        let (body, told) = sent(&asked(Protocol::AnthropicMessages, &messages), dialect);
        assert!(told.iter().any(|(_, words)| words.starts_with("cache_control: ")), "{dialect}: {told:?}");
        assert!(!body.to_string().contains("cache_control"), "{dialect}");
    }
    // What only looks like a mark is none, and whoever asks for nothing pays for nothing.
    let schema = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }], "tools": [{ "type": "function",
        "function": { "name": "f", "parameters": { "type": "object", "properties": { "cache_control": {} } } } }] });
    let (body, notices) = sent(&asked(Protocol::OpenAiChat, &schema), "anthropic-messages");
    assert!(!body["messages"].to_string().contains("cache_control") && notices.is_empty());
    assert_eq!(body["tools"][0].get("cache_control"), None);
}

/// Every mark of a body, by its place, with `1h` behind one for an hour.
fn marks(body: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(mark) = fields.get("cache_control") {
                    let long = mark.get("ttl").map_or("", |_| " 1h");
                    found.push(format!("{path}{long}"));
                }
                fields.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), found));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(at, value)| walk(value, &format!("{path}/{at}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for key in ["tools", "system", "messages"] {
        walk(&body[key], &format!("/{key}"), &mut found);
    }
    found
}

fn usual() -> Value {
    json!({ "type": "ephemeral" })
}

fn hour() -> Value {
    json!({ "type": "ephemeral", "ttl": "1h" })
}

fn piece(text: &str, mark: &Value) -> Value {
    let mut piece = json!({ "type": "text", "text": text });
    if !mark.is_null() {
        piece["cache_control"] = mark.clone();
    }
    piece
}

/// A conversation with a tool in chat's words; the marks are of the tool, the document, the call and its result.
fn chat(tool: &Value, document: &Value, call: &Value, result: &Value) -> Value {
    let function = json!({ "name": "f", "parameters": { "type": "object" } });
    let called = json!([{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }]);
    json!({ "model": "m", "tools": [{ "type": "function", "function": function, "cache_control": tool }], "messages": [
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": [piece("A long document.", document), piece("What is it?", &Value::Null)] },
        { "role": "assistant", "content": "I look.", "tool_calls": called, "cache_control": call },
        { "role": "tool", "tool_call_id": "c", "content": "blue", "cache_control": result },
    ] })
}

#[test]
fn a_mark_in_a_message_stays_at_its_place_for_as_long_as_it_says() {
    let none = Value::Null;
    let body = chat(&none, &hour(), &none, &usual());
    let (sent, told) = sent(&asked(Protocol::OpenAiChat, &body), "anthropic-messages");
    assert_eq!(
        (marks(&sent), told.len()),
        (vec!["/messages/0/content/0 1h".into(), "/messages/2/content/0".into()], 0)
    );
    let body = chat(&hour(), &usual(), &usual(), &none);
    let (sent, _) = self::sent(&asked(Protocol::OpenAiChat, &body), "anthropic-messages");
    assert_eq!(marks(&sent), ["/tools/0 1h", "/messages/0/content/0", "/messages/1/content/1"]);
    // In Anthropic's own words, also where the system speaks in between and a tool answers in pieces.
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [
        { "role": "user", "content": [piece("A long document.", &hour()), piece("What is it?", &none)] },
        { "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
        { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c", "content": [piece("blue", &usual())] }] },
        { "role": "system", "content": [piece("Be kind.", &usual())] },
        { "role": "user", "content": "And?" },
    ] });
    let (sent, _) = self::sent(&asked(Protocol::AnthropicMessages, &body), "anthropic-messages");
    assert_eq!(
        marks(&sent),
        ["/messages/0/content/0 1h", "/messages/2/content/0", "/messages/2/content/1"],
        "{sent}"
    );
    // The same prompt without a mark at its end: what is asked next does not change what was kept.
    assert!(sent["messages"][2]["content"][2].get("cache_control").is_none());
}

#[test]
fn of_too_many_marks_the_last_are_sent_and_none_is_longer_than_one_before_it() {
    let users = |marks: &[Value]| {
        let turns = marks.iter().enumerate().flat_map(|(at, mark)| {
            [
                json!({ "role": "user", "content": [piece(&format!("q{at}"), mark)] }),
                json!({ "role": "assistant", "content": "a" }),
            ]
        });
        let system = json!({ "role": "system", "content": [piece("Be brief.", &usual())] });
        json!({ "model": "m", "messages": std::iter::once(system).chain(turns).collect::<Vec<_>>() })
    };
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let found = |body: &Value| {
        let asked = asked(Protocol::OpenAiChat, body);
        let anthropic = marks(&sent(&asked, "anthropic-messages").0);
        let encoded = crate::dialect("openai-chat").unwrap();
        let encoded = encoded.encode(&asked.request, &endpoint("m-1"), &takes).unwrap();
        (anthropic, marks(&crate::trial::body(&encoded)))
    };
    let (anthropic, chat) = found(&users(&[usual(), hour(), usual(), usual(), usual()]));
    assert_eq!(
        anthropic,
        [
            "/messages/2/content/0 1h",
            "/messages/4/content/0",
            "/messages/6/content/0",
            "/messages/8/content/0"
        ]
    );
    assert_eq!(
        chat,
        [
            "/messages/3/content/0 1h",
            "/messages/5/content/0",
            "/messages/7/content/0",
            "/messages/9/content/0"
        ]
    );
    let (anthropic, _) = found(&users(&[Value::Null, hour()]));
    assert_eq!(
        anthropic,
        ["/system/0", "/messages/2/content/0"],
        "an hour's behind a shorter one is refused"
    );
}

#[test]
fn a_mark_at_the_body_is_for_all_of_the_prompt() {
    let none = Value::Null;
    let mut body = chat(&none, &none, &none, &none);
    body["cache_control"] = hour();
    let whole = asked(Protocol::OpenAiChat, &body);
    let (body, _) = sent(&whole, "anthropic-messages");
    assert_eq!(marks(&body), ["/system/0 1h", "/messages/2/content/0 1h"]);
    let mut request = Request::clone(&whole.request);
    request.system = None;
    let encoded = crate::dialect("anthropic-messages").unwrap();
    let encoded = encoded.encode(&request, &endpoint("m-1"), &Quirks::default()).unwrap();
    let body = crate::trial::body(&encoded);
    assert_eq!(marks(&body), ["/tools/0 1h", "/messages/2/content/0 1h"], "the tools stand first");
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let encoded =
        crate::dialect("openai-chat").unwrap().encode(&whole.request, &endpoint("m-1"), &takes).unwrap();
    let body = crate::trial::body(&encoded);
    assert_eq!((&body["cache_control"], marks(&body)), (&hour(), Vec::new()));
}

/// In OpenRouter's form: a text has its mark as a part, an answer and a tool's words beside them.
#[test]
fn a_chat_endpoint_that_takes_marks_gets_them_at_their_places() {
    let takes = Quirks {
        take_params: vec!["cache_control".into()],
        late_system: vec!["m-".into()],
        ..Quirks::default()
    };
    let sent = |protocol: Protocol, body: &Value| {
        let request = asked(protocol, body).request;
        let encoded =
            crate::dialect("openai-chat").unwrap().encode(&request, &endpoint("m-1"), &takes).unwrap();
        assert_eq!(encoded.notices, []);
        crate::trial::body(&encoded)
    };
    let body = sent(Protocol::OpenAiChat, &chat(&usual(), &usual(), &usual(), &usual()));
    assert_eq!(marks(&body), ["/tools/0", "/messages/1/content/0", "/messages/2", "/messages/3"]);
    assert_eq!(
        (&body["messages"][0]["content"], &body["messages"][3]["content"]),
        (&json!("Be brief."), &json!("blue"))
    );
    let body = json!({ "model": "m", "max_tokens": 9,
        "system": [piece("Long.", &usual()), piece("Today.", &Value::Null)],
        "messages": [
            { "role": "user", "content": "q" }, { "role": "assistant", "content": "a" },
            { "role": "system", "content": [piece("Be kind.", &usual())] },
            { "role": "user", "content": [piece("And?", &usual())] },
        ] });
    let body = sent(Protocol::AnthropicMessages, &body);
    assert_eq!(
        marks(&body),
        ["/messages/0/content/0", "/messages/3/content/0", "/messages/4/content/0"],
        "{body}"
    );
    assert_eq!(body["messages"][0]["content"][1], piece("Today.", &Value::Null));
    assert_eq!(body["messages"][3], json!({ "role": "system", "content": [piece("Be kind.", &usual())] }));
}

fn priced(upstream: &str, meters: &[Meter]) -> domain::Endpoint {
    let mut to = crate::trial::endpoint(upstream);
    let rates = meters.iter().map(|meter| (*meter, PicoUsd::new(1))).collect();
    let (source, checked) = ("a list".to_owned(), "2026-11-23".to_owned());
    to.prices = Some(PriceSheet {
        source: PriceSource { origin: PriceOrigin::Bundled, source, checked },
        rules: vec![PriceRule { when: domain::When::default(), rates }],
    });
    to
}

/// Their models have no list of who takes them: who has a price for what is written does.
#[test]
fn bedrock_gets_marks_as_blocks_where_its_model_has_a_price_for_them() {
    let asked = asked(Protocol::OpenAiChat, &chat(&hour(), &usual(), &usual(), &usual()));
    let dialect = crate::dialect("bedrock-converse").unwrap();
    let sent = |to: &domain::Endpoint| {
        let encoded = dialect.encode(&asked.request, to, &Quirks::default()).unwrap();
        (crate::trial::body(&encoded), encoded.notices.len())
    };
    let (long, short) = (Meter::InputCacheWrite1h, Meter::InputCacheWrite5m);
    let point = json!({ "cachePoint": { "type": "default" } });
    let (body, told) = sent(&priced("anthropic.claude-x", &[short, long]));
    let hours = json!({ "cachePoint": { "type": "default", "ttl": "1h" } });
    assert_eq!((&body["toolConfig"]["tools"][1], told), (&hours, 0), "{body}");
    let content = |body: &Value, message: usize| body["messages"][message]["content"].clone();
    assert_eq!(content(&body, 0), json!([{ "text": "A long document." }, point, { "text": "What is it?" }]));
    assert_eq!((&content(&body, 1)[2], &content(&body, 2)[1]), (&point, &point));
    assert!(!body.to_string().contains("cache_control"));
    let (body, _) = sent(&priced("anthropic.claude-x", &[short]));
    assert_eq!(body["toolConfig"]["tools"][1], point, "an hour has no price");
    for to in [priced("anthropic.claude-x", &[Meter::Input]), priced("acme.m", &[short, long])] {
        let (body, told) = sent(&to);
        assert_eq!((body.to_string().contains("cachePoint"), told), (false, 1), "{body}");
    }
}

/// Programs mark the newest message each time: what was marked before goes on as it was, or it is not read again.
#[test]
fn a_mark_that_moves_on_changes_nothing_of_what_was_kept() {
    let texts = |marked: bool| {
        let mark = if marked { usual() } else { Value::Null };
        json!([piece("A reminder.", &Value::Null), piece("A question.", &mark)])
    };
    let body = |until: usize| {
        let turns = (0..=until).flat_map(|turn| {
            let mark = if turn == until { usual() } else { Value::Null };
            let result = json!({ "type": "tool_result", "tool_use_id": format!("c{turn}"), "content": "blue" });
            let mut result = [result];
            if !mark.is_null() {
                result[0]["cache_control"] = mark;
            }
            [
                json!({ "role": "user", "content": texts(turn == until) }),
                json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": format!("c{turn}"), "name": "f", "input": {} }] }),
                json!({ "role": "user", "content": result }),
                json!({ "role": "system", "content": "Be kind." }),
                json!({ "role": "assistant", "content": "Blue." }),
            ]
        });
        let messages: Vec<Value> = turns.take(until * 5 + 4).collect();
        json!({ "model": "m", "max_tokens": 9, "system": [piece("Long.", &usual())], "messages": messages })
    };
    fn plain(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.shift_remove("cache_control");
                fields.values_mut().for_each(plain);
            }
            Value::Array(items) => {
                items.retain(|item| item.get("cachePoint").is_none());
                items.iter_mut().for_each(plain);
            }
            _ => {}
        }
    }
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    for dialect in ["anthropic-messages", "openai-chat", "bedrock-converse"] {
        let mut before: Vec<Value> = Vec::new();
        for until in 0..3 {
            let request = asked(Protocol::AnthropicMessages, &body(until)).request;
            let to = priced("claude-1", &[Meter::InputCacheWrite5m]);
            let encoded = crate::dialect(dialect).unwrap().encode(&request, &to, &takes).unwrap();
            let mut sent = crate::trial::body(&encoded);
            assert!(sent.to_string().contains("cache"), "{sent}");
            plain(&mut sent["messages"]);
            let now = sent["messages"].as_array().unwrap();
            assert_eq!(now[..before.len()], before, "{dialect}");
            before.clone_from(now);
        }
    }
}

#[test]
fn a_mark_behind_what_is_not_sent_marks_what_stands_before_it() {
    let thought = json!({ "type": "thinking", "thinking": "Hm.", "signature": "s" });
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [
        { "role": "user", "content": [piece("q", &Value::Null), piece(" ", &usual())] },
        { "role": "assistant", "content": [thought, piece("a", &Value::Null)] },
        { "role": "user", "content": [piece("", &usual())] },
        { "role": "user", "content": [piece(" ", &usual())] },
    ] });
    let asked = asked(Protocol::AnthropicMessages, &body);
    let (sent, _) = sent(&asked, "anthropic-messages");
    assert_eq!(marks(&sent), ["/messages/0/content/0", "/messages/1/content/0"], "{sent}");
}

#[test]
fn a_mark_behind_nothing_of_a_late_system_is_the_answers_before_it() {
    for (protocol, blank) in [(Protocol::OpenAiChat, ""), (Protocol::AnthropicMessages, " ")] {
        let body = json!({ "model": "m", "max_tokens": 9, "messages": [
            { "role": "user", "content": "q" }, { "role": "assistant", "content": "a" },
            { "role": "system", "content": [piece(blank, &usual())] },
        ] });
        let asked = asked(protocol, &body);
        assert_eq!(asked.request.messages.len(), 2, "{protocol:?}");
        assert_eq!(marks(&sent(&asked, "anthropic-messages").0), ["/messages/1/content/0"], "{protocol:?}");
    }
}

/// Anthropic refuses one there, whoever hands it on.
#[test]
fn no_mark_stands_behind_blank_words() {
    let takes = Quirks { take_params: vec!["cache_control".into()], ..Quirks::default() };
    let body = json!({ "model": "m", "messages": [
        { "role": "user", "content": [piece("q", &Value::Null), piece("  ", &usual())] },
        { "role": "assistant", "content": "a" },
        { "role": "user", "content": [piece(" \n", &usual()), piece("r", &Value::Null)] },
    ] });
    let request = asked(Protocol::OpenAiChat, &body).request;
    let encoded = crate::dialect("openai-chat").unwrap().encode(&request, &endpoint("m-1"), &takes).unwrap();
    assert_eq!(marks(&crate::trial::body(&encoded)), ["/messages/0/content/0", "/messages/1"]);
}

/// What a mark for an hour costs is not what a usual one does: no budget holds enough for a price that nobody knows.
#[test]
fn a_mark_for_an_hour_goes_out_only_where_an_hour_has_a_price() {
    let none = Value::Null;
    let mut whole = chat(&none, &none, &none, &none);
    whole["cache_control"] = hour();
    let mut local = priced("claude-1", &[]);
    local.prices.as_mut().unwrap().source.origin = PriceOrigin::Local;
    let mut dear = priced("claude-1", &[Meter::InputCacheWrite5m]);
    dear.prices.as_mut().unwrap().source.origin = PriceOrigin::Local;
    let (long, short) = (Meter::InputCacheWrite1h, Meter::InputCacheWrite5m);
    let unknown = crate::trial::endpoint("claude-1");
    for (to, goes) in [
        (endpoint("claude-1"), true),
        (priced("claude-1", &[long]), true),
        (local, true),
        (dear, false),
        (priced("claude-1", &[Meter::Input, short]), false),
        (priced("claude-1", &[Meter::Input]), false),
        (unknown, false),
    ] {
        for body in [&chat(&hour(), &hour(), &none, &hour()), &whole] {
            let asked = asked(Protocol::OpenAiChat, body);
            for dialect in ["anthropic-messages", "openrouter", "bedrock-converse"] {
                let points = crate::kept::Points::of(&to).is_some();
                if dialect == "bedrock-converse" && !points {
                    continue;
                }
                let (sent, told) = sent_to(&asked, dialect, &to);
                let sent = sent.to_string();
                assert!(sent.contains("cache_control") || sent.contains("cachePoint"), "{dialect}: {sent}");
                assert_eq!(sent.contains("1h"), goes, "{dialect} {:?}: {sent}", to.prices);
                assert_eq!(told.len(), usize::from(!goes), "{dialect}: {told:?}");
                let of_price =
                    |(_, words): &(NoticeKind, Words)| words.contains("the price of an hour is unknown");
                assert!(told.iter().all(of_price), "{told:?}");
            }
        }
    }
}

#[test]
fn a_mark_that_is_not_sent_as_it_came_is_told_once() {
    let body = |marks: &[Value]| {
        let pieces: Vec<Value> = marks.iter().map(|mark| piece("x", mark)).collect();
        json!({ "model": "m", "messages": [{ "role": "user", "content": pieces }] })
    };
    let most = "cache_control: only the last 4 marks are sent.";
    let behind = "cache_control: a mark for an hour behind a shorter one is sent as a usual one.";
    for dialect in ["anthropic-messages", "openrouter"] {
        let told = |marks: &[Value]| {
            let told = sent(&asked(Protocol::OpenAiChat, &body(marks)), dialect).1;
            told.iter().map(|(_, words)| words.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(told(&[usual(), usual(), usual(), usual()]), [""; 0], "{dialect}");
        assert_eq!(told(&[hour(), hour(), usual()]), [""; 0], "{dialect}");
        assert_eq!(told(&vec![usual(); 7]), [most], "{dialect}");
        assert_eq!(told(&[usual(), hour(), hour()]), [behind], "{dialect}");
        assert_eq!(told(&[hour(), usual(), hour(), usual(), usual(), usual()]), [most], "{dialect}");
    }
}
