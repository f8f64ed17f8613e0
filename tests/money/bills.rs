//! The provider's own figures beside the ledger. The payloads are documented ones, not recorded: no account
//! was at hand whose charges could be read.

use super::kept::{ask, engine_at};
use domain::{Basis, ErrorKind, PicoUsd, ProviderId, Secret, Timestamp};
use engine::{Engine, Reason};
use parallax_suite::support::replay::{Answer, Replay, Route, Step};
use serde_json::{Value, json};
use std::path::Path;

const DAY: i64 = 86_400_000;

/// A provider of the user's own under a known name, at a server on this machine.
async fn engine_with(folder: &Path, id: &str, dialect: &str, base: String) -> Engine {
    let engine = engine_at(folder).await;
    engine.add_provider(id, dialect, &base).await.unwrap();
    engine
}

/// Midnight UTC of the day that is so many days back, in seconds.
fn midnight(engine: &Engine, back: i64) -> i64 {
    (engine.clock().now().0.div_euclid(DAY) - back) * 86_400
}

fn usd(text: &str) -> PicoUsd {
    PicoUsd::from_dollars(text).unwrap()
}

fn page(days: &[(i64, &[Value])], next: Option<&str>) -> Value {
    let bucket = |(start, results): &(i64, &[Value])| json!({ "object": "bucket", "start_time": start, "end_time": start + 86_400, "results": results });
    json!({ "object": "page", "data": days.iter().map(bucket).collect::<Vec<_>>(),
        "has_more": next.is_some(), "next_page": next })
}

