//! Opens the engine beside the window's own start, and tells the window what changes.

use crate::gateway_switch::Switch;
use api::{Api, Table};
use domain::{ErrorKind, Failure};
use engine::Engine;
use serde_json::json;
use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};
use tauri::{AppHandle, Emitter as _, Manager as _};
use tauri_plugin_notification::NotificationExt as _;
use tauri_plugin_opener::OpenerExt as _;
use tokio::sync::{OnceCell, broadcast::error::RecvError};

/// Changes within this span are told at once.
const TOGETHER: Duration = Duration::from_millis(60);
/// Longest wait for running answers to be settled on leaving.
const PATIENCE: Duration = Duration::from_secs(3);

/// The engine, once it is open.
pub(crate) struct Core {
    folder: PathBuf,
    api: OnceCell<Arc<Api>>,
}

impl Core {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, api: OnceCell::new() }
    }

    /// The handlers. A database that could not be opened is tried again with each call, so that the
    /// window's *Try again* is just the next command.
    pub(crate) async fn api(&self, app: &AppHandle) -> Result<Arc<Api>, Failure> {
        self.api.get_or_try_init(|| self.open(app)).await.cloned()
    }

    async fn open(&self, app: &AppHandle) -> Result<Arc<Api>, Failure> {
        let engine = Engine::open(
            &self.folder,
            "window",
            env!("CARGO_PKG_VERSION"),
            api::env_keys(std::env::vars_os()),
        )
        .await?;
        // What an earlier run left is put right at the next start; it is no reason not to open.
        match engine.recover().await {
            Ok(0) => {}
            Ok(recovered) => tracing::info!(recovered, "answers of an earlier run were kept as interrupted"),
            Err(failure) => {
                tracing::error!(kind = failure.kind.as_str(), "an earlier run could not be put right");
            }
        }
        engine.keep_recovering();
        let opener = app.clone();
        let open_link = Box::new(move |url: &str| {
            opener.opener().open_url(url, None::<&str>).map_err(|_| {
                Failure::new(
                    ErrorKind::Bug,
                    domain::say!("No browser could be started. Copy the address instead."),
                )
            })
        });
        let teller = app.clone();
        let tell = Box::new(move |title: &str, body: &str| {
            teller.notification().builder().title(title).body(body).show().map_err(|_| {
                Failure::new(ErrorKind::Bug, domain::say!("The desktop shows no notifications of Parallax."))
            })
        });
        let api = Api::new(engine, self.folder.clone(), env!("CARGO_PKG_VERSION"), open_link);
        let api = api.with_notifier(tell).with_gateway(Box::<Switch>::default());
        let api = Arc::new(api.with_quick(Box::new(crate::quick::Desk::new(app.clone()))));
        tell_changes(app, &api);
        let resumed = Arc::clone(&api);
        tauri::async_runtime::spawn(async move { api::gateway::resume(&resumed).await });
        // Only whoever has chosen keys waits for anything here.
        let keys = Arc::clone(&api);
        tauri::async_runtime::spawn(async move {
            if let Err(why) = api::quick::resume(&keys).await {
                tracing::warn!(why = &*why, "the keys for a quick question could not be taken");
            }
        });
        // Nobody waits for the keychain: a locked one can take seconds to say so.
        let probed = Arc::clone(&api);
        tauri::async_runtime::spawn(async move {
            if let Err(failure) = probed.probe_storage().await {
                tracing::warn!(kind = failure.kind.as_str(), "the keychain could not be probed");
            }
        });
        Ok(api)
    }

    /// Something would be lost by leaving at once.
    pub(crate) fn busy(&self) -> bool {
        self.api.get().is_some_and(|api| api.engine().is_busy())
    }
}

/// Opens the engine before the window asks for it.
pub(crate) async fn start(app: AppHandle) {
    let core = app.state::<Core>();
    // The window asks for the state itself and shows this failure with what to do.
    if let Err(failure) = core.api(&app).await {
        tracing::error!(kind = failure.kind.as_str(), "the data could not be opened");
    }
}

/// Stops what runs and waits until it is settled.
pub(crate) async fn finish(app: &AppHandle) {
    let core = app.state::<Core>();
    let Some(api) = core.api.get() else { return };
    api.leave();
    let settled = async {
        while api.engine().is_busy() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // What does not end in time is recovered at the next start.
    let _ = tokio::time::timeout(PATIENCE, settled).await;
}

fn tell_changes(app: &AppHandle, api: &Arc<Api>) {
    let app = app.clone();
    let mut changes = api.engine().changes();
    tauri::async_runtime::spawn(async move {
        loop {
            let first = match changes.recv().await {
                Ok(table) => vec![table],
                // Too many to count: then everything has changed.
                Err(RecvError::Lagged(_)) => Table::ALL.to_vec(),
                Err(RecvError::Closed) => return,
            };
            tokio::time::sleep(TOGETHER).await;
            let mut tables: BTreeSet<&'static str> = first.into_iter().map(Table::as_str).collect();
            while let Ok(more) = changes.try_recv() {
                tables.insert(more.as_str());
            }
            // A window that is gone misses nothing: it asks for everything when it opens.
            let _ = app.emit_to(crate::window::MAIN, "changed", json!({ "tables": tables }));
        }
    });
}
