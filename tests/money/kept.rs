//! What an engine books: every attempt of a retry, prices that change afterwards, poisoned lists, accounts
//! that are not billed.

use super::{acceptance::claude, per_million};
use catalog::Catalog;
use domain::{
    AttemptId, Basis, ContextPolicy, Cost, EndpointId, EntryId, ErrorKind, LaneTarget, Meter, ModelRef,
    Params, PicoUsd, PriceOrigin, PriceRule, PriceSheet, ProcessId, ProviderId, Timestamp, Usage, When,
};
use engine::{
    Ask, Clock as _, Engine, Foreign, Listeners, PRICE_LISTS, Parts, PriceList, SystemClock, UserPrice,
};
use parallax_suite::support::replay::{Answer, Replay, Route, Step};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use store::{Entry, EntryRow, Store};
use transport::{Http, ProxyChoice};
use vault::Vault;

pub(super) async fn engine_at(folder: &Path) -> Engine {
    engine::install_crypto();
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory(),
        transport: Arc::new(Http::new(ProxyChoice::None).unwrap()),
        clock,
        process,
        origin: "window",
    };
    Engine::assemble(parts).await.unwrap()
}

/// OpenAI's models and prices, at a server on this machine.
pub(super) async fn engine_on(folder: &Path, server: &Replay) -> Engine {
    let engine = engine_at(folder).await;
    engine.add_provider("openai", "openai-chat", &format!("{}/v1", server.url())).await.unwrap();
    engine
}

pub(super) async fn ask(engine: &Engine, prompt: &str, model: &str) {
    let ask = Ask {
        conversation: None,
        line_up: vec![LaneTarget {
            model: ModelRef::parse(model).unwrap(),
            system: None,
            policy: None,
            params: Params::default(),
        }],
        prompt: prompt.to_owned(),
        context: ContextPolicy::Own,
        policy: None,
    };
    let started = engine.start_turn(ask, Listeners { sink: None, observer: None }).await.unwrap();
    started.done.await.unwrap();
}

pub(super) async fn entries(engine: &Engine) -> Vec<Entry> {
    engine.store().read(|tx| tx.entries(Timestamp(0), Timestamp(i64::MAX))).await.unwrap()
}

