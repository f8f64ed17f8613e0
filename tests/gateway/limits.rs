//! What a budget asks of a provider, and what it keeps aside once the answer is there.

use crate::bench::{Bench, chat, chat_document, chat_events, every_protocol};
use domain::{Budget, Meter, Period, PicoUsd};
use parallax_suite::support::replay::{Answer, Route};
use serde_json::{Value, json};

/// Its longest answer is its whole context.
const WHOLE: &str = "google/gemma-3-27b-it";
const CONTEXT: u64 = 131_072;

async fn bench(routes: Vec<Route>) -> Bench {
    let bench = Bench::new(routes).await;
    let address = format!("{}/v1", bench.upstream.url());
    bench.engine.add_provider("deepinfra", "openai-chat", &address).await.unwrap();
    let budget = Budget {
        scope: "app:editor".parse().unwrap(),
        period: Period::Day,
        limit: PicoUsd::from_dollars("1000").unwrap(),
        hard: true,
        warn: Vec::new(),
        unknown_price: None,
    };
    bench.engine.set_budget(budget).await.unwrap();
    bench
}

async fn priced(bench: &Bench, model: &str, per_million: &str) {
    let rates =
        [Meter::Input, Meter::Output].map(|meter| (meter, per_million.to_owned())).into_iter().collect();
    let price = engine::UserPrice { rates, foreign: None };
    bench.engine.set_price(&domain::ModelRef::parse(model).unwrap(), &price).await.unwrap();
}

/// What the last request was limited to.
fn limit(bench: &Bench) -> Option<u64> {
    let body: Value = serde_json::from_str(bench.upstream.seen().last().unwrap().text().as_ref()).unwrap();
    body["max_tokens"].as_u64().or(body["max_completion_tokens"].as_u64())
}

/// vLLM and Mistral, for two, refuse a limit that does not fit into the context beside the prompt.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_budget_fits_beside_the_prompt() {
    let bench = bench(every_protocol()).await;
    let model = format!("{WHOLE}@deepinfra");
    let mut body = chat(&model, false);
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    let short = limit(&bench).unwrap();
    assert!(short < CONTEXT - 10 && short > CONTEXT - 1_000, "{short}");
    // As many letters as the context has tokens: some 26,000 of them.
    body["messages"][0]["content"] = json!("word ".repeat(26_200));
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    let long = limit(&bench).unwrap();
    assert!(long > 30_000 && long < CONTEXT - 60_000, "{long}");
    // What the program asks for itself is its own affair.
    body["max_tokens"] = json!(CONTEXT);
    assert_eq!(bench.post("/v1/chat/completions", &body).await.status, 200);
    assert_eq!(limit(&bench), Some(CONTEXT));
    let held: Vec<PicoUsd> = bench.booked().await.iter().map(|entry| entry.held.unwrap()).collect();
    assert!(held[0] < held[2] && held[1] < held[2], "{held:?}");
}

/// Nothing is cut for the sake of money where there is none to pay; where nobody knows how long an answer can be, the
/// limit is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_has_no_limit_and_an_assumed_one_is_told() {
    let bench = bench(every_protocol()).await;
    priced(&bench, "m@chat", "1").await;
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!((reply.status, limit(&bench)), (200, Some(16_384)), "{}", reply.text());
    let told = reply.header("x-parallax-notices").unwrap();
    assert!(told.contains("may have 16384 tokens"), "{told}");
    priced(&bench, "m@chat", "0").await;
    let reply = bench.post("/v1/chat/completions", &chat("m@chat", false)).await;
    assert_eq!((reply.status, limit(&bench)), (200, None), "{}", reply.text());
    assert_eq!(reply.header("x-parallax-notices"), None);
}

/// Whoever counts nothing has still given the whole answer: what it could be in tokens is known by its bytes, unless its
/// model may have thought in silence.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_usage_keeps_aside_what_its_bytes_can_cost() {
    let mut document = chat_document();
    document.as_object_mut().unwrap().remove("usage");
    let events: Vec<String> =
        chat_events().into_iter().filter(|event| !event.contains("prompt_tokens")).collect();
    let bench = bench(vec![
        Route::answer(Answer::event_stream(events.concat())).body("\"stream\":true"),
        Route::answer(Answer::json(200, &document)),
    ])
    .await;
    priced(&bench, "m@chat", "1").await;
    priced(&bench, &format!("{WHOLE}@deepinfra"), "1").await;
    for stream in [false, true] {
        for (model, bytes) in [(format!("{WHOLE}@deepinfra"), true), ("m@chat".to_owned(), false)] {
            let reply = bench.post("/v1/chat/completions", &chat(&model, stream)).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let booked = bench.booked().await;
            let entry = booked.last().unwrap();
            assert_eq!(entry.row.outcome, "stop");
            let (held, most) = (entry.held.unwrap(), entry.row.cost.at_most.unwrap());
            // A thousandth of a cent for each ten tokens: an answer of thirteen bytes behind a prompt of ten.
            assert_eq!(most < PicoUsd::from_dollars("0.0004").unwrap(), bytes, "{model} {stream}: {most}");
            assert!(
                bytes || most >= PicoUsd::from_dollars("0.016").unwrap() && most <= held,
                "{most} of {held}"
            );
        }
    }
}
