//! Money in the database: booked once, for good, and added up exactly.

use crate::fixture::{NOW, conversation, entry, memory, spender, uuid};
use domain::{AttemptId, ConversationId, EntryId, ErrorKind, PicoUsd, ProcessId, Timestamp};
use store::{EntryRow, HoldRow, Purpose, SpendKey, SpendSum, Store};

const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX));
const DAY: i64 = 86_400_000;

fn settle(store: &Store, entry: EntryRow) -> Result<bool, domain::Failure> {
    store.write(move |tx| tx.settle(&entry)).wait()
}

fn total(store: &Store) -> SpendSum {
    store.read(|tx| tx.spend_total(EVER.0, EVER.1)).wait().unwrap()
}

fn hold(n: u128, pico: Option<i64>) -> HoldRow {
    HoldRow {
        attempt: AttemptId::new(uuid(n)),
        amount: pico.map(PicoUsd::new),
        placed_at: NOW,
        process: ProcessId::new(uuid(1)),
        spender: spender(),
        output_limit: None,
        prices: None,
    }
}

#[test]
fn an_attempt_is_booked_once_and_its_hold_released() {
    let store = memory();
    store.write(|tx| tx.place_hold(&hold(1, Some(500)))).wait().unwrap();
    store.write(|tx| tx.place_hold(&hold(2, None))).wait().unwrap();
    // A dearer endpoint takes over: the same attempt holds more, not twice.
    store.write(|tx| tx.place_hold(&hold(1, Some(700)))).wait().unwrap();
    assert_eq!(store.read(|tx| tx.holds()).wait().unwrap(), [hold(1, Some(700)), hold(2, None)]);
    assert!(settle(&store, entry(1, Some(300))).unwrap());
    let again = EntryRow { id: EntryId::new(uuid(99)), ..entry(1, Some(400)) };
    assert!(!settle(&store, again).unwrap());
    assert_eq!(total(&store).amount, PicoUsd::new(300));
    assert_eq!(store.read(|tx| tx.holds()).wait().unwrap(), [hold(2, None)]);
    let late = store.write(|tx| tx.place_hold(&hold(1, Some(1)))).wait().unwrap_err();
    assert_eq!(late.kind, ErrorKind::Bug);
}

#[test]
fn an_entry_comes_back_as_it_was_written() {
    let store = memory();
    let purpose = Purpose {
        kind: Some("judge".to_owned()),
        app: Some("editor".to_owned()),
        tag: Some("work".to_owned()),
    };
    let written =
        EntryRow { conversation: Some(ConversationId::new(uuid(5))), purpose, ..entry(1, Some(300)) };
    settle(&store, written.clone()).unwrap();
    settle(&store, EntryRow { usage: None, price_sheet: None, ..entry(2, None) }).unwrap();
    let found = store.read(|tx| tx.entries(EVER.0, EVER.1)).wait().unwrap();
    assert_eq!(found[0].row, written);
    assert_eq!((found[0].seq, found[1].seq), (1, 2));
    assert_eq!(found[0].prev_hash, [0; 32]);
    assert_eq!(found[1].prev_hash, found[0].hash);
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
}

#[test]
fn an_adjustment_states_the_whole_cost_anew() {
    let store = memory();
    settle(&store, entry(1, None)).unwrap();
    assert_eq!((total(&store).unknown, total(&store).amount), (1, PicoUsd::ZERO));
    let adjust = |id: u128, of: u128, pico| EntryRow {
        id: EntryId::new(uuid(id)),
        adjusts: Some(EntryId::new(uuid(of))),
        ..entry(1, Some(pico))
    };
    assert!(settle(&store, adjust(2, 1, 250)).unwrap());
    assert!(!settle(&store, adjust(3, 1, 260)).unwrap(), "an entry is adjusted once");
    let sum = total(&store);
    assert_eq!((sum.attempts, sum.unknown, sum.amount), (1, 0, PicoUsd::new(250)));
    // What adjusts can itself be adjusted.
    assert!(settle(&store, adjust(4, 2, 270)).unwrap());
    assert_eq!(total(&store).amount, PicoUsd::new(270));
    let history = store.read(|tx| tx.entries_of(AttemptId::new(uuid(1)))).wait().unwrap();
    assert_eq!(history.len(), 3, "nothing is taken back");
    // Of another attempt, or of nothing: our mistake.
    for of in [1, 77] {
        let foreign = EntryRow { adjusts: Some(EntryId::new(uuid(of))), ..entry(8, Some(1)) };
        assert_eq!(settle(&store, foreign).unwrap_err().kind, ErrorKind::Bug);
    }
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
}

