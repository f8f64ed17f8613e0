//! What counts against a budget: booked once, whatever happens to chats, clocks and corrections.

use crate::fixture::{NOW, conversation, entry, memory, open, spender, uuid};
use domain::{
    AttemptId, Budget, BudgetScope, ConversationId, EntryId, Period, PicoUsd, PriceOrigin, PriceSheet,
    PriceSource, ProcessId, Timestamp,
};
use store::{EntryRow, HoldRow, OverrideRow, Purpose, Spender, Store, Used, Walked};

const QUARTER: i64 = 900_000;

fn settle(store: &Store, entry: EntryRow) {
    assert!(store.write(move |tx| tx.settle(&entry)).wait().unwrap());
}

fn used(store: &Store, scope: &str, from: i64) -> (i64, u32, i64, u32) {
    let scope: BudgetScope = scope.parse().unwrap();
    let used = store.read(move |tx| tx.budget_used(&scope, Timestamp(NOW.0 + from))).wait().unwrap();
    let Used { spent, unknown, held, unheld, perhaps } = used;
    assert_eq!(perhaps, PicoUsd::ZERO);
    (spent.get(), unknown, held.get(), unheld)
}

fn hold(n: u128, pico: Option<i64>, spender: Spender) -> HoldRow {
    HoldRow {
        attempt: AttemptId::new(uuid(n)),
        amount: pico.map(PicoUsd::new),
        placed_at: NOW,
        process: ProcessId::new(uuid(1)),
        spender,
        output_limit: Some(77),
        prices: Some(PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::Bundled,
                source: "test".to_owned(),
                checked: "2026-10-01".to_owned(),
            },
            rules: Vec::new(),
        }),
    }
}

fn budget(scope: &str, period: Period, dollars: &str) -> Budget {
    Budget {
        scope: scope.parse().unwrap(),
        period,
        limit: PicoUsd::from_dollars(dollars).unwrap(),
        hard: true,
        warn: vec![50, 80],
        unknown_price: None,
    }
}

/// What may be billed on top of an answer that broke off is beside what was spent, never above what was held, and
/// gone with the figure that puts it right.
#[test]
fn what_may_still_be_billed_counts_beside_what_was_spent() {
    let store = memory();
    let broke_off = |n: u128, most: i64| {
        let mut row = entry(n, Some(100));
        row.cost.at_most = Some(PicoUsd::new(most));
        row
    };
    let first = broke_off(1, 400);
    for (n, row) in [(1, first.clone()), (2, broke_off(2, 5_000))] {
        let placed = HoldRow { attempt: row.attempt, ..hold(n, Some(1_000), spender()) };
        store.write(move |tx| tx.place_hold(&placed)).wait().unwrap();
        settle(&store, row);
    }
    let read = || {
        let scope = BudgetScope::All;
        let used = store.read(move |tx| tx.budget_used(&scope, NOW)).wait().unwrap();
        (used.spent.get(), used.perhaps.get(), used.total().get())
    };
    assert_eq!(read(), (200, 300 + 900, 1_400));
    assert!(store.read(|tx| Ok(tx.verify_chain()? && tx.verify_budget_totals()?)).wait().unwrap());
    let known = EntryRow {
        id: EntryId::new(uuid(9)),
        adjusts: Some(first.id),
        cost: domain::Cost::known(PicoUsd::new(250)),
        ..first
    };
    settle(&store, known);
    assert_eq!(read(), (350, 900, 1_250));
    assert!(store.read(|tx| Ok(tx.verify_chain()? && tx.verify_budget_totals()?)).wait().unwrap());
}

