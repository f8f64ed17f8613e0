//! The window: one webview, two commands, one event. Everything else is behind `api`.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bridge;
mod core;
mod diagram;
mod drawing;
mod gateway_switch;
mod place;
mod quick;
mod window;

use tauri::Manager as _;

fn main() -> anyhow::Result<()> {
    api::read_pdf_if_asked();
    api::prepare_process();
    let given = api::arguments(std::env::args_os().skip(1)).map_err(anyhow::Error::msg)?;
    let asking = given.quick;
    let named = api::named_folder(given.folder, std::env::var_os("PARALLAX_DATA_DIR"));
    let mut app = tauri::Builder::default();
    if named.is_none() {
        // A second start shows the window there is. Not so where a folder was named: that window may show another
        // one, and several programs on one folder do each other no harm.
        app = app.plugin(tauri_plugin_single_instance::init(|app, arguments, _folder| {
            if arguments.iter().any(|argument| argument == quick::ARGUMENT) {
                quick::open(app);
            } else {
                window::show(app);
            }
        }));
    }
    let folder = named
        .or_else(api::default_folder)
        .ok_or_else(|| anyhow::anyhow!("no home folder; name one with --data-dir"))?;
    let app = app
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_notification::init())
        .manage(place::Kept::in_folder(&folder))
        .manage(core::Core::new(folder))
        .register_asynchronous_uri_scheme_protocol(diagram::SCHEME, diagram::serve)
        .invoke_handler(tauri::generate_handler![bridge::rpc, bridge::rpc_stream])
        .setup(move |app| {
            window::open(app)?;
            let handle = app.handle().clone();
            if asking {
                quick::open(&handle);
            }
            tauri::async_runtime::spawn(async move { core::start(handle).await });
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let tauri::RunEvent::WindowEvent { event: tauri::WindowEvent::CloseRequested { .. }, .. } = &event
        {
            place::remember(app);
        }
        // The small window alone would keep the program running.
        if let tauri::RunEvent::WindowEvent { label, event: tauri::WindowEvent::Destroyed, .. } = &event
            && label == window::MAIN
        {
            quick::close(app);
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
