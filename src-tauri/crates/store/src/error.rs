//! What SQLite and the file system say, as the one error type that leaves this crate.

use domain::{ErrorKind, Failure};
use rusqlite::ErrorCode;
use std::{io, path::Path};

/// The kind a SQLite error belongs to.
pub(crate) fn kind(error: &rusqlite::Error) -> ErrorKind {
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
            "Another program is holding the database. Close it or wait, then try again.".to_owned()
        }
        ErrorKind::StoreFull => {
            "The disk is full, so nothing more can be saved. Free some space and try again.".to_owned()
        }
        ErrorKind::StoreCorrupt => {
            format!("The database is damaged ({error}). Quit and keep the file; a backup can be restored.")
        }
        ErrorKind::StoreDenied => {
            format!(
                "The data folder cannot be read or written ({error}). Check the disk and its permissions."
            )
        }
        _ => format!("The database refused a step of the program: {error}."),
    };
    Failure::new(kind, message)
}

/// An error of the file system as a failure.
pub(crate) fn io_failure(error: &io::Error, doing: &str, path: &Path) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StoreFull,
        _ => ErrorKind::StoreDenied,
    };
    Failure::new(kind, format!("Cannot {doing} {}: {error}.", path.display()))
}

/// Our own mistake.
pub(crate) fn bug(message: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::Bug, message)
}
