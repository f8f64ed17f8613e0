//! The one thread that writes. It takes what has queued up, runs it in one transaction, commits, and
//! only then answers. Transactions are short, because another process may be waiting for its turn.
//!
//! A write that nobody waits for may wait for company: it stands in the same queue, and goes to the disk together
//! with whatever comes behind it, at the latest after [`queue::COMPANY`]. A write that says so may go ahead of those,
//! and is run again behind them if it finds that it must not ([`Tx::turn_back`]).

mod queue;

use crate::{
    Tuning,
    error::{bug, failure},
    known::Known,
    lease::Leases,
    open,
    pending::{Pending, Reply},
    tx::Tx,
};
use domain::{ErrorKind, Failure, ProcessId};
use queue::{Queue, Taken};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

/// How often a commit that finds the file locked is tried; each try waits for the busy timeout.
const COMMITS: u32 = 3;

/// One closure on its way through the thread.
trait Job: Send {
    /// May it wait for others, so that one commit serves all?
    fn patient(&self) -> bool;
    /// May it be run again after what it did was undone?
    fn repeats(&self) -> bool;
    /// May it go before those that wait for others and were there first?
    fn overtakes(&self) -> bool;
    /// Runs it; true when its changes are to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// It is about to be run again: what came of it does not count.
    fn again(&mut self);
    /// Why its changes are not kept.
    fn failure(&self) -> Option<&Failure>;
    /// Answers: its own outcome, or the failure of the whole group.
    fn answer(self: Box<Self>, group: Result<(), Failure>);
}

/// What a job does.
pub(crate) trait Work<T>: Send {
    /// It may be run again after what it did was undone.
    const REPEATS: bool;
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<T, Failure>;
}

/// A closure that runs once.
pub(crate) struct Once<F>(Option<F>);

impl<F> Once<F> {
    pub(crate) const fn new(f: F) -> Self {
        Self(Some(f))
    }
}

impl<T, F: FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send> Work<T> for Once<F> {
    const REPEATS: bool = false;

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<T, Failure> {
        self.0.take().map_or_else(|| Err(bug("A write was run twice.")), |work| work(tx))
    }
}

/// A closure that does the same each time.
pub(crate) struct Repeatable<F>(pub(crate) F);

impl<T, F: FnMut(&mut Tx<'_>) -> Result<T, Failure> + Send> Work<T> for Repeatable<F> {
    const REPEATS: bool = true;

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<T, Failure> {
        (self.0)(tx)
    }
}

/// How long a write may stand in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// Until its turn.
    Usual,
    /// Until there are others: nobody waits for it.
    Patient,
    /// Not as long as the patient ones.
    Ahead,
}

struct Closure<T, W> {
    work: W,
    outcome: Option<Result<T, Failure>>,
    reply: Reply<T>,
    haste: Haste,
}

impl<T: Send, W: Work<T>> Job for Closure<T, W> {
    fn patient(&self) -> bool {
        self.haste == Haste::Patient
    }

    fn repeats(&self) -> bool {
        W::REPEATS
    }

    fn overtakes(&self) -> bool {
        self.haste == Haste::Ahead
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.work.run(tx))).unwrap_or_else(|_| {
            Err(bug("A step of the program broke while writing; what it had written was undone."))
        });
        self.outcome.insert(outcome).is_ok()
    }

    fn again(&mut self) {
        self.outcome = None;
    }

    fn failure(&self) -> Option<&Failure> {
        self.outcome.as_ref().and_then(|o| o.as_ref().err())
    }

    fn answer(self: Box<Self>, group: Result<(), Failure>) {
        let Self { work, outcome, reply, .. } = *self;
        // First, so that who is answered has for itself what it shared with it.
        drop(work);
        let outcome = match (outcome, group) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(group)) => Err(group),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(bug("A write was not run.")),
        };
        // Nobody may be waiting any more; the write stands all the same.
        let _ = reply.send(outcome);
    }
}

