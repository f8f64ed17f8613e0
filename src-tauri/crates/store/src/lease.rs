//! Which processes are alive: each holds a lock on a file of its own while its store is open. The
//! system lets go of the lock whatever way the process ends, which a pid file or a row cannot promise.

use crate::{error::io_failure, files};
use domain::{ErrorKind, Failure, ProcessId};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The folder of lease files and our own lease.
pub(crate) struct Leases {
    dir: Option<PathBuf>,
    own: Mutex<Option<File>>,
}

impl Leases {
    /// No files: a database in memory has one process.
    pub(crate) fn none() -> Self {
        Self { dir: None, own: Mutex::new(None) }
    }

    /// Takes the lease of `process` under `<dir>/leases`.
    pub(crate) fn take(dir: &Path, process: ProcessId) -> Result<Self, Failure> {
        let dir = dir.join("leases");
        files::private_dir(&dir)?;
        let path = file_of(&dir, process);
        let file = files::private_options()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| io_failure(&e, "open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { dir: Some(dir), own: Mutex::new(Some(file)) }),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::new(ErrorKind::StoreBusy, "This process has opened the database already."))
            }
            Err(TryLockError::Error(e)) => Err(io_failure(&e, "lock", &path)),
        }
    }

    /// True when nothing holds the lease of `process`: it has ended, whichever way.
    pub(crate) fn is_dead(&self, process: ProcessId) -> Result<bool, Failure> {
        match &self.dir {
            Some(dir) => is_free(&file_of(dir, process)),
            None => Ok(true),
        }
    }

    /// Removes the file of a lease that is no longer held.
    pub(crate) fn forget(&self, process: ProcessId) -> Result<(), Failure> {
        match &self.dir {
            Some(dir) => files::remove(&file_of(dir, process)),
            None => Ok(()),
        }
    }

    /// Lets go of our own lease.
    pub(crate) fn release(&self) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// True when some process holds a lease under `<dir>/leases`.
pub(crate) fn any_held(dir: &Path) -> Result<bool, Failure> {
    let dir = dir.join("leases");
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(io_failure(&e, "read", &dir)),
    };
    for entry in entries {
        let path = entry.map_err(|e| io_failure(&e, "read", &dir))?.path();
        if path.extension().is_some_and(|e| e == "lock") && !is_free(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn file_of(dir: &Path, process: ProcessId) -> PathBuf {
    dir.join(format!("{process}.lock"))
}

fn is_free(path: &Path) -> Result<bool, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(e) => return Err(io_failure(&e, "open", path)),
    };
    // Shared, so that two processes asking at once do not take each other for the owner.
    match file.try_lock_shared() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(io_failure(&e, "lock", path)),
    }
}
