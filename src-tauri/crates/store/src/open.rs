//! From a folder to a connection: creation, checks, migration. Nothing here changes a file it cannot
//! vouch for.

use crate::{
    Options, Tuning, backup,
    error::{failure, io_failure, kind},
    files,
    lease::{self, Leases},
    migrate::{self, APPLICATION_ID, Migration},
    restore,
};
use domain::{ErrorKind, Failure, say};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{
    fs::{self, File, TryLockError},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

/// SQLite before this loses committed pages when a WAL is reset at the wrong moment (sqlite.org,
/// fixed in 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;

/// First bytes of every SQLite database (sqlite.org/fileformat.html).
pub(crate) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: usize = 100;

/// What [`open`] hands to the threads.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) leases: Leases,
}

/// Opens, creates or migrates the database of `dir`.
pub(crate) fn open(
    dir: &Path,
    options: &Options,
    tuning: &Tuning,
    migrations: &[Migration],
) -> Result<Opened, Failure> {
    sqlite_is_sound()?;
    files::data_dir(dir)?;
    // Held until the schema stands: two processes that start at once must not both create it.
    let _gate = gate(dir, tuning.busy)?;
    restore::finish(dir, options.now, tuning)?;
    let path = dir.join("parallax.db");
    let connection = if path.try_exists().map_err(|e| io_failure(&e, "look for", &path))? {
        match current(&path, tuning, migrations) {
            Some(connection) => connection,
            None => {
                update(dir, &path, options, tuning, migrations)?;
                connect(&path, tuning)?
            }
        }
    } else {
        create(dir, &path, options, tuning, migrations)?;
        connect(&path, tuning)?
    };
    let leases = Leases::take(dir, options.process)?;
    Ok(Opened { connection, path, leases })
}

/// A fresh database in memory.
pub(crate) fn memory(options: &Options, migrations: &[Migration]) -> Result<Connection, Failure> {
    sqlite_is_sound()?;
    let connection = Connection::open_in_memory().map_err(|e| failure(&e))?;
    configure(&connection, &Tuning::default())?;
    migrate::apply(&connection, migrations, options.version, options.now)?;
    Ok(connection)
}

/// The writer's connection to an existing database.
pub(crate) fn connect(path: &Path, tuning: &Tuning) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| failure(&e))?;
    configure(&connection, tuning)?;
    // It comes back to few pages, the last of each table and index; a program that only serves others stays small.
    connection.pragma_update(None, "cache_size", -4_000).map_err(|e| failure(&e))?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |r| r.get(0))
        .map_err(|e| failure(&e))?;
    if mode != "wal" {
        return Err(Failure::new(
            ErrorKind::StoreDenied,
            say!(
                "The data folder is on a file system that several programs cannot share safely. Choose a \
             folder on a local disk."
            ),
        ));
    }
    Ok(connection)
}

/// A reading connection.
pub(crate) fn connect_to_read(path: &Path, tuning: &Tuning) -> Result<Connection, Failure> {
    let connection = open_read_only(path, tuning.busy)?;
    configure(&connection, tuning)?;
    connection.pragma_update(None, "query_only", true).map_err(|e| failure(&e))?;
    Ok(connection)
}

fn open_read_only(path: &Path, busy: Duration) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| failure(&e))?;
    connection.busy_timeout(busy).map_err(|e| failure(&e))?;
    Ok(connection)
}

fn sqlite_is_sound() -> Result<(), Failure> {
    if rusqlite::version_number() >= OLDEST_SQLITE {
        return Ok(());
    }
    Err(crate::error::bug(format!("SQLite {} is too old to be trusted with data.", rusqlite::version())))
}

fn configure(connection: &Connection, tuning: &Tuning) -> Result<(), Failure> {
    let sql = |e: rusqlite::Error| failure(&e);
    connection.busy_timeout(tuning.busy).map_err(sql)?;
    // FULL: a commit survives a power cut; NORMAL loses the latest ones. The two fullfsync settings
    // ask the same of macOS. No mmap: an I/O error there is a crash instead of an answer. A journal of 16 MB before
    // it is folded in: a booked answer writes some twenty pages, and folding waits for the disk twice.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA recursive_triggers = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -20000;
             PRAGMA mmap_size = 0;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(sql)?;
    // Stable plans: else SQLite plans anew at every use of a statement whose parameter a plan might depend on, which
    // costs more than the statement.
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on).map_err(sql)?;
    }
    if let Some(pages) = tuning.max_pages {
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |r| r.get::<_, i64>(0))
            .map_err(sql)?;
    }
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Waits for the lock under which databases are created and migrated.
fn gate(dir: &Path, busy: Duration) -> Result<File, Failure> {
    const STEP: Duration = Duration::from_millis(20);
    let path = dir.join("open.lock");
    let file = files::private_options()
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| io_failure(&e, "open", &path))?;
    let tries = busy.as_millis() / STEP.as_millis() + 1;
    for _ in 0..tries {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(STEP),
            Err(TryLockError::Error(e)) => return Err(io_failure(&e, "lock", &path)),
        }
    }
    Err(Failure::new(
        ErrorKind::StoreBusy,
        "Another Parallax is opening the database. Wait a moment, then try again.",
    ))
}

