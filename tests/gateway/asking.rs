//! Answers: passed on and translated, whole and streamed, refused and broken off.

use crate::bench::{Bench, chat, chat_events, data, every_protocol, messages, messages_events};
use domain::{Budget, Period, PicoUsd};
use parallax_suite::support::replay::{Answer, Route, Step};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_protocol_passes_as_it_is() {
    let bench = Bench::new(every_protocol()).await;
    let mut body = chat("m@chat", true);
    body["stream_options"] = json!({ "include_usage": true });
    body["vendor_field"] = json!({ "b": 1, "a": [1, 2] });
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    assert_eq!(reply.text(), chat_events().concat(), "byte for byte");
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(reply.header("x-parallax-endpoint"), Some("chat/m"));
    let seen = bench.upstream.seen().pop().unwrap();
    let sent: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(sent["vendor_field"], body["vendor_field"]);
    assert_eq!(sent["model"], "m");
    assert!(!seen.everything().contains(&bench.key), "our key stays here");
    let reply = bench.post("/v1/messages", &messages("m@messages", true)).await;
    assert_eq!(reply.text(), messages_events().concat());
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!(reply.json()["x_vendor"], "kept");
    let booked = bench.booked().await;
    assert_eq!(booked.len(), 3);
    for entry in booked {
        assert_eq!(entry.row.origin, "gateway");
        assert_eq!(entry.row.purpose.app.as_deref(), Some("editor"));
        let usage = entry.row.usage.unwrap();
        assert_eq!((usage.input.total, usage.output.total), (Some(20), Some(5)));
    }
    let audit = bench.engine.audit(domain::Timestamp(0)).await.unwrap();
    assert_eq!(audit.len(), 3);
    assert!(audit.iter().all(|row| row.app.as_deref() == Some("editor") && row.origin == "gateway"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_router_is_asked_is_understood_or_refused() {
    let bench = Bench::new(every_protocol()).await;
    let asked = |fields: Value| {
        let mut body = chat("m@chat", false);
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    // A list of models without a first name.
    let mut body = chat("m@chat", false);
    body.as_object_mut().unwrap().remove("model");
    body["models"] = json!(["m@chat", "m@messages"]);
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    let reply = bench.post("/v1/chat/completions", &asked(json!({ "provider": { "only": ["CHAT"] } }))).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    // A misspelt name in a list of those to leave out would leave out nobody.
    let reply =
        bench.post("/v1/chat/completions", &asked(json!({ "provider": { "ignore": ["chta"] } }))).await;
    assert!(reply.status == 400 && reply.text().contains("chta"), "{}", reply.text());
    // What another protocol cannot carry is no longer left out where all of it is required.
    let mut body = asked(json!({ "model": "m@messages", "logit_bias": { "1": 2 } }));
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    body["provider"] = json!({ "require_parameters": true });
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert!(reply.status >= 400 && reply.text().contains("logit_bias"), "{}", reply.text());
    assert_eq!(bench.booked().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_goes_through_to_every_other() {
    let bench = Bench::new(every_protocol()).await;
    for to in ["chat", "messages", "gemini"] {
        let model = format!("m@{to}");
        for stream in [false, true] {
            let reply = bench.post("/v1/chat/completions", &chat(&model, stream)).await;
            assert_eq!((reply.status, reply.whole), (200, true), "chat → {to}: {}", reply.text());
            let text: String = if stream {
                assert!(reply.text().trim_end().ends_with("data: [DONE]"), "{}", reply.text());
                let deltas = data(&reply.text());
                deltas.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect()
            } else {
                reply.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
            };
            assert_eq!(text, "Hello wörld!", "chat → {to}");

            let reply = bench.post("/v1/messages", &messages(&model, stream)).await;
            assert_eq!((reply.status, reply.whole), (200, true), "messages → {to}: {}", reply.text());
            let text: String = if stream {
                assert!(reply.text().contains("event: message_stop"), "{}", reply.text());
                let deltas = data(&reply.text());
                deltas.iter().filter_map(|c| c["delta"]["text"].as_str()).collect()
            } else {
                reply.json()["content"][0]["text"].as_str().unwrap().to_owned()
            };
            assert_eq!(text, "Hello wörld!", "messages → {to}");

            let body = json!({ "model": model, "stream": stream, "input": "Say hello." });
            let reply = bench.post("/v1/responses", &body).await;
            assert_eq!((reply.status, reply.whole), (200, true), "responses → {to}: {}", reply.text());
            let text: String = if stream {
                let events = data(&reply.text());
                assert_eq!(events.last().unwrap()["type"], "response.completed", "{}", reply.text());
                let deltas = events.iter().filter(|event| event["type"] == "response.output_text.delta");
                deltas.filter_map(|event| event["delta"].as_str()).collect()
            } else {
                reply.json()["output"][0]["content"][0]["text"].as_str().unwrap().to_owned()
            };
            assert_eq!(text, "Hello wörld!", "responses → {to}");

            let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let body = json!({ "contents": [{ "role": "user", "parts": [{ "text": "Say hello." }] }] });
            let reply = bench.post(&format!("/v1beta/models/{model}:{verb}"), &body).await;
            assert_eq!((reply.status, reply.whole), (200, true), "gemini → {to}: {}", reply.text());
            let chunks = if stream { data(&reply.text()) } else { vec![reply.json()] };
            let parts =
                chunks.iter().filter_map(|c| c["candidates"][0]["content"]["parts"].as_array()).flatten();
            let text: String = parts.filter_map(|part| part["text"].as_str()).collect();
            assert_eq!(text, "Hello wörld!", "gemini → {to}");
        }
    }
    assert_eq!(bench.booked().await.len(), 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_keeps_its_status_and_its_wait() {
    let refusal = json!({ "error": { "message": "Slow down.", "type": "rate_limit", "code": "rate_limit" } });
    let answer = Answer::json(429, &refusal)
        .header("retry-after", "9")
        .header("x-ratelimit-remaining-requests", "0")
        .header("set-cookie", "a=b")
        .header("openai-organization", "org-theirs");
    let bench = Bench::new(vec![Route::answer(answer)]).await;
    for stream in [false, true] {
        let reply = bench.post("/v1/chat/completions", &chat("m@chat", stream)).await;
        assert_eq!(reply.status, 429, "{}", reply.text());
        assert_eq!(reply.header("retry-after"), Some("9"));
        assert_eq!(reply.header("x-ratelimit-remaining-requests"), Some("0"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!((reply.header("set-cookie"), reply.header("openai-organization")), (None, None));
        assert!(reply.json()["error"]["message"].is_string());
        let reply = bench.post("/v1/messages", &messages("m@chat", stream)).await;
        assert_eq!((reply.status, reply.json()["type"].as_str()), (429, Some("error")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_is_soon_over_is_waited_out_before_anybody_is_asked() {
    let refusal = json!({ "error": { "message": "Slow down.", "type": "rate_limit", "code": "rate_limit" } });
    let pause = Answer::json(429, &refusal).header("retry-after", "2");
    let mut routes = vec![Route::answer(pause).times(3)];
    routes.extend(every_protocol());
    let bench = Bench::new(routes).await;
    // As often as one place is asked for one request.
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!((reply.status, bench.upstream.seen().len()), (429, 3), "{}", reply.text());
    let refused = Instant::now();
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!((reply.status, bench.upstream.seen().len()), (200, 4), "{}", reply.text());
    assert!(refused.elapsed() >= Duration::from_millis(1_500), "{:?}", refused.elapsed());
}

fn broken(after: usize, end: Step) -> Vec<Route> {
    let answer = |events: Vec<String>| {
        let bytes = events.concat();
        Answer::event_stream(bytes).until(after, end.clone())
    };
    vec![
        Route::answer(answer(messages_events())).path("/v1/messages"),
        Route::answer(answer(chat_events())).path("/v1/chat/completions"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_is_never_called_finished() {
    let start: usize = chat_events().iter().take(3).map(String::len).sum();
    let bench = Bench::new(broken(start + 20, Step::Close)).await;
    for to in ["chat", "messages"] {
        let reply = bench.post("/v1/chat/completions", &chat(&format!("m@{to}"), true)).await;
        let text = reply.text();
        assert_eq!(reply.status, 200, "{text}");
        assert!(text.contains("\"error\"") && !text.contains("[DONE]"), "chat → {to}: {text}");
        assert!(!text.contains("\"finish_reason\":\"stop\""), "chat → {to}: {text}");
        let events = data(&text);
        let last = events.last().unwrap();
        assert!(last["error"]["message"].is_string(), "chat → {to}: {text}");
        let reply = bench.post("/v1/messages", &messages(&format!("m@{to}"), true)).await;
        let text = reply.text();
        assert!(text.contains("event: error") && !text.contains("message_stop"), "messages → {to}: {text}");
        assert!(!text.contains("end_turn"), "messages → {to}: {text}");
        let reply = bench.post("/v1/chat/completions", &chat(&format!("m@{to}"), false)).await;
        assert!(reply.status >= 500, "{}: {}", reply.status, reply.text());
    }
    // Every attempt is booked, and costs what came are estimated.
    let booked = bench.booked().await;
    assert!(booked.iter().all(|entry| entry.row.outcome == "stream.truncated"), "{booked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_content_a_failure_is_a_status() {
    let error = json!({ "error": { "message": "No room.", "code": 503 } });
    let early = Answer::event_stream(format!("data: {error}\n\n"));
    let bench = Bench::new(vec![Route::answer(early)]).await;
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let reply = bench.post(path, &messages("m@chat", true)).await;
        assert!(reply.status >= 400, "{path}: {} {}", reply.status, reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_stops_the_provider() {
    let mut slow = Answer::status(200).header("content-type", "text/event-stream");
    for event in chat_events() {
        slow = slow.send(event).step(Step::Wait(Duration::from_millis(400)));
    }
    let bench = Bench::new(vec![Route::answer(slow)]).await;
    let bearer = format!("Bearer {}", bench.key);
    let body = chat("m@chat", true).to_string();
    let request = bench.request("POST", "/v1/chat/completions", &[("authorization", &bearer)], &body);
    let mut stream = TcpStream::connect(bench.address()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut first = [0u8; 4096];
    let n = stream.read(&mut first).await.unwrap();
    assert!(n > 0);
    let left = Instant::now();
    drop(stream);
    let mut waited = Duration::ZERO;
    while bench.upstream.left_early() == 0 && waited < Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        waited = left.elapsed();
    }
    let departure = bench.upstream.departures()[0];
    assert!(departure.saturating_duration_since(left) < Duration::from_millis(200), "{:?}", departure - left);
    let booked = bench.booked().await;
    assert_eq!(booked.last().unwrap().row.outcome, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_request_is_answered_again_for_keys_that_want_it() {
    let bench = std::sync::Arc::new(Bench::new(every_protocol()).await);
    let first = bench.post("/v1/chat/completions", &chat("m@chat", true)).await;
    bench.post("/v1/chat/completions", &chat("m@chat", true)).await;
    assert_eq!(bench.upstream.seen().len(), 2, "nobody wanted it");
    let change = engine::AppKeyChange { cache: Some(true), ..engine::AppKeyChange::default() };
    bench.engine.change_app_key("editor", change).await.unwrap();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bench = std::sync::Arc::clone(&bench);
        clients.spawn(async move { bench.post("/v1/chat/completions", &chat("m@chat", true)).await });
    }
    let replies = clients.join_all().await;
    assert!(replies.iter().all(|reply| reply.text() == first.text() && reply.whole));
    let hits = replies.iter().filter(|reply| reply.header("x-parallax-cache") == Some("hit")).count();
    assert_eq!((hits, bench.upstream.seen().len()), (7, 3), "one asked, the others waited for it");
    let turned = json!({ "messages": [{ "content": "Say hello.", "role": "user" }], "stream": true, "model": "m@chat" });
    let again = bench.post("/v1/chat/completions", &turned).await;
    assert_eq!(again.header("x-parallax-cache"), Some("hit"), "in another order");
    assert_eq!(again.header("x-parallax-cost"), Some("0.000000"), "as every cost is written");
    let other = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!(other.header("x-parallax-cache"), None, "not streamed: another answer");
    let kept =
        bench.engine.store().read(|tx| tx.answered_again(domain::Timestamp(0), domain::Timestamp(i64::MAX)));
    let kept = kept.await.unwrap();
    assert_eq!((kept.answers, kept.unknown), (8, 8), "the price of this model is unknown");
    bench.upstream.first(Route::answer(Answer::status(500)));
    let mut failing = chat("m@chat", false);
    failing["seed"] = json!(7);
    for _ in 0..2 {
        let reply = bench.post("/v1/chat/completions", &failing).await;
        assert!(reply.status >= 500 && reply.header("x-parallax-cache").is_none(), "{}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_provider_takes_over_before_the_first_content() {
    let bench = Bench::new(Vec::new()).await;
    bench
        .upstream
        .first(Route::answer(Answer::event_stream(messages_events().concat())).path("/v1/messages"));
    bench.upstream.first(Route::answer(Answer::status(500)).path("/v1/chat/completions"));
    let mut body = chat("m@chat", true);
    body["models"] = json!(["m@messages"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("x-parallax-endpoint"), Some("messages/m"));
    let text: String =
        data(&reply.text()).iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "Hello wörld!");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_of_an_app_holds_under_sixty_four_clients() {
    let bench = Bench::new(every_protocol()).await;
    // A dollar a thousand tokens each way.
    let per_million = |meter| (meter, "1000".to_owned());
    let rates = [domain::Meter::Input, domain::Meter::Output].map(per_million).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    let model = domain::ModelRef::parse("m@chat").unwrap();
    bench.engine.set_price(&model, &price).await.unwrap();
    let limit = PicoUsd::from_dollars("1.50").unwrap();
    let budget = Budget {
        scope: "app:editor".parse().unwrap(),
        period: Period::Month,
        limit,
        hard: true,
        warn: Vec::new(),
        unknown_price: None,
    };
    bench.engine.set_budget(budget).await.unwrap();
    let bench = std::sync::Arc::new(bench);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let bench = std::sync::Arc::clone(&bench);
        clients.spawn(async move {
            let mut body = chat("m@chat", true);
            body["max_tokens"] = json!(5);
            let mut statuses = Vec::new();
            for _ in 0..3 {
                statuses.push(bench.post("/v1/chat/completions", &body).await.status);
            }
            statuses
        });
    }
    let statuses: Vec<u16> = clients.join_all().await.into_iter().flatten().collect();
    let answered = statuses.iter().filter(|status| **status == 200).count();
    assert!(answered >= 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 402].contains(status)), "{statuses:?}");
    let spent: i64 = bench.booked().await.iter().map(|entry| entry.row.cost.total.unwrap().get()).sum();
    assert!(spent <= limit.get(), "{spent} of {limit}");
    assert!(statuses.contains(&402), "the limit was reached");
    let spending = bench.engine.app_spending("editor").await.unwrap();
    assert_eq!((spending.ever.get(), spending.limit), (spent, Some(limit)));
}

/// What the provider searches by itself is set aside too, and where nobody limits it nothing is sent under a budget.
#[tokio::test(flavor = "multi_thread")]
async fn searches_are_set_aside_and_endless_ones_are_not_sent_under_a_budget() {
    let bench = Bench::new(every_protocol()).await;
    // At Anthropic's prices, but here.
    bench.engine.add_provider("anthropic", "anthropic-messages", &bench.upstream.url()).await.unwrap();
    let budget = |limit: &str| Budget {
        scope: "app:editor".parse().unwrap(),
        period: Period::Day,
        limit: PicoUsd::from_dollars(limit).unwrap(),
        hard: true,
        warn: Vec::new(),
        unknown_price: None,
    };
    let before = bench.upstream.connections();
    let ask = |uses: Option<u64>| {
        let mut body = messages("anthropic/claude-haiku-4.5", false);
        body["max_tokens"] = json!(100);
        body["tools"] = json!([{ "type": "web_search_20250305", "name": "web_search", "max_uses": uses }]);
        body
    };
    bench.engine.set_budget(budget("1000")).await.unwrap();
    let endless = bench.post("/v1/messages", &ask(None)).await;
    assert_eq!(endless.status, 402, "{}", endless.text());
    assert!(endless.text().contains("web_search_20250305"), "{}", endless.text());
    assert_eq!(endless.header("x-parallax-attempts"), Some("0"), "tried, and stopped before it was sent");
    // Ten searches are ten cents, and they may fill the 200,000 tokens it reads.
    for limit in ["0.05", "0.25"] {
        bench.engine.set_budget(budget(limit)).await.unwrap();
        let reply = bench.post("/v1/messages", &ask(Some(10))).await;
        assert_eq!(reply.status, 402, "{limit}: {}", reply.text());
    }
    assert_eq!(bench.upstream.connections(), before, "nothing was sent");
    assert!(bench.booked().await.is_empty());
    bench.engine.set_budget(budget("1")).await.unwrap();
    let reply = bench.post("/v1/messages", &ask(Some(10))).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("x-parallax-attempts"), Some("1"));
    let held = bench.booked().await[0].held.unwrap();
    assert!(held >= PicoUsd::from_dollars("0.30").unwrap(), "{held}");
    // A tool that the program runs itself is none of it.
    let mut body = ask(None);
    body["tools"] = json!([{ "type": "bash_20250124", "name": "bash" }]);
    assert_eq!(bench.post("/v1/messages", &body).await.status, 200);
}

/// A price that holds from some day on is today's price all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_dated_price_is_listed() {
    let bench = Bench::new(every_protocol()).await;
    let account = domain::AccountRef::parse("anthropic").unwrap();
    bench.engine.set_key(&account, domain::Secret::new("sk-ant-test")).await.unwrap();
    let list = bench.get("/v1/models").await.json();
    let of = |name: &str| list["data"].as_array().unwrap().iter().find(|m| m["id"] == name).cloned();
    let opus = of("anthropic/claude-opus-4.6").unwrap();
    assert_eq!(opus["pricing"]["prompt"], "0.000005");
    assert_eq!(opus["pricing"]["completion"], "0.000025");
    let all = bench.get("/v1/models/anthropic/claude-opus-4.6/endpoints").await.json();
    assert_eq!(all["data"]["endpoints"][0]["pricing"]["prompt"], "0.000005");
}

/// What stands at an address of one's own may give back the key that it was sent, a few letters at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_back_in_pieces_does_not_pass() {
    const KEY: &str = "sk-canary-0123456789-abcdefgh";
    let bench = Bench::new(every_protocol()).await;
    let account = domain::AccountRef::parse("chat").unwrap();
    bench.engine.set_key(&account, domain::Secret::new(KEY)).await.unwrap();
    let event = |text: &str| {
        format!(
            "data: {}\n\n",
            json!({ "id": "c", "choices": [{ "index": 0, "delta": { "content": text } }] })
        )
    };
    let said = |reply: &crate::bench::Reply| -> String {
        let deltas = data(&reply.text());
        deltas.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect()
    };
    for cut in [1, 3, 5, 20] {
        let text = format!("You sent {KEY}, sk-can you hear me?");
        let pieces = text.as_bytes().chunks(cut).map(|piece| event(&String::from_utf8_lossy(piece)));
        let mut answer = Answer::status(200).header("content-type", "text/event-stream");
        for piece in pieces {
            // Each in a packet of its own, so that none waits for the next by accident.
            answer = answer.send(piece).step(Step::Wait(Duration::from_millis(2)));
        }
        let end = json!({ "id": "c", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
        let answer = answer.send(format!("data: {end}\n\ndata: [DONE]\n\n"));
        bench.upstream.first(Route::answer(answer).path("/v1/chat/completions"));
        let reply = bench.post("/v1/chat/completions", &chat("m@chat", true)).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.text());
        let seen = bench.upstream.seen().pop().unwrap();
        assert!(seen.everything().contains(KEY), "it was sent at all");
        let said = said(&reply);
        assert!(!said.contains("canary-") && !said.contains("abcdefgh"), "{cut}: {said}");
        assert!(said.starts_with("You sent ") && said.ends_with(", sk-can you hear me?"), "{cut}: {said}");
        assert_eq!(said.matches("[key]").count(), 1, "{cut}: {said}");
    }
    // Other writers of JSON escape letters that need not be; what a client reads is the key all the same.
    let escaped = KEY.replace('-', "\\u002d");
    let whole = json!({ "id": "c", "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant",
        "content": "You sent KEY." } }], "usage": { "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25 } });
    let streamed = format!("{}data: [DONE]\n\n", event("You sent KEY.")).replace("KEY", &escaped);
    let whole = whole.to_string().replace("KEY", &escaped);
    let document = Answer::status(200).header("content-type", "application/json").send(whole);
    let stream = Answer::status(200).header("content-type", "text/event-stream").send(streamed);
    for (streams, answer) in [(false, document), (true, stream)] {
        bench.upstream.first(Route::answer(answer).path("/v1/chat/completions"));
        let reply = bench.post("/v1/chat/completions", &chat("m@chat", streams)).await;
        assert!(
            !reply.text().contains("canary") && reply.text().contains("You sent [key]."),
            "{}",
            reply.text()
        );
    }
    let _ = bench.booked().await;
}
