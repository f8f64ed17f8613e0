//! What prices and their absence mean where money is held back: C13 and C19 through a budget that binds.

use super::kept::{ask, engine_at, stream};
use domain::{Budget, BudgetScope, Period, PicoUsd, Timestamp};
use engine::Engine;
use parallax_suite::support::replay::{Answer, Replay, Route};
use std::path::Path;

const GPT: &str = "openai/gpt-4o@openrouter";

async fn engine(folder: &Path, server: &Replay) -> Engine {
    let engine = engine_at(folder).await;
    for id in ["openrouter", "own"] {
        engine.add_provider(id, "openai-chat", &format!("{}/v1", server.url())).await.unwrap();
    }
    engine
}

async fn limit(engine: &Engine, dollars: &str) {
    let budget = Budget {
        scope: BudgetScope::All,
        period: Period::Day,
        limit: PicoUsd::from_dollars(dollars).unwrap(),
        hard: true,
        warn: Vec::new(),
        unknown_price: None,
    };
    engine.set_budget(budget).await.unwrap();
}

/// The longest answer that the newest chat asks for; `None` = nobody was asked.
fn asked_for(server: &Replay) -> Option<u64> {
    let body = server.seen().into_iter().rfind(|seen| seen.path.starts_with("/v1/chat"))?.body;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["max_completion_tokens"].as_u64().or_else(|| body["max_tokens"].as_u64())
}

/// A proxy that gives up after a while says nothing of the provider behind it, which may go on and bill.
#[tokio::test(flavor = "multi_thread")]
async fn c11_what_a_proxy_gave_up_on_is_not_free_and_not_sent_again() {
    for status in [504, 524] {
        let server = Replay::start(vec![Route::answer(Answer::status(status).send("timeout"))]);
        let folder = tempfile::tempdir().unwrap();
        let engine = super::kept::engine_on(folder.path(), &server).await;
        ask(&engine, "Hi", "gpt-4o@openai").await;
        assert_eq!(server.seen().len(), 1, "{status}: one submission");
        let entries = super::kept::entries(&engine).await;
        let cost = &entries[0].row.cost;
        assert_eq!((entries.len(), cost.basis), (1, domain::Basis::Estimated), "{status}");
        assert!(cost.total.unwrap() > PicoUsd::ZERO, "{status}: {cost:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_sum_with_an_unknown_part_is_a_lower_bound_and_a_hard_budget_refuses_the_unknown() {
    let server = Replay::start(vec![Route::answer(stream(1_000, 100))]);
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path(), &server).await;
    ask(&engine, "Hi", GPT).await;
    ask(&engine, "Hi", "house@own").await;
    let ever = (Timestamp(0), Timestamp(i64::MAX));
    let sum = engine.store().read(move |tx| tx.spend_total(ever.0, ever.1)).await.unwrap();
    // 1,000 × 2.50 and 100 × 10.00 a million; the other one is not counted as nothing, but as unknown.
    assert_eq!((sum.amount, sum.attempts, sum.unknown), (PicoUsd::from_dollars("0.0035").unwrap(), 2, 1));
    let entries = engine.store().read(move |tx| tx.entries(ever.0, ever.1)).await.unwrap();
    assert_eq!(entries[1].row.cost.total, None, "no total, rather than 0");

    limit(&engine, "5").await;
    ask(&engine, "Hi", "house@own").await;
    assert_eq!(server.seen().len(), 2, "what cannot be reckoned is not sent under a hard budget");
    ask(&engine, "Hi", GPT).await;
    assert_eq!(server.seen().len(), 3, "what can be is");
}

/// A price list that lies cannot make a hard budget let more through: not one token longer, not one prompt more.
#[tokio::test(flavor = "multi_thread")]
async fn c19_a_hard_budget_lets_nothing_more_through_for_a_poisoned_list() {
    let listed = |prompt: &str, completion: &str| {
        format!(
            r#"{{"data":[{{"id":"openai/gpt-4o","pricing":{{"prompt":{prompt},"completion":{completion}}}}}]}}"#
        )
    };
    let poison = [
        ("unpoisoned", None),
        ("price 0", Some(listed("\"0\"", "\"0\""))),
        ("a thousandth", Some(listed("\"0.0000000025\"", "\"0.00000001\""))),
        ("a third, within the band", Some(listed("\"0.0000009\"", "\"0.0000034\""))),
        ("a thousandfold", Some(listed("\"0.0025\"", "\"0.01\""))),
        ("negative", Some(listed("\"-0.0000025\"", "\"-0.00001\""))),
        ("NaN", Some(listed("\"NaN\"", "NaN"))),
        ("1e30", Some(listed("1e30", "1e30"))),
    ];
    let mut plain = (None, 0);
    for (name, list) in poison {
        let mut routes = vec![Route::answer(stream(10, 40)).path("/v1/chat")];
        routes.extend(list.map(|body| Route::answer(Answer::status(200).send(body))));
        let server = Replay::start(routes);
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path(), &server).await;
        if server.seen().is_empty() && name != "unpoisoned" {
            let lists = engine::PRICE_LISTS.iter().find(|list| list.name == "OpenRouter").unwrap();
            let here = lists.at(Box::leak(server.url().into_boxed_str()));
            engine.refresh_prices(&[here]).await.unwrap();
        }
        // Room for one answer of some length at 10.00 a million, and then for little.
        limit(&engine, "0.002").await;
        ask(&engine, "Hi", GPT).await;
        let first = asked_for(&server);
        for _ in 0..12 {
            ask(&engine, "Hi", GPT).await;
        }
        let sent = server.seen().iter().filter(|seen| seen.path.starts_with("/v1/chat")).count();
        let used = engine.budgets().await.unwrap().remove(0).used;
        assert!(used.total() <= PicoUsd::from_dollars("0.002").unwrap(), "{name}: {used:?}");
        if name == "unpoisoned" {
            assert!(first.is_some_and(|most| most < 200) && sent > 1, "{first:?}, {sent} sent");
            plain = (first, sent);
        }
        assert!(first <= plain.0, "{name}: {first:?} tokens instead of {:?}", plain.0);
        // A lower price that is believed books less, so that more fits at the price that is held; never the
        // other way about.
        let believed = name == "a third, within the band";
        assert!(sent <= plain.1 || believed, "{name}: {sent} prompts instead of {}", plain.1);
    }
}
