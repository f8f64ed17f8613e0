//! Takes calls in order, knows what is kept in memory, and turns trouble into failures.

use crate::trouble::Trouble;
use crate::worker::{Done, Open, Task, Worker};
use crate::{Kept, Pending, Probe, Slot, StorageKind};
use domain::{ErrorKind, Failure, Secret};
use futures_channel::oneshot;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// A call of the vault.
pub(crate) enum Op {
    Set(Slot, Secret, Reply<Kept>),
    Get(Slot, Reply<Option<Secret>>),
    Delete(Slot, Reply<bool>),
    Probe(Reply<Probe>),
}

struct Job {
    op: Op,
    until: Instant,
}

/// The front of the vault; its thread starts with the first call.
pub(crate) struct Desk {
    jobs: Mutex<Option<Sender<Job>>>,
    open: Option<Open>,
    name: &'static str,
    limit: Duration,
}

impl Desk {
    /// `open` is `None` where memory is all there shall be.
    pub(crate) fn new(open: Option<Open>, name: &'static str, limit: Duration) -> Self {
        Self { jobs: Mutex::new(None), open, name, limit }
    }

    pub(crate) fn ask<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Pending<T> {
        let (reply, answer) = oneshot::channel();
        let job = Job { op: op(reply), until: now() + self.limit };
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            *jobs = self.start();
        }
        if let Some(jobs) = jobs.as_ref() {
            // When the thread is gone the reply is dropped with the job, which the caller sees.
            let _ = jobs.send(job);
        }
        Pending::coming(answer)
    }

    fn start(&self) -> Option<Sender<Job>> {
        let (sender, jobs) = channel();
        let clerk = Clerk {
            memory: HashMap::new(),
            worker: self.open.clone().map(Worker::new),
            name: self.name,
            limit: self.limit,
        };
        std::thread::Builder::new().name("vault".to_owned()).spawn(move || clerk.serve(jobs)).ok()?;
        Some(sender)
    }
}

/// Real time: what it limits is a foreign program.
#[expect(clippy::disallowed_methods, reason = "limits a foreign program; no test drives this time")]
fn now() -> Instant {
    Instant::now()
}

struct Clerk {
    /// Keys set while there was no keychain.
    memory: HashMap<Slot, Secret>,
    worker: Option<Worker>,
    name: &'static str,
    limit: Duration,
}

impl Clerk {
    fn serve(mut self, jobs: Receiver<Job>) {
        // A caller that has gone away needs no answer, so failed replies are dropped.
        for Job { op, until } in jobs {
            match op {
                Op::Set(slot, secret, reply) => drop(reply.send(self.set(slot, secret, until))),
                Op::Get(slot, reply) => drop(reply.send(self.get(&slot, until))),
                Op::Delete(slot, reply) => drop(reply.send(self.delete(&slot, until))),
                Op::Probe(reply) => drop(reply.send(Ok(self.probe(until)))),
            }
        }
    }

    /// Runs a keychain task in what is left of its time. Calls that waited behind a hung one fail with
    /// it instead of each waiting the whole limit again.
    fn run(&mut self, task: Task, until: Instant) -> Result<Done, Trouble> {
        let Some(worker) = self.worker.as_mut() else { return Err(Trouble::NoService) };
        match until.checked_duration_since(now()) {
            Some(left) => worker.run(task, left),
            None => Err(Trouble::Silent),
        }
    }

    fn set(&mut self, slot: Slot, secret: Secret, until: Instant) -> Result<Kept, Failure> {
        let task = Task::Set(slot.user(), Zeroizing::new(secret.expose().to_owned()));
        match self.run(task, until) {
            Ok(_) => {
                self.memory.remove(&slot);
                Ok(Kept::Keychain)
            }
            Err(Trouble::NoService | Trouble::NoKeychain) => {
                self.memory.insert(slot, secret);
                Ok(Kept::SessionOnly)
            }
            Err(trouble) => Err(self.failure(trouble)),
        }
    }

    fn get(&mut self, slot: &Slot, until: Instant) -> Result<Option<Secret>, Failure> {
        if let Some(secret) = self.memory.get(slot) {
            return Ok(Some(Secret::new(secret.expose())));
        }
        match self.run(Task::Get(slot.user()), until) {
            Ok(Done::Got(key)) => Ok(key.map(|key| Secret::new(key.as_str()))),
            Ok(_) | Err(Trouble::NoService | Trouble::NoKeychain) => Ok(None),
            Err(trouble) => Err(self.failure(trouble)),
        }
    }

    fn delete(&mut self, slot: &Slot, until: Instant) -> Result<bool, Failure> {
        let remembered = self.memory.remove(slot).is_some();
        match self.run(Task::Delete(slot.user()), until) {
            Ok(Done::Deleted(found)) => Ok(found || remembered),
            Ok(_) | Err(Trouble::NoService | Trouble::NoKeychain) => Ok(remembered),
            Err(trouble) => Err(self.failure(trouble)),
        }
    }

    fn probe(&mut self, until: Instant) -> Probe {
        let name = self.name.to_owned();
        if self.worker.is_none() {
            let detail = "Keys are kept in memory for this run only.".to_owned();
            return Probe { kind: StorageKind::Absent, name, detail };
        }
        let (kind, detail) = match self.run(Task::Probe, until) {
            Ok(_) => (StorageKind::Ok, format!("Keys are kept in the {name}.")),
            Err(trouble) => {
                let kind = match trouble {
                    Trouble::NoService | Trouble::NoKeychain => StorageKind::Absent,
                    Trouble::Locked | Trouble::Silent | Trouble::Refused | Trouble::Unreadable => {
                        StorageKind::Locked
                    }
                };
                (kind, self.words(trouble))
            }
        };
        Probe { kind, name, detail }
    }

    fn failure(&self, trouble: Trouble) -> Failure {
        let kind = match trouble {
            Trouble::Locked | Trouble::Silent => ErrorKind::VaultLocked,
            Trouble::NoService | Trouble::NoKeychain | Trouble::Refused | Trouble::Unreadable => {
                ErrorKind::VaultUnavailable
            }
        };
        Failure::new(kind, self.words(trouble))
    }

    fn words(&self, trouble: Trouble) -> String {
        let name = self.name;
        match trouble {
            Trouble::NoService => {
                format!(
                    "There is no {name} here, so keys are kept in memory for this run only and never in a file."
                )
            }
            Trouble::NoKeychain => format!(
                "A {name} runs but holds no keychain yet. Until one is made, keys are kept in memory for this run only."
            ),
            Trouble::Locked => format!("The {name} is locked. Unlock it and try again."),
            Trouble::Silent => format!(
                "The {name} did not answer within {} seconds. It may be waiting for you to unlock it; then try again.",
                self.limit.as_secs().max(1)
            ),
            Trouble::Refused => {
                format!("The {name} refused. Check that Parallax may use it, then try again.")
            }
            Trouble::Unreadable => {
                format!("The {name} holds something that is not a key. Enter the key again.")
            }
        }
    }
}
