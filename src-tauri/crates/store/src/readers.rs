//! Threads that read, each with a connection that cannot write.

use crate::{
    Tuning,
    error::{bug, failure},
    lease::Leases,
    open,
    pending::Pending,
    tx::Tx,
};
use domain::{Failure, ProcessId};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

type Job = Box<dyn FnOnce(Result<&Connection, Failure>) + Send>;

/// The pool.
pub(crate) struct Readers {
    queue: Mutex<Option<Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    leases: Arc<Leases>,
    own: ProcessId,
}

impl Readers {
    pub(crate) fn start(
        path: &Path,
        tuning: &Tuning,
        leases: Arc<Leases>,
        own: ProcessId,
    ) -> Result<Self, Failure> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for n in 0..tuning.readers.max(1) {
            let receiver = Arc::clone(&receiver);
            let (path, tuning) = (path.to_owned(), tuning.clone());
            let thread = std::thread::Builder::new()
                .name(format!("store-read-{n}"))
                // Each reads the schema for itself, at the same time, and the program starts meanwhile.
                .spawn(move || work(|| open::connect_to_read(&path, &tuning), &receiver))
                .map_err(|e| bug(format!("Cannot start a thread: {e}.")))?;
            threads.push(thread);
        }
        Ok(Self { queue: Mutex::new(Some(sender)), threads: Mutex::new(threads), leases, own })
    }

    pub(crate) fn submit<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        let (reply, pending) = Pending::new();
        let (leases, own) = (Arc::clone(&self.leases), self.own);
        let job: Job = Box::new(move |connection| {
            // Nobody may be waiting any more; that is their choice.
            let _ = reply.send(connection.and_then(|connection| snapshot(connection, &leases, own, f)));
        });
        if let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            // A failure drops the job, and with it `reply`: the pending answer says "closed".
            let _ = queue.send(job);
        }
        pending
    }

    /// Finishes what is queued and ends the threads.
    pub(crate) fn shut(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The last handle may be dropped by a job on one of these very threads.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Answers until the queue is closed. Where there is no connection each job tries for one, and is told why
/// if it gets none.
fn work(connect: impl Fn() -> Result<Connection, Failure>, receiver: &Mutex<Receiver<Job>>) {
    let mut connected = connect();
    loop {
        let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if connected.is_err() {
            connected = connect();
        }
        job(connected.as_ref().map_err(Clone::clone));
    }
}

/// Runs a read on one state of the database and lets go of it at once: a lasting snapshot would keep
/// the journal from being folded into the file.
fn snapshot<T>(
    connection: &Connection,
    leases: &Leases,
    own: ProcessId,
    f: impl FnOnce(&Tx<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.execute_batch("BEGIN").map_err(|e| failure(&e))?;
    let answer = catch_unwind(AssertUnwindSafe(|| f(&Tx::new(connection, leases, own))))
        .unwrap_or_else(|_| Err(bug("A step of the program broke while reading.")));
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").map_err(|e| failure(&e))?;
    }
    answer
}
