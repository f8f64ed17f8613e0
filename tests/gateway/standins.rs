//! One who was asked cannot, and somebody else may.

use crate::bench::{Bench, chat, chat_document};
use engine::AppKeyChange;
use parallax_suite::support::replay::{Answer, Route};
use serde_json::json;

/// Providers of one model at this machine, each at a path of its own.
async fn bench(routes: Vec<Route>, providers: &[&str]) -> Bench {
    let bench = Bench::new(routes).await;
    for provider in providers {
        let url = format!("{}/{provider}/v1", bench.upstream.url());
        bench.engine.add_provider(provider, "openai-chat", &url).await.unwrap();
    }
    bench
}

const MODEL: &str = "meta-llama/llama-3.3-70b-instruct";

/// Whoever was asked last may want the longest pause.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_pauses_the_shortest_is_told() {
    let busy = |seconds: u32| {
        let error = json!({ "error": { "message": "Slow down.", "code": "rate_limit_exceeded" } });
        Answer::json(429, &error).header("retry-after", &seconds.to_string())
    };
    let waits = [("deepinfra", 90), ("groq", 45), ("together", 200)];
    let routes = waits.map(|(name, wait)| Route::answer(busy(wait)).path(&format!("/{name}/")));
    let bench = bench(routes.into(), &waits.map(|(name, _)| name)).await;
    let reply = bench.post("/v1/chat/completions", &chat(MODEL, false)).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("45")), "{}", reply.text());
    assert_eq!(bench.upstream.asked(), 3);
}

/// A list that was written for another router may begin with models that nobody here has: its user named the next ones too.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_may_begin_with_models_that_nobody_here_serves() {
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &chat_document()))]).await;
    let asked = |models: &[&str]| {
        let mut body = chat("nope/a", false);
        body["models"] = json!(models);
        body
    };
    for models in [&["m@chat"][..], &["nope/b", "m@nobody", "m@chat", "nope/c"]] {
        let reply = bench.post("/v1/chat/completions", &asked(models)).await;
        assert_eq!((reply.status, reply.header("x-parallax-endpoint")), (200, Some("chat/m")), "{models:?}");
        let told = reply.header("x-parallax-notices").unwrap();
        assert!(told.contains("nope/a") && told.contains("nobody here serves"), "{told}");
    }
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!(reply.header("x-parallax-notices"), None);
    let reply = bench.post("/v1/chat/completions", &asked(&["nope/b"])).await;
    assert_eq!(reply.status, 404);
    assert!(reply.text().contains("nope/a"), "the first is told: {}", reply.text());
    // What an app may ask for holds for each of them.
    let change = AppKeyChange { models: Some(vec!["other".to_owned()]), ..AppKeyChange::default() };
    bench.engine.change_app_key("editor", change).await.unwrap();
    let before = bench.upstream.asked();
    let reply = bench.post("/v1/chat/completions", &asked(&["m@chat"])).await;
    assert_eq!((reply.status, bench.upstream.asked()), (403, before), "{}", reply.text());
}

/// What is no name, or no name of anybody's here, stands in for nothing: it is no reason not to ask the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_that_is_none_keeps_nobody_from_being_asked() {
    let bench = Bench::new(vec![Route::answer(Answer::json(200, &chat_document()))]).await;
    let wrong = ["m@", "", &"x".repeat(300), "m@nobody", "auto/nothing"];
    for wrong in wrong {
        let mut body = chat("m@chat", false);
        body["provider"] = json!({ "models": [wrong, "n@chat"] });
        let reply = bench.post("/v1/chat/completions", &body).await;
        let told = (reply.header("x-parallax-endpoint"), reply.header("x-parallax-notices"));
        assert_eq!((reply.status, told), (200, (Some("chat/m"), None)), "{wrong}: {}", reply.text());
    }
    // As the first it is passed over.
    let mut body = chat("m@", false);
    body["models"] = json!(["n@", "n@chat"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(
        (reply.status, reply.header("x-parallax-endpoint")),
        (200, Some("chat/n")),
        "{}",
        reply.text()
    );
    // Nobody whom it could choose of is set up, which is not that nobody knows it.
    let mut body = chat("auto/cheapest", false);
    body["models"] = json!(["m@chat"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert!(reply.text().contains("is set up"), "{}", reply.text());
}

/// What one model finds wrong is wrong for it wherever it runs, and may be right for the next that was named.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_invalid_request_the_next_named_model_is_asked_and_no_other_place_of_the_first() {
    let error =
        json!({ "error": { "message": "messages: too many pictures", "type": "invalid_request_error" } });
    let names = ["deepinfra", "groq"];
    let mut routes: Vec<Route> = names
        .iter()
        .map(|name| Route::answer(Answer::json(400, &error)).path(&format!("/{name}/")))
        .collect();
    routes.push(Route::answer(Answer::json(200, &chat_document())));
    let bench = bench(routes, &names).await;
    let reply = bench.post("/v1/chat/completions", &chat(MODEL, false)).await;
    assert_eq!((reply.status, bench.upstream.asked()), (400, 1), "{}", reply.text());
    let mut body = chat(MODEL, false);
    body["models"] = json!(["m@chat"]);
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert_eq!(
        (reply.status, reply.header("x-parallax-endpoint")),
        (200, Some("chat/m")),
        "{}",
        reply.text()
    );
    assert_eq!((reply.header("x-parallax-attempts"), bench.upstream.asked()), (Some("2"), 3));
    // Where that one cannot answer either, what is wrong is told.
    let wrong = Route::answer(Answer::json(400, &error)).path("/deepinfra/");
    let busy = Route::answer(Answer::json(529, &json!({ "error": { "message": "Busy." } })));
    let bench = self::bench(vec![wrong, busy], &names[..1]).await;
    let reply = bench.post("/v1/chat/completions", &body).await;
    assert!(reply.status == 400 && reply.text().contains("too many pictures"), "{}", reply.text());
    assert!(bench.upstream.asked() > 1);
}
