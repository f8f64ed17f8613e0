//! Every command and event the outside may use, and their handlers.
//!
//! The list in [`commands`] is the contract: a command is one line there and one function here; its
//! TypeScript twin is generated from the same line. This crate knows neither Tauri nor HTTP, and **never**
//! returns a key.

mod attachments;
mod audit_file;
mod backups;
#[cfg(feature = "ts")]
pub mod bindings;
mod branches;
pub mod budget;
pub mod calendar;
pub mod catalogue;
mod chat;
pub mod commands;
mod compare;
mod database;
pub mod experiment_file;
mod experiments;
pub mod export;
mod filing;
pub mod gateway;
mod history;
mod imports;
mod links;
mod models;
mod process;
mod prompts;
mod providers;
pub mod query;
pub mod quick;
mod routing;
mod settings;
pub mod spend;
mod suite_file;
mod titles;
pub mod types;

pub use catalogue::condition as price_condition;
pub use commands::{COMMANDS, Command, Scope, dispatch, dispatch_stream};
pub use compare::cast_object;
pub use database::DatabaseCheck;
pub use engine::{Table, frame::TurnFrame, read_pdf_if_asked};
pub use history::stem;
pub use imports::outcome as import_outcome;
pub use links::check as check_link;
pub use process::{Arguments, arguments, default_folder, env_keys, named_folder, prepare_process};
pub use suite_file::suite_of_file;

use domain::Failure;
use engine::{Engine, FrameSink};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use types::StorageState;

/// Opens an address that has been checked.
pub type Opener = Box<dyn Fn(&str) -> Result<(), Failure> + Send + Sync>;

/// Shows a notification of the desktop: title and text.
pub type Notifier = Box<dyn Fn(&str, &str) -> Result<(), Failure> + Send + Sync>;

/// What the handlers stand on.
pub struct Api {
    engine: Engine,
    folder: PathBuf,
    version: &'static str,
    open_link: Opener,
    /// `None` = there is no desktop to tell.
    notifier: Option<Notifier>,
    /// Where exports go; `None` = the system names no such folder.
    downloads: Option<PathBuf>,
    storage: Mutex<StorageState>,
    /// The import that goes on.
    import: Mutex<Option<imports::Going>>,
    /// The backup or restore that goes on.
    backup: Mutex<Option<backups::Going>>,
    /// The server for other programs, where the binary has one.
    gateway: Option<Box<dyn gateway::GatewaySwitch>>,
    /// Why it is off although it should be on.
    gateway_failure: Mutex<Option<Failure>>,
    /// The small window for a quick question; `None` = the binary has none.
    quick: Option<Box<dyn quick::QuickDesk>>,
}

impl Api {
    /// Takes an engine over.
    pub fn new(engine: Engine, folder: PathBuf, version: &'static str, open_link: Opener) -> Self {
        // A desktop that names no folder for downloads may have the usual one all the same.
        let usual = || dirs::home_dir().map(|home| home.join("Downloads")).filter(|folder| folder.is_dir());
        let downloads = dirs::download_dir().or_else(usual);
        Self {
            engine,
            folder,
            version,
            open_link,
            notifier: None,
            downloads,
            storage: Mutex::new(settings::checking()),
            import: Mutex::default(),
            backup: Mutex::default(),
            gateway: None,
            gateway_failure: Mutex::default(),
            quick: None,
        }
    }

    /// The same with another folder for exports.
    #[must_use]
    pub fn with_downloads(mut self, folder: PathBuf) -> Self {
        self.downloads = Some(folder);
        self
    }

    /// The same with a way to tell a person who looks elsewhere.
    #[must_use]
    pub fn with_notifier(mut self, notifier: Notifier) -> Self {
        self.notifier = Some(notifier);
        self
    }

    /// The same with a server for other programs.
    #[must_use]
    pub fn with_gateway(mut self, gateway: Box<dyn gateway::GatewaySwitch>) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// The same with a small window for quick questions.
    #[must_use]
    pub fn with_quick(mut self, desk: Box<dyn quick::QuickDesk>) -> Self {
        self.quick = Some(desk);
        self
    }

    fn gateway_failed(&self, why: Option<Failure>) {
        *self.gateway_failure.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    fn gateway_failure(&self) -> Option<Failure> {
        self.gateway_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Before the program ends: takes no more requests of other programs, and stops what runs. Whether the user
    /// wants the gateway on stays as it was.
    pub fn leave(&self) {
        if let Some(switch) = &self.gateway {
            switch.stop();
        }
        self.engine.leave();
    }

    /// The engine underneath.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Probes the keychain and remembers the answer for the window.
    pub async fn probe_storage(&self) -> Result<StorageState, Failure> {
        let state = settings::probe(self).await.unwrap_or_else(|failure| settings::unclear(&failure));
        *self.storage.lock().unwrap_or_else(PoisonError::into_inner) = state.clone();
        self.engine.changed(Table::Storage);
        Ok(state)
    }

    fn storage(&self) -> StorageState {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stream's frames go here.
pub type Sink = FrameSink;
