//! An engine over scripted providers.

use domain::ProcessId;
use engine::{Clock as _, Engine, Parts, SystemClock};
use std::{path::Path, sync::Arc};
use store::Store;
use transport::scripted::Scripted;
use vault::Vault;

/// An engine on this folder, as the window has one, with a provider of each of these names. All of them speak the most
/// common dialect, and say what is scripted. The same folder again is the same data after a restart.
pub async fn scripted_engine(folder: &Path, scripted: &Scripted, providers: &[&str]) -> Engine {
    let clock = Arc::new(SystemClock::new());
    let process = ProcessId::new(clock.id());
    let options = store::Options { process, now: clock.now(), version: "test" };
    let parts = Parts {
        store: Store::open(folder, options).unwrap(),
        vault: Vault::memory(),
        transport: Arc::new(scripted.clone()),
        clock,
        process,
        origin: "window",
    };
    let engine = Engine::assemble(parts).await.unwrap();
    for name in providers {
        engine.add_provider(name, "openai-chat", "http://127.0.0.1:9/v1").await.unwrap();
    }
    engine
}
