//! Backups made before a migration: complete, checked and on disk before the original is touched.

use crate::{
    error::{failure, io_failure},
    files,
};
use domain::{ErrorKind, Failure, Timestamp};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs,
    path::{Path, PathBuf},
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
        Failure::new(ErrorKind::StoreDenied, "The path of the data folder is not valid Unicode.")
    })?;
    connection.execute("VACUUM INTO ?1", [target]).map_err(|e| failure(&e))?;
    verify(&unfinished, version)?;
    files::sync_file(&unfinished)?;
    let path = folder.join(format!("parallax-v{version}-{:013}.db", now.0));
    fs::rename(&unfinished, &path).map_err(|e| io_failure(&e, "rename", &unfinished))?;
    files::sync_dir(&folder)?;
    prune(&folder)?;
    Ok(path)
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
        format!(
            "The database was left as it is: the backup that must precede an update is not sound ({check})."
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

/// Oldest first, by the time in their names.
fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<(i64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let made = path
            .file_stem()
            .and_then(|s| s.to_str())
            .filter(|s| s.starts_with("parallax-v"))
            .and_then(|s| s.rsplit_once('-'))
            .and_then(|(_, time)| time.parse().ok());
        if let Some(made) = made.filter(|_| path.extension().is_some_and(|e| e == "db")) {
            found.push((made, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}