/// Builds the database under another name and renames it when it is whole, so that an empty
/// `parallax.db` is never a half-made one: it can only be damage.
fn create(
    dir: &Path,
    path: &Path,
    options: &Options,
    tuning: &Tuning,
    migrations: &[Migration],
) -> Result<(), Failure> {
    let journal = dir.join("parallax.db-wal");
    if fs::metadata(&journal).is_ok_and(|m| m.len() > 0) {
        return Err(corrupt(dir, path, say!("the file is missing but its journal is there")));
    }
    let fresh = dir.join("parallax.db.new");
    for suffix in ["", "-journal", "-wal", "-shm"] {
        files::remove(&dir.join(format!("parallax.db.new{suffix}")))?;
    }
    drop(files::create_private(&fresh)?);
    let connection =
        Connection::open_with_flags(&fresh, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| failure(&e))?;
    configure(&connection, tuning)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(|e| failure(&e))?;
    migrate::apply(&connection, migrations, options.version, options.now)?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |r| r.get::<_, String>(0))
        .map_err(|e| failure(&e))?;
    connection.close().map_err(|(_, e)| failure(&e))?;
    files::sync_file(&fresh)?;
    fs::rename(&fresh, path).map_err(|e| io_failure(&e, "rename", &fresh))?;
    files::sync_dir(dir)
}

/// The usual case: ours, and of this version. Its first bytes say so before anything is opened, so that a
/// start reads the schema once. `None` = it has to be looked at, and nothing was changed.
fn current(path: &Path, tuning: &Tuning, migrations: &[Migration]) -> Option<Connection> {
    let ours = migrate::latest(migrations);
    let mut header = [0; HEADER];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    // Places of the two numbers: sqlite.org/fileformat.html, 1.3.
    let number = |at: usize| header.get(at..at + 4)?.try_into().ok().map(i32::from_be_bytes);
    let is_ours = header.starts_with(MAGIC)
        && number(60) == i32::try_from(ours).ok()
        && number(68) == Some(APPLICATION_ID);
    if !is_ours || files::close_to_others(path, 0o600).is_err() {
        return None;
    }
    let connection = connect(path, tuning).ok()?;
    // What turns out not to be ours is closed without folding its journal into it.
    let keep = |on| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on).is_ok();
    let sound = keep(true)
        && migrate::version(&connection).ok() == Some(ours)
        && connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)).is_ok();
    (sound && keep(false)).then_some(connection)
}

/// Checks an existing database without writing to it, then migrates it if it is older.
fn update(
    dir: &Path,
    path: &Path,
    options: &Options,
    tuning: &Tuning,
    migrations: &[Migration],
) -> Result<(), Failure> {
    let found = inspect(dir, path, tuning)?;
    let ours = migrate::latest(migrations);
    if found > ours {
        return Err(Failure::new(
            ErrorKind::StoreNewer,
            format!(
                "The database was written by a newer Parallax (its format is {found}, this version knows \
                 {ours}). It was left as it is; install the newer version."
            ),
        ));
    }
    files::close_to_others(path, 0o600)?;
    if found == ours {
        return Ok(());
    }
    if lease::any_held(dir)? {
        return Err(Failure::new(
            ErrorKind::StoreBusy,
            "The database must be updated, but another Parallax has it open. Close it, then try again.",
        ));
    }
    let connection = connect(path, tuning)?;
    backup::make(&connection, dir, found, options.now)?;
    migrate::apply(&connection, migrations, options.version, options.now)
}

/// The version of an existing database, read without touching it unless its last writer died halfway.
pub(crate) fn inspect(dir: &Path, path: &Path, tuning: &Tuning) -> Result<u32, Failure> {
    let mut header = Vec::with_capacity(HEADER);
    File::open(path)
        .and_then(|file| file.take(HEADER as u64).read_to_end(&mut header))
        .map_err(|e| io_failure(&e, "read", path))?;
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return Err(corrupt(dir, path, say!("it is not a database")));
    }
    let connection = open_read_only(path, tuning.busy)?;
    let asked = match identity(&connection) {
        // A program that died while it wrote left a journal behind, and what the file holds is only known
        // once that is rolled back. Any program that opens the file does so; nothing is lost by it.
        Err(e) if is_unfinished(&e) => {
            drop(connection);
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags).and_then(|connection| {
                connection.busy_timeout(tuning.busy)?;
                identity(&connection)
            })
        }
        asked => asked,
    };
    match asked {
        Ok((version, APPLICATION_ID)) => Ok(version),
        Ok(_) => Err(corrupt(dir, path, say!("it belongs to another program"))),
        Err(e) if kind(&e) == ErrorKind::StoreCorrupt => Err(corrupt(dir, path, say!("it is damaged"))),
        Err(e) => Err(failure(&e)),
    }
}

/// `user_version` and `application_id`, after the schema was read whole.
fn identity(connection: &Connection) -> rusqlite::Result<(u32, i32)> {
    let application = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0))?;
    Ok((connection.pragma_query_value(None, "user_version", |r| r.get(0))?, application))
}

/// Whether only a journal that waits to be rolled back keeps a read-only connection from reading
/// (`SQLITE_READONLY_ROLLBACK`, sqlite.org/rescode.html).
fn is_unfinished(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

fn corrupt(dir: &Path, path: &Path, why: domain::Words) -> Failure {
    let remedy = match backup::newest(dir) {
        Some(backup) => say!("The newest backup is {path}.", path = backup.display()),
        None => say!("There is no backup yet."),
    };
    Failure::new(
        ErrorKind::StoreCorrupt,
        say!("Cannot use {path}: {why}. It was left as it is. {remedy}", path = path.display(), why, remedy),
    )
}
