//! Several processes on one file, and processes that end in the middle of it. Children are this test
//! binary itself, told by its environment what to do.

use crate::fixture::{entry, open, options, scene, text, uuid};
use domain::{ErrorKind, Failure, ProcessId, RunId, Timestamp};
use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};
use store::Store;

const TASK: &str = "STORE_TEST_TASK";
const DIR: &str = "STORE_TEST_DIR";
const PROCESS: &str = "STORE_TEST_PROCESS";
/// The id of the run a journalling child writes.
const RUN: u128 = 7;

fn child(dir: &Path, task: &str, process: u128) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "processes::as_a_child", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(DIR, dir)
        .env(PROCESS, process.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

#[test]
#[ignore = "only as a child of the tests below"]
fn as_a_child() {
    let (Some(task), Some(dir)) = (std::env::var_os(TASK), std::env::var_os(DIR)) else { return };
    let process: u128 =
        std::env::var_os(PROCESS).map(OsString::into_string).unwrap().unwrap().parse().unwrap();
    let store = Store::open(Path::new(&dir), options(process)).unwrap();
    match task.to_str().unwrap() {
        "settle" => settle(&store, process),
        "journal" => journal(&store),
        "fill" => fill(&store),
        "open" => store.close(),
        other => panic!("no task {other}"),
    }
}

fn say(words: &str) {
    // One write call a line: a killed child must not have printed half of one.
    let mut out = std::io::stdout();
    out.write_all(format!("{words}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn settle(store: &Store, process: u128) {
    for n in 0..100 {
        // SQLite serves those who wait in no order: on a slow disk one may be unlucky for longer than a write
        // waits, and whoever settles asks again then.
        let settled = || store.write(move |tx| tx.settle(&entry(process * 1_000 + n, Some(1)))).wait();
        let unlucky = |done: &Result<bool, Failure>| {
            done.as_ref().is_err_and(|failure| failure.kind == ErrorKind::StoreBusy)
        };
        let mut tries = (0..10).map(|_| settled());
        assert!(tries.find(|done| !unlucky(done)).unwrap().unwrap());
    }
}

fn journal(store: &Store) {
    for seq in 0.. {
        store.write(move |tx| tx.append_journal(RunId::new(uuid(RUN)), seq, &chunk(seq))).wait().unwrap();
        say(&format!("ack {seq}"));
    }
}

fn fill(store: &Store) {
    for n in 0..10_000 {
        let words = format!("{n} {}", "word ".repeat(1_000));
        match store.write(move |tx| tx.put_content(&text(&words))).wait() {
            Ok(id) => say(&format!("ack {id}")),
            Err(e) => return say(&format!("end {}", e.kind.as_str())),
        }
    }
}

fn chunk(seq: u32) -> String {
    format!("[\"piece {seq} {}\"]", "é".repeat(usize::try_from(seq % 50).unwrap()))
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok)
}

#[test]
fn processes_extend_one_chain_together() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    let mut children: Vec<Child> = (2..=4).map(|n| child(dir.path(), "settle", n).spawn().unwrap()).collect();
    settle(&store, 1);
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let (sound, sum) = store
        .read(|tx| Ok((tx.verify_chain()?, tx.spend_total(Timestamp(0), Timestamp(i64::MAX))?)))
        .wait()
        .unwrap();
    assert!(sound);
    assert_eq!((sum.attempts, sum.amount.get()), (400, 400));
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    for round in 0..8_u32 {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), 1);
        store.write(|tx| scene(tx, RUN, 2)).wait().unwrap();
        store.close();
        let mut child = child(dir.path(), "journal", 2).spawn().unwrap();
        let mut said = lines(&mut child).filter_map(|l| l.strip_prefix("ack ").map(str::to_owned));
        for _ in 0..=round * 40 {
            said.next().unwrap();
        }
        child.kill().unwrap();
        let acknowledged: u32 = said.last().map_or(round * 40, |last| last.parse().unwrap());
        child.wait().unwrap();

        let store = open(dir.path(), 3);
        let found = store.read(|tx| tx.journal(RunId::new(uuid(RUN)))).wait().unwrap();
        let found_count = u32::try_from(found.len()).unwrap();
        assert!(found_count > acknowledged, "{found_count} rows, {acknowledged} was acknowledged");
        let expected: Vec<String> = (0..found_count).map(chunk).collect();
        assert_eq!(found, expected, "no holes, no other order, no half rows");
        assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());

        // Its run is still marked as going on, and its process is known to be dead.
        let dead = ProcessId::new(uuid(2));
        let (processes, runs) =
            store.write(move |tx| Ok((tx.dead_processes()?, tx.runs_of_process(dead)?))).wait().unwrap();
        assert_eq!(processes, [dead]);
        assert_eq!(runs.len(), 1);
    }
}

