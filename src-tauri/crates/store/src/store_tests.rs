//! What needs the connection itself: raw SQL against the triggers, settings of the connection, and
//! migrations other than the released ones.

use crate::{
    EntryRow, Options, Purpose, Store, Tuning,
    migrate::{MIGRATIONS, Migration, latest},
    open::{self, Opened},
};
use domain::{Cost, ErrorKind, Failure, PicoUsd, ProcessId, Timestamp};
use rusqlite::Connection;
use std::{fs, path::Path, time::Duration};

pub(crate) fn options(n: u128) -> Options {
    Options { process: ProcessId::new(uuid::Uuid::from_u128(n)), now: Timestamp(1_000), version: "0.1.0" }
}

fn hasty() -> Tuning {
    Tuning { busy: Duration::from_millis(100), ..Tuning::default() }
}

fn entry(n: u128) -> EntryRow {
    let id = uuid::Uuid::from_u128(n);
    EntryRow {
        id: domain::EntryId::new(id),
        attempt: domain::AttemptId::new(id),
        conversation: None,
        at: Timestamp(5),
        provider: "openai".into(),
        endpoint: "openai/gpt-5".into(),
        account: None,
        model: "openai/gpt-5".parse().unwrap(),
        upstream_model: "gpt-5".to_owned(),
        origin: "window".to_owned(),
        outcome: "completed".to_owned(),
        usage: None,
        cost: Cost::known(PicoUsd::new(7)),
        price_sheet: Some(domain::PriceSheet {
            source: domain::PriceSource {
                origin: domain::PriceOrigin::User,
                source: "me".to_owned(),
                checked: "2026-10-01".to_owned(),
            },
            rules: Vec::new(),
        }),
        adjusts: None,
        purpose: Purpose::default(),
    }
}

/// A closed database with three entries in its ledger.
fn with_ledger(dir: &Path) {
    let store = Store::open(dir, options(1)).unwrap();
    for n in 1..=3 {
        assert!(store.write(move |tx| tx.settle(&entry(n))).wait().unwrap());
    }
    let past = crate::OverrideRow {
        attempt: domain::AttemptId::new(uuid::Uuid::from_u128(1)),
        at: Timestamp(5),
        origin: "cli".to_owned(),
        amount: None,
        budgets: Vec::new(),
    };
    store.write(move |tx| tx.insert_override(&past)).wait().unwrap();
    store.close();
}

pub(crate) fn raw(dir: &Path) -> Connection {
    Connection::open(dir.join("parallax.db")).unwrap()
}

#[test]
fn the_ledger_lets_nobody_change_it() {
    let dir = tempfile::tempdir().unwrap();
    with_ledger(dir.path());
    let connection = raw(dir.path());
    let columns = "seq, id, attempt, conversation, at, provider, endpoint, model, upstream_model, origin,
        outcome, usage, input, output, cost, amount, basis, price_sheet, adjusts, prev_hash, hash, kind, app,
        tag, held, account";
    let copy = |seq: &str| {
        let shown = columns.replacen("seq", seq, 1);
        format!(
            "INSERT OR REPLACE INTO ledger_entries ({columns}) SELECT {shown} FROM ledger_entries WHERE seq = 2"
        )
    };
    for sql in [
        "UPDATE ledger_entries SET amount = 0 WHERE seq = 2".to_owned(),
        "UPDATE OR REPLACE ledger_entries SET seq = 1 WHERE seq = 2".to_owned(),
        "DELETE FROM ledger_entries WHERE seq = 3".to_owned(),
        "UPDATE price_sheets SET sheet = '{}'".to_owned(),
        "DELETE FROM price_sheets".to_owned(),
        "UPDATE budget_overrides SET amount = 0".to_owned(),
        "DELETE FROM budget_overrides".to_owned(),
        copy("2"),
        copy("4"),
    ] {
        let error = connection.execute_batch(&sql).expect_err(&sql).to_string();
        assert!(error.contains("never") || error.contains("must follow"), "{sql}: {error}");
    }
    drop(connection);
    let store = Store::open(dir.path(), options(2)).unwrap();
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
}

