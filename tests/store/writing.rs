//! Writing: grouped, isolated from each other, answered after the commit.

use crate::fixture::{conversation, hasty, memory, open, options, scene, text, uuid};
use domain::{ConversationId, ErrorKind, Failure};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
    mpsc,
};
use store::{Store, Tuning};

/// Keeps the writer busy until told, so that what is queued meanwhile becomes one group.
fn hold_up(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    drop(store.write(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    }));
    start.recv().unwrap();
    release
}

fn isolation(store: &Store) {
    let release = hold_up(store);
    let first = store.write(|tx| tx.set_setting("first", Some("1")));
    let failing = store.write(|tx| {
        tx.set_setting("failing", Some("1"))?;
        Err::<(), _>(Failure::new(ErrorKind::BillingBudget, "no"))
    });
    let panicking = store.write(|tx| {
        tx.set_setting("panicking", Some("1"))?;
        if tx.setting("panicking")?.is_some() {
            panic!("on purpose");
        }
        Ok(())
    });
    let breaking = store.write(|tx| {
        tx.set_setting("breaking", Some("1"))?;
        tx.set_conversation_title(ConversationId::new(uuid(404)), "nobody", store::Titled::User)
    });
    let last = store.write(|tx| tx.set_setting("last", Some("1")));
    release.send(()).unwrap();
    first.wait().unwrap();
    last.wait().unwrap();
    assert_eq!(failing.wait().unwrap_err().kind, ErrorKind::BillingBudget);
    let panicked = panicking.wait().unwrap_err();
    assert_eq!(panicked.kind, ErrorKind::Bug);
    assert!(!panicked.message.contains("on purpose"), "payloads may hold anything: {panicked}");
    assert_eq!(breaking.wait().unwrap_err().kind, ErrorKind::Bug);
    for (key, there) in
        [("first", true), ("failing", false), ("panicking", false), ("breaking", false), ("last", true)]
    {
        assert_eq!(store.read(move |tx| tx.setting(key)).wait().unwrap().is_some(), there, "{key}");
    }
}

#[test]
fn an_error_or_panic_undoes_its_own_write_alone() {
    let dir = tempfile::tempdir().unwrap();
    isolation(&open(dir.path(), 1));
    isolation(&memory());
}

/// What was run how often: each of these writes a setting of its name, then does as it is told.
fn counted(
    store: &Store,
    name: &'static str,
    then: impl Fn(&mut store::Tx<'_>) -> Result<(), Failure> + Send + 'static,
) -> (store::Pending<()>, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let pending = store.write_repeatable(move |tx| {
        count.fetch_add(1, Ordering::Relaxed);
        then(tx)?;
        tx.set_setting(name, Some("1"))
    });
    (pending, runs)
}

fn no() -> Failure {
    Failure::new(ErrorKind::BillingBudget, "no")
}

/// Queues three together, of which the second does this after it was asked for; how often each ran.
fn three(
    store: &Store,
    second: impl Fn(&mut store::Tx<'_>) -> Result<(), Failure> + Send + 'static,
) -> (Failure, [u32; 3]) {
    let release = hold_up(store);
    let (first, first_runs) = counted(store, "first", |_| Ok(()));
    let (failing, failing_runs) = counted(store, "failing", second);
    let (last, last_runs) = counted(store, "last", |_| Ok(()));
    release.send(()).unwrap();
    first.wait().unwrap();
    last.wait().unwrap();
    let failure = failing.wait().unwrap_err();
    for (key, there) in [("first", true), ("half", false), ("failing", false), ("last", true)] {
        assert_eq!(store.read(move |tx| tx.setting(key)).wait().unwrap().is_some(), there, "{key}");
    }
    (failure, [first_runs, failing_runs, last_runs].map(|runs| runs.load(Ordering::Relaxed)))
}

#[test]
fn of_what_can_be_run_again_an_error_undoes_its_own_write_alone() {
    let dir = tempfile::tempdir().unwrap();
    for (store, n) in [(open(dir.path(), 1), 1), (memory(), 2)] {
        let half = |tx: &mut store::Tx<'_>| {
            tx.set_setting("half", Some("1"))?;
            Err(no())
        };
        let (failure, runs) = three(&store, half);
        assert_eq!(
            (failure.kind, runs),
            (ErrorKind::BillingBudget, [2, 2, 1]),
            "store {n}: again, each by itself"
        );
        let broken = |tx: &mut store::Tx<'_>| {
            tx.set_setting("half", Some("1"))?;
            panic!("on purpose")
        };
        let (failure, runs) = three(&store, broken);
        assert_eq!((failure.kind, runs), (ErrorKind::Bug, [2, 2, 1]), "store {n}");
        // Who refuses before anything was written leaves nothing to undo.
        let (failure, runs) = three(&store, |_| Err(no()));
        assert_eq!(
            (failure.kind, runs),
            (ErrorKind::BillingBudget, [1, 1, 1]),
            "store {n}: nobody runs again"
        );
    }
}

