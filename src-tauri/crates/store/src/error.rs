//! What SQLite and the file system say, as the one error type that leaves this crate.

use domain::{ErrorKind, Failure, Words, say};
use rusqlite::{ErrorCode, ffi::SQLITE_IOERR_SHMSIZE};
use std::{io, path::Path};

/// The kind a SQLite error belongs to.
pub(crate) fn kind(error: &rusqlite::Error) -> ErrorKind {
    // The index of the journal could not be made larger, as on a disk without any room (sqlite.org/rescode.html): it
    // comes as an error of the disk and not as a full one.
    if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHMSIZE) {
        return ErrorKind::StoreFull;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::StoreBusy,
        Some(ErrorCode::DiskFull) => ErrorKind::StoreFull,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::StoreCorrupt,
        Some(
            ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed,
        ) => ErrorKind::StoreDenied,
        _ => ErrorKind::Bug,
    }
}

/// A SQLite error as a failure. Bound values are never part of SQLite's messages.
pub(crate) fn failure(error: &rusqlite::Error) -> Failure {
    let kind = kind(error);
    let message = match kind {
        ErrorKind::StoreBusy => {
            say!("Another program is holding the database. Close it or wait, then try again.")
        }
        ErrorKind::StoreFull => {
            say!("The disk is full, so nothing more can be saved. Free some space and try again.")
        }
        ErrorKind::StoreCorrupt => {
            say!(
                "The database is damaged ({error}). Quit and keep the file; a backup can be restored.",
                error
            )
        }
        ErrorKind::StoreDenied => {
            say!(
                "The data folder cannot be read or written ({error}). Check the disk and its permissions.",
                error
            )
        }
        _ => say!("The database refused a step of the program: {error}.", error),
    };
    Failure::new(kind, message)
}

/// An error of the file system as a failure.
pub(crate) fn io_failure(error: &io::Error, doing: &str, path: &Path) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StoreFull,
        _ => ErrorKind::StoreDenied,
    };
    Failure::new(
        kind,
        say!("Cannot {doing} {path}: {error}.", doing = done(doing), path = path.display(), error),
    )
}

/// What was to be done, said.
fn done(doing: &str) -> Words {
    match doing {
        "create the folder" => say!("create the folder"),
        "create" => say!("create"),
        "lock" => say!("lock"),
        "look for" => say!("look for"),
        "open" => say!("open"),
        "protect" => say!("protect"),
        "read" => say!("read"),
        "remove" => say!("remove"),
        "rename" => say!("rename"),
        "write to disk" => say!("write to disk"),
        "write" => say!("write"),
        other => other.into(),
    }
}

/// Our own mistake.
pub(crate) fn bug(message: impl Into<Words>) -> Failure {
    Failure::new(ErrorKind::Bug, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_for_the_journals_index_is_full() {
        let error = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert_eq!(kind(&error(SQLITE_IOERR_SHMSIZE)), ErrorKind::StoreFull);
        assert_eq!(kind(&error(rusqlite::ffi::SQLITE_FULL)), ErrorKind::StoreFull);
        assert_eq!(kind(&error(rusqlite::ffi::SQLITE_IOERR_READ)), ErrorKind::StoreDenied);
    }
}
