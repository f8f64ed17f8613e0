//! What is paid for is paid once, known, and within its budget.

use crate::bench::{Bench, chat, chat_events, every_protocol, messages, messages_document, messages_events};
use domain::{Budget, ErrorKind, Meter, Period, PicoUsd, UsageSource};
use parallax_suite::support::replay::{Answer, Route, Step};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

fn budget(limit: &str) -> Budget {
    Budget {
        scope: "app:editor".parse().unwrap(),
        period: Period::Day,
        limit: PicoUsd::from_dollars(limit).unwrap(),
        hard: true,
        warn: Vec::new(),
        unknown_price: None,
    }
}

/// Whoever answers with one document says nothing until it is written. That it begins quickly when it streams is no
/// reason to leave it, and to pay for the same answer at another's.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_not_given_up_for_being_long_in_writing() {
    let bench = Bench::new(every_protocol()).await;
    for _ in 0..3 {
        assert_eq!(bench.post("/v1/chat/completions", &chat("m@chat", true)).await.status, 200);
    }
    let slow = Answer::json(200, &crate::bench::chat_document()).after(Duration::from_millis(5_500));
    let documents = |seen: &parallax_suite::support::replay::Seen| !seen.text().contains("\"stream\":true");
    bench.upstream.first(Route::answer(slow).path("/v1/chat/completions").when(documents));
    let mut body = chat("m@chat", false);
    body["models"] = json!(["m@messages"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("x-parallax-endpoint"), Some("chat/m"));
    let booked = bench.booked().await;
    let outcomes: Vec<&str> = booked.iter().map(|entry| entry.row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["stop"; 4]);
    let attempts: Vec<_> = booked.iter().map(|entry| entry.row.attempt).collect();
    let read = bench.engine.store().read(move |tx| {
        attempts.into_iter().map(|id| Ok(tx.attempt(id)?.unwrap().first_content.is_some())).collect()
    });
    let began: Vec<bool> = read.await.unwrap();
    assert_eq!(began, [true, true, true, false], "a document has no first word to learn from");
}

/// OpenAI's client in Python, for one, closes the connection there.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_at_the_closing_mark_has_a_whole_answer() {
    let open = |events: Vec<String>| Answer::event_stream(events.concat()).step(Step::Stall);
    let bench = Bench::new(vec![
        Route::answer(open(messages_events())).path("/v1/messages"),
        Route::answer(open(chat_events())).path("/v1/chat/completions"),
    ])
    .await;
    let bearer = format!("Bearer {}", bench.key);
    for (path, body, mark) in [
        ("/v1/chat/completions", chat("m@chat", true), "[DONE]"),
        ("/v1/messages", messages("m@messages", true), "\"type\":\"message_stop\"}"),
    ] {
        let request = bench.request("POST", path, &[("authorization", &bearer)], &body.to_string());
        let mut stream = TcpStream::connect(bench.address()).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut all = Vec::new();
        while !String::from_utf8_lossy(&all).contains(mark) {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut all)).await;
            assert!(read.unwrap().unwrap() > 0, "{}", String::from_utf8_lossy(&all));
        }
        drop(stream);
        bench.engine.relays_idle(PATIENCE).await;
        let booked = bench.booked().await;
        let row = &booked.last().unwrap().row;
        assert_eq!(row.outcome, "stop", "{path}");
        let usage = row.usage.as_ref().unwrap();
        assert_eq!((usage.input.total, usage.output.total), (Some(20), Some(5)), "{path}");
        assert_eq!(usage.source, UsageSource::Reported, "{path}");
    }
}

