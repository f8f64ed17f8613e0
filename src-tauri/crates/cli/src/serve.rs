//! `parallax serve`: the gateway without a window.

use crate::{Json, out};
use clap::Args;
use domain::{ErrorKind, Failure};
use engine::Engine;
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// Longest wait for answers under way when it is stopped.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest wait for what is told and booked of those that had not ended by then.
const LAST: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Port on 127.0.0.1; 0 takes any that is free [default: 4117]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    #[command(flatten)]
    pub json: Json,
}

/// Answers until it is told to stop.
pub(crate) async fn run(engine: &Engine, arguments: ServeArgs) -> Result<ExitCode, Failure> {
    engine.keep_recovering();
    let server = gateway::start(engine.clone(), arguments.port.unwrap_or(gateway::PORT)).await?;
    let address = server.address();
    let read = if arguments.json.json {
        out::object(&json!({
            "type": "ready",
            "address": format!("http://{address}"),
            "host": address.ip().to_string(),
            "port": address.port(),
        }))
    } else {
        out::line(&format!("Listening at http://{address}"))
    };
    if read && engine.app_keys().await?.iter().all(|key| key.revoked_at.is_some()) {
        out::note("No program has a key yet. `parallax app-key create NAME` makes one.");
    }
    told_to_stop().await?;
    server.stop();
    engine.relays_idle(PATIENCE).await;
    // What still goes on is stopped: its client is told so, and what came of it is booked.
    engine.leave();
    engine.relays_idle(LAST).await;
    server.closed(LAST).await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
async fn told_to_stop() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| deaf(&error))?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| deaf(&error)),
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> Result<(), Failure> {
    tokio::signal::ctrl_c().await.map_err(|error| deaf(&error))
}

fn deaf(error: &std::io::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("This system gives no signals to stop by ({error})."))
}