#[test]
fn spending_is_added_up_by_model_provider_and_local_day() {
    let store = memory();
    let at = |n, offset, provider: &str, model: &str, pico| EntryRow {
        at: Timestamp(NOW.0 + offset),
        provider: provider.into(),
        model: model.parse().unwrap(),
        ..entry(n, pico)
    };
    // NOW is 2026-10-05 00:00 UTC.
    settle(&store, at(1, -1, "openai", "openai/gpt-5", Some(1))).unwrap();
    settle(&store, at(2, 0, "openai", "openai/gpt-5", Some(10))).unwrap();
    settle(&store, at(3, DAY - 1, "groq", "openai/gpt-5", Some(100))).unwrap();
    settle(&store, at(4, DAY, "groq", "meta/llama-4", None)).unwrap();
    let by = |key, until: i64| {
        let rows = store.read(move |tx| tx.spend_by(key, EVER.0, Timestamp(until))).wait().unwrap();
        rows.into_iter().map(|(key, sum)| (key, sum.amount.get(), sum.unknown)).collect::<Vec<_>>()
    };
    let named = |rows: &[(&str, i64, u32)]| -> Vec<(String, i64, u32)> {
        rows.iter().map(|(key, amount, unknown)| ((*key).to_owned(), *amount, *unknown)).collect()
    };
    assert_eq!(by(SpendKey::Model, i64::MAX), named(&[("openai/gpt-5", 111, 0), ("meta/llama-4", 0, 1)]));
    assert_eq!(by(SpendKey::Provider, i64::MAX), named(&[("groq", 100, 1), ("openai", 11, 0)]));
    // Cut where a day begins, in Greenwich, half past five hours east of it and an hour west.
    let days = |minutes: i64| {
        let edges: Vec<Timestamp> =
            (-1..=2).map(|day| Timestamp(NOW.0 + day * DAY - minutes * 60_000)).collect();
        let series = store.read(move |tx| tx.spend_series(&edges)).wait().unwrap();
        let day = |of: &Vec<store::EndpointSpend>| {
            (
                of.iter().map(|e| e.sum.amount.get()).sum::<i64>(),
                of.iter().map(|e| e.sum.unknown).sum::<u32>(),
            )
        };
        series.iter().map(day).collect::<Vec<_>>()
    };
    assert_eq!(days(0), [(1, 0), (110, 0), (0, 1)]);
    assert_eq!(days(330), [(0, 0), (11, 0), (100, 1)]);
    assert_eq!(days(-60), [(11, 0), (100, 1), (0, 0)]);
    assert_eq!(by(SpendKey::Model, NOW.0), named(&[("openai/gpt-5", 1, 0)]), "the end is open");
    let sum = total(&store);
    assert_eq!((sum.attempts, sum.input, sum.output), (4, 40, 80));
}

#[test]
fn archiving_a_chat_does_not_change_what_it_cost() {
    let store = memory();
    let id = ConversationId::new(uuid(5));
    store.write(|tx| tx.insert_conversation(&conversation(5))).wait().unwrap();
    settle(&store, EntryRow { conversation: Some(id), ..entry(1, Some(3)) }).unwrap();
    settle(&store, EntryRow { conversation: Some(id), ..entry(2, None) }).unwrap();
    settle(&store, entry(3, Some(7))).unwrap();
    store.write(move |tx| tx.set_conversation_archived(id, Some(NOW))).wait().unwrap();
    let (one, all) = store
        .read(move |tx| Ok((tx.conversation_spend(id)?, tx.conversation_spends(&[id])?)))
        .wait()
        .unwrap();
    assert_eq!((one.amount.get(), one.attempts, one.unknown), (3, 2, 1));
    let brief = |sum: &SpendSum| (sum.amount.get(), sum.attempts, sum.unknown);
    assert_eq!(all.iter().map(|(id, sum)| (*id, brief(sum))).collect::<Vec<_>>(), [(id, brief(&one))]);
    assert_eq!(total(&store).amount, PicoUsd::new(10));
}

#[test]
fn a_sum_beyond_the_range_is_an_error_and_not_a_number() {
    let store = memory();
    settle(&store, entry(1, Some(i64::MAX))).unwrap();
    settle(&store, entry(2, Some(1))).unwrap();
    assert!(store.read(|tx| tx.spend_total(EVER.0, EVER.1)).wait().is_err());
}
