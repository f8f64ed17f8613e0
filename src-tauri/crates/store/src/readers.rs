//! Threads that read, each with a connection that cannot write.

use crate::{
    Tuning,
    error::{bug, failure},
    known::Known,
    lease::Leases,
    open,
    pending::Pending,
    tx::Tx,
};
use domain::{Failure, ProcessId};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

type Job = Box<dyn FnOnce(Result<&Connection, Failure>) + Send>;

/// The pool. It begins with one thread; another comes only when a read would have to wait for those there
/// are, since each has to read the schema for itself and a command line rarely reads two things at once.
pub(crate) struct Readers {
    queue: Mutex<Option<Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
    most: usize,
}

/// What the threads work with.
struct Shared {
    path: PathBuf,
    tuning: Tuning,
    receiver: Mutex<Receiver<Job>>,
    /// Jobs handed in and not done.
    open: AtomicUsize,
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
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            tuning: tuning.clone(),
            receiver: Mutex::new(receiver),
            open: AtomicUsize::new(0),
            leases,
            own,
        });
        let readers = Self {
            queue: Mutex::new(Some(sender)),
            threads: Mutex::default(),
            shared,
            most: tuning.readers.max(1),
        };
        readers.grow(1)?;
        Ok(readers)
    }

    /// Starts threads until there are so many, and no more than are allowed.
    fn grow(&self, wanted: usize) -> Result<(), Failure> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        while threads.len() < wanted.min(self.most) {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new()
                .name(format!("store-read-{}", threads.len()))
                // It connects there, and the program goes on meanwhile.
                .spawn(move || work(&shared))
                .map_err(|e| bug(format!("Cannot start a thread: {e}.")))?;
            threads.push(thread);
        }
        Ok(())
    }

    pub(crate) fn submit<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        let (reply, pending) = Pending::new();
        let shared = Arc::clone(&self.shared);
        let job: Job = Box::new(move |connection| {
            let answer =
                connection.and_then(|connection| snapshot(connection, &shared.leases, shared.own, f));
            // Before the answer: who asks again at once finds this thread free.
            shared.open.fetch_sub(1, Ordering::AcqRel);
            // Nobody may be waiting any more; that is their choice.
            let _ = reply.send(answer);
        });
        if let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            let open = self.shared.open.fetch_add(1, Ordering::AcqRel) + 1;
            // Without another thread it waits its turn: there is always one.
            let _ = self.grow(open);
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
fn work(shared: &Shared) {
    let connect = || open::connect_to_read(&shared.path, &shared.tuning);
    let mut connected = connect();
    loop {
        let job = shared.receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
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
    // Kept ready: each read needs the same two.
    let sql = |sql| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    sql("BEGIN").map_err(|e| failure(&e))?;
    // Others write meanwhile: what one read finds is no news to the next.
    let known = Known::default();
    let answer = catch_unwind(AssertUnwindSafe(|| f(&Tx::new(connection, leases, own, &known))))
        .unwrap_or_else(|_| Err(bug("A step of the program broke while reading.")));
    if !connection.is_autocommit() {
        sql("ROLLBACK").map_err(|e| failure(&e))?;
    }
    answer
}
