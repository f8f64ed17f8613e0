//! From a backup to the data folder. What is brought in is laid down beside the data, looked through, and put
//! in place by whoever opens the database next while nobody else has it open. Ending at any point leaves
//! either what was there or what was brought.
//!
//! `restore/parallax.db` and `restore/files/…` are what was brought; `restore/ready` says that it is whole.

use crate::{
    Tuning, backup,
    error::{failure, io_failure},
    files, lease,
    migrate::{self, APPLICATION_ID},
    open,
};
use domain::{ErrorKind, Failure, Timestamp};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where a backup is unpacked to.
pub struct Staging {
    dir: PathBuf,
}

impl Staging {
    /// An empty place below the data folder; what an earlier attempt left is removed.
    pub fn new(data: &Path) -> Result<Self, Failure> {
        files::private_dir(data)?;
        let dir = folder(data);
        clear(&dir)?;
        files::private_dir(&dir)?;
        Ok(Self { dir })
    }

    /// A file for the database.
    pub fn database(&self) -> Result<fs::File, Failure> {
        files::create_private(&self.dir.join(DATABASE))
    }

    /// Copies a database that stands by itself, with what of it may stand in a journal beside it. `went` is told how
    /// many bytes are done of how many and ends it with `false`; false = it did.
    pub fn copy_database(
        &self,
        from: &Path,
        went: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<bool, Failure> {
        match backup::copy(from, &self.dir.join(DATABASE), Tuning::default().busy, went) {
            Err(why) if why.kind == ErrorKind::StoreCorrupt => {
                Err(unsound(domain::say!("cannot be read ({error})", error = why.message)))
            }
            copied => Ok(copied?.is_some()),
        }
    }

    /// A file for an attachment; `None` where the name is none this program gives.
    pub fn attachment(&self, sha256: &str) -> Result<Option<fs::File>, Failure> {
        if !crate::blobs::is_hash(sha256) {
            return Ok(None);
        }
        let shelf = self.dir.join("files").join(sha256.get(..2).unwrap_or_default());
        files::private_dir(&shelf)?;
        files::create_private(&shelf.join(sha256)).map(Some)
    }

    /// Looks the database through and says that all of it is there. It is put in place at the next opening.
    ///
    /// `store.newer` and `store.corrupt` leave nothing behind.
    pub fn ready(self) -> Result<(), Failure> {
        let checked = sound(&self.dir.join(DATABASE));
        if let Err(failure) = checked {
            clear(&self.dir)?;
            return Err(failure);
        }
        files::sync_file(&self.dir.join(DATABASE))?;
        drop(files::create_private(&self.dir.join(READY))?);
        files::sync_file(&self.dir.join(READY))?;
        files::sync_dir(&self.dir)
    }

    /// Takes everything away again.
    pub fn give_up(self) -> Result<(), Failure> {
        clear(&self.dir)
    }
}

const DATABASE: &str = "parallax.db";
const READY: &str = "ready";

fn folder(data: &Path) -> PathBuf {
    data.join("restore")
}

/// Whether a backup waits to be put in place.
pub fn restore_waits(data: &Path) -> bool {
    folder(data).join(READY).exists()
}

/// Takes away a backup that waits to be put in place; what is there stays.
pub fn forget_restore(data: &Path) -> Result<(), Failure> {
    let dir = folder(data);
    match fs::remove_file(dir.join(READY)) {
        // Somebody who opened the data has put it in place meanwhile, or is about to tidy up.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io_failure(&e, "remove", &dir)),
        Ok(()) => clear(&dir),
    }
}

fn clear(dir: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_failure(&e, "remove", dir)),
        _ => Ok(()),
    }
}

/// Whether what begins so is a database.
pub fn is_database(first: &[u8]) -> bool {
    first.starts_with(open::MAGIC)
}

/// When a backup of the database was made, by its name; `None` = it has none this program gave.
pub fn backup_made(path: &Path) -> Option<Timestamp> {
    backup::made(path).map(Timestamp)
}

/// What restores and updates have kept of the data, each sort oldest first: databases that could not be read, then
/// proved backups.
pub fn kept_databases(data: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_damaged = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("damaged-") && name.ends_with(DATABASE)
    };
    let mut kept: Vec<PathBuf> = names.filter(is_damaged).collect();
    kept.sort();
    kept.extend(backup::list(&data.join("backups")).unwrap_or_default());
    kept
}