#[test]
fn a_changed_ledger_shows() {
    for change in [
        "UPDATE ledger_entries SET amount = 6 WHERE seq = 2",
        "UPDATE ledger_entries SET amount = NULL WHERE seq = 2",
        "UPDATE ledger_entries SET outcome = 'cancelled' WHERE seq = 1",
        "UPDATE ledger_entries SET conversation = zeroblob(16) WHERE seq = 1",
        "UPDATE ledger_entries SET cost = replace(cost, 'computed', 'reported') WHERE seq = 3",
        "UPDATE ledger_entries SET at = at + 1 WHERE seq = 3",
        "UPDATE ledger_entries SET account = 'work' WHERE seq = 1",
        "UPDATE ledger_entries SET kind = 'judge' WHERE seq = 1",
        "UPDATE ledger_entries SET app = 'editor' WHERE seq = 2",
        "UPDATE ledger_entries SET tag = '' WHERE seq = 3",
        "UPDATE ledger_entries SET held = 7 WHERE seq = 1",
        "DELETE FROM ledger_entries WHERE seq = 1",
        "DELETE FROM ledger_entries WHERE seq = 2",
        "UPDATE ledger_entries SET seq = 9 WHERE seq = 3",
        "UPDATE price_sheets SET sheet = replace(sheet, 'me', 'you')",
    ] {
        let dir = tempfile::tempdir().unwrap();
        with_ledger(dir.path());
        let connection = raw(dir.path());
        for trigger in
            ["ledger_entries_update", "ledger_entries_delete", "price_sheets_update", "price_sheets_delete"]
        {
            connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        connection.execute_batch(change).unwrap();
        drop(connection);
        let store = Store::open(dir.path(), options(2)).unwrap();
        assert!(!store.read(|tx| tx.verify_chain()).wait().unwrap(), "{change}");
    }
}

/// The chain alone would not show what we ourselves wrote wrongly.
#[test]
fn figures_that_contradict_each_other_show() {
    let store = Store::in_memory(options(1)).unwrap();
    let line = |amount| domain::CostLine {
        meter: domain::Meter::Input,
        units: 3,
        rate: PicoUsd::new(2),
        amount: PicoUsd::new(amount),
    };
    let cost = |total, lines| Cost { total, lines, basis: domain::Basis::Computed, at_most: None };
    for (n, cost) in [
        (1, cost(Some(PicoUsd::new(6)), vec![line(6)])),
        (2, cost(Some(PicoUsd::new(7)), vec![line(6)])),
        (3, cost(Some(PicoUsd::new(7)), vec![line(7)])),
        (4, cost(None, Vec::new())),
        (5, Cost::unknown()),
    ] {
        assert!(store.write(move |tx| tx.settle(&EntryRow { cost, ..entry(n) })).wait().unwrap());
    }
    let report = store.read(|tx| tx.verify_sums()).wait().unwrap();
    assert_eq!((report.rows, report.wrong, report.first_wrong), (5, 3, vec![2, 3, 4]));
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
}

#[test]
fn connections_are_set_up_as_decided() {
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(dir.path(), options(1)).unwrap();
    let path = dir.path().join("parallax.db");
    let writing = open::connect(&path, &Tuning::default()).unwrap();
    let reading = open::connect_to_read(&path, &Tuning::default()).unwrap();
    for connection in [&writing, &reading] {
        let number = |name: &str| connection.pragma_query_value(None, name, |r| r.get::<_, i64>(0)).unwrap();
        // 2 = FULL
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("foreign_keys"), 1);
        assert_eq!(number("trusted_schema"), 0);
        assert_eq!(number("mmap_size"), 0);
        assert_eq!(number("busy_timeout"), 5_000);
        assert_eq!(number("cell_size_check"), 1);
        let mode: String = connection.pragma_query_value(None, "journal_mode", |r| r.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
    let error = reading.execute_batch("INSERT INTO settings VALUES ('a', 'b')").unwrap_err();
    assert_eq!(crate::error::kind(&error), ErrorKind::StoreDenied);
}

pub(crate) fn open_with(dir: &Path, n: u128, migrations: &[Migration]) -> Result<Opened, Failure> {
    open::open(
        dir,
        &Options { now: Timestamp(1_000 + i64::try_from(n).unwrap()), ..options(n) },
        &hasty(),
        migrations,
    )
}

fn next(steps: &'static [&'static str]) -> Vec<Migration> {
    let current = MIGRATIONS.iter().map(|m| Migration { version: m.version, steps: m.steps });
    current.chain([Migration { version: latest(MIGRATIONS) + 1, steps }]).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn a_migration_is_preceded_by_a_backup_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    with_ledger(dir.path());
    let newer = next(&["CREATE TABLE extra (a TEXT) STRICT", "INSERT INTO extra VALUES ('x')"]);
    let opened = open_with(dir.path(), 2, &newer).unwrap();
    let (rows, version): (i64, u32) = opened
        .connection
        .query_row(
            "SELECT (SELECT count(*) FROM extra), (SELECT user_version FROM pragma_user_version)",
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .unwrap();
    assert_eq!((rows, version), (1, latest(&newer)));
    drop(opened);
    let name = format!("parallax-v{}-0000000001002.db", latest(MIGRATIONS));
    assert_eq!(names_in(&dir.path().join("backups")), [name.as_str()]);
    // The version before still works, on the backup; the migrated file it refuses.
    assert_eq!(Store::open(dir.path(), options(3)).err().unwrap().kind, ErrorKind::StoreNewer);
    let restored = tempfile::tempdir().unwrap();
    let backup = dir.path().join("backups").join(name);
    fs::copy(&backup, restored.path().join("parallax.db")).unwrap();
    let store = Store::open(restored.path(), options(4)).unwrap();
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
    let entries = store.read(|tx| tx.entries(Timestamp(0), Timestamp(9))).wait().unwrap();
    assert_eq!(entries.len(), 3);
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was() {
    for steps in [
        &["CREATE TABLE extra (a TEXT) STRICT", "INSERT INTO nowhere VALUES (1)"] as &[&str],
        &["CREATE TABLE extra (a TEXT) STRICT", "UPDATE ledger_entries SET amount = 0"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        with_ledger(dir.path());
        assert!(open_with(dir.path(), 2, &next(steps)).is_err());
        let store = Store::open(dir.path(), options(3)).unwrap();
        assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
        assert!(raw(dir.path()).execute_batch("SELECT * FROM extra").is_err());
        assert_eq!(names_in(&dir.path().join("backups")).len(), 1, "the backup stays");
    }
}

#[test]
fn an_update_waits_until_nobody_else_has_the_database_open() {
    let dir = tempfile::tempdir().unwrap();
    let running = Store::open(dir.path(), options(1)).unwrap();
    let newer = next(&["CREATE TABLE extra (a TEXT) STRICT"]);
    assert_eq!(open_with(dir.path(), 2, &newer).err().unwrap().kind, ErrorKind::StoreBusy);
    running.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap();
    running.close();
    open_with(dir.path(), 3, &newer).unwrap();
}

#[test]
fn a_database_of_version_0_is_brought_up_step_by_step() {
    let dir = tempfile::tempdir().unwrap();
    let connection = raw(dir.path());
    connection.pragma_update(None, "application_id", crate::migrate::APPLICATION_ID).unwrap();
    connection.execute_batch("CREATE TABLE nobodys (a TEXT); INSERT INTO nobodys VALUES ('kept')").unwrap();
    drop(connection);
    let opened = open_with(dir.path(), 1, &next(&["CREATE TABLE extra (a TEXT) STRICT"])).unwrap();
    let note: String = opened.connection.query_row("SELECT a FROM nobodys", [], |r| r.get(0)).unwrap();
    assert_eq!(note, "kept");
    let steps: Vec<u32> = opened
        .connection
        .prepare("SELECT version FROM schema_history ORDER BY version")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(steps, (1..=latest(MIGRATIONS) + 1).collect::<Vec<_>>());
    assert_eq!(names_in(&dir.path().join("backups")), ["parallax-v0-0000000001001.db"]);
}

#[test]
fn the_five_newest_backups_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    with_ledger(dir.path());
    let connection = open::connect(&dir.path().join("parallax.db"), &hasty()).unwrap();
    let version = latest(MIGRATIONS);
    for time in 1..=8 {
        crate::backup::make(&connection, dir.path(), version, Timestamp(time)).unwrap();
    }
    let expected: Vec<String> = (4..=8).map(|time| format!("parallax-v{version}-{time:013}.db")).collect();
    assert_eq!(names_in(&dir.path().join("backups")), expected);
    #[cfg(unix)]
    for name in expected {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dir.path().join("backups").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// A database as the first version left it: one key of a provider in its state, a ledger without accounts.
#[test]
fn the_key_of_a_provider_becomes_its_first_account() {
    let dir = tempfile::tempdir().unwrap();
    let first: Vec<Migration> =
        MIGRATIONS.iter().take(1).map(|m| Migration { version: m.version, steps: m.steps }).collect();
    let opened = open_with(dir.path(), 1, &first).unwrap();
    opened
        .connection
        .execute_batch(
            "INSERT INTO provider_states (provider, key_origin, last_four, enabled, test, listed_models)
             VALUES ('openai', 'https://api.openai.com:443', 'wxyz', 1, '{\"result\":\"valid\"}', NULL),
                    ('ollama', NULL, NULL, 1, '{\"result\":\"valid\"}', '[]')",
        )
        .unwrap();
    drop(opened);
    let store = Store::open(dir.path(), options(2)).unwrap();
    let (accounts, states) = store.read(|tx| Ok((tx.accounts()?, tx.provider_states()?))).wait().unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!((accounts[0].provider.as_str(), accounts[0].label.as_str()), ("openai", "default"));
    assert_eq!(accounts[0].key_origin, "https://api.openai.com:443");
    assert_eq!(accounts[0].last_four.as_deref(), Some("wxyz"));
    assert!(accounts[0].test.is_some());
    let tests: Vec<bool> = states.iter().map(|state| state.test.is_some()).collect();
    assert_eq!(tests, [true, false], "ollama's own test stays, the key's test goes with the key");
}

#[test]
fn a_full_disk_stops_a_migration_before_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    with_ledger(dir.path());
    let pages: u32 = raw(dir.path()).pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
    let full = Tuning { max_pages: Some(pages), ..hasty() };
    let newer = next(&["CREATE TABLE extra (a TEXT) STRICT"]);
    let failure = open::open(dir.path(), &options(2), &full, &newer).err().unwrap();
    assert_eq!(failure.kind, ErrorKind::StoreFull);
    let store = Store::open(dir.path(), options(3)).unwrap();
    assert!(store.read(|tx| tx.verify_chain()).wait().unwrap());
}

/// What each released schema left behind, as SQL: one turn with three demo models and a provider of the
/// user's own. A release adds its own; none is ever changed.
const SCHEMAS: &[(u32, &str)] = &[(1, include_str!("../schemas/1.sql"))];

#[test]
fn every_released_schema_comes_up_with_everything_in_it() {
    for (version, sql) in SCHEMAS {
        let dir = tempfile::tempdir().unwrap();
        raw(dir.path()).execute_batch(sql).unwrap();
        let store = Store::open(dir.path(), options(7)).unwrap();
        assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
        assert_eq!(store.newest_backup().is_some(), *version < latest(MIGRATIONS), "a backup comes first");
        let answers = store
            .read(|tx| {
                assert!(tx.verify_chain()?, "the ledger's chain holds");
                assert_eq!(tx.entries(Timestamp(0), Timestamp(i64::MAX))?.len(), 3);
                assert_eq!(tx.custom_providers()?.len(), 1);
                let [conversation] = tx.conversations(9, crate::Shelf::Kept)?.try_into().unwrap();
                let mut answers = Vec::new();
                for lane in tx.lanes(conversation.id)? {
                    let branch = tx.branch(lane.head.unwrap())?;
                    assert_eq!(branch.len(), 2, "a question and its answer");
                    answers.push(format!("{:?}", branch[1].1));
                }
                Ok(answers)
            })
            .wait()
            .unwrap();
        assert_eq!(answers.len(), 3);
        assert!(answers.iter().all(|answer| answer.contains("Hello from the first schema")), "{answers:?}");
    }
}

/// Turns of before there was a tree: each stands after the one it continues from, and one that continues from
/// nothing (its lanes were all new) after the one before it.
#[test]
fn turns_of_before_the_tree_find_their_places() {
    let dir = tempfile::tempdir().unwrap();
    let before: Vec<Migration> = MIGRATIONS
        .iter()
        .take_while(|m| m.version < 13)
        .map(|m| Migration { version: m.version, steps: m.steps })
        .collect();
    let opened = open_with(dir.path(), 1, &before).unwrap();
    let id = |n: u8| format!("X'{n:032x}'");
    let chat = id(1);
    let mut sql = format!(
        "INSERT INTO conversations (id, title, created_at, updated_at) VALUES ({chat}, 't', 1, 1);
         INSERT INTO contents (id, parts) VALUES ('c', '[]');
         INSERT INTO lanes (id, conversation, position, target) VALUES ({}, {chat}, 0, '{{}}');",
        id(2)
    );
    // Turn, and the turn whose answer its prompt follows: the third is another wording of the second.
    for (turn, after) in [(10_u8, None), (20, Some(10_u8)), (30, Some(10)), (40, None), (50, Some(30))] {
        let parent = after.map_or("NULL".to_owned(), |after| id(after + 2));
        sql += &format!(
            "INSERT INTO turns (id, conversation, prompt, created_at) VALUES ({t}, {chat}, 'c', 1);
             INSERT INTO messages (id, conversation, parent, role, content, created_at)
                 VALUES ({u}, {chat}, {parent}, 'user', 'c', 1);
             INSERT INTO messages (id, conversation, parent, role, content, run, created_at)
                 VALUES ({a}, {chat}, {u}, 'assistant', 'c', {r}, 1);
             INSERT INTO runs (id, turn, lane, position, target, user_message, message, process, state, saw,
                 route, notices) VALUES ({r}, {t}, {l}, 0, '{{}}', {u}, {a}, {r}, 'done', '{{}}', '{{}}', '[]');",
            t = id(turn),
            u = id(turn + 1),
            a = id(turn + 2),
            r = id(turn + 3),
            l = id(2),
        );
    }
    sql += &format!("UPDATE lanes SET head = {}", id(52));
    opened.connection.execute_batch(&sql).unwrap();
    drop(opened);
    let store = Store::open(dir.path(), options(2)).unwrap();
    let turn = |n: u8| domain::TurnId::new(uuid::Uuid::from_u128(n.into()));
    let chat = domain::ConversationId::new(uuid::Uuid::from_u128(1));
    let (tree, leaf, path) = store
        .read(move |tx| Ok((tx.turn_tree(chat)?, tx.leaf(chat)?.unwrap(), tx.turn_path(turn(50))?)))
        .wait()
        .unwrap();
    let parents: Vec<_> = tree.iter().map(|place| place.parent).collect();
    assert_eq!(parents, [None, Some(turn(10)), Some(turn(10)), Some(turn(30)), Some(turn(30))]);
    assert_eq!(leaf, turn(50), "the branch that the line-up stands at");
    assert_eq!(path, [turn(10), turn(30), turn(50)]);
}

#[test]
fn hidden_answers_are_found_without_going_through_all_others() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path(), options(1)).unwrap().close();
    let connection = raw(dir.path());
    // As in a database that was never analysed, whatever was noted of this empty one.
    connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4").unwrap();
    let connection = raw(dir.path());
    let hidden = crate::table::blind::HIDDEN;
    let booked = crate::table::ledger::of_attempts(hidden);
    for sql in [
        format!("SELECT e.seq FROM ledger_entries e WHERE e.seq IN ({booked}) AND +e.model = 'm'"),
        format!("SELECT count(*) FROM ({hidden}) h CROSS JOIN attempts a ON a.id = h.id"),
    ] {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps: Vec<String> =
            plan.query_map([], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        let scans: Vec<&String> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
        assert!(!scans.is_empty(), "{steps:?}");
        assert!(scans.iter().all(|scan| *scan == "SCAN b USING INDEX blind_turns_hidden"), "{steps:?}");
    }
}

#[test]
fn sqlite_is_built_without_what_nobody_here_asks_for() {
    let connection = Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for wanted in ["DEFAULT_MEMSTATUS=0", "OMIT_SHARED_CACHE"] {
        assert!(options.iter().any(|option| option == wanted), "{wanted}: {options:?}");
    }
    assert!(!options.iter().any(|option| option == "ENABLE_API_ARMOR"), "{options:?}");
}
