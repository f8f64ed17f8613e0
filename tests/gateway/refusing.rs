//! Providers that refuse a field by its name.

use crate::bench::{Bench, chat, chat_events, every_protocol, messages};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::{Value, json};

/// A server of OpenAI's protocol that takes none of this field.
fn refusing(field: &str, words: &str) -> Vec<Route> {
    let error = json!({ "error": { "message": words, "type": "invalid_request_error", "param": null } });
    let mut routes = vec![
        Route::answer(Answer::json(400, &error)).path("/v1/chat/completions").body(&format!("\"{field}\"")),
    ];
    routes.extend(every_protocol());
    routes
}

fn sent(bench: &Bench) -> Vec<Value> {
    bench.upstream.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_refused_is_said_by_its_other_name_and_that_is_remembered() {
    let words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let bench = Bench::new(refusing("max_tokens", words)).await;
    let reply = bench.post("/v1/messages", &messages("m@chat", true)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut passing = chat("m@chat", false);
    passing["max_tokens"] = json!(70);
    assert_eq!(bench.post("/v1/chat/completions", &passing).await.status, 200);
    let limits: Vec<Option<u64>> =
        sent(&bench).iter().map(|body| body.get("max_completion_tokens").and_then(Value::as_u64)).collect();
    assert_eq!(limits, [None, Some(100), Some(70)]);
    let booked = bench.booked().await;
    let free = booked.iter().filter(|entry| entry.row.cost.total == Some(domain::PicoUsd::new(0))).count();
    assert_eq!((booked.len(), free), (3, 1), "what was refused cost nothing, and stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_we_ask_for_is_not_asked_of_who_refuses_it() {
    let bench =
        Bench::new(refusing("stream_options", "Unrecognized request argument supplied: stream_options"))
            .await;
    for (path, body) in [("chat/completions", chat("m@chat", true)), ("messages", messages("m@chat", false))]
    {
        let reply = bench.post(&format!("/v1/{path}"), &body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
    assert_eq!(sent(&bench).iter().filter(|body| body.get("stream_options").is_some()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_refused_is_left_out_and_told_unless_all_is_required() {
    let words = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.";
    let bench = Bench::new(refusing("temperature", words)).await;
    let mut body = chat("m@chat", true);
    body["temperature"] = json!(0);
    body["stream_options"] = json!({ "include_usage": true });
    let mut strict = body.clone();
    strict["provider"] = json!({ "require_parameters": true });
    let reply = bench.post("/v1/chat/completions", &strict).await;
    assert_eq!((reply.status, bench.upstream.seen().len()), (400, 1), "{}", reply.text());
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!((reply.status, reply.text()), (200, chat_events().concat()));
    assert!(reply.header("x-parallax-notices").is_some_and(|told| told.contains("temperature")));
    // A model may refuse it only while it thinks.
    body["reasoning_effort"] = json!("none");
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    let asked: Vec<bool> = sent(&bench).iter().map(|body| body.get("temperature").is_some()).collect();
    assert_eq!(asked, [true, true, false, true, false]);
    assert_eq!(bench.post("/v1/chat/completions", &strict).await.status, 400);
}

/// Programs set a temperature for every model, and `auto/…` may choose one that takes none.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_the_model_is_known_to_refuse_is_not_sent() {
    let bench = Bench::new(every_protocol()).await;
    bench
        .engine
        .add_provider("openai", "openai-chat", &format!("{}/v1", bench.upstream.url()))
        .await
        .unwrap();
    let mut body = chat("openai/gpt-5", true);
    body.as_object_mut().unwrap().extend(
        json!({ "temperature": 0, "frequency_penalty": 0.5, "service_tier": "flex" })
            .as_object()
            .unwrap()
            .clone(),
    );
    let mut strict = body.clone();
    strict["provider"] = json!({ "require_parameters": true });
    let mut quick = body.clone();
    quick["reasoning_effort"] = json!("none");
    for (body, kept) in [(body, false), (quick, true)] {
        let reply = bench.post("/v1/chat/completions", &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let told = reply.header("x-parallax-notices").unwrap_or_default().to_owned();
        let sent = sent(&bench).pop().unwrap();
        assert_eq!(sent["service_tier"], "flex", "all else passes");
        for name in ["temperature", "frequency_penalty"] {
            assert_eq!(
                (sent.get(name).is_some(), told.contains(name)),
                (kept, !kept),
                "{name}: {sent} {told}"
            );
        }
    }
    // Where every parameter is required that model is nobody to ask.
    assert_eq!(bench.post("/v1/chat/completions", &strict).await.status, 404);
    assert_eq!(bench.upstream.seen().len(), 2);
}

/// Several programs ask before anybody knows, and none of them is turned away because another found out first.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_at_once_that_are_refused_all_are_asked_again() {
    let words = "Unsupported parameter: 'max_tokens' is not supported with this model.";
    let bench = Bench::new(refusing("max_tokens", words)).await;
    let mut body = chat("m@chat", false);
    body["max_tokens"] = json!(70);
    let asked = futures_util::future::join_all((0..8).map(|_| bench.post("/v1/chat/completions", &body)));
    let statuses: Vec<u16> = asked.await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200; 8]);
}
