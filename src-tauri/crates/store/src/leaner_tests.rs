//! The version that writes fewer pages for each request finds everything of those before it.

use crate::{
    AuditFilter, HoldRow, Store, Tx,
    migrate::{MIGRATIONS, Migration},
    store_tests::{open_with, options, raw},
    tx::json,
};
use domain::{AttemptId, Cost, ErrorKind, PicoUsd};

#[test]
fn what_was_booked_held_and_logged_before_version_30_is_all_still_there() {
    let dir = tempfile::tempdir().unwrap();
    let before: Vec<Migration> = MIGRATIONS
        .iter()
        .take_while(|m| m.version < 30)
        .map(|m| Migration { version: m.version, steps: m.steps })
        .collect();
    let opened = open_with(dir.path(), 1, &before).unwrap();
    let id = |n: u8| format!("X'{n:032x}'");
    let hash = |n: u8| format!("X'{n:064x}'");
    let entry =
        format!("1, 'p', 'p/m', 'a/m', 'm', 'cli', 'stop', '{}', 'unknown'", json(&Cost::unknown()).unwrap());
    let columns = "at, provider, endpoint, model, upstream_model, origin, outcome, cost, basis";
    let line = "5, 'chat', 'h', 'p', 'cli', 1, 1, 0";
    let sql = format!(
        "INSERT INTO audit (at, purpose, host, provider, origin, bytes, messages, attachments)
             VALUES ({line}), ({line}), ({line});
         INSERT INTO holds (attempt, amount, placed_at, process, provider, model)
             VALUES ({open}, 7, 1, {open}, 'p', 'a/m');
         INSERT INTO ledger_entries (seq, id, attempt, adjusts, prev_hash, hash, {columns})
             VALUES (1, {one}, {settled}, NULL, {zero}, {h1}, {entry});
         INSERT INTO ledger_entries (seq, id, attempt, adjusts, prev_hash, hash, {columns})
             VALUES (2, {two}, {settled}, {one}, {h1}, {h2}, {entry});",
        open = id(9),
        settled = id(8),
        one = id(1),
        two = id(2),
        zero = hash(0),
        h1 = hash(1),
        h2 = hash(2),
    );
    opened.connection.execute_batch(&sql).unwrap();
    drop(opened);
    let store = Store::open(dir.path(), options(2)).unwrap();
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    let attempt = |n: u8| AttemptId::new(uuid::Uuid::from_u128(n.into()));
    let (hold, entries, other) = store
        .read(move |tx| Ok((tx.hold(attempt(9))?, tx.entries_of(attempt(8))?, tx.is_settled(attempt(9))?)))
        .wait()
        .unwrap();
    assert_eq!(hold.clone().unwrap().amount, Some(PicoUsd::new(7)));
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(!other);
    let again = HoldRow { attempt: attempt(8), ..hold.unwrap() };
    assert_eq!(
        store.write(move |tx| tx.place_hold(&again)).wait().unwrap_err().kind,
        ErrorKind::Bug,
        "it is settled"
    );
    let numbers = |tx: &Tx<'_>| {
        let lines = tx.audit_page(&AuditFilter { limit: 9, ..Default::default() })?;
        Ok((lines.iter().map(|line| line.seq).collect::<Vec<_>>(), lines))
    };
    let (before, lines) = store.read(numbers).wait().unwrap();
    assert_eq!(before, [3, 2, 1]);
    store.write(move |tx| tx.append_audit(&lines[0].row)).wait().unwrap();
    assert_eq!(store.read(numbers).wait().unwrap().0, [4, 3, 2, 1]);
    for sql in ["DELETE FROM audit WHERE seq = 4", "UPDATE audit SET host = 'x'"] {
        assert!(raw(dir.path()).execute_batch(sql).is_err(), "{sql}");
    }
}