/// A disk that is busy or full for a while costs no budget its money and no entry its figures.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_refuses_is_booked_once_it_takes_it_again() {
    let tuning = store::Tuning { busy: Duration::from_millis(50), ..store::Tuning::default() };
    let bench = Bench::tuned(Vec::new(), &tuning).await;
    let other = Arc::new(Mutex::new(None));
    let (lock, path) = (Arc::clone(&other), bench.folder().join("parallax.db"));
    bench.upstream.first(Route::with(move |_| {
        // Its hold is on disk now, and its settlement is not.
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        lock.lock().unwrap().replace(connection);
        Answer::json(200, &crate::bench::chat_document())
    }));
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    // It stands behind the settlement in the queue of writes.
    let refused = bench.engine.store().write(|_| Ok(())).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::StoreBusy);
    let holds = || bench.engine.store().read(|tx| tx.holds());
    assert_eq!(holds().await.unwrap().len(), 1);
    drop(other.lock().unwrap().take());
    let started = Instant::now();
    while !holds().await.unwrap().is_empty() {
        assert!(started.elapsed() < PATIENCE, "the hold stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let booked = bench.booked().await;
    assert_eq!((booked.len(), booked[0].row.outcome.as_str()), (1, "stop"));
    assert_eq!(booked[0].row.usage.as_ref().unwrap().input.total, Some(20));
}

/// What costs by the use, what is kept where nobody here can see how long it is, and a tier without a price.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reckoned_is_not_sent_under_a_budget() {
    let bench = Bench::new(every_protocol()).await;
    bench.engine.add_provider("anthropic", "anthropic-messages", &bench.upstream.url()).await.unwrap();
    for name in ["m@chat", "m@responses"] {
        let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "1".to_owned())).into_iter().collect();
        let price = engine::UserPrice { rates, foreign: None };
        bench.engine.set_price(&domain::ModelRef::parse(name).unwrap(), &price).await.unwrap();
    }
    bench.engine.set_budget(budget("1000")).await.unwrap();
    let with = |mut body: Value, field: &str, value: Value| {
        body[field] = value;
        body
    };
    let opus = messages("anthropic/claude-opus-4.6", false);
    let items = json!({ "model": "m@responses", "input": "Hi" });
    let servers = json!([{ "type": "url", "url": "https://mcp.example", "name": "x" }]);
    for (path, body, says) in [
        ("/v1/messages", with(opus.clone(), "speed", json!("fast")), "price of this model is unknown"),
        ("/v1/messages", with(opus.clone(), "mcp_servers", servers), "mcp_servers"),
        ("/v1/responses", with(items, "previous_response_id", json!("resp_1")), "kept elsewhere"),
        ("/v1/chat/completions", with(chat("m@chat", false), "enable_search", json!(true)), "enable_search"),
        ("/v1/chat/completions", with(chat("m@chat", false), "service_tier", json!("priority")), "unknown"),
    ] {
        let reply = bench.post(path, &body).await;
        assert_eq!(reply.status, 402, "{body}: {}", reply.text());
        assert!(reply.text().contains(says), "{}", reply.text());
    }
    assert!(bench.upstream.seen().is_empty() && bench.booked().await.is_empty(), "nothing was sent");
    assert_eq!(bench.post("/v1/messages", &opus).await.status, 200);
    assert_eq!(bench.post("/v1/chat/completions", &chat("m@chat", false)).await.status, 200);
}

/// Words may stand in any field of a body that passes, also in one that nobody here knows.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_of_a_body_is_held_all_the_same() {
    let bench = Bench::new(every_protocol()).await;
    for name in ["m@chat", "m@messages", "m@responses", "m@gemini"] {
        let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "1".to_owned())).into_iter().collect();
        let price = engine::UserPrice { rates, foreign: None };
        bench.engine.set_price(&domain::ModelRef::parse(name).unwrap(), &price).await.unwrap();
    }
    bench.engine.set_budget(budget("1000")).await.unwrap();
    let answer = json!({ "id": "r", "object": "response", "status": "completed", "model": "m",
        "output": [{ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Hi" }] }],
        "usage": { "input_tokens": 20, "output_tokens": 5, "total_tokens": 25 } });
    bench.upstream.first(Route::answer(Answer::json(200, &answer)).path("/v1/responses"));
    let words = "word ".repeat(20_000);
    let schema = json!({ "type": "object", "properties": {} });
    let ask = |protocol: &str, pointer: &str, value: Value| {
        let (path, mut body) = match protocol {
            "chat" => ("/v1/chat/completions", chat("m@chat", false)),
            "messages" => ("/v1/messages", messages("m@messages", false)),
            "responses" => ("/v1/responses", json!({ "model": "m@responses", "input": "Hi" })),
            _ => (
                "/v1beta/models/m@gemini:generateContent",
                json!({ "contents": [{ "parts": [{ "text": "Hi" }] }] }),
            ),
        };
        body[pointer] = value;
        (path, body)
    };
    let said = |field: &str| json!([{ "role": "user", "content": "Hi", field: words }]);
    let block = json!([{ "role": "user", "content": [{ "type": "text", "text": "Hi", "citations": [
        { "type": "char_location", "cited_text": words }] }] }]);
    let messages_tool = json!([{ "name": "f", "input_schema": schema, "input_examples": [{ "a": words }] }]);
    let form = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": schema, "description": words } });
    let output = json!([{ "type": "function", "name": "f", "parameters": schema, "output_schema": { "title": words } }]);
    let gemini_tool = json!([{ "functionDeclarations": [{ "name": "f", "response": { "title": words } }] }]);
    for (protocol, field, value) in [
        ("chat", "messages", said("name")),
        ("chat", "documents", json!([{ "text": words }])),
        ("chat", "response_format", form),
        ("messages", "prefill", json!(words)),
        ("messages", "messages", block),
        ("messages", "tools", messages_tool),
        ("responses", "tools", output),
        ("gemini", "tools", gemini_tool),
    ] {
        let (path, body) = ask(protocol, field, value);
        let reply = bench.post(path, &body).await;
        assert_eq!(reply.status, 200, "{protocol} {field}: {}", reply.text());
        let held = bench.booked().await.last().unwrap().held.unwrap();
        assert!(held >= PicoUsd::from_dollars("0.10").unwrap(), "{protocol} {field}: {held}");
    }
    // Of what was read nothing is held twice.
    let (path, body) = ask("chat", "messages", json!([{ "role": "user", "content": words }]));
    assert_eq!(bench.post(path, &body).await.status, 200);
    let held = bench.booked().await.last().unwrap().held.unwrap();
    let most = PicoUsd::from_dollars("0.12").unwrap();
    assert!(held >= PicoUsd::from_dollars("0.10").unwrap() && held < most, "{held}");
}

/// Bookings wait for company, and no request that a budget has room for is cut short or refused because of that.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_near_a_limit_is_weighed_after_what_was_booked_before() {
    let bench = Bench::new(every_protocol()).await;
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "1".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&domain::ModelRef::parse("m@chat").unwrap(), &price).await.unwrap();
    // Room for one answer as long as the one asked for, and for many as short as these are.
    bench.engine.set_budget(budget("0.02")).await.unwrap();
    let mut body = chat("m@chat", false);
    body["max_tokens"] = json!(16_000);
    for _ in 0..40 {
        let reply = bench.post("/v1/chat/completions", &body).await;
        assert_eq!((reply.status, reply.header("x-parallax-notices")), (200, None), "{}", reply.text());
    }
    // 25 tokens each, all of them counted as soon as somebody asks.
    let key = bench.get("/api/v1/key").await.json();
    assert_eq!(key["data"]["usage"], json!(0.001), "{key}");
}

