//! Whole backups: what is put back is what was backed up, what was there is kept, and what is no sound backup
//! changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests fail by panicking and say what they did"
)]

use domain::{ErrorKind, ProcessId, Timestamp};
use engine::{BackupProgress, BackupReport, Clock as _, Engine, SystemClock, restore, restore_waits};
use import::{Archive, Packer, Packing};
use parallax_suite::support::{bench::scripted_engine, program::Program};
use std::{
    fs::{self, File},
    io::{Cursor, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use store::Store;
use tempfile::TempDir;
use transport::scripted::Scripted;

fn options() -> store::Options {
    let clock = SystemClock::new();
    store::Options { process: ProcessId::new(clock.id()), now: clock.now(), version: "test" }
}

async fn say(engine: &Engine, word: &'static str) {
    engine.store().write(move |tx| tx.set_setting("word", Some(word))).await.unwrap();
}

fn said(folder: &Path) -> Option<String> {
    let store = Store::open(folder, options()).unwrap();
    let word = store.read(|tx| tx.setting("word")).wait().unwrap();
    store.close();
    word
}

/// A data folder whose word is `first` when it is backed up and `later` afterwards, a file attached each time.
struct Made {
    folder: TempDir,
    archive: PathBuf,
    first: String,
    later: String,
    report: BackupReport,
}

impl Made {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let archive = folder.path().join("backup.zip");
        let engine = scripted_engine(&data, &Scripted::new(), &[]).await;
        say(&engine, "first").await;
        let first = engine.attach("first.txt".into(), b"what was first".to_vec()).await.unwrap().file.sha256;
        // Others go on writing while it is made.
        let writing = Arc::new(AtomicBool::new(true));
        let (store, goes_on) = (engine.store().clone(), Arc::clone(&writing));
        let writer = std::thread::spawn(move || {
            let mut n = 0_u32;
            while goes_on.load(Ordering::Relaxed) {
                n += 1;
                let text = n.to_string();
                store.write(move |tx| tx.set_setting("noise", Some(&text))).wait().unwrap();
            }
        });
        let report = engine.back_up(archive.clone(), "test", Arc::default()).await;
        writing.store(false, Ordering::Relaxed);
        writer.join().unwrap();
        let report = report.unwrap().unwrap();
        say(&engine, "later").await;
        let later = engine.attach("later.txt".into(), b"what came later".to_vec()).await.unwrap().file.sha256;
        engine.store().clone().close();
        drop(engine);
        Self { folder, archive, first, later, report }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let made = Made::new().await;
    assert_eq!((made.report.files, made.report.damaged), (1, 0));
    assert_eq!(names(made.folder.path()), ["backup.zip", "data"], "nothing unfinished stays");
    let again = restore(&made.data(), &made.archive, &BackupProgress::default()).unwrap().unwrap();
    assert_eq!((again.files, again.made_at), (1, made.report.made_at));
    assert!(restore_waits(&made.data()));
    assert_eq!(said(&made.data()).as_deref(), Some("first"));
    assert!(!restore_waits(&made.data()) && !made.data().join("restore").exists());
    let store = Store::open(&made.data(), options()).unwrap();
    assert_eq!(store.file(&made.first).unwrap().as_deref(), Some(b"what was first".as_slice()));
    assert_eq!(store.file(&made.later).unwrap().as_deref(), Some(b"what came later".as_slice()));
    // What was there is a database of its own that opens.
    let kept = store.newest_backup().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(kept, elsewhere.path().join("parallax.db")).unwrap();
    assert_eq!(said(elsewhere.path()).as_deref(), Some("later"));
}

#[tokio::test]
async fn a_backup_that_is_stopped_leaves_nothing() {
    let made = Made::new().await;
    let engine = scripted_engine(&made.data(), &Scripted::new(), &[]).await;
    let progress = Arc::new(BackupProgress::default());
    progress.stop();
    let target = made.folder.path().join("second.zip");
    assert_eq!(engine.back_up(target, "test", Arc::clone(&progress)).await.unwrap(), None);
    assert_eq!(names(made.folder.path()), ["backup.zip", "data"]);
    let taken = engine.back_up(made.archive.clone(), "test", Arc::default()).await.unwrap_err();
    assert!(taken.message.contains("exists already"), "{}", taken.message);
    drop(engine);
    assert_eq!(restore(&made.data(), &made.archive, &progress).unwrap(), None);
    assert!(!made.data().join("restore").exists());
}

/// The entries of an archive, packed again with one thing changed.
fn packed(archive: &Path, change: impl Fn(&str, Vec<u8>) -> Option<(String, Vec<u8>)>) -> Vec<u8> {
    let mut archive = Archive::open(File::open(archive).unwrap()).map_err(|e| e.to_string()).unwrap();
    let entries = archive.entries().to_vec();
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    for (place, entry) in entries.iter().enumerate() {
        let mut data = Vec::new();
        archive.read(place).map_err(|e| e.to_string()).unwrap().read_to_end(&mut data).unwrap();
        if let Some((name, data)) = change(&entry.name, data) {
            packer.add(&name, Packing::Deflated, &mut data.as_slice(), &mut |_| true).unwrap();
        }
    }
    packer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn what_is_no_sound_backup_changes_nothing() {
    let made = Made::new().await;
    let whole = fs::read(&made.archive).unwrap();
    let before = fs::read(made.data().join("parallax.db")).unwrap();
    let as_it_is = |name: &str, data: Vec<u8>| Some((name.to_owned(), data));
    let replaced = |wanted: &'static str, with: Vec<u8>| {
        packed(&made.archive, |name, data| {
            as_it_is(name, if name.starts_with(wanted) { with.clone() } else { data })
        })
    };
    let mut bad: Vec<(&str, Vec<u8>, ErrorKind)> = vec![
        ("nothing", Vec::new(), ErrorKind::RequestInvalid),
        ("no archive", b"PK but nothing else".to_vec(), ErrorKind::RequestInvalid),
        (
            "no database",
            packed(&made.archive, |n, d| (n != "parallax.db").then(|| (n.into(), d))),
            ErrorKind::RequestInvalid,
        ),
        (
            "no description",
            packed(&made.archive, |n, d| (!n.ends_with("json")).then(|| (n.into(), d))),
            ErrorKind::RequestInvalid,
        ),
        ("another file", replaced("files/", b"something else".to_vec()), ErrorKind::RequestInvalid),
        ("a database of nothing", replaced("parallax.db", Vec::new()), ErrorKind::StoreCorrupt),
        (
            "a text as database",
            replaced("parallax.db", b"SQLite format 3\0 and lies".to_vec()),
            ErrorKind::StoreCorrupt,
        ),
        (
            "a strange place",
            packed(&made.archive, |n, d| as_it_is(&n.replace("files/", "keys/"), d)),
            ErrorKind::RequestInvalid,
        ),
    ];
    for at in [10, whole.len() / 3, whole.len() - 30] {
        bad.push(("cut off", whole[..at].to_vec(), ErrorKind::RequestInvalid));
    }
    let mut newer = tempfile::NamedTempFile::new().unwrap();
    let mut database = Vec::new();
    packed(&made.archive, |name, data| {
        if name == "parallax.db" {
            std::io::Write::write_all(&mut newer.as_file(), &data).unwrap();
        }
        as_it_is(name, data)
    });
    // The version of a schema stands at byte 60 of the file (sqlite.org/fileformat.html, 1.3).
    std::io::Seek::rewind(&mut newer).unwrap();
    newer.read_to_end(&mut database).unwrap();
    database[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    bad.push(("a newer database", replaced("parallax.db", database.clone()), ErrorKind::StoreNewer));
    // The middle is overwritten: every page is looked at.
    database[60..64].copy_from_slice(&fs::read(made.data().join("parallax.db")).unwrap()[60..64]);
    let (from, to) = (database.len() / 4, database.len() / 4 * 3);
    database[from..to].fill(0xA5);
    bad.push(("damaged pages", replaced("parallax.db", database), ErrorKind::StoreCorrupt));
    for (what, bytes, kind) in bad {
        let path = made.folder.path().join("bad.zip");
        fs::write(&path, bytes).unwrap();
        let failure = restore(&made.data(), &path, &BackupProgress::default()).unwrap_err();
        assert_eq!(failure.kind, kind, "{what}: {}", failure.message);
        assert!(!made.data().join("restore").exists(), "{what} left something behind");
        assert_eq!(fs::read(made.data().join("parallax.db")).unwrap(), before, "{what}");
    }
    assert_eq!(said(&made.data()).as_deref(), Some("later"));
}

#[tokio::test]
async fn a_restore_that_is_cut_off_leaves_one_or_the_other() {
    let made = Made::new().await;
    let (data, stage) = (made.data(), || {
        restore(&made.data(), &made.archive, &BackupProgress::default()).unwrap().unwrap();
    });
    // Before it was whole: what was there stays.
    stage();
    fs::remove_file(data.join("restore/ready")).unwrap();
    assert_eq!(said(&data).as_deref(), Some("later"));
    // While somebody has the data open it waits.
    let open = Store::open(&data, options()).unwrap();
    stage();
    assert_eq!(said(&data).as_deref(), Some("later"));
    assert!(restore_waits(&data));
    open.close();
    // Some files were brought already, and the database was not.
    let shelf = data.join("restore/files").join(&made.first[..2]);
    fs::remove_file(shelf.join(&made.first)).unwrap();
    assert_eq!(said(&data).as_deref(), Some("first"));
    // The database was in place and the tidying was cut off.
    stage();
    fs::rename(data.join("restore/parallax.db"), data.join("parallax.db")).unwrap();
    assert_eq!(said(&data).as_deref(), Some("first"));
    assert!(!data.join("restore").exists());
}

#[tokio::test]
async fn a_damaged_database_is_kept_aside_and_the_backup_takes_its_place() {
    let made = Made::new().await;
    fs::write(made.data().join("parallax.db"), b"this was a database").unwrap();
    assert_eq!(Store::open(&made.data(), options()).err().unwrap().kind, ErrorKind::StoreCorrupt);
    restore(&made.data(), &made.archive, &BackupProgress::default()).unwrap().unwrap();
    assert_eq!(said(&made.data()).as_deref(), Some("first"));
    let aside: Vec<String> =
        names(&made.data()).into_iter().filter(|name| name.starts_with("damaged-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(fs::read(made.data().join(&aside[0])).unwrap(), b"this was a database");
}

#[test]
fn a_restore_that_cannot_be_done_now_is_not_done_later() {
    let program = Program::new();
    program.ok(&["ask", "-m", "demo/quick", "Before"]);
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("backup.zip");
    let archive = archive.to_str().unwrap();
    program.ok(&["backup", archive]);
    program.ok(&["ask", "-m", "demo/quick", "After"]);
    let open = Store::open(&program.folder(), options()).unwrap();
    let out = program.run(&["restore", archive]);
    assert!(!out.success && out.stderr.contains("Nothing was restored"), "{}", out.stderr);
    open.close();
    let listed = program.ok(&["history", "list", "--json"]);
    assert!(listed.contains("After"), "{listed}");
}

#[test]
fn the_command_line_backs_up_and_restores_elsewhere() {
    let program = Program::new();
    program.ok(&["ask", "-m", "demo/quick", "Hello, backup"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.zip");
    let name = file.to_str().unwrap();
    let told: serde_json::Value = serde_json::from_str(&program.ok(&["backup", name, "--json"])).unwrap();
    assert!(told["bytes"].as_u64().unwrap() > 1_000, "{told}");
    let second = Program::new();
    second.ok(&["restore", name]);
    assert_eq!(second.ok(&["history", "list", "--json"]), program.ok(&["history", "list", "--json"]));
    second.ok(&["spend", "verify", "--json"]);
    assert_eq!(Timestamp(told["made_at"].as_i64().unwrap()).0, told["made_at"].as_i64().unwrap());
}

#[tokio::test]
async fn two_restores_at_one_moment_keep_what_both_replaced() {
    let made = Made::new().await;
    let at_once = || store::Options { now: Timestamp(1_760_000_000_000), ..options() };
    let word = |folder: &Path, word: &'static str| {
        let store = Store::open(folder, at_once()).unwrap();
        store.write(move |tx| tx.set_setting("word", Some(word))).wait().unwrap();
        store.close();
    };
    for before in ["one", "two"] {
        word(&made.data(), before);
        restore(&made.data(), &made.archive, &BackupProgress::default()).unwrap().unwrap();
        Store::open(&made.data(), at_once()).unwrap().close();
    }
    let kept = engine::kept_databases(&made.data());
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (path, word) in kept.iter().zip(["one", "two"]) {
        let elsewhere = tempfile::tempdir().unwrap();
        fs::copy(path, elsewhere.path().join("parallax.db")).unwrap();
        assert_eq!(said(elsewhere.path()).as_deref(), Some(word));
    }
}

#[test]
fn what_a_restore_has_kept_is_named_and_can_be_restored_itself() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("backup.zip");
    let archive = archive.to_str().unwrap();
    let attached = folder.path().join("notes.txt");
    fs::write(&attached, "Some words of mine").unwrap();
    program.ok(&["ask", "-m", "demo/quick", "Before"]);
    program.ok(&["backup", archive]);
    program.ok(&["ask", "-m", "demo/quick", "-f", attached.to_str().unwrap(), "After"]);
    let listed = program.ok(&["history", "list", "--json"]);
    assert!(program.ok(&["restore", archive]).contains("What was here before is kept: "));
    let kept = engine::kept_databases(&program.folder()).pop().unwrap();
    assert!(!program.ok(&["history", "list", "--json"]).contains("After"));
    let name = kept.to_str().unwrap();
    let told: serde_json::Value = serde_json::from_str(&program.ok(&["restore", name, "--json"])).unwrap();
    assert_eq!(program.ok(&["history", "list", "--json"]), listed);
    assert_eq!(told["made_at"], serde_json::json!(store::backup_made(&kept).unwrap()));
    let second = engine::kept_databases(&program.folder()).pop().unwrap();
    assert_eq!((told["kept"].as_str(), second == kept), (second.to_str(), false), "{told}");
    // Its files are where they were.
    program.ok(&["ask", "-m", "demo/quick", "Once more"]);
    let store = Store::open(&program.folder(), options()).unwrap();
    let sum = store::sha256(b"Some words of mine");
    assert_eq!(store.file(&sum).unwrap().as_deref(), Some(b"Some words of mine".as_slice()));
    store.close();
    // Nothing was there.
    let fresh = Program::new();
    let told: serde_json::Value = serde_json::from_str(&fresh.ok(&["restore", name, "--json"])).unwrap();
    assert!(told["kept"].is_null() && fresh.ok(&["history", "list"]).contains("After"), "{told}");
    // What a database is not is named for what it is.
    for (bytes, words) in [
        (b"not at all".to_vec(), "no backup of Parallax"),
        (fs::read(&kept).unwrap()[..9_000].to_vec(), "Nothing was restored: the backup's database"),
    ] {
        let bad = folder.path().join("bad.db");
        fs::write(&bad, bytes).unwrap();
        let out = fresh.run(&["restore", bad.to_str().unwrap()]);
        assert!(!out.success && out.stderr.contains(words), "{}", out.stderr);
        assert!(fresh.ok(&["history", "list"]).contains("After"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_told_as_far_as_it_is() {
    use std::os::unix::ffi::OsStrExt as _;
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join(std::ffi::OsStr::from_bytes(b"all-\xff.zip"));
    for command in ["backup", "restore"] {
        let out = program.run(&[command.as_ref(), archive.as_os_str(), "--json".as_ref()]);
        assert!(out.success, "{command}: {}", out.stderr);
        let told: serde_json::Value = serde_json::from_str(out.stdout.trim()).unwrap();
        assert!(told["file"].as_str().unwrap().ends_with("all-\u{fffd}.zip"), "{told}");
    }
}
