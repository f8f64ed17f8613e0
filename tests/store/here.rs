//! Writing on the thread that asks, where that is alone.

use crate::fixture::{hasty, memory, open, options, text};
use domain::{ErrorKind, Failure};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use store::{Pending, Store, Tuning, Tx};

/// Who carried a write out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Caller,
    Thread,
}

fn by() -> By {
    if thread::current().name() == Some("store-write") { By::Thread } else { By::Caller }
}

/// Appends to a text in the database, so that an order shows; gives who did.
fn append(letter: char) -> impl FnOnce(&mut Tx<'_>) -> Result<By, Failure> + Send {
    move |tx| {
        let before = tx.setting("text")?.unwrap_or_default();
        tx.set_setting("text", Some(&format!("{before}{letter}")))?;
        Ok(by())
    }
}

fn written(store: &Store) -> String {
    store.read(|tx| tx.setting("text")).wait().unwrap().unwrap_or_default()
}

/// Keeps the file locked until told.
fn hold_up(store: &Store) -> (mpsc::Sender<()>, Pending<()>) {
    let (release, released) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    let held = store.write(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    start.recv().unwrap();
    (release, held)
}

/// Until the thread has nothing out any more, which it has for a moment after it answered.
fn calm(store: &Store) {
    while store.write_here(|_| Ok(by())).wait().unwrap() == By::Thread {}
}

/// Does it once more until nothing came between, such as the end of a wait on a machine that stands still.
fn undisturbed(mut once: impl FnMut() -> bool) {
    assert!((0..20).any(|_| once()));
}

fn alone(store: &Store) -> bool {
    store.write(|tx| tx.set_setting("text", None)).wait().unwrap();
    calm(store);
    let mut who = vec![store.write_here(append('a')).wait().unwrap()];
    // What may wait is taken along, before it.
    let patient = [store.write_in_company(append('b')), store.write_in_company(append('c'))];
    who.push(store.write_here(append('d')).wait().unwrap());
    who.extend(patient.map(|patient| patient.wait().unwrap()));
    assert_eq!(store.write(append('e')).wait().unwrap(), By::Thread);
    assert_eq!(written(store), "abcde", "{who:?}");
    who == [By::Caller; 4]
}

#[test]
fn who_is_alone_writes_itself_with_what_waited_before_it() {
    let dir = tempfile::tempdir().unwrap();
    for store in [open(dir.path(), 1), memory()] {
        undisturbed(|| alone(&store));
    }
}

#[test]
fn it_is_committed_when_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path(), 1), open(dir.path(), 2));
    for n in 1..100 {
        one.write_here(append('x')).wait().unwrap();
        assert_eq!(written(&other).len(), n * 2 - 1);
        other.write_here(append('y')).wait().unwrap();
        assert_eq!(written(&one).len(), n * 2, "and each sees what the other wrote");
    }
}

#[test]
fn what_may_wait_is_written_without_anybody_after_it() {
    let store = memory();
    let start = Instant::now();
    store.write_here(append('a')).wait().unwrap();
    store.write_in_company(append('b')).wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn who_is_not_alone_waits_in_line() {
    let store = memory();
    let (release, held) = hold_up(&store);
    let first = store.write(append('a'));
    let second = store.write_here(append('b'));
    let third = store.write(append('c'));
    release.send(()).unwrap();
    held.wait().unwrap();
    for pending in [first, second, third] {
        assert_eq!(pending.wait().unwrap(), By::Thread);
    }
    assert_eq!(written(&store), "abc");
}

#[test]
fn another_programs_lock_is_waited_for_by_the_thread() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (open(dir.path(), 1), open(dir.path(), 2));
    calm(&store);
    let (release, held) = hold_up(&other);
    let start = Instant::now();
    let here = store.write_here(append('b'));
    assert!(start.elapsed() < Duration::from_secs(2), "the lock is waited for up to five");
    thread::sleep(Duration::from_millis(300));
    release.send(()).unwrap();
    held.wait().unwrap();
    assert_eq!(here.wait().unwrap(), By::Thread, "it waited");
    calm(&store);
    assert_eq!(store.write_here(append('c')).wait().unwrap(), By::Caller);
    // The thread's own waits are as long as before.
    let (release, held) = hold_up(&other);
    let waits = store.write(append('d'));
    thread::sleep(Duration::from_millis(300));
    release.send(()).unwrap();
    held.wait().unwrap();
    waits.wait().unwrap();
    assert_eq!(written(&store), "bcd");
}

fn isolation(store: &Store) -> bool {
    store.write(|tx| tx.set_setting("text", None)).wait().unwrap();
    calm(store);
    let panicking = |tx: &mut Tx<'_>| {
        append('-')(tx)?;
        if tx.setting("text")?.is_some() {
            panic!("on purpose");
        }
        Ok::<(), Failure>(())
    };
    let patient = store.write_in_company(append('a'));
    let failing = store.write_here(|tx| {
        append('-')(tx)?;
        Err::<(), _>(Failure::new(ErrorKind::BillingBudget, "no"))
    });
    assert_eq!(failing.wait().unwrap_err().kind, ErrorKind::BillingBudget);
    let who = patient.wait().unwrap();
    for broken in [store.write_in_company(panicking), store.write_here(panicking)] {
        let failure = broken.wait().unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Bug);
        assert!(!failure.message.contains("on purpose"), "payloads may hold anything: {failure}");
    }
    let whole = [who, store.write_here(append('b')).wait().unwrap()] == [By::Caller; 2];
    assert_eq!(written(store), "ab");
    whole
}

