//! The database: one SQLite file, its tables, and the threads that read and write it.
//!
//! One writer thread commits in groups (`synchronous=FULL`) and answers a write only after its commit;
//! a few threads read. Files a user attached lie beside it, by their hash. A write is a closure over [`Tx`], and its
//! error or panic undoes it alone: it has a savepoint of its own, or can be run again ([`Store::write_repeatable`]).
//! Another process (the command line) may write the same file.
//!
//! This crate **never** touches the network, the keychain or a clock, never holds a key, never opens an
//! empty database in place of one it cannot read, and names no type of rusqlite in its interface.
//!
//! To add a table: one file in `table/` (schema, row, queries as `impl Tx`) and a line in
//! `migrate::MIGRATIONS`. Rows that point at others are inserted after them: contents, conversations,
//! lanes and messages before turns, turns before runs, runs before attempts.
#![deny(missing_docs)]

mod backup;
mod blobs;
mod error;
mod files;
mod fold;
mod foreign;
mod known;
mod lease;
mod migrate;
mod open;
mod pending;
mod readers;
mod restore;
mod tx;
mod words;
mod writer;

/// Tables, one file each.
pub mod table;

#[cfg(test)]
mod filing_tests;
#[cfg(test)]
mod find_tests;
#[cfg(test)]
mod leaner_tests;
#[cfg(test)]
mod once_tests;
#[cfg(test)]
mod store_tests;

pub use blobs::sha256;
pub use fold::fold;
pub use foreign::{LlmConversation, LlmRow, read_llm_log};
pub use pending::Pending;
pub use restore::{Staging, backup_made, forget_restore, is_database, kept_databases, restore_waits};
pub use table::*;
pub use tx::Tx;
pub use words::Piece;

use domain::{Failure, ProcessId, Timestamp};
use lease::Leases;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use writer::{Haste, Once, Repeatable};

/// Who opens the database, and when.
#[derive(Clone, Debug)]
pub struct Options {
    /// Id drawn for this process; its lease is held while the store lives.
    pub process: ProcessId,
    /// The time of opening.
    pub now: Timestamp,
    /// Version of the program, remembered with migrations.
    pub version: &'static str,
}

/// What only tests and proofs change.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// How long to wait for another process's lock. Default 5 s.
    pub busy: Duration,
    /// Reading threads. Default 2.
    pub readers: usize,
    /// A limit on the file's size in pages of 4 KiB, to stand in for a full disk.
    pub max_pages: Option<u32>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { busy: Duration::from_secs(5), readers: 2, max_pages: None }
    }
}

/// A handle on the open database. Clones share it; the last one to go closes it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    // Dropped in this order: the writer's connection is the last to close, so that it checkpoints.
    readers: Option<readers::Readers>,
    writer: writer::Writer,
    leases: Arc<Leases>,
    dir: Option<PathBuf>,
    blobs: blobs::Blobs,
}