#[test]
fn a_budget_comes_back_as_it_was_set_and_is_one_for_its_scope_and_period() {
    let store = memory();
    let day = budget("provider:openai", Period::Day, "5");
    let month = Budget {
        hard: false,
        warn: Vec::new(),
        unknown_price: Some(PicoUsd::DOLLAR),
        ..budget("provider:openai", Period::Month, "0")
    };
    let all = budget("all", Period::Week, "9.5");
    let set = |b: &Budget| {
        let b = b.clone();
        store.write(move |tx| tx.put_budget(&b, NOW)).wait().unwrap()
    };
    let (one, two, three) = (set(&day), set(&month), set(&all));
    assert!(one != two && two != three);
    let again = Budget { limit: PicoUsd::DOLLAR, ..day };
    assert_eq!(set(&again), one, "it is changed, not doubled");
    let found = store.read(|tx| tx.budgets()).wait().unwrap();
    let found: Vec<_> = found.into_iter().map(|row| (row.id, row.budget)).collect();
    assert_eq!(found, [(three, all.clone()), (one, again), (two, month)]);
    let mine = store.read(|tx| tx.budgets_of(&spender())).wait().unwrap();
    assert_eq!(mine.len(), 3);
    let other = Spender { provider: "groq".into(), ..spender() };
    let theirs = store.read(move |tx| tx.budgets_of(&other)).wait().unwrap();
    assert_eq!(theirs.into_iter().map(|row| row.budget).collect::<Vec<_>>(), [all]);
    assert!(store.write(move |tx| tx.remove_budget(one)).wait().unwrap());
    assert!(!store.write(move |tx| tx.remove_budget(one)).wait().unwrap());
}

#[test]
fn spending_counts_in_every_scope_from_its_quarter_of_an_hour_on() {
    let store = memory();
    let chat = ConversationId::new(uuid(5));
    let purpose = Purpose { app: Some("editor".to_owned()), ..Purpose::default() };
    settle(&store, EntryRow { conversation: Some(chat), purpose, ..entry(1, Some(100)) });
    settle(&store, EntryRow { at: Timestamp(NOW.0 - 1), ..entry(2, Some(10)) });
    settle(&store, EntryRow { at: Timestamp(NOW.0 + QUARTER), ..entry(3, Some(1)) });
    settle(&store, EntryRow { provider: "groq".into(), ..entry(4, None) });
    assert_eq!(used(&store, "all", -QUARTER), (111, 1, 0, 0));
    assert_eq!(used(&store, "all", 0), (101, 1, 0, 0));
    assert_eq!(used(&store, "all", QUARTER), (1, 0, 0, 0));
    assert_eq!(used(&store, "provider:openai", 0), (101, 0, 0, 0));
    assert_eq!(used(&store, "provider:groq", 0), (0, 1, 0, 0));
    assert_eq!(used(&store, "model:openai/gpt-5", 0), (101, 1, 0, 0));
    assert_eq!(used(&store, &format!("conversation:{chat}"), 0), (100, 0, 0, 0));
    assert_eq!(used(&store, "app:editor", 0), (100, 0, 0, 0));
    assert!(store.read(|tx| tx.verify_budget_totals()).wait().unwrap());
    // Putting the chat away gives nothing back.
    store
        .write(move |tx| {
            tx.insert_conversation(&conversation(5))?;
            tx.set_conversation_archived(chat, Some(NOW))
        })
        .wait()
        .unwrap();
    assert_eq!(used(&store, &format!("conversation:{chat}"), 0), (100, 0, 0, 0));
}

#[test]
fn an_unknown_cost_counts_with_what_was_held_for_it_until_it_is_known() {
    let store = memory();
    store.write(|tx| tx.place_hold(&hold(1, Some(500), spender()))).wait().unwrap();
    assert_eq!(used(&store, "all", 0), (0, 0, 500, 0));
    assert_eq!(used(&store, "provider:openai", 0), (0, 0, 500, 0));
    assert_eq!(used(&store, "provider:groq", 0), (0, 0, 0, 0));
    settle(&store, entry(1, None));
    assert_eq!(used(&store, "all", 0), (500, 0, 0, 0));
    assert!(store.read(|tx| tx.verify_budget_totals()).wait().unwrap());
    let adjust =
        EntryRow { id: EntryId::new(uuid(2)), adjusts: Some(EntryId::new(uuid(1))), ..entry(1, Some(120)) };
    settle(&store, adjust);
    assert_eq!(used(&store, "all", 0), (120, 0, 0, 0));
    let entries = store.read(|tx| tx.entries_of(AttemptId::new(uuid(1)))).wait().unwrap();
    assert!(entries.iter().all(|entry| entry.held == Some(PicoUsd::new(500))));
    // Without a hold there is nothing to count with, and it is said.
    store.write(|tx| tx.place_hold(&hold(3, None, spender()))).wait().unwrap();
    assert_eq!(used(&store, "all", 0), (120, 0, 0, 1));
    settle(&store, entry(3, None));
    assert_eq!(used(&store, "all", 0), (120, 1, 0, 0));
    assert!(store.read(|tx| Ok(tx.verify_budget_totals()? && tx.verify_chain()?)).wait().unwrap());
}