fn cost(value: Value) -> Value {
    json!({ "object": "organization.costs.result", "amount": { "value": value, "currency": "usd" },
        "line_item": null, "project_id": null })
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_costs_stand_beside_ours_by_day_with_what_explains_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Replay::start(Vec::new());
    let engine = engine_with(folder.path(), "openai", "openai-chat", format!("{}/v1", server.url())).await;
    // 1,000 × 2.50 and 500 × 10.00 a million = 0.0075 dollars.
    server.first(Route::answer(super::kept::stream(1_000, 500)).path("/v1/chat"));
    ask(&engine, "Hi", "gpt-4o@openai").await;
    let (today, before) = (midnight(&engine, 0), midnight(&engine, 1));
    // Two pages; one amount with more decimals than a pico-dollar has, one with an exponent.
    let first = page(&[(before, &[cost(json!(1.5e-1)), cost(json!(0.05))])], Some("p2"));
    let second = page(&[(today, &[cost(json!("0.0075000000000001"))])], None);
    server.first(Route::answer(Answer::json(200, &second)).path("/v1/organization/costs"));
    server.first(Route::answer(Answer::json(200, &first)).path("/v1/organization/costs").times(1));
    let openai = ProviderId::from("openai");
    let days = engine.reconcile(&openai, &Secret::new("sk-admin-1"), 3).await.unwrap();
    assert_eq!(days.len(), 3);
    assert_eq!((days[0].theirs, days[0].drift), (None, None), "what is not said is not zero");
    assert_eq!(days[1].theirs, Some(usd("0.2")));
    assert_eq!((days[1].ours, days[1].drift), (PicoUsd::ZERO, Some(usd("0.2"))));
    assert_eq!(days[1].reasons, [Reason::Elsewhere]);
    assert_eq!((days[2].theirs, days[2].ours), (Some(usd("0.0075")), usd("0.0075")));
    assert_eq!(days[2].reasons, [Reason::Rounding]);
    let asked: Vec<_> = server.seen().into_iter().filter(|seen| seen.path.contains("organization")).collect();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|seen| seen.header("authorization") == Some("Bearer sk-admin-1")));
    assert!(asked[1].path.contains("page=p2"), "{}", asked[1].path);
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropics_cents_become_dollars() {
    let folder = tempfile::tempdir().unwrap();
    let server = Replay::start(Vec::new());
    let engine = engine_with(folder.path(), "anthropic", "anthropic-messages", server.url()).await;
    let day = Timestamp(midnight(&engine, 0) * 1_000).day();
    let body = json!({ "data": [{ "starting_at": format!("{day}T00:00:00Z"), "ending_at": "x", "results": [
        { "currency": "USD", "amount": "123.45", "workspace_id": null, "description": null },
        { "currency": "USD", "amount": "0.5", "workspace_id": null, "description": null },
    ] }], "has_more": false, "next_page": null });
    server.first(Route::answer(Answer::json(200, &body)).path("/v1/organizations/cost_report"));
    let days = engine.reconcile(&ProviderId::from("anthropic"), &Secret::new("sk-ant-admin"), 1).await;
    assert_eq!(days.unwrap()[0].theirs, Some(usd("1.2395")));
    let seen = server.seen();
    assert!(seen[0].path.contains("starting_at="), "{}", seen[0].path);
    assert_eq!(seen[0].header("anthropic-version"), Some("2023-06-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn openrouters_activity_is_summed_over_models() {
    let folder = tempfile::tempdir().unwrap();
    let server = Replay::start(Vec::new());
    let engine =
        engine_with(folder.path(), "openrouter", "openai-chat", format!("{}/v1", server.url())).await;
    let day = Timestamp(midnight(&engine, 1) * 1_000).day();
    let line = |model: &str, usage: f64| {
        json!({ "date": day, "model": model, "provider_name": "X", "usage": usage,
            "byok_usage_inference": 0.0, "requests": 2, "prompt_tokens": 10, "completion_tokens": 5,
            "reasoning_tokens": 0 })
    };
    let body = json!({ "data": [line("a/b", 0.015), line("c/d", 0.0025)] });
    server.first(Route::answer(Answer::json(200, &body)).path("/v1/activity"));
    let days = engine.reconcile(&ProviderId::from("openrouter"), &Secret::new("sk-or-m"), 2).await.unwrap();
    assert_eq!(days[0].theirs, Some(usd("0.0175")));
    let log = engine.audit(Timestamp(i64::MIN)).await.unwrap();
    assert_eq!((log.len(), log[0].purpose, log[0].bytes), (1, "bill", 0), "it is in the log of what left");
    assert_eq!(days[1].theirs, None, "today is not finished");
}

/// An answer that broke off is estimated until the provider says what it charged; then the ledger is put right, once.
#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_is_put_right_by_what_the_provider_charged() {
    let folder = tempfile::tempdir().unwrap();
    let server = Replay::start(Vec::new());
    let engine =
        engine_with(folder.path(), "openrouter", "openai-chat", format!("{}/v1", server.url())).await;
    // Behind usage and text, before it says why it ends.
    let cut = super::kept::stream(30, 2).header("x-generation-id", "gen-7").until(180, Step::Close);
    server.first(Route::answer(cut).path("/v1/chat"));
    ask(&engine, "Hi", "openai/gpt-4o@openrouter").await;
    let before = super::kept::entries(&engine).await;
    assert_eq!((before.len(), before[0].row.cost.basis), (1, Basis::Estimated));
    let router = ProviderId::from("openrouter");
    let since = Timestamp(0);
    server.first(Route::answer(Answer::status(404)).path("/v1/generation").times(1));
    assert_eq!(engine.correct_estimates(&router, since).await.unwrap(), 0, "not told yet");
    let told = json!({ "data": { "id": "gen-7", "total_cost": 0.00123, "native_tokens_completion": 90 } });
    server.first(Route::answer(Answer::json(200, &told)).path("/v1/generation"));
    assert_eq!(engine.correct_estimates(&router, since).await.unwrap(), 1);
    assert_eq!(engine.correct_estimates(&router, since).await.unwrap(), 0, "once");
    let asked = server.seen().into_iter().rfind(|seen| seen.path.contains("/generation")).unwrap();
    assert!(asked.path.contains("id=gen-7"), "{}", asked.path);
    let entries = super::kept::entries(&engine).await;
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[1].row.adjusts, entries[1].row.at), (Some(before[0].row.id), before[0].row.at));
    assert_eq!(entries[1].row.cost.total, Some(usd("0.00123")));
    assert_eq!(entries[1].row.cost.basis, Basis::Reported);
    let sound = engine.store().read(|tx| Ok(tx.verify_chain()? && tx.verify_budget_totals()?));
    assert!(sound.await.unwrap());
    let log = engine.audit(Timestamp(i64::MIN)).await.unwrap();
    assert_eq!(log.iter().filter(|row| row.purpose == "bill").count(), 2, "each is in the log of what left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_and_a_figure_that_is_none_are_told_and_give_no_sum() {
    let folder = tempfile::tempdir().unwrap();
    let server = Replay::start(Vec::new());
    let engine = engine_with(folder.path(), "openai", "openai-chat", format!("{}/v1", server.url())).await;
    let openai = ProviderId::from("openai");
    let today = midnight(&engine, 0);
    let euro = json!({ "amount": { "value": 1, "currency": "eur" } });
    for (answer, kind) in [
        (Answer::json(403, &json!({ "error": "no" })), ErrorKind::AuthRejected),
        (Answer::json(200, &page(&[(today, &[euro])], None)), ErrorKind::StreamMalformed),
        (Answer::json(200, &page(&[(today, &[cost(json!("NaN"))])], None)), ErrorKind::StreamMalformed),
        (Answer::json(200, &page(&[(today, &[cost(json!(1e30))])], None)), ErrorKind::StreamMalformed),
        (Answer::json(200, &json!({ "error": "x" })), ErrorKind::StreamMalformed),
        (Answer::json(200, &page(&[], Some("again"))), ErrorKind::StreamMalformed),
        (Answer::json(500, &json!({})), ErrorKind::UpstreamInternal),
    ] {
        server.first(Route::answer(answer));
        let failure = engine.reconcile(&openai, &Secret::new("sk-admin"), 2).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(!failure.message.contains("sk-admin"));
    }
    let none = engine.reconcile(&ProviderId::from("groq"), &Secret::new("x"), 2).await.unwrap_err();
    assert_eq!(none.kind, ErrorKind::RequestUnsupported);
}
