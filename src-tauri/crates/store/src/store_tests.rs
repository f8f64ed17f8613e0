//! What needs the connection itself: raw SQL against the triggers, old and strange schemas.

use crate::{Options, Store, Tuning};
use domain::{ErrorKind, ProcessId, Timestamp};

fn options(n: u128) -> Options {
    Options { process: ProcessId::new(uuid::Uuid::from_u128(n)), now: Timestamp(1_000), version: "0.1.0" }
}

#[test]
fn what_is_written_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options(1)).unwrap();
    store.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap();
    assert_eq!(store.read(|tx| tx.setting("theme")).wait().unwrap().as_deref(), Some("dark"));
    store.close();
    let store = Store::open(dir.path(), options(2)).unwrap();
    assert_eq!(store.read(|tx| tx.setting("theme")).wait().unwrap().as_deref(), Some("dark"));
}

#[test]
fn a_second_store_of_the_same_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let tuning = Tuning::default();
    let _first = Store::open(dir.path(), options(1)).unwrap();
    let second = Store::open_tuned(dir.path(), options(1), &tuning).err().unwrap();
    assert_eq!(second.kind, ErrorKind::StoreBusy);
}