/// A correction may name another provider or key: the old place is left, the new one charged. It stays on its
/// day, so that no period is opened again.
#[test]
fn a_correction_leaves_the_place_it_corrects_and_not_its_day() {
    let store = memory();
    settle(&store, entry(1, Some(300)));
    settle(&store, entry(7, Some(5)));
    let moved = EntryRow {
        id: EntryId::new(uuid(2)),
        adjusts: Some(EntryId::new(uuid(1))),
        provider: "groq".into(),
        ..entry(1, Some(120))
    };
    settle(&store, moved.clone());
    assert_eq!(used(&store, "all", 0), (125, 0, 0, 0));
    assert_eq!(used(&store, "provider:openai", 0), (5, 0, 0, 0), "no longer where it was counted");
    assert_eq!(used(&store, "provider:groq", 0), (120, 0, 0, 0));
    let sound = |store: &Store| store.read(|tx| Ok(tx.verify_budget_totals()? && tx.cells_agree()?)).wait();
    assert!(sound(&store).unwrap());
    // And back again, with an unknown cost, nothing having been held.
    let back = EntryRow { id: EntryId::new(uuid(3)), adjusts: Some(moved.id), ..entry(1, None) };
    settle(&store, back.clone());
    assert_eq!(used(&store, "all", 0), (5, 1, 0, 0));
    assert_eq!(used(&store, "provider:groq", 0), (0, 0, 0, 0));
    assert!(sound(&store).unwrap());
    let later = EntryRow {
        id: EntryId::new(uuid(4)),
        adjusts: Some(back.id),
        at: Timestamp(NOW.0 + 3 * QUARTER),
        ..entry(1, Some(1))
    };
    let refused = store.write(move |tx| tx.settle(&later)).wait().unwrap_err();
    assert_eq!(refused.kind, domain::ErrorKind::Bug);
    assert_eq!(used(&store, "all", 0), (5, 1, 0, 0));
}

#[test]
fn a_hold_comes_back_with_its_spender_prices_and_limit() {
    let store = memory();
    let spender = Spender {
        conversation: Some(ConversationId::new(uuid(5))),
        app: Some("editor".to_owned()),
        ..spender()
    };
    let placed = hold(1, Some(500), spender);
    let row = placed.clone();
    store.write(move |tx| tx.place_hold(&row)).wait().unwrap();
    let found = store.read(|tx| tx.hold(AttemptId::new(uuid(1)))).wait().unwrap();
    assert_eq!(found, Some(placed));
}

#[test]
fn what_was_let_past_a_budget_stays_on_record() {
    let store = memory();
    let row = OverrideRow {
        attempt: AttemptId::new(uuid(1)),
        at: NOW,
        origin: "cli".to_owned(),
        amount: Some(PicoUsd::DOLLAR),
        budgets: vec![budget("all", Period::Day, "0.5")],
    };
    let written = row.clone();
    store.write(move |tx| tx.insert_override(&written)).wait().unwrap();
    assert_eq!(store.read(|tx| tx.overrides()).wait().unwrap(), std::slice::from_ref(&row));
    assert!(store.write(move |tx| tx.insert_override(&row)).wait().is_err(), "once an attempt");
}

