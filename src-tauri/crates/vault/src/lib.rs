//! Keeps provider keys in the operating system's keychain.
//!
//! The one crate that knows keychains. It **never** writes a key to a file, never puts a key into an
//! error, and never blocks its caller: keychain calls run on a thread of their own, which is given up
//! and replaced when a call hangs. Where there is no keychain, keys live in memory for this run and
//! the caller is told so.
//!
//! To add a keychain: one more arm of `platform::open`, and what its errors mean in `trouble`.
#![deny(missing_docs)]

mod desk;
mod pending;
mod platform;
mod slot;
mod trouble;
mod worker;

#[cfg(test)]
mod tests;

pub use pending::Pending;
pub use slot::Slot;

use desk::{Desk, Op};
use domain::{ErrorKind, Failure, ProviderId, Secret, say};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longest time a keychain call may take. A locked keychain waits for its user, possibly for ever.
const LIMIT: Duration = Duration::from_secs(8);

/// Whether the system's keychain can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// It keeps, gives back and deletes.
    Ok,
    /// There is one, but it is locked, refuses us, or does not answer.
    Locked,
    /// There is none: keys are kept in memory for this run.
    Absent,
}

/// What a look at the keychain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The state.
    pub kind: StorageKind,
    /// The keychain's name, for the user.
    pub name: String,
    /// One sentence: what that means and what to do.
    pub detail: String,
}

/// Where a key that was set is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the system's keychain.
    Keychain,
    /// In memory: gone when the program ends.
    SessionOnly,
}

/// Keys by provider and origin. Cloning shares everything.
#[derive(Clone)]
pub struct Vault {
    desk: Arc<Desk>,
    env: Arc<HashMap<ProviderId, EnvKey>>,
}

/// A key from the environment, and the origin its provider had when it was first asked for.
struct EnvKey {
    secret: Secret,
    bound: OnceLock<String>,
}

impl EnvKey {
    /// Is it for this origin? The first one it is asked about is its own.
    fn is_for(&self, origin: &str) -> bool {
        self.bound.get_or_init(|| origin.to_owned()) == origin
    }
}

impl Vault {
    /// The system's keychain, opened when it is first needed.
    pub fn system() -> Self {
        Self::over(Desk::new(Some(Arc::new(platform::open)), platform::NAME, LIMIT))
    }

    /// Memory alone: for tests, and for keys that shall not outlive this run.
    pub fn memory() -> Self {
        Self::over(Desk::new(None, "Memory", LIMIT))
    }

    fn over(desk: Desk) -> Self {
        Self { desk: Arc::new(desk), env: Arc::default() }
    }

    /// Adds keys that a binary took from its environment. They are found under the label `environment` and
    /// written nowhere. Each belongs to the first origin it is asked for and is found at no other as long as this
    /// process lives: who changes a provider's address in a running program gets no key by that.
    #[must_use]
    pub fn with_env_keys(self, keys: Vec<(ProviderId, Secret)>) -> Self {
        let given = keys.into_iter().filter(|(_, secret)| !secret.is_empty());
        let given = given.map(|(id, secret)| (id, EnvKey { secret, bound: OnceLock::new() })).collect();
        Self { desk: self.desk, env: Arc::new(given) }
    }

    /// Whether a key for this provider came from the environment.
    pub fn has_env(&self, provider: &ProviderId) -> bool {
        self.env.contains_key(provider)
    }

    /// Whether that key belongs to this origin, which is so for the first that is asked about.
    pub fn env_is_for(&self, provider: &ProviderId, origin: &str) -> bool {
        self.env.get(provider).is_some_and(|key| key.is_for(origin))
    }

    /// Writes, reads and deletes a probe item. May make the system ask the user to unlock; may be
    /// repeated after that.
    pub fn probe(&self) -> Pending<Probe> {
        self.desk.ask(Op::Probe)
    }

    /// Keeps a key, replacing the one before. Without a keychain it is kept in memory and the answer
    /// is [`Kept::SessionOnly`]; a locked keychain is a `vault.locked` failure. A call that ran out of
    /// time may still be carried out when the user unlocks the keychain.
    pub fn set(&self, slot: &Slot, secret: Secret) -> Pending<Kept> {
        if secret.is_empty() {
            return Pending::ready(Err(Failure::new(ErrorKind::RequestInvalid, say!("The key is empty."))));
        }
        if slot.label.is_environment() {
            let why = say!("A key from the environment cannot be stored under its own label.");
            return Pending::ready(Err(Failure::new(ErrorKind::RequestInvalid, why)));
        }
        self.desk.ask(|reply| Op::Set(slot.clone(), secret, reply))
    }

    /// The key of a slot. `None` when none is kept, which includes that there is no keychain: what was
    /// set in this run is found in either case. Under the label `environment`: the key from there alone.
    pub fn get(&self, slot: &Slot) -> Pending<Option<Secret>> {
        if slot.label.is_environment() {
            let key = self.env.get(&slot.provider).filter(|key| key.is_for(&slot.origin));
            return Pending::ready(Ok(key.map(|key| Secret::new(key.secret.expose()))));
        }
        self.desk.ask(|reply| Op::Get(slot.clone(), reply))
    }

    /// Forgets a key. `false` when there was none. Keys from the environment stay.
    pub fn delete(&self, slot: &Slot) -> Pending<bool> {
        self.desk.ask(|reply| Op::Delete(slot.clone(), reply))
    }
}
