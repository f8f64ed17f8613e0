//! Opening: what is there comes back, what cannot be read is refused and left as it is.

use crate::fixture::{hasty, open, options};
use domain::ErrorKind;
use std::{fs, path::Path, sync::mpsc};
use store::{Store, Tuning};

fn database(dir: &Path) -> std::path::PathBuf {
    dir.join("parallax.db")
}

/// A closed database with one setting in it.
fn made(dir: &Path) {
    let store = open(dir, 1);
    store.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap();
    store.close();
}

fn refused(dir: &Path) -> domain::Failure {
    let before = fs::read(database(dir)).ok();
    let failure = Store::open_tuned(dir, options(9), &hasty()).err().expect("must be refused");
    assert!(fs::read(database(dir)).ok() == before, "the file was touched");
    failure
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let store = open(dir.path(), 2);
    assert_eq!(store.read(|tx| tx.setting("theme")).wait().unwrap().as_deref(), Some("dark"));
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    assert_eq!(store.newest_backup(), None, "a fresh database needs none");
}

/// What a program leaves that dies while it takes the file into use: a journal to be rolled back.
#[test]
fn a_journal_left_by_a_dead_program_is_rolled_back_before_the_file_is_looked_at() {
    let old = tempfile::tempdir().unwrap();
    let dying = rusqlite::Connection::open(database(old.path())).unwrap();
    dying.execute_batch(include_str!("../../src-tauri/crates/store/schemas/1.sql")).unwrap();
    let settings = "SELECT count(*) FROM settings";
    let before: i64 = dying.query_row(settings, [], |r| r.get(0)).unwrap();
    // More than its cache holds, so that pages of an unfinished transaction are in the file.
    dying
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN;
             WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO settings (key, value) SELECT 'half.' || i, hex(zeroblob(200)) FROM n;",
        )
        .unwrap();
    let left = tempfile::tempdir().unwrap();
    for name in ["parallax.db", "parallax.db-journal"] {
        fs::copy(old.path().join(name), left.path().join(name)).unwrap();
    }
    assert!(
        fs::metadata(database(left.path())).unwrap().len() > 200_000,
        "nothing unfinished is in the file"
    );

    let store = open(left.path(), 2);
    assert_eq!(store.check().wait().unwrap(), Vec::<String>::new());
    store.close();
    let found = rusqlite::Connection::open(database(left.path())).unwrap();
    assert_eq!(found.query_row(settings, [], |r| r.get::<_, i64>(0)).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a/b");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let store = open(&data, 1);
    store.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap();
    let mut pending = vec![data];
    let mut seen = Vec::new();
    while let Some(path) = pending.pop() {
        let meta = fs::metadata(&path).unwrap();
        // The folder itself was there before.
        let expected = match meta.is_dir() {
            true if path == dir.path().join("a/b") => 0o755,
            true => 0o700,
            false => 0o600,
        };
        assert_eq!(meta.permissions().mode() & 0o777, expected, "{}", path.display());
        if meta.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        }
        seen.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    for name in ["parallax.db", "parallax.db-wal", "parallax.db-shm", "leases"] {
        assert!(seen.iter().any(|s| s == name), "{name} is missing from {seen:?}");
    }
    drop(store);
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let mut bytes = fs::read(database(dir.path())).unwrap();
    // user_version is the big-endian number at byte 60 (sqlite.org/fileformat.html).
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(database(dir.path()), &bytes).unwrap();
    let failure = refused(dir.path());
    assert_eq!(failure.kind, ErrorKind::StoreNewer);
    assert!(failure.message.contains("999"), "{failure}");
}