impl Store {
    /// Opens or creates `<dir>/parallax.db`, migrating it if it is older than this program.
    ///
    /// `store.newer`, `store.corrupt`, `store.busy`, `store.full` and `store.denied` leave the file as
    /// it is; there is no falling back to an empty one.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Failure> {
        Self::open_tuned(dir, options, &Tuning::default())
    }

    /// [`Store::open`] with other limits.
    pub fn open_tuned(dir: &Path, options: Options, tuning: &Tuning) -> Result<Self, Failure> {
        let opened = open::open(dir, &options, tuning, migrate::MIGRATIONS)?;
        let leases = Arc::new(opened.leases);
        let readers = readers::Readers::start(&opened.path, tuning, Arc::clone(&leases), options.process)?;
        let writer = writer::Writer::start(
            opened.connection,
            Some((opened.path, tuning.clone())),
            Arc::clone(&leases),
            options.process,
        )?;
        // With the first commit there is: one of its own would hold up every start.
        drop(writer.submit(
            Haste::Patient,
            Once::new(move |tx: &mut Tx<'_>| tx.register(options.version, options.now)),
        ));
        let (blobs, dir) = (blobs::Blobs::Folder(dir.join("files")), Some(dir.to_owned()));
        Ok(Self(Arc::new(Inner { readers: Some(readers), writer, leases, dir, blobs })))
    }

    /// An empty database in memory, for tests. Reads run on the writer's thread.
    pub fn in_memory(options: Options) -> Result<Self, Failure> {
        let connection = open::memory(&options, migrate::MIGRATIONS)?;
        let leases = Arc::new(Leases::none());
        let writer = writer::Writer::start(connection, None, Arc::clone(&leases), options.process)?;
        drop(writer.submit(
            Haste::Patient,
            Once::new(move |tx: &mut Tx<'_>| tx.register(options.version, options.now)),
        ));
        let blobs = blobs::Blobs::Memory(Default::default());
        Ok(Self(Arc::new(Inner { readers: None, writer, leases, dir: None, blobs })))
    }

    /// Runs `f` on the writer's thread in its own savepoint; answers after the commit that holds it.
    /// The write happens even if the answer is not waited for.
    pub fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        self.0.writer.submit(Haste::Usual, Once::new(f))
    }

    /// The same, for what is written often: `f` may be run again after what it did was undone, and does the same each
    /// time. Where all that go to the disk together can, they need no savepoints; if one fails after it has changed
    /// something, each gets its own, so that its error still undoes that one alone.
    pub fn write_repeatable<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        self.0.writer.submit(Haste::Usual, Repeatable(f))
    }

    /// [`Store::write_repeatable`], for what nobody waits for to be on the disk: it keeps its place among the writes,
    /// so that what is written after it sees it (but for [`Store::write_ahead`]), and shares the commit of the next one or
    /// of others like it. Answers some milliseconds later.
    pub fn write_in_company<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        self.0.writer.submit(Haste::Patient, Repeatable(f))
    }

    /// [`Store::write_repeatable`], for what need not see the bookings that [`Store::write_in_company`] has in line: it
    /// goes to the disk before them. Where it matters `f` finds that out ([`Tx::is_ahead`]) and turns back
    /// ([`Tx::turn_back`]).
    pub fn write_ahead<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        self.0.writer.submit(Haste::Ahead, Repeatable(f))
    }

    /// Runs `f` on a reading thread, on one consistent state of the database.
    pub fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        match &self.0.readers {
            Some(readers) => readers.submit(f),
            None => self.0.writer.submit(Haste::Usual, Once::new(|tx: &mut Tx<'_>| f(tx))),
        }
    }

    /// Looks for damage in the whole file (`quick_check`): an empty list is a sound file. Reads every
    /// page, about 0.2 s for 170 MB, so it belongs in the background.
    pub fn check(&self) -> Pending<Vec<String>> {
        self.read(|tx| tx.quick_check())
    }

    /// The newest backup beside the database, if there is one.
    pub fn newest_backup(&self) -> Option<PathBuf> {
        self.0.dir.as_deref().and_then(backup::newest)
    }

    /// Copies the database as it is at this moment to `target` and proves the copy sound; takes as long as
    /// reading it twice, so it belongs beside the tasks that answers wait for. `went` is told how many bytes
    /// are done of how many and ends it with `false`. Gives the version of the schema; `None` = ended.
    pub fn copy_to(
        &self,
        target: &Path,
        went: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Option<u32>, Failure> {
        let dir = self
            .0
            .dir
            .as_deref()
            .ok_or_else(|| error::bug("A database in memory has no copy.".to_owned()))?;
        backup::copy(&dir.join("parallax.db"), target, Tuning::default().busy, went)
    }

    /// The attached files there are: name and bytes, in the order of their names.
    pub fn kept_files(&self) -> Result<Vec<(String, PathBuf, u64)>, Failure> {
        self.0.blobs.list()
    }

    /// Finishes every queued write and closes. Later writes through other clones fail.
    pub fn close(self) {
        self.0.shut();
    }
}

impl Inner {
    fn shut(&self) {
        if let Some(readers) = &self.readers {
            readers.shut();
        }
        self.writer.shut();
        self.leases.release();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut();
    }
}