pub(super) fn stream(prompt: u64, completion: u64) -> Answer {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": "one two" } }] });
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage":
        { "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion } });
    Answer::event_stream(format!("data: {usage}\n\ndata: {delta}\n\ndata: {stop}\n\ndata: [DONE]\n\n"))
}

/// A provider with a bill of its own: 2.50 and 10.00 a million (gpt-4o), for what it answered with 200.
#[tokio::test(flavor = "multi_thread")]
async fn c11_every_attempt_of_a_retry_is_booked_and_the_sum_is_the_providers_bill() {
    let busy = || Answer::json(503, &json!({ "error": { "message": "overloaded" } }));
    let limited =
        || Answer::json(429, &json!({ "error": { "message": "slow down" } })).header("retry-after", "0");
    let bad = || Answer::json(400, &json!({ "error": { "message": "no such thing" } }));
    // Breaks off behind usage and text: billed, and not asked again, since text was shown.
    let cut = || stream(30, 2).until(220, Step::Close);
    // What the provider answers in turn, and what it bills for each.
    let cases: [Vec<(Answer, i64)>; 6] = [
        vec![(stream(10, 5), 10 * 2_500_000 + 5 * 10_000_000)],
        vec![(busy(), 0), (stream(20, 7), 20 * 2_500_000 + 7 * 10_000_000)],
        vec![(limited(), 0), (stream(40, 1), 40 * 2_500_000 + 10_000_000)],
        vec![(bad(), 0)],
        vec![(cut(), 30 * 2_500_000 + 2 * 10_000_000)],
        vec![(busy(), 0), (limited(), 0), (stream(1, 1), 2_500_000 + 10_000_000)],
    ];
    let mut retried = 0;
    for (n, case) in cases.into_iter().enumerate() {
        let (answers, bills): (Vec<Answer>, Vec<i64>) = case.into_iter().unzip();
        let server = Replay::start(answers.into_iter().map(|a| Route::answer(a).times(1)).collect());
        let folder = tempfile::tempdir().unwrap();
        let engine = engine_on(folder.path(), &server).await;
        ask(&engine, "Hi", "gpt-4o@openai").await;
        let entries = entries(&engine).await;
        let asked = server.seen().len();
        assert_eq!(entries.len(), asked, "case {n}: a call without an entry, or an entry without a call");
        retried += asked - 1;
        let bill: i64 = bills[..asked].iter().sum();
        let sum: i64 = entries.iter().map(|entry| entry.row.cost.total.unwrap().get()).sum();
        assert_eq!(sum, bill, "case {n}: {:?}", entries.iter().map(|e| &e.row.cost).collect::<Vec<_>>());
        let intact = engine.store().read(|tx| tx.verify_chain()).await.unwrap();
        assert!(intact && engine.store().read(|tx| tx.holds()).await.unwrap().is_empty(), "case {n}");
    }
    assert!(retried >= 2, "only {retried} retries");
}

/// Whatever happens to prices afterwards, what was booked stays to the last byte, and computes to the same
/// again from what was kept with it.
#[tokio::test(flavor = "multi_thread")]
async fn c12_a_changed_catalogue_leaves_history_bit_identical() {
    let server = Replay::start(vec![Route::answer(stream(1_000, 100))]);
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_on(folder.path(), &server).await;
    for _ in 0..3 {
        ask(&engine, "Hi", "gpt-4o@openai").await;
    }
    let bytes = |entries: &[Entry]| format!("{entries:?}");
    let before = entries(&engine).await;
    let sheets = before.iter().map(|entry| entry.row.price_sheet.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(before[0].row.cost.total, Some(PicoUsd::new(1_000 * 2_500_000 + 100 * 10_000_000)));

    let wanted = ModelRef::parse("gpt-4o@openai").unwrap();
    let dear = price(&[(Meter::Input, "100"), (Meter::Output, "200")]);
    assert_eq!(engine.set_price(&wanted, &dear).await.unwrap(), 1);
    ask(&engine, "Hi", "gpt-4o@openai").await;
    let after = entries(&engine).await;
    assert_eq!(after[3].row.cost.total, Some(PicoUsd::new(1_000 * 100_000_000 + 100 * 200_000_000)));
    assert_eq!(after[3].row.price_sheet.as_ref().unwrap().source.origin, PriceOrigin::User);
    assert_eq!(engine.reset_price(&wanted).await.unwrap(), 1);
    let after = entries(&engine).await;
    assert_eq!(bytes(&before), bytes(&after[..3]));
    for (entry, sheet) in after.iter().zip(sheets) {
        let again = ledger::cost(entry.row.usage.as_ref().unwrap(), Some(&sheet), entry.row.at);
        assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&entry.row.cost).unwrap());
    }
    assert!(engine.store().read(|tx| tx.verify_chain()).await.unwrap());
    let history =
        engine.store().read(|tx| tx.price_history(&ProviderId::from("openai"), "gpt-4o")).await.unwrap();
    let events: Vec<_> = history.iter().map(|row| row.event).collect();
    assert_eq!(events, [engine::PriceEvent::User, engine::PriceEvent::Reset]);
    let current = engine.registry().resolve(&wanted).unwrap().remove(0).prices.unwrap();
    assert_eq!(current.source.origin, PriceOrigin::Bundled);
}

fn price(rates: &[(Meter, &str)]) -> UserPrice {
    let rates = rates.iter().map(|(meter, text)| (*meter, (*text).to_owned())).collect();
    UserPrice { rates, foreign: None }
}

fn booked(n: u128, cost: Cost) -> EntryRow {
    EntryRow {
        purpose: engine::Purpose::default(),
        id: EntryId::new(uuid::Uuid::from_u128(n)),
        attempt: AttemptId::new(uuid::Uuid::from_u128(n << 64)),
        conversation: None,
        at: Timestamp(1_791_158_400_000 + i64::try_from(n).unwrap()),
        provider: ProviderId::from("openai"),
        account: None,
        endpoint: EndpointId::from("openai/gpt-4o"),
        model: "openai/gpt-4o".parse().unwrap(),
        upstream_model: "gpt-4o".to_owned(),
        origin: "window".to_owned(),
        outcome: "completed".to_owned(),
        usage: Some(super::plain(u64::try_from(n).unwrap(), 3)),
        cost,
        price_sheet: Some(claude()),
        adjusts: None,
    }
}