#[test]
fn a_damaged_database_is_left_alone_and_the_newest_backup_is_named() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    let good = fs::read(database(dir.path())).unwrap();
    let mut foreign = good.clone();
    foreign[68..72].copy_from_slice(&7_u32.to_be_bytes());
    let mut schema_gone = good.clone();
    schema_gone[100..4_096].fill(0xff);
    let cases: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("cut in its header", good[..50].to_vec()),
        ("not a database", vec![b'x'; 8_192]),
        ("zeros", vec![0; 8_192]),
        ("of another program", foreign),
        ("without a readable schema", schema_gone),
    ];
    for (what, bytes) in cases {
        fs::write(database(dir.path()), &bytes).unwrap();
        let failure = refused(dir.path());
        assert_eq!(failure.kind, ErrorKind::StoreCorrupt, "{what}: {failure}");
        assert!(failure.message.contains("no backup"), "{what}: {failure}");
    }
    let backups = dir.path().join("backups");
    fs::create_dir(&backups).unwrap();
    for name in ["parallax-v1-0000000000009.db", "parallax-v1-0000000000010.db", "unfinished.tmp"] {
        fs::write(backups.join(name), b"").unwrap();
    }
    let failure = refused(dir.path());
    assert!(failure.message.contains("parallax-v1-0000000000010.db"), "{failure}");
    fs::write(database(dir.path()), &good).unwrap();
    drop(open(dir.path(), 3));
}

#[test]
fn a_journal_without_its_database_is_not_started_over() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path());
    fs::remove_file(database(dir.path())).unwrap();
    fs::write(dir.path().join("parallax.db-wal"), b"the last words").unwrap();
    assert_eq!(refused(dir.path()).kind, ErrorKind::StoreCorrupt);
    assert!(!database(dir.path()).exists());
}

#[test]
fn a_half_made_database_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("parallax.db.new"), b"half").unwrap();
    drop(open(dir.path(), 1));
    assert!(!dir.path().join("parallax.db.new").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_used_is_reported_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let in_the_way = dir.path().join("file");
    fs::write(&in_the_way, b"").unwrap();
    let failure = Store::open(&in_the_way.join("data"), options(1)).err().unwrap();
    assert_eq!(failure.kind, ErrorKind::StoreDenied);
}

#[test]
fn a_locked_database_is_busy_after_the_timeout_and_nothing_is_opened_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let holder = open(dir.path(), 1);
    let other = Store::open_tuned(dir.path(), options(2), &hasty()).unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    let holding = holder.write(move |tx| {
        tx.set_setting("theme", Some("light"))?;
        started.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    start.recv().unwrap();
    let busy = other.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap_err();
    assert_eq!(busy.kind, ErrorKind::StoreBusy);
    // Readers see the state before, and are not held up, nor is who comes now.
    let late = Store::open_tuned(dir.path(), options(3), &hasty()).unwrap();
    for store in [&other, &late] {
        assert_eq!(store.read(|tx| tx.setting("theme")).wait().unwrap(), None);
    }
    let busy = late.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap_err();
    assert_eq!(busy.kind, ErrorKind::StoreBusy);
    release.send(()).unwrap();
    holding.wait().unwrap();
    other.write(|tx| tx.set_setting("theme", Some("dark"))).wait().unwrap();
    assert_eq!(holder.read(|tx| tx.setting("theme")).wait().unwrap().as_deref(), Some("dark"));
}

#[test]
fn twenty_starts_at_once_make_one_database() {
    let dir = tempfile::tempdir().unwrap();
    let tuning = Tuning { readers: 1, ..Tuning::default() };
    std::thread::scope(|scope| {
        for n in 1..=20 {
            let (dir, tuning) = (dir.path(), &tuning);
            scope.spawn(move || {
                let store = Store::open_tuned(dir, options(n), tuning).unwrap();
                store.write(move |tx| tx.set_setting(&n.to_string(), Some("here"))).wait().unwrap();
            });
        }
    });
    let store = open(dir.path(), 21);
    for n in 1..=20 {
        let found = store.read(move |tx| tx.setting(&n.to_string())).wait().unwrap();
        assert_eq!(found.as_deref(), Some("here"), "{n}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_of_others_keeps_its_rights_and_what_is_put_into_it_is_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        drop(open(dir.path(), 1));
        assert_eq!(mode(dir.path()), 0o755, "others may use it too");
        for entry in fs::read_dir(dir.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
        }
    }
    let own = dir.path().join("new");
    drop(open(&own, 1));
    assert_eq!(mode(&own), 0o700);
}