#[test]
fn the_chain_is_walked_on_from_where_the_last_walk_ended() {
    let store = memory();
    for n in 1..=10 {
        settle(&store, entry(n, Some(1)));
    }
    let walk = |from: Walked, limit| store.read(move |tx| tx.walk_chain(from, limit)).wait().unwrap();
    let first = walk(Walked::start(), 4);
    assert!(first.sound && !first.done);
    store.write(move |tx| tx.set_walked(first.at)).wait().unwrap();
    assert_eq!(store.read(|tx| tx.walked()).wait().unwrap(), first.at);
    let second = walk(first.at, 100);
    assert!(second.sound && second.done);
    store.write(move |tx| tx.set_walked(second.at)).wait().unwrap();
    // Another process that is behind takes nothing back.
    store.write(move |tx| tx.set_walked(first.at)).wait().unwrap();
    assert_eq!(store.read(|tx| tx.walked()).wait().unwrap(), second.at);
    assert!(walk(second.at, 100).done);
}

/// The thread that writes goes by what it knows of budgets, holds, sums and the ledger's end. What another process
/// writes, and what is undone, counts all the same.
#[test]
fn what_others_write_and_what_is_undone_counts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path(), 1), open(dir.path(), 2));
    let seen = |store: &Store| {
        let read = store.write(|tx| {
            let used = tx.budget_used(&BudgetScope::All, NOW)?;
            Ok((used.spent.get(), used.held.get(), tx.budgets_of(&spender())?.len(), tx.revision()?))
        });
        read.wait().unwrap()
    };
    let held = |n: u128| HoldRow { attempt: entry(n, None).attempt, ..hold(n, Some(1_000), spender()) };
    let agree = |spent: i64, held: i64, budgets: usize| {
        let found = seen(&one);
        assert_eq!((found.0, found.1, found.2), (spent, held, budgets));
        assert_eq!(found, seen(&other));
    };
    let first = held(1);
    one.write(move |tx| tx.place_hold(&first)).wait().unwrap();
    agree(0, 1_000, 0);
    let second = held(2);
    let put = other.write(move |tx| {
        tx.place_hold(&second)?;
        tx.set_setting("routing.policy", Some("private"))?;
        tx.put_budget(&budget("all", Period::Day, "5"), NOW)
    });
    put.wait().unwrap();
    agree(0, 2_000, 1);
    settle(&other, entry(1, Some(30)));
    agree(30, 1_000, 1);
    let undone = one.write(|tx| {
        assert!(tx.settle(&entry(2, Some(7)))?);
        assert_eq!(tx.budget_used(&BudgetScope::All, NOW)?.spent.get(), 37);
        Err::<(), _>(domain::Failure::new(domain::ErrorKind::Bug, "undone"))
    });
    assert!(undone.wait().is_err());
    agree(30, 1_000, 1);
    settle(&one, entry(2, Some(7)));
    assert!(!one.write(|tx| tx.settle(&entry(2, Some(7)))).wait().unwrap(), "once");
    assert!(!other.write(|tx| tx.settle(&entry(1, Some(30)))).wait().unwrap(), "whoever did it");
    agree(37, 0, 1);
    // Many at once, some of them undone, from two processes.
    let many: Vec<_> = (10..90_u128)
        .map(|n| {
            let store = if n % 5 == 0 { &other } else { &one };
            store.write(move |tx| {
                let hold = HoldRow { attempt: entry(n, None).attempt, ..hold(n, Some(1_000), spender()) };
                tx.place_hold(&hold)?;
                tx.settle(&entry(n, Some(1)))?;
                tx.budget_used(&BudgetScope::All, Timestamp(0))?;
                if n % 4 == 0 { Err(domain::Failure::new(domain::ErrorKind::Bug, "undone")) } else { Ok(()) }
            })
        })
        .collect();
    let kept = many.into_iter().map(store::Pending::wait).filter(Result::is_ok).count();
    assert_eq!(kept, 60);
    agree(97, 0, 1);
    let sound =
        |tx: &store::Tx<'_>| Ok(tx.verify_chain()? && tx.verify_budget_totals()? && tx.cells_agree()?);
    assert!(one.read(sound).wait().unwrap());
}
