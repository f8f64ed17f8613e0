#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, and break the writer on purpose"
)]
use crate::{Options, Store, Tuning, tx::Tx};
use domain::{ErrorKind, Failure, ProcessId, Timestamp};
use std::{panic, path::Path, thread, time::Duration};

fn opened(dir: &Path) -> Store {
    let options = Options {
        process: ProcessId::new(uuid::Uuid::from_u128(1)),
        now: Timestamp(1_000),
        version: "0.1.0",
    };
    let tuning = Tuning { busy: Duration::from_millis(200), ..Tuning::default() };
    Store::open_tuned(dir, options, &tuning).unwrap()
}

/// Sets a value and tells on which thread.
fn on(key: &'static str) -> impl FnOnce(&mut Tx<'_>) -> Result<Option<String>, Failure> + Send {
    move |tx| {
        tx.set_setting(key, Some("1"))?;
        Ok(thread::current().name().map(str::to_owned))
    }
}

/// Until the thread has nothing out any more, which it has for a moment after it answered.
fn calm(store: &Store) {
    while store.write_here(on("calm")).wait().unwrap() != mine() {}
}

fn mine() -> Option<String> {
    thread::current().name().map(str::to_owned)
}

#[test]
fn a_broken_connection_is_opened_anew_by_the_thread() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    calm(&store);
    store.0.writer.state.lock().unwrap().as_mut().unwrap().broken = true;
    assert_eq!(store.write_here(on("b")).wait().unwrap().as_deref(), Some("store-write"));
    assert!(!store.0.writer.state.lock().unwrap().as_ref().unwrap().broken);
    calm(&store);
}

#[test]
fn what_the_disk_refuses_here_makes_the_connection_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    let denied = || Failure::new(ErrorKind::StoreDenied, "no");
    let whole = |outcome: Result<(), Failure>| {
        let mut held = store.0.writer.state.lock().unwrap();
        let state = held.as_mut().unwrap();
        let (job, pending) = super::job(false, on("a"));
        state.carry_out(outcome, &mut [job].into());
        let broken = state.broken;
        drop(held);
        (pending.wait(), broken)
    };
    let (answer, broken) = whole(Err(denied()));
    assert_eq!((answer.unwrap_err().kind, broken), (ErrorKind::StoreDenied, true));
    assert_eq!(store.write_here(on("b")).wait().unwrap().as_deref(), Some("store-write"));
}

/// Panics when nobody takes it.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("on purpose");
        }
    }
}

#[test]
fn a_break_outside_of_a_closure_closes_the_store_and_frees_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (opened(dir.path()), {
        let options = Options {
            process: ProcessId::new(uuid::Uuid::from_u128(2)),
            now: Timestamp(1_000),
            version: "0.1.0",
        };
        Store::open(dir.path(), options).unwrap()
    });
    // Whoever asked for it has gone: its answer is dropped behind the commit, where nothing catches.
    drop(store.write_in_company(|_| Ok(Bomb)));
    let here = store.write_here(on("a"));
    assert!(here.wait().is_err_and(|failure| failure.message == "The database is closed."));
    let later = store.write(on("b")).wait();
    assert_eq!(later.unwrap_err().message, "The database is closed.");
    assert!(store.write_here(on("c")).wait().is_err());
    other.write(on("d")).wait().unwrap();
    store.close();
}

#[test]
fn the_thread_that_breaks_frees_the_file_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(dir.path());
    drop(store.write(|_| Ok(Bomb)));
    // It may be answered before the thread is there, or gone.
    while store.write_here(on("a")).wait().is_ok() {}
    let open = || store.0.writer.state.lock().unwrap_or_else(|broken| broken.into_inner()).is_some();
    assert!(!(0..5_000).all(|_| {
        thread::sleep(Duration::from_millis(1));
        open()
    }));
    store.close();
}
