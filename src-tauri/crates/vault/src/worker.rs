//! The thread that calls the keychain, and may hang in it.

use crate::trouble::{Trouble, of_call};
use keyring::Error;
use keyring_core::api::CredentialStore;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use zeroize::Zeroizing;

/// Opens a keychain.
pub(crate) type Open = Arc<dyn Fn() -> keyring::Result<Arc<CredentialStore>> + Send + Sync>;

/// The service name of every item.
const SERVICE: &str = "Parallax";
/// Hung threads tolerated before calls are refused outright: a keychain that never answers must not
/// cost a thread a call.
const STUCK: usize = 4;

/// One call of the keychain.
pub(crate) enum Task {
    Set(String, Zeroizing<String>),
    Get(String),
    Delete(String),
    Probe,
}

/// What became of it.
pub(crate) enum Done {
    Set,
    Got(Option<Zeroizing<String>>),
    Deleted(bool),
    Probed,
}

struct Line {
    tasks: Sender<Task>,
    answers: Receiver<Result<Done, Trouble>>,
    given_up: Arc<AtomicBool>,
}

/// Runs tasks one at a time, each within a limit, on a thread that is replaced when it hangs.
pub(crate) struct Worker {
    open: Open,
    line: Option<Line>,
    stuck: Arc<AtomicUsize>,
}

impl Worker {
    pub(crate) fn new(open: Open) -> Self {
        Self { open, line: None, stuck: Arc::default() }
    }

    pub(crate) fn run(&mut self, task: Task, limit: Duration) -> Result<Done, Trouble> {
        let line = match self.line.take() {
            Some(line) => line,
            None => self.start()?,
        };
        if line.tasks.send(task).is_err() {
            return Err(Trouble::Refused);
        }
        match line.answers.recv_timeout(limit) {
            Ok(answer) => {
                self.line = Some(line);
                answer
            }
            // The thread is left behind; dropping its line ends it as soon as its call returns.
            Err(RecvTimeoutError::Timeout) => {
                self.stuck.fetch_add(1, Ordering::SeqCst);
                line.given_up.store(true, Ordering::SeqCst);
                Err(Trouble::Silent)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Trouble::Refused),
        }
    }

    fn start(&self) -> Result<Line, Trouble> {
        if self.stuck.load(Ordering::SeqCst) >= STUCK {
            return Err(Trouble::Silent);
        }
        let (tasks, inbox) = channel();
        let (outbox, answers) = channel();
        let (open, stuck) = (Arc::clone(&self.open), Arc::clone(&self.stuck));
        let given_up = Arc::new(AtomicBool::new(false));
        let leaving = Arc::clone(&given_up);
        std::thread::Builder::new()
            .name("vault-keychain".to_owned())
            .spawn(move || {
                let mut keychain = Keychain { open, store: None };
                for task in inbox {
                    if outbox.send(keychain.run(&task)).is_err() {
                        break;
                    }
                }
                if leaving.load(Ordering::SeqCst) {
                    stuck.fetch_sub(1, Ordering::SeqCst);
                }
            })
            .map_err(|_| Trouble::Refused)?;
        Ok(Line { tasks, answers, given_up })
    }
}

struct Keychain {
    open: Open,
    store: Option<Arc<CredentialStore>>,
}

impl Keychain {
    /// A connection that was good may be dead by now, so a call that finds no service is made once
    /// more on a new one.
    fn run(&mut self, task: &Task) -> Result<Done, Trouble> {
        let fresh = self.store.is_none();
        let answer = self.call(task);
        if matches!(answer, Err(Trouble::NoService | Trouble::Refused)) {
            self.store = None;
            if !fresh {
                return self.call(task);
            }
        }
        answer
    }

    fn call(&mut self, task: &Task) -> Result<Done, Trouble> {
        let store = match &self.store {
            Some(store) => Arc::clone(store),
            None => {
                // Whatever stops it from opening, there is no keychain to be had now.
                let store = (self.open)().map_err(|_| Trouble::NoService)?;
                self.store = Some(Arc::clone(&store));
                store
            }
        };
        match task {
            Task::Set(user, key) => {
                entry(&store, user)?.set_secret(key.as_bytes()).map_err(|error| meaning(&error))?;
                Ok(Done::Set)
            }
            Task::Get(user) => get(&store, user).map(Done::Got),
            Task::Delete(user) => delete(&store, user).map(Done::Deleted),
            Task::Probe => {
                let user = format!("storage-test@{}", std::process::id());
                let value = "probe";
                entry(&store, &user)?.set_secret(value.as_bytes()).map_err(|error| meaning(&error))?;
                let read = get(&store, &user)?;
                delete(&store, &user)?;
                if read.is_some_and(|read| read.as_str() == value) {
                    Ok(Done::Probed)
                } else {
                    Err(Trouble::Refused)
                }
            }
        }
    }
}

fn entry(store: &Arc<CredentialStore>, user: &str) -> Result<keyring_core::Entry, Trouble> {
    let label = format!("Parallax: {user}");
    // Only the Secret Service shows a label of its own.
    let modifiers = HashMap::from([("label", label.as_str())]);
    let modifiers = cfg!(all(unix, not(target_os = "macos"))).then_some(&modifiers);
    store.build(SERVICE, user, modifiers).map_err(|error| meaning(&error))
}

fn get(store: &Arc<CredentialStore>, user: &str) -> Result<Option<Zeroizing<String>>, Trouble> {
    match entry(store, user)?.get_secret() {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let text = std::str::from_utf8(&bytes).map_err(|_| Trouble::Unreadable)?;
            Ok(Some(Zeroizing::new(text.to_owned())))
        }
        Err(error) => of_call(&error).map_or(Ok(None), Err),
    }
}

fn delete(store: &Arc<CredentialStore>, user: &str) -> Result<bool, Trouble> {
    match entry(store, user)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(error) => of_call(&error).map_or(Ok(false), Err),
    }
}

/// For calls that cannot find nothing.
fn meaning(error: &Error) -> Trouble {
    of_call(error).unwrap_or(Trouble::Refused)
}