/// The tier that served sets the price; where there is none for it, nobody knows what it cost.
#[tokio::test(flavor = "multi_thread")]
async fn fast_mode_is_booked_at_its_own_price() {
    let mut document = messages_document();
    document["usage"]["speed"] = json!("fast");
    document["usage"]["service_tier"] = json!("standard");
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &document)).path("/v1/messages")]).await;
    bench.engine.add_provider("anthropic", "anthropic-messages", &bench.upstream.url()).await.unwrap();
    for model in ["anthropic/claude-opus-4.8", "anthropic/claude-opus-4.6"] {
        let mut body = messages(model, false);
        body["speed"] = json!("fast");
        assert_eq!(bench.post("/v1/messages", &body).await.status, 200);
    }
    let booked = bench.booked().await;
    let cost = &booked[0].row.cost;
    let output = cost.lines.iter().find(|line| line.meter == Meter::Output).unwrap();
    assert_eq!((output.units, output.rate), (5, PicoUsd::per_million("50").unwrap()));
    assert_eq!(booked[1].row.cost.total, None, "no price is known for it");
}

/// Who closes at the closing mark leaves an answer that can be given again.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_left_at_its_closing_mark_is_given_again() {
    let open = Answer::event_stream(chat_events().concat()).step(Step::Stall);
    let bench = Bench::new(vec![Route::answer(open)]).await;
    let change = engine::AppKeyChange { cache: Some(true), ..engine::AppKeyChange::default() };
    bench.engine.change_app_key("editor", change).await.unwrap();
    let bearer = format!("Bearer {}", bench.key);
    let body = chat("m@chat", true);
    let request =
        bench.request("POST", "/v1/chat/completions", &[("authorization", &bearer)], &body.to_string());
    let mut stream = TcpStream::connect(bench.address()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains("[DONE]") {
        assert!(tokio::time::timeout(PATIENCE, stream.read_buf(&mut all)).await.unwrap().unwrap() > 0);
    }
    drop(stream);
    let again = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(again.header("x-parallax-cache"), Some("hit"), "{}", again.text());
    assert!(again.text().ends_with("data: [DONE]\n\n"), "{}", again.text());
    assert_eq!(bench.upstream.seen().len(), 1);
}

/// Proxies that do not count fill in zeros: no prompt has none.
#[tokio::test(flavor = "multi_thread")]
async fn a_usage_of_nothing_but_zeros_is_no_count() {
    let mut answer = crate::bench::chat_document();
    answer["usage"] = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &answer))]).await;
    let rates = [Meter::Input, Meter::Output].map(|meter| (meter, "2".to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&domain::ModelRef::parse("m@chat").unwrap(), &price).await.unwrap();
    assert_eq!(bench.post("/v1/chat/completions", &chat("m@chat", false)).await.json(), answer, "it passes");
    let booked = bench.booked().await;
    let row = &booked[0].row;
    let usage = row.usage.as_ref().unwrap();
    assert_eq!(usage.source, UsageSource::Estimated);
    assert!(usage.input.total > Some(0) && usage.output.total > Some(0), "{usage:?}");
    assert!(row.cost.total > Some(PicoUsd::ZERO), "{:?}", row.cost);
    // Of a model that nobody knows, so the most that may be billed is above what is likely.
    assert!(row.cost.at_most > row.cost.total, "{:?}", row.cost);
}
