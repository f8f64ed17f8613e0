//! The window: one webview, two commands, one event. Everything else is behind `api`.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod core;
mod gateway_switch;
mod place;
mod window;

use tauri::Manager as _;

fn main() -> anyhow::Result<()> {
    api::read_pdf_if_asked();
    api::prepare_process();
    let folder = folder()?;
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| window::show(app)))
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_notification::init())
        .manage(place::Kept::in_folder(&folder))
        .manage(core::Core::new(folder))
        .invoke_handler(tauri::generate_handler![bridge::rpc, bridge::rpc_stream])
        .setup(|app| {
            window::open(app)?;
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { core::start(handle).await });
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let tauri::RunEvent::WindowEvent { event: tauri::WindowEvent::CloseRequested { .. }, .. } = &event
        {
            place::remember(app);
        }
        if let tauri::RunEvent::ExitRequested { api, code: None, .. } = event {
            // What is running is stopped and settled before the process ends; this takes moments.
            let core = app.state::<core::Core>();
            if core.busy() {
                api.prevent_exit();
                let handle = app.clone();
                tauri::async_runtime::spawn(async move {
                    core::finish(&handle).await;
                    handle.exit(0);
                });
            }
        }
    });
    Ok(())
}

/// `--data-dir DIR`, else `PARALLAX_DATA_DIR`, else the usual place of this system.
fn folder() -> anyhow::Result<std::path::PathBuf> {
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--data-dir" {
            let folder = arguments.next().ok_or_else(|| anyhow::anyhow!("--data-dir needs a folder"))?;
            return Ok(folder.into());
        }
    }
    if let Some(folder) = std::env::var_os("PARALLAX_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    api::default_folder().ok_or_else(|| anyhow::anyhow!("no home folder; name one with --data-dir"))
}