#[test]
fn an_error_or_panic_undoes_its_own_write_alone() {
    let dir = tempfile::tempdir().unwrap();
    for store in [open(dir.path(), 1), memory()] {
        undisturbed(|| isolation(&store));
    }
}

#[test]
fn a_full_disk_fails_it_and_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let small = Tuning { max_pages: Some(240), ..hasty() };
    let store = Store::open_tuned(dir.path(), options(1), &small).unwrap();
    let mut kept = Vec::new();
    let failure = (0..1_000).find_map(|n| {
        let words = |what: &str| format!("{what} {n} {}", "word ".repeat(500));
        let (one, other) = (words("one"), words("other"));
        let patient = store.write_in_company(move |tx| tx.put_content(&text(&one)));
        let here = store.write_here(move |tx| tx.put_content(&text(&other)));
        let answers = [patient.wait(), here.wait()];
        kept.extend(answers.iter().filter_map(|answer| answer.clone().ok()));
        answers.into_iter().find_map(Result::err)
    });
    assert_eq!(failure.unwrap().kind, ErrorKind::StoreFull);
    assert!(kept.len() > 10);
    store.close();
    let store = open(dir.path(), 2);
    for id in kept {
        assert!(store.read(move |tx| tx.content(&id)).wait().unwrap().is_some());
    }
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
}

fn closed_in_the_middle() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    calm(&store);
    let (inside, clone) = (store.clone(), store.clone());
    let patient = store.write_in_company(append('a'));
    let here = store.write_here(move |tx| {
        inside.close();
        append('b')(tx)
    });
    let who = [patient.wait().unwrap(), here.wait().unwrap()];
    assert_eq!(clone.write_here(append('c')).wait().unwrap_err().kind, ErrorKind::Bug);
    drop((store, clone));
    assert_eq!(written(&open(dir.path(), 2)), "ab");
    who == [By::Caller; 2]
}

#[test]
fn a_store_that_is_closed_takes_nothing_and_one_closed_in_the_middle_keeps_all() {
    undisturbed(closed_in_the_middle);
}

fn closed_meanwhile() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    calm(&store);
    let (clone, (started, start)) = (store.clone(), mpsc::channel());
    let writes = thread::spawn(move || {
        let here = clone.write_here(move |tx| {
            started.send(()).unwrap();
            thread::sleep(Duration::from_millis(100));
            append('a')(tx)
        });
        here.wait()
    });
    start.recv().unwrap();
    let queued = store.write_in_company(append('b'));
    store.close();
    let who = [writes.join().unwrap().unwrap(), queued.wait().unwrap()];
    assert_eq!(written(&open(dir.path(), 2)), "ab");
    who == [By::Caller, By::Thread]
}

#[test]
fn closing_waits_for_what_is_written_elsewhere() {
    undisturbed(closed_meanwhile);
}

/// Four that write in every way at once; how many writes were their callers' own.
fn many_at_once() -> u64 {
    const EACH: u64 = 400;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let last = Arc::new(Mutex::new([0_u64; 4]));
    let callers = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..4_u64)
        .map(|who| {
            let (store, last, callers) = (store.clone(), Arc::clone(&last), Arc::clone(&callers));
            thread::spawn(move || {
                let mut waits = Vec::new();
                for n in 1..=EACH {
                    let (last, callers) = (Arc::clone(&last), Arc::clone(&callers));
                    let write = move |tx: &mut Tx<'_>| {
                        let key = format!("n{who}");
                        let before = tx.setting(&key)?.map_or(0, |n| n.parse().unwrap());
                        assert_eq!(before, n - 1);
                        let place = usize::try_from(who).unwrap();
                        assert_eq!(std::mem::replace(&mut last.lock().unwrap()[place], n), n - 1);
                        callers.fetch_add(u64::from(by() == By::Caller), Ordering::Relaxed);
                        tx.set_setting(&key, Some(&n.to_string()))
                    };
                    match (n + who) % 3 {
                        0 => waits.push(store.write_in_company(write)),
                        1 => store.write_here(write).wait().unwrap(),
                        _ => waits.push(store.write(write)),
                    }
                    // Now and then it is quiet.
                    if n % 7 == who {
                        thread::sleep(Duration::from_micros(300));
                    }
                }
                waits.into_iter().for_each(|wait| wait.wait().unwrap());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*last.lock().unwrap(), [EACH; 4]);
    callers.load(Ordering::Relaxed)
}

#[test]
fn many_ways_at_once_keep_everyones_order_and_all_are_answered() {
    undisturbed(|| many_at_once() > 0);
}