#[test]
fn a_lease_ends_with_its_process_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 1), open(dir.path(), 2));
    let dead = |store: &Store| store.write(|tx| tx.dead_processes()).wait().unwrap();
    assert_eq!(dead(&one), []);
    assert_eq!(dead(&two), []);
    // One that leaves in order and owes nothing is not dead but gone.
    two.close();
    assert_eq!(dead(&one), []);
    // One that leaves a run behind is dead until somebody has dealt with it.
    let three = open(dir.path(), 3);
    let at_work = |store: &Store| store.read(|tx| tx.others_at_work()).wait().unwrap();
    assert!(!at_work(&one));
    three.write(|tx| scene(tx, 1, 3)).wait().unwrap();
    assert_eq!((dead(&one), at_work(&one), at_work(&three)), (vec![], true, false));
    three.close();
    let id = ProcessId::new(uuid(3));
    assert_eq!((dead(&one), at_work(&one)), (vec![id], false));
    one.write(move |tx| {
        tx.set_run_state(RunId::new(uuid(1)), domain::RunState::Interrupted)?;
        tx.forget_process(id)
    })
    .wait()
    .unwrap();
    assert_eq!(dead(&one), []);
    // The same process twice would be two owners of one lease.
    let twice = Store::open(dir.path(), options(1)).err().unwrap();
    assert_eq!(twice.kind, ErrorKind::StoreBusy);
}

/// The system refuses to let the file grow: an I/O error instead of SQLite's own "full".
#[cfg(target_os = "linux")]
#[test]
fn an_io_error_fails_the_write_and_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), 1).close();
    let direct = child(dir.path(), "fill", 2);
    let mut limited = Command::new("sh");
    // Blocks of 512 bytes. Ignored, so that the write fails instead of the process ending.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""]);
    limited.arg(direct.get_program()).args(direct.get_args());
    limited.envs(direct.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let mut child = limited.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let said: Vec<String> = lines(&mut child).collect();
    child.wait().unwrap();
    let end = said.iter().find_map(|l| l.strip_prefix("end ")).expect("it must meet the limit");
    assert!(["store.denied", "store.full"].contains(&end), "{end}");
    let kept: Vec<String> = said.iter().filter_map(|l| l.strip_prefix("ack ").map(str::to_owned)).collect();
    assert!(kept.len() > 10);
    let store = open(dir.path(), 3);
    for id in kept {
        let id = domain::ContentId::new(id);
        assert!(store.read(move |tx| tx.content(&id)).wait().unwrap().is_some());
    }
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
}

/// Not a test of correctness: `cargo test -p parallax-suite --test store commits_a_second -- --ignored
/// --nocapture`.
#[test]
#[ignore = "measures"]
#[expect(clippy::disallowed_methods, reason = "measures")]
fn commits_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), 1);
    store.write(|tx| scene(tx, RUN, 1)).wait().unwrap();
    let run = RunId::new(uuid(RUN));
    let mut took: Vec<u128> = (0..2_000)
        .map(|seq| {
            let start = Instant::now();
            store.write(move |tx| tx.append_journal(run, seq, &chunk(seq))).wait().unwrap();
            start.elapsed().as_micros()
        })
        .collect();
    took.sort_unstable();
    let total: u128 = took.iter().sum();
    println!(
        "one at a time: {} commits/s, p50 {} µs, p99 {} µs",
        2_000_000_000 / total,
        took[1_000],
        took[1_980]
    );
    let start = Instant::now();
    let pending: Vec<_> =
        (2_000..22_000).map(|seq| store.write(move |tx| tx.append_journal(run, seq, &chunk(seq)))).collect();
    pending.into_iter().for_each(|p| p.wait().unwrap());
    println!("queued: {} writes/s", 20_000 * 1_000_000 / start.elapsed().as_micros());
}

/// What each released schema left behind; see the store's own tests.
const SCHEMAS: &[(u32, &str)] = &[(1, include_str!("../../src-tauri/crates/store/schemas/1.sql"))];

/// Everything that was said and paid, as the rows it lies in.
fn said(dir: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(dir.join("parallax.db")).unwrap();
    let mut rows = Vec::new();
    for (table, columns) in [
        ("conversations", "hex(id), title, created_at, updated_at"),
        ("turns", "hex(id), hex(conversation), prompt, hex(parent)"),
        ("messages", "hex(id), hex(parent), role, content, hex(run)"),
        ("contents", "id, parts"),
        ("runs", "hex(id), hex(turn), hex(message), state"),
        ("ledger_entries", "seq, hex(id), cost, usage"),
    ] {
        let columns: Vec<String> = columns.split(", ").map(|name| format!("quote({name})")).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ' ' || "));
        let mut found = database.prepare(&sql).unwrap();
        let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.extend(found.map(|row| format!("{table}: {}", row.unwrap())));
    }
    rows
}

#[test]
fn a_migration_killed_anywhere_goes_on_to_the_same_messages() {
    let old = |sql: &str| {
        let dir = tempfile::tempdir().unwrap();
        rusqlite::Connection::open(dir.path().join("parallax.db")).unwrap().execute_batch(sql).unwrap();
        dir
    };
    for (version, sql) in SCHEMAS {
        let whole = old(sql);
        let begun = Instant::now();
        assert!(child(whole.path(), "open", 2).status().unwrap().success());
        let took = begun.elapsed();
        let expected = said(whole.path());
        assert!(expected.len() > 10, "{expected:?}");
        for round in 0..12_u32 {
            let dir = old(sql);
            // At another moment of the update each time, and once more in the one that goes on.
            for share in [round, (round * 7) % 12] {
                let mut child = child(dir.path(), "open", 2).spawn().unwrap();
                std::thread::sleep(took * share / 12);
                child.kill().unwrap();
                child.wait().unwrap();
            }
            let store = open(dir.path(), 3);
            assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
            assert!(store.read(|tx| tx.verify_chain()).wait().unwrap(), "schema {version}, round {round}");
            store.close();
            assert_eq!(said(dir.path()), expected, "schema {version}, round {round}");
        }
    }
}