/// The handle on the thread.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `file` is where to connect again after an I/O error; `None` = in memory.
    pub(crate) fn start(
        connection: Connection,
        file: Option<(PathBuf, Tuning)>,
        leases: Arc<Leases>,
        own: ProcessId,
    ) -> Result<Self, Failure> {
        let queue = Arc::new(Queue::default());
        let state =
            State { connection, file, broken: false, leases, own, known: Known::default(), version: None };
        let jobs = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("store-write".to_owned())
            .spawn(move || state.work(&jobs))
            .map_err(|e| bug(format!("Cannot start a thread: {e}.")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn submit<T: Send + 'static>(&self, haste: Haste, work: impl Work<T> + 'static) -> Pending<T> {
        let (reply, pending) = Pending::new();
        // Once it is closed the job is dropped, and with it `reply`: the pending answer says "closed".
        self.queue.push(Box::new(Closure { work, outcome: None, reply, haste }));
        pending
    }

    /// Finishes what is queued and ends the thread.
    pub(crate) fn shut(&self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The last handle may be dropped by a closure on this very thread.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

struct State {
    connection: Connection,
    file: Option<(PathBuf, Tuning)>,
    /// The last transaction met an I/O error: what this connection believes of the file is not to be
    /// trusted, so it is opened anew before the next one.
    broken: bool,
    leases: Arc<Leases>,
    own: ProcessId,
    known: Known,
    /// What the database said of the writes of others when `known` was found.
    version: Option<i64>,
}

impl State {
    fn work(mut self, queue: &Queue) {
        // If it ever broke, nobody may wait for it.
        let _closed = queue.closes();
        // How many that somebody waits for went to the disk together: answered at once, they mostly come back at once.
        let mut together = 0;
        while let Some(Taken { mut jobs, ahead }) = queue.next(together) {
            match jobs.iter().filter(|job| !job.patient()).count() {
                // Those that are waited for are on their way meanwhile.
                0 => {}
                waited => together = waited,
            }
            let mut passed = ahead.then_some(queue);
            while !jobs.is_empty() {
                self.group(&mut jobs, &mut passed);
            }
        }
        self.finish();
    }

    /// One transaction over as many of `jobs` as it can hold; those it took are answered and gone.
    ///
    /// A savepoint copies every page that is written behind it, for each job anew. Where all can be run again they go
    /// without, since next to none fails half way: after one that does, all are undone and run again, each in its own.
    /// `passed`: the line in which some stand that they have gone ahead of.
    fn group(&mut self, jobs: &mut VecDeque<Box<dyn Job>>, passed: &mut Option<&Queue>) {
        let mut taken: Vec<Box<dyn Job>> = Vec::with_capacity(jobs.len());
        let mut marked = !jobs.iter().all(|job| job.repeats());
        let outcome = loop {
            if let Err(e) = self.begin() {
                taken.extend(jobs.drain(..));
                break Err(e);
            }
            match self.run(jobs, &mut taken, marked, passed) {
                Ok(true) => break self.commit(),
                Ok(false) => {
                    self.known.forget();
                    if let Err(e) = self.sql("ROLLBACK") {
                        break Err(e);
                    }
                    taken.drain(..).rev().for_each(|job| jobs.push_front(job));
                    marked = true;
                }
                Err(e) => break Err(e),
            }
        };
        if let Err(e) = &outcome {
            self.known.forget();
            self.broken |= e.kind == ErrorKind::StoreDenied;
            if !self.connection.is_autocommit() {
                // The failure at hand says more than a failing rollback would.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
        }
        for job in taken {
            job.answer(outcome.clone());
        }
    }

    fn begin(&mut self) -> Result<(), Failure> {
        if self.broken
            && let Some((path, tuning)) = &self.file
        {
            self.connection = open::connect(path, tuning)?;
            (self.broken, self.version) = (false, None);
        }
        self.sql("BEGIN IMMEDIATE")?;
        // Under the lock: from here on nobody else writes.
        let version = self
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|e| failure(&e))?;
        if self.version.replace(version) != Some(version) {
            self.known.forget();
        }
        self.known.begin();
        Ok(())
    }

    /// Runs each job, in its savepoint if they are `marked`. False: one failed half way that had none. An error here
    /// means that the transaction is lost.
    fn run(
        &self,
        jobs: &mut VecDeque<Box<dyn Job>>,
        taken: &mut Vec<Box<dyn Job>>,
        mut marked: bool,
        passed: &mut Option<&Queue>,
    ) -> Result<bool, Failure> {
        let mut booked = false;
        while let Some(mut job) = jobs.pop_front() {
            let mut tx = Tx::new(&self.connection, &self.leases, self.own, &self.known);
            tx.ahead = passed.is_some();
            let (mark, changes) = (self.known.mark(), self.connection.total_changes());
            let ready = if marked { self.sql("SAVEPOINT job") } else { Ok(()) };
            let kept = ready.map(|()| job.run(&mut tx));
            if tx.turned_back() && self.connection.total_changes() == changes {
                if marked {
                    self.sql("RELEASE job")?;
                }
                job.again();
                jobs.push_front(job);
                let before = passed.take().map(Queue::before).unwrap_or_default();
                // What runs once may be among them: from here on each is undone by itself.
                marked |= !before.iter().all(|job| job.repeats());
                before.into_iter().rev().for_each(|job| jobs.push_front(job));
                continue;
            }
            let failure = job.failure().cloned();
            taken.push(job);
            let kept = kept?;
            if self.connection.is_autocommit() {
                // A full disk or an I/O error can make SQLite roll back all of it.
                return Err(failure.unwrap_or_else(|| bug("The database dropped a transaction.")));
            }
            if !kept {
                if marked {
                    self.sql("ROLLBACK TO job")?;
                } else if self.connection.total_changes() != changes {
                    return Ok(false);
                }
                self.known.back(mark);
            }
            if marked {
                self.sql("RELEASE job")?;
            }
            booked |= kept && tx.take_booked();
        }
        if booked {
            // Once for all of them: the sums have the same rows to change for each.
            let mut tx = Tx::new(&self.connection, &self.leases, self.own, &self.known);
            tx.count_due()?;
            tx.roll_up()?;
        }
        Ok(true)
    }

    fn commit(&self) -> Result<(), Failure> {
        let mut tries = 1;
        loop {
            match self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
                Ok(_) => return Ok(()),
                Err(e) if tries < COMMITS && crate::error::kind(&e) == ErrorKind::StoreBusy => tries += 1,
                Err(e) => return Err(failure(&e)),
            }
        }
    }

    fn sql(&self, sql: &str) -> Result<(), Failure> {
        // Kept ready: each transaction needs the same few.
        let done = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(|_| ()).map_err(|e| failure(&e))
    }

    /// Tidies up. A failure costs nothing: the next start does the same again.
    fn finish(self) {
        if self.file.is_some() {
            let mut tx = Tx::new(&self.connection, &self.leases, self.own, &self.known);
            if tx.sign_off() == Ok(true) {
                let _ = self.leases.forget(self.own);
            }
            let _ = self.connection.execute_batch("PRAGMA optimize");
        }
        let _ = self.connection.close();
    }
}