/// Queues a booking that waits for company, then a write that goes ahead of it and turns back or not; what that one saw
/// in each of its runs, and whether it had gone ahead.
fn ahead(store: &Store, n: u32, turns_back: bool) -> (Vec<(bool, bool)>, Result<(), Failure>) {
    let release = hold_up(store);
    let key = format!("booked {n}");
    let (name, seen) = (key.clone(), Arc::new(Mutex::new(Vec::new())));
    let booking = store.write_in_company(move |tx| tx.set_setting(&name, Some("1")));
    let runs = Arc::clone(&seen);
    let write = store.write_ahead(move |tx| {
        let booked = tx.setting(&key)?.is_some();
        runs.lock().unwrap().push((tx.is_ahead(), booked));
        if turns_back && tx.is_ahead() { Err(tx.turn_back()) } else { Ok(()) }
    });
    release.send(()).unwrap();
    let outcome = write.wait();
    booking.wait().unwrap();
    let runs = seen.lock().unwrap().clone();
    (runs, outcome)
}

/// On a busy machine a booking may have waited long enough before anybody looks: then it goes first.
const TRIES: u32 = 200;

#[test]
fn who_goes_ahead_of_a_booking_that_waits_may_turn_back_and_see_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let mut tries = 0..TRIES;
    let went = tries.any(|n| {
        let (runs, outcome) = ahead(&store, n, false);
        outcome.unwrap();
        assert!([vec![(true, false)], vec![(false, true)]].contains(&runs), "{runs:?}");
        runs == [(true, false)]
    });
    assert!(went, "never ahead");
    let turned = tries.any(|n| {
        let (runs, outcome) = ahead(&store, n, true);
        outcome.unwrap();
        assert!([vec![(true, false), (false, true)], vec![(false, true)]].contains(&runs), "{runs:?}");
        runs.len() == 2
    });
    assert!(turned, "never turned back");
}

/// Behind a booking and before one who turns back others may have come to the line that can be run once alone.
#[test]
fn what_runs_once_is_undone_by_itself_also_where_somebody_turns_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let turned = (0..TRIES).any(|n| {
        let release = hold_up(&store);
        let booking = store.write_in_company(|tx| tx.set_setting("booked", Some("1")));
        let (own, others) = (store.clone(), Arc::new(Mutex::new(Vec::new())));
        let (pending, turns) = (Arc::clone(&others), Arc::new(AtomicU32::new(0)));
        let count = Arc::clone(&turns);
        let write = store.write_ahead(move |tx| {
            if !tx.is_ahead() {
                return Ok(());
            }
            count.fetch_add(1, Ordering::Relaxed);
            let good = own.write(move |tx| tx.set_setting("good", Some(&n.to_string())));
            let failing = own.write(|tx| {
                tx.set_setting("half", Some("1"))?;
                Err::<(), _>(no())
            });
            let again = own.write_repeatable(|tx| {
                tx.set_setting("half", Some("1"))?;
                Err::<(), _>(no())
            });
            pending.lock().unwrap().extend([good, failing, again]);
            Err(tx.turn_back())
        });
        release.send(()).unwrap();
        booking.wait().unwrap();
        write.wait().unwrap();
        let kinds: Vec<Option<ErrorKind>> = others
            .lock()
            .unwrap()
            .drain(..)
            .map(|one| one.wait().err().map(|failure| failure.kind))
            .collect();
        let refused = Some(ErrorKind::BillingBudget);
        assert!(kinds.is_empty() || kinds == [None, refused, refused], "{kinds:?}");
        assert_eq!(store.read(|tx| tx.setting("half")).wait().unwrap(), None);
        if !kinds.is_empty() {
            let good = store.read(|tx| tx.setting("good")).wait().unwrap();
            assert_eq!(good, Some(n.to_string()));
        }
        turns.load(Ordering::Relaxed) == 1
    });
    assert!(turned, "never turned back");
}

#[test]
fn who_turns_back_too_late_is_undone_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let late = (0..TRIES).any(|_| {
        let release = hold_up(&store);
        let booking = store.write_in_company(|tx| tx.set_setting("booked", Some("1")));
        let write = store.write_ahead(|tx| {
            let ahead = tx.is_ahead();
            tx.set_setting("written", Some("1"))?;
            if ahead { Err(tx.turn_back()) } else { tx.set_setting("written", None) }
        });
        release.send(()).unwrap();
        let outcome = write.wait();
        booking.wait().unwrap();
        assert_eq!(store.read(|tx| tx.setting("written")).wait().unwrap(), None);
        outcome.is_err_and(|failure| failure.kind == ErrorKind::Bug)
    });
    assert!(late, "never ahead");
}

