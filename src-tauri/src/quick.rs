//! The small window for a quick question, and the keys that open it from anywhere.

use crate::window::{self, MAIN};
use api::quick::{QuickDesk, QuickObstacle};
use domain::say;
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Manager as _, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_global_shortcut::{GlobalShortcutExt as _, ShortcutState};

/// Label of the small window, as the access list knows it.
pub(crate) const QUICK: &str = "quick";
/// The argument that opens it in the program that runs: for desktops that give no keys away.
pub(crate) const ARGUMENT: &str = "--quick-ask";
/// The page below the built-in UI.
const PAGE: &str = "index.html#quick";
const SIZE: (f64, f64) = (620.0, 210.0);

/// Opens it, or brings it to the front.
pub(crate) fn open(app: &AppHandle) {
    if let Some(open) = app.get_webview_window(QUICK) {
        // A window manager may refuse; the window is still there.
        let _ = open.set_focus();
        return;
    }
    let built = WebviewWindowBuilder::new(app, QUICK, WebviewUrl::App(PAGE.into()))
        .title("Parallax")
        .inner_size(SIZE.0, SIZE.1)
        .resizable(false)
        .maximizable(false)
        .always_on_top(true)
        .skip_taskbar(true)
        .center()
        .focused(true)
        .on_navigation(window::ours)
        .on_new_window(|_url, _features| tauri::webview::NewWindowResponse::Deny)
        .build();
    match built {
        Ok(small) => crate::drawing::fit(&small),
        Err(error) => {
            tracing::error!(%error, "the window for a quick question could not be opened");
            window::show(app);
        }
    }
}

/// Closes it, if it is open.
pub(crate) fn close(app: &AppHandle) {
    if let Some(open) = app.get_webview_window(QUICK) {
        // One that is closing already needs no second word.
        let _ = open.close();
    }
}

/// What `api` knows of it.
pub(crate) struct Desk {
    app: AppHandle,
    /// Keys that are taken now.
    taken: Mutex<Option<String>>,
}

impl Desk {
    pub(crate) fn new(app: AppHandle) -> Self {
        Self { app, taken: Mutex::default() }
    }

    /// The part that listens to the desktop's keys is started with the first keys, not with the program.
    fn listening(&self) -> Result<(), domain::Words> {
        if self.app.try_state::<tauri_plugin_global_shortcut::GlobalShortcut<tauri::Wry>>().is_some() {
            return Ok(());
        }
        let (tell, told) = std::sync::mpsc::channel();
        let app = self.app.clone();
        let started = self.app.run_on_main_thread(move || {
            let plugin = tauri_plugin_global_shortcut::Builder::<tauri::Wry>::new().build();
            // Whoever asked may have gone; then nobody is told.
            let _ = tell.send(app.plugin(plugin).map_err(|error| error.to_string()));
        });
        started.map_err(|error| error.to_string())?;
        told.recv().map_err(|error| error.to_string())?.map_err(domain::Words::from)
    }
}

impl QuickDesk for Desk {
    fn obstacle(&self) -> Option<QuickObstacle> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match (set("WAYLAND_DISPLAY"), set("DISPLAY")) {
            // What stands for X11 there hears only the keys of its own windows.
            (true, _) => Some(QuickObstacle::Wayland),
            (false, true) => None,
            (false, false) => Some(QuickObstacle::Desktop),
        }
    }

    fn take(&self, keys: Option<&str>) -> Result<(), domain::Words> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.as_deref() == keys {
            return Ok(());
        }
        if let Some(keys) = keys {
            self.listening()?;
            let opened = self.app.global_shortcut().on_shortcut(keys, |app, _keys, event| {
                if event.state == ShortcutState::Pressed {
                    open(app);
                }
            });
            opened.map_err(|error| {
                tracing::info!(%error, "keys could not be taken");
                say!("Another program has taken {keys}. Choose other keys.", keys)
            })?;
        }
        if let Some(before) = taken.take() {
            // Keys that stay taken until the program ends do less harm than none to ask with.
            let _ = self.app.global_shortcut().unregister(before.as_str());
        }
        *taken = keys.map(str::to_owned);
        Ok(())
    }

    fn close(&self) {
        close(&self.app);
    }

    fn show_main(&self) {
        if self.app.get_webview_window(MAIN).is_some() {
            window::show(&self.app);
        }
    }
}
