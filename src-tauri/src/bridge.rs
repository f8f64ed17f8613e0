//! The two commands of the window. Both check that the window may call what it calls.

use crate::core::Core;
use api::{COMMANDS, TurnFrame};
use domain::{ErrorKind, Failure};
use serde_json::Value;
use tauri::{AppHandle, State, WebviewWindow, ipc::Channel};

/// A command that answers once.
#[tauri::command]
pub(crate) async fn rpc(
    app: AppHandle,
    window: WebviewWindow,
    core: State<'_, Core>,
    cmd: String,
    payload: Value,
) -> Result<Value, Failure> {
    allowed(&window, &cmd, false)?;
    let api = core.api(&app).await?;
    api::dispatch(&api, &cmd, payload).await
}

/// A command whose frames come through a channel.
#[tauri::command]
pub(crate) async fn rpc_stream(
    app: AppHandle,
    window: WebviewWindow,
    core: State<'_, Core>,
    cmd: String,
    payload: Value,
    channel: Channel<TurnFrame>,
) -> Result<Value, Failure> {
    allowed(&window, &cmd, true)?;
    let api = core.api(&app).await?;
    let sink = Box::new(move |frame: &TurnFrame| channel.send(frame.clone()).is_ok());
    api::dispatch_stream(&api, &cmd, payload, sink).await
}

fn allowed(window: &WebviewWindow, cmd: &str, stream: bool) -> Result<(), Failure> {
    let known = COMMANDS.iter().find(|command| command.name == cmd && command.stream == stream);
    let allowed = known.is_some_and(|command| match command.scope {
        api::Scope::Main => window.label() == crate::window::MAIN,
        api::Scope::Quick => window.label() == crate::quick::QUICK,
    });
    if allowed {
        Ok(())
    } else {
        Err(Failure::new(ErrorKind::Bug, domain::say!("This window may not do that.")))
    }
}
