//! Copies of the database: complete, checked and on disk before anything else happens to the original.

use crate::{
    error::{failure, io_failure},
    files,
};
use domain::{ErrorKind, Failure, Timestamp, say};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How many backups are kept.
const KEEP: usize = 5;

/// Copies the database behind `connection` to `<dir>/backups` and proves the copy sound.
pub(crate) fn make(
    connection: &Connection,
    dir: &Path,
    version: u32,
    now: Timestamp,
) -> Result<PathBuf, Failure> {
    let folder = dir.join("backups");
    files::private_dir(&folder)?;
    let unfinished = folder.join("unfinished.tmp");
    files::remove(&unfinished)?;
    // An empty file may stand at the target of VACUUM INTO; ours has the right permissions.
    drop(files::create_private(&unfinished)?);
    let target = unfinished.to_str().ok_or_else(|| {
        Failure::new(ErrorKind::StoreDenied, say!("The path of the data folder is not valid Unicode."))
    })?;
    connection.execute("VACUUM INTO ?1", [target]).map_err(|e| failure(&e))?;
    verify(&unfinished, version)?;
    files::sync_file(&unfinished)?;
    // Later than all others: of two that one start makes neither takes the other's place, and none counts as old
    // because the clock was set back.
    let newest = list(&folder).map_err(|e| io_failure(&e, "read", &folder))?.pop();
    let time = newest.and_then(|path| made(&path)).map_or(now.0, |last| now.0.max(last.saturating_add(1)));
    let path = folder.join(format!("parallax-v{version}-{time:013}.db"));
    fs::rename(&unfinished, &path).map_err(|e| io_failure(&e, "rename", &unfinished))?;
    files::sync_dir(&folder)?;
    prune(&folder)?;
    Ok(path)
}

/// Pages copied at once: 4 MiB.
const STEP: i32 = 1024;

/// Copies the database at `path`, as it is at this moment, to `target`, which must not exist, and proves the
/// copy sound. `went` is told how many bytes are done of how many and ends the copying with `false`: the copy
/// is gone then and the answer is `None`. Others go on writing meanwhile. Gives the version of its schema.
pub(crate) fn copy(
    path: &Path,
    target: &Path,
    busy: Duration,
    went: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Option<u32>, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(path, flags).map_err(|e| failure(&e))?;
    source.busy_timeout(busy).map_err(|e| failure(&e))?;
    // Held for the whole copy: without it every commit of somebody else would begin the copy anew.
    let moment = source.unchecked_transaction().map_err(|e| failure(&e))?;
    let version: u32 =
        moment.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(|e| failure(&e))?;
    let page: u32 = moment.pragma_query_value(None, "page_size", |r| r.get(0)).map_err(|e| failure(&e))?;
    drop(files::create_private(target)?);
    let mut copied =
        Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| failure(&e))?;
    let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * u64::from(page);
    let stopped = {
        let backup = Backup::new(&moment, &mut copied).map_err(|e| failure(&e))?;
        loop {
            let step = backup.step(STEP).map_err(|e| failure(&e))?;
            let now = backup.progress();
            if !went(bytes(now.pagecount - now.remaining), bytes(now.pagecount)) {
                break true;
            }
            match step {
                StepResult::Done => break false,
                StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(20)),
                _ => {}
            }
        }
    };
    drop(moment);
    if stopped {
        drop(copied);
        remove_all(target)?;
        return Ok(None);
    }
    // A copy is one file: whoever opens it needs no journal beside it.
    copied
        .pragma_update_and_check(None, "journal_mode", "delete", |r| r.get::<_, String>(0))
        .map_err(|e| failure(&e))?;
    copied.close().map_err(|(_, e)| failure(&e))?;
    verify(target, version)?;
    files::sync_file(target)?;
    Ok(Some(version))
}

/// Removes a database with what may lie beside it.
pub(crate) fn remove_all(path: &Path) -> Result<(), Failure> {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        files::remove(Path::new(&name))?;
    }
    Ok(())
}

/// Opens the copy by itself and checks every page of it.
fn verify(path: &Path, version: u32) -> Result<(), Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| failure(&e))?;
    let found: u32 =
        connection.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(|e| failure(&e))?;
    let check: String =
        connection.pragma_query_value(None, "quick_check", |r| r.get(0)).map_err(|e| failure(&e))?;
    if found == version && check == "ok" {
        return Ok(());
    }
    Err(Failure::new(
        ErrorKind::StoreCorrupt,
        say!(
            "The database was left as it is: its backup, which must come first, is not sound ({check}).",
            check
        ),
    ))
}

/// The newest backup under `<dir>/backups`.
pub(crate) fn newest(dir: &Path) -> Option<PathBuf> {
    list(&dir.join("backups")).ok()?.pop()
}

fn prune(folder: &Path) -> Result<(), Failure> {
    let backups = list(folder).map_err(|e| io_failure(&e, "read", folder))?;
    let surplus = backups.len().saturating_sub(KEEP);
    backups.iter().take(surplus).try_for_each(|old| files::remove(old))
}

/// When a backup was made, by its name.
pub(crate) fn made(path: &Path) -> Option<i64> {
    let stem = path.file_stem()?.to_str().filter(|stem| stem.starts_with("parallax-v"))?;
    let (_, time) =
        stem.rsplit_once('-').filter(|_| path.extension().is_some_and(|ending| ending == "db"))?;
    time.parse().ok()
}

/// Oldest first, by the time in their names.
pub(crate) fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<(i64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(made) = made(&path) {
            found.push((made, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}