/// A hash over what is booked, whatever place it has in the chain.
fn content(entries: &[Entry]) -> String {
    let mut rows: Vec<String> = entries.iter().map(|entry| format!("{:?}", entry.row)).collect();
    rows.sort();
    format!("{:x}", Sha256::digest(rows.join("\n")))
}

#[tokio::test(flavor = "multi_thread")]
async fn c16_settling_in_any_order_or_at_once_books_the_same() {
    let rows: Vec<EntryRow> = (1..=200)
        .map(|n| {
            booked(
                n,
                ledger::cost(&super::plain(u64::try_from(n).unwrap(), 3), Some(&claude()), Timestamp(0)),
            )
        })
        .collect();
    let mut reversed = rows.clone();
    reversed.reverse();
    let mut found = Vec::new();
    for (order, parallel) in [(rows.clone(), false), (reversed, false), (rows, true)] {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine_at(folder.path()).await;
        let store = engine.store();
        if parallel {
            // All at once: the writer takes them as they come, every other one twice.
            let writes = order.into_iter().rev().enumerate().flat_map(|(n, row)| {
                let again = (n % 2 == 0).then(|| row.clone());
                std::iter::once(row).chain(again)
            });
            let writes: Vec<_> = writes.map(|row| store.write(move |tx| tx.settle(&row))).collect();
            let first: Vec<bool> = futures_util::future::try_join_all(writes).await.unwrap();
            assert_eq!(first.iter().filter(|booked| **booked).count(), 200);
        } else {
            for row in order {
                assert!(store.write(move |tx| tx.settle(&row)).await.unwrap());
            }
        }
        let entries = entries(&engine).await;
        let sum = store.read(|tx| tx.spend_total(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
        assert!(store.read(|tx| tx.verify_chain()).await.unwrap());
        found.push((content(&entries), sum));
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    assert_eq!(found[0].1.attempts, 200);
}

/// A price in another currency is kept as it was given, with the rate and its day, and enters the sums as
/// dollars only; what is no dollar price is refused.
#[tokio::test(flavor = "multi_thread")]
async fn c18_a_foreign_price_keeps_its_currency_and_the_dated_rate() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_at(folder.path()).await;
    let wanted = ModelRef::parse("deepseek-chat@deepseek").unwrap();
    let mut yuan = price(&[(Meter::Input, "4"), (Meter::Output, "12.5")]);
    yuan.foreign = Some(Foreign {
        currency: "CNY".to_owned(),
        usd_per_unit: "0.140613".to_owned(),
        day: "2026-11-20".to_owned(),
    });
    engine.set_price(&wanted, &yuan).await.unwrap();
    let endpoint = engine.registry().resolve(&wanted).unwrap().remove(0);
    let sheet = endpoint.prices.unwrap();
    // 4 × 0.140613 = 0.562452 and 12.5 × 0.140613 = 1.7576625 dollars a million, the latter rounded up.
    assert_eq!(sheet.rules[0].rates[&Meter::Input], PicoUsd::new(562_452));
    assert_eq!(sheet.rules[0].rates[&Meter::Output], PicoUsd::new(1_757_663));
    assert_eq!(sheet.source.source, "user: CNY input 4, output 12.5 at 0.140613 USD on 2026-11-20");
    for (currency, rate, day) in
        [("yuan", "0.14", "2026-11-20"), ("CNY", "0", "2026-11-20"), ("CNY", "0.14", "soon")]
    {
        let mut wrong = yuan.clone();
        wrong.foreign =
            Some(Foreign { currency: currency.into(), usd_per_unit: rate.into(), day: day.into() });
        assert_eq!(engine.set_price(&wanted, &wrong).await.unwrap_err().kind, ErrorKind::RequestInvalid);
    }
    for bad in ["-1", "€4", "4 CNY", "1e3", "NaN", "0.0000001", "99999999999999"] {
        let wrong = price(&[(Meter::Input, bad), (Meter::Output, "1")]);
        assert_eq!(
            engine.set_price(&wanted, &wrong).await.unwrap_err().kind,
            ErrorKind::RequestInvalid,
            "{bad}"
        );
    }
    let half = price(&[(Meter::Input, "1")]);
    assert_eq!(engine.set_price(&wanted, &half).await.unwrap_err().kind, ErrorKind::RequestInvalid);
}

fn openrouter(server: &Replay) -> PriceList {
    let list = PRICE_LISTS.iter().find(|list| list.name == "OpenRouter").unwrap();
    list.at(Box::leak(server.url().into_boxed_str()))
}

const GPT: &str = "openai/gpt-4o";

fn listed(prompt: &str, completion: &str) -> String {
    format!(r#"{{"data":[{{"id":"{GPT}","pricing":{{"prompt":{prompt},"completion":{completion}}}}}]}}"#)
}

fn hold(engine: &Engine) -> Option<PicoUsd> {
    let wanted = ModelRef::parse(&format!("{GPT}@openrouter")).unwrap();
    let registry = engine.registry();
    let endpoint = registry.resolve(&wanted).unwrap().remove(0);
    ledger::Dearest::of_any(
        registry.prices_to_hold(&endpoint),
        1_000,
        engine.clock().now(),
        ledger::Besides::default(),
    )?
    .worst(1_000, 1_000)
}

fn in_force(engine: &Engine) -> BTreeMap<Meter, PicoUsd> {
    let wanted = ModelRef::parse(&format!("{GPT}@openrouter")).unwrap();
    let sheet = engine.registry().resolve(&wanted).unwrap().remove(0).prices.unwrap();
    ledger::rates(&sheet, 1_000, None, engine.clock().now())
}

/// Over a real connection: whatever a public list says, no hold becomes smaller, nothing but numbers is
/// taken from it, and a price beyond the band waits for the user's word.
#[tokio::test(flavor = "multi_thread")]
async fn c19_a_poisoned_price_list_never_loosens_a_limit() {
    let poison = [
        ("price 0", listed("\"0\"", "\"0\"")),
        ("a thousandth", listed("\"0.0000000025\"", "\"0.00000001\"")),
        ("a sixth", listed("\"0.0000004\"", "\"0.0000016\"")),
        ("a thousandfold", listed("\"0.0025\"", "\"0.01\"")),
        ("negative", listed("\"-0.0000025\"", "\"0.00001\"")),
        ("no number", listed("\"NaN\"", "\"0.00001\"")),
        ("bare NaN", listed("NaN", "\"0.00001\"")),
        ("1e30", listed("1e30", "1e30")),
        (
            "the same twice",
            format!(
                r#"{{"data":[{{"id":"{GPT}","pricing":{{"prompt":"0.0000025","prompt":"0","completion":"0.00001"}}}}]}}"#
            ),
        ),
        (
            "listed twice",
            format!(
                r#"{{"data":[{{"id":"{GPT}","pricing":{{"prompt":"0","completion":"0"}}}},{{"id":"{GPT}","pricing":{{"prompt":"0.0000025","completion":"0.00001"}}}}]}}"#
            ),
        ),
        (
            "an address",
            format!(
                r#"{{"base_url":"https://evil.example","data":[{{"id":"{GPT}","base_url":"https://evil.example","dialect":"x","pricing":{{"prompt":"0","completion":"0"}}}}]}}"#
            ),
        ),
        ("nothing", String::new()),
        ("nested", "[".repeat(100_000)),
        ("too long", format!("{{\"data\":[\"{}\"]}}", "x".repeat(33 << 20))),
    ];
    for (name, body) in poison {
        let server = Replay::start(vec![Route::answer(
            Answer::status(200).header("content-type", "application/json").send(body),
        )]);
        let folder = tempfile::tempdir().unwrap();
        let engine = engine_at(folder.path()).await;
        let (held, rates) = (hold(&engine).unwrap(), in_force(&engine));
        let places = places(&engine);
        let done = engine.refresh_prices(&[openrouter(&server)]).await.unwrap();
        assert_eq!(server.seen().len(), 1, "{name}");
        assert!(hold(&engine).unwrap() >= held, "{name}: {:?} under {held}", hold(&engine));
        assert_eq!(in_force(&engine), rates, "{name}");
        assert_eq!(self::places(&engine), places, "{name}");
        if let Ok(tally) = &done[0].result {
            assert_eq!(tally.changed, 0, "{name}: {tally:?}");
        }
    }
}

/// Where requests would go.
fn places(engine: &Engine) -> Vec<(String, String, String)> {
    let registry = engine.registry();
    registry
        .providers()
        .map(|known| {
            let provider = &known.provider;
            (provider.id.to_string(), provider.base_url.clone(), provider.dialect.to_string())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn c19_a_price_within_the_band_is_taken_and_one_beyond_it_waits_for_a_word() {
    // 2.50 and 10 in the catalogue.
    let server = Replay::start(vec![
        Route::answer(
            Answer::status(200).header("etag", "\"one\"").send(listed("\"0.000002\"", "\"0.000008\"")),
        )
        .times(1),
        Route::with(|seen| {
            assert_eq!(seen.header("if-none-match"), Some("\"one\""));
            Answer::status(304)
        })
        .times(1),
        Route::with(|seen| {
            assert_eq!(seen.header("if-none-match"), None, "who reads otherwise now reads it again");
            Answer::status(200).send(listed("\"0.0000001\"", "\"0.000008\""))
        }),
    ]);
    let list = [openrouter(&server)];
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_at(folder.path()).await;
    let held = hold(&engine).unwrap();
    assert_eq!(server.seen().len(), 0, "nothing is asked unless a person asks for it");
    let tally = |done: Vec<engine::Refreshed>| done.into_iter().next().unwrap().result.unwrap();
    assert_eq!(tally(engine.refresh_prices(&list).await.unwrap()).changed, 1);
    assert_eq!(in_force(&engine), per_million(&[(Meter::Input, "2"), (Meter::Output, "8")]));
    assert_eq!(hold(&engine), Some(held), "a hold covers the price the program brought as well");
    let unchanged = tally(engine.refresh_prices(&list).await.unwrap());
    assert_eq!((unchanged.changed, unchanged.waiting), (0, 0), "{unchanged:?}");
    // What was kept was read by another version of this program.
    let setting = format!("prices.etag.{}", list[0].name);
    let other = Some("0.0.1 2025-01-01 \"one\"");
    engine.store().write(move |tx| tx.set_setting(&setting, other)).await.unwrap();
    // A twentieth of the bundled price. That it is a twentieth of nothing it said last does not matter.
    assert_eq!(tally(engine.refresh_prices(&list).await.unwrap()).waiting, 1);
    assert_eq!(in_force(&engine)[&Meter::Input], PicoUsd::new(2_000_000));
    assert_eq!(tally(engine.refresh_prices(&list).await.unwrap()).same, 1, "it waits once");
    let wanted = ModelRef::parse(&format!("{GPT}@openrouter")).unwrap();
    assert_eq!(engine.decide_prices(Some(&wanted), true).await.unwrap(), 1);
    assert_eq!(in_force(&engine)[&Meter::Input], PicoUsd::new(100_000));
    assert!(hold(&engine).unwrap() < held, "with the user's word it counts");
    // The user's own price stands above any list, and is what a hold covers.
    let own = price(&[(Meter::Input, "7"), (Meter::Output, "9")]);
    engine.set_price(&wanted, &own).await.unwrap();
    assert_eq!(in_force(&engine)[&Meter::Input], PicoUsd::new(7_000_000));
}

/// A subscription's attempts cost a known nothing, apart from what is unknown and from what is billed.
#[tokio::test(flavor = "multi_thread")]
async fn c22_an_account_that_is_not_billed_says_so_in_every_entry() {
    let server = Replay::start(vec![Route::answer(stream(1_000, 100))]);
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_on(folder.path(), &server).await;
    let openai = ProviderId::from("openai");
    ask(&engine, "Hi", "gpt-4o@openai").await;
    engine.set_billed(&openai, false).await.unwrap();
    ask(&engine, "Hi", "gpt-4o@openai").await;
    // Also of a model no list has a price for.
    ask(&engine, "Hi", "a-new-one@openai").await;
    engine.set_billed(&openai, true).await.unwrap();
    ask(&engine, "Hi", "a-new-one@openai").await;
    let entries = entries(&engine).await;
    let facts: Vec<_> = entries
        .iter()
        .map(|entry| {
            let origin = entry.row.price_sheet.as_ref().map(|sheet| sheet.source.origin);
            (entry.row.cost.total.map(PicoUsd::get), entry.row.cost.basis, origin)
        })
        .collect();
    assert_eq!(
        facts,
        [
            (Some(3_500_000_000), Basis::Computed, Some(PriceOrigin::Bundled)),
            (Some(0), Basis::Computed, Some(PriceOrigin::NotBilled)),
            (Some(0), Basis::Computed, Some(PriceOrigin::NotBilled)),
            (None, Basis::Unknown, None),
        ]
    );
    let sum = engine.store().read(|tx| tx.spend_total(Timestamp(0), Timestamp(i64::MAX))).await.unwrap();
    assert_eq!((sum.amount.get(), sum.unknown), (3_500_000_000, 1));
}

/// What a version of the program brought is kept with its day, once, and again only where it changed.
#[tokio::test(flavor = "multi_thread")]
async fn every_bundled_price_is_kept_with_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_at(folder.path()).await;
    engine.recover().await.unwrap();
    engine.recover().await.unwrap();
    let openai = ProviderId::from("openai");
    let history = engine.store().read(move |tx| tx.price_history(&openai, "gpt-4o")).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].event, engine::PriceEvent::Bundled);
    let bundled = Catalog::bundled().unwrap();
    assert_eq!(history[0].sheet, bundled.endpoint("openai", "gpt-4o").unwrap().prices);
}

/// The band is not fooled by where a rule hides a price.
#[test]
fn a_price_is_doubted_under_every_condition() {
    let day = |text: &str| Some(text.to_owned());
    let with = |when: When, rates: &[(Meter, &str)]| {
        let mut sheet = claude();
        sheet.rules.push(PriceRule { when, rates: per_million(rates) });
        sheet
    };
    let doubt = |new: &PriceSheet| ledger::doubt(Some(&claude()), new, super::MONDAY);
    assert_eq!(doubt(&claude()), None);
    let hidden = [
        When { prompt_tokens_gt: Some(90_000), ..When::default() },
        When { from: day("2027-01-01"), ..When::default() },
        When { utc: Some((60, 120)), ..When::default() },
        When { weekdays: Some(vec![7]), ..When::default() },
        When { service_tier: Some("flex".to_owned()), ..When::default() },
    ];
    for when in hidden {
        for free in [Meter::Input, Meter::Output, Meter::InputCacheWrite1h] {
            assert_eq!(doubt(&with(when.clone(), &[(free, "0")])), Some(ledger::Doubt::Fell), "{when:?}");
        }
        assert_eq!(doubt(&with(when.clone(), &[(Meter::Output, "75.1")])), Some(ledger::Doubt::Rose));
        assert_eq!(doubt(&with(when.clone(), &[(Meter::Output, "75")])), None);
        assert_eq!(doubt(&with(when.clone(), &[(Meter::Output, "3")])), None);
        assert_eq!(doubt(&with(when, &[(Meter::Output, "2.99")])), Some(ledger::Doubt::Fell));
    }
    let unreadable = with(When { from: day("soon"), ..When::default() }, &[(Meter::Output, "15")]);
    assert_eq!(doubt(&unreadable), Some(ledger::Doubt::Unreadable));
    assert_eq!(ledger::doubt(None, &claude(), super::MONDAY), Some(ledger::Doubt::First));
    let used = Usage::default();
    assert_eq!(ledger::cost(&used, None, super::MONDAY), Cost::unknown());
}
