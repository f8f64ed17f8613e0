//! One who was asked cannot, and somebody else may.

use crate::bench::{Bench, chat};
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