#[test]
fn what_can_be_run_again_stands_beside_what_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let release = hold_up(&store);
    let once = store.write(|tx| tx.set_setting("once", Some("1")));
    let (failing, runs) = counted(&store, "failing", |tx| {
        tx.set_setting("half", Some("1"))?;
        Err(no())
    });
    release.send(()).unwrap();
    once.wait().unwrap();
    assert_eq!(failing.wait().unwrap_err().kind, ErrorKind::BillingBudget);
    assert_eq!(runs.load(Ordering::Relaxed), 1, "each has its own savepoint from the beginning");
    for (key, there) in [("once", true), ("half", false), ("failing", false)] {
        assert_eq!(store.read(move |tx| tx.setting(key)).wait().unwrap().is_some(), there, "{key}");
    }
}

#[test]
fn a_panic_while_reading_harms_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    for _ in 0..5 {
        let broken = store.read(|_| -> Result<(), Failure> { panic!("on purpose") }).wait();
        assert_eq!(broken.unwrap_err().kind, ErrorKind::Bug);
    }
    assert_eq!(store.read(|tx| tx.setting("theme")).wait().unwrap(), None);
}

#[test]
fn an_answered_write_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path(), 1), open(dir.path(), 2));
    for n in 0..100 {
        let value = n.to_string();
        one.write(move |tx| tx.set_setting("n", Some(&value))).wait().unwrap();
        assert_eq!(other.read(|tx| tx.setting("n")).wait().unwrap(), Some(n.to_string()));
    }
}

#[test]
fn a_write_nobody_waits_for_is_made_and_close_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let release = hold_up(&store);
    for n in 0..500 {
        drop(store.write(move |tx| tx.set_setting(&format!("k{n}"), Some("v"))));
    }
    release.send(()).unwrap();
    let clone = store.clone();
    store.close();
    let late = clone.write(|tx| tx.set_setting("late", Some("v"))).wait().unwrap_err();
    assert_eq!(late.kind, ErrorKind::Bug);
    assert!(clone.read(|tx| tx.setting("k0")).wait().is_err());
    let store = open(dir.path(), 2);
    for n in 0..500 {
        assert!(store.read(move |tx| tx.setting(&format!("k{n}"))).wait().unwrap().is_some(), "{n}");
    }
    assert_eq!(store.read(|tx| tx.setting("late")).wait().unwrap(), None);
}

#[test]
fn a_store_dropped_by_its_own_thread_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let clone = store.clone();
    let release = hold_up(&store);
    let pending = store.write(move |tx| {
        drop(clone);
        tx.set_setting("done", Some("1"))
    });
    drop(store);
    release.send(()).unwrap();
    pending.wait().unwrap();
}

#[test]
fn a_full_disk_fails_the_write_and_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let small = Tuning { max_pages: Some(240), ..hasty() };
    let store = Store::open_tuned(dir.path(), options(1), &small).unwrap();
    let mut kept = Vec::new();
    let mut failure = None;
    for n in 0..1_000 {
        let words = format!("{n} {}", "word ".repeat(1_000));
        match store.write(move |tx| tx.put_content(&text(&words))).wait() {
            Ok(id) => kept.push(id),
            Err(e) => {
                failure = Some(e);
                break;
            }
        }
    }
    assert_eq!(failure.unwrap().kind, ErrorKind::StoreFull);
    assert!(!kept.is_empty());
    // A group that meets the end of the disk fails for each of its writes that did not fit, and only for
    // those or all: whatever was answered with yes is there.
    let release = hold_up(&store);
    let tail: Vec<_> = (0..20)
        .map(|n| store.write(move |tx| tx.put_content(&text(&format!("tail {n} {}", "x".repeat(3_000))))))
        .collect();
    release.send(()).unwrap();
    for pending in tail {
        match pending.wait() {
            Ok(id) => kept.push(id),
            Err(e) => assert_eq!(e.kind, ErrorKind::StoreFull),
        }
    }
    store.close();
    let store = open(dir.path(), 2);
    for id in kept {
        assert!(store.read(move |tx| tx.content(&id)).wait().unwrap().is_some());
    }
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    store.write(|tx| tx.insert_conversation(&conversation(1))).wait().unwrap();
}

#[test]
fn the_journal_gives_the_text_back_in_order() {
    let store = memory();
    let run = store.write(|tx| scene(tx, 1, 1)).wait().unwrap().id;
    let expected: Vec<String> = (0..300).map(|n| format!("[\"Grüße {n} 🙂\\u0000\"]")).collect();
    let chunks = expected.clone();
    // Numbers decide, not the order of arrival.
    store
        .write(move |tx| {
            chunks
                .iter()
                .enumerate()
                .rev()
                .try_for_each(|(n, chunk)| tx.append_journal(run, u32::try_from(n).unwrap(), chunk))
        })
        .wait()
        .unwrap();
    assert_eq!(store.read(move |tx| tx.journal(run)).wait().unwrap(), expected);
    let twice = store.write(move |tx| tx.append_journal(run, 7, "again")).wait();
    assert_eq!(twice.unwrap_err().kind, ErrorKind::Bug);
    store.write(move |tx| tx.clear_journal(run)).wait().unwrap();
    assert!(store.read(move |tx| tx.journal(run)).wait().unwrap().is_empty());
}