fn unsound(why: domain::Words) -> Failure {
    Failure::new(
        ErrorKind::StoreCorrupt,
        domain::say!("Nothing was restored: the backup's database {why}.", why),
    )
}

fn sound(path: &Path) -> Result<(), Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let look = || -> rusqlite::Result<(i32, u32, String)> {
        let connection = Connection::open_with_flags(path, flags)?;
        let application = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
        let version = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
        let check = connection.pragma_query_value(None, "quick_check", |r| r.get(0))?;
        Ok((application, version, check))
    };
    let (application, version, check) =
        look().map_err(|e| unsound(domain::say!("cannot be read ({error})", error = e)))?;
    if application != APPLICATION_ID {
        return Err(unsound(domain::say!("is not one of Parallax")));
    }
    if check != "ok" {
        return Err(unsound(domain::say!("is damaged ({check})", check)));
    }
    let ours = migrate::latest(migrate::MIGRATIONS);
    if version > ours {
        return Err(Failure::new(
            ErrorKind::StoreNewer,
            format!(
                "Nothing was restored: the backup is of a newer Parallax (its format is {version}, this \
                 version knows {ours}). Install the newer version."
            ),
        ));
    }
    Ok(())
}

/// Puts in place what waits, unless somebody has the database open. The caller holds the gate. What was there
/// is backed up and proved first; if it cannot be read, which may be why somebody restores, it is kept aside.
pub(crate) fn finish(data: &Path, now: Timestamp, tuning: &Tuning) -> Result<(), Failure> {
    let dir = folder(data);
    if !dir.join(READY).exists() || lease::any_held(data)? {
        return Ok(());
    }
    let (brought, path) = (dir.join(DATABASE), data.join(DATABASE));
    // Without it the database is in place already and only the tidying was cut off.
    if brought.exists() {
        bring_files(&dir.join("files"), &data.join("files"))?;
        if path.exists() {
            put_by(data, &path, now, tuning)?;
        }
        for suffix in ["-wal", "-shm", "-journal"] {
            files::remove(&data.join(format!("{DATABASE}{suffix}")))?;
        }
        fs::rename(&brought, &path).map_err(|e| io_failure(&e, "rename", &brought))?;
        files::sync_dir(data)?;
    }
    clear(&dir)
}

/// Keeps what is there: a proved backup of it, or the file itself under another name.
fn put_by(data: &Path, path: &Path, now: Timestamp, tuning: &Tuning) -> Result<(), Failure> {
    let kept = open::inspect(data, path, tuning).and_then(|version| {
        let connection = open::connect(path, tuning)?;
        backup::make(&connection, data, version, now)?;
        // Its journal must not be taken for one of what comes: all of it goes into the file first.
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0))
            .map_err(|e| failure(&e))?;
        connection.close().map_err(|(_, e)| failure(&e))
    });
    match kept {
        Err(why) if why.kind == ErrorKind::StoreCorrupt => {
            for suffix in ["", "-wal", "-shm"] {
                let old = data.join(format!("{DATABASE}{suffix}"));
                let aside = data.join(format!("damaged-{:013}-{DATABASE}{suffix}", now.0));
                if old.exists() {
                    fs::rename(&old, &aside).map_err(|e| io_failure(&e, "rename", &old))?;
                }
            }
            files::sync_dir(data)
        }
        other => other,
    }
}

/// Moves attachments to the others; one that is there already is the same.
fn bring_files(from: &Path, to: &Path) -> Result<(), Failure> {
    let shelves = match fs::read_dir(from) {
        Ok(shelves) => shelves,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io_failure(&e, "read", from)),
    };
    files::private_dir(to)?;
    for shelf in shelves {
        let shelf = shelf.map_err(|e| io_failure(&e, "read", from))?;
        let place = to.join(shelf.file_name());
        files::private_dir(&place)?;
        for file in fs::read_dir(shelf.path()).map_err(|e| io_failure(&e, "read", from))? {
            let file = file.map_err(|e| io_failure(&e, "read", from))?;
            let target = place.join(file.file_name());
            fs::rename(file.path(), &target).map_err(|e| io_failure(&e, "rename", &target))?;
        }
        files::sync_dir(&place)?;
    }
    Ok(())
}
