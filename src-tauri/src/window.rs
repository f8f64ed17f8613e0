//! The main window. It never leaves the built-in UI.

use tauri::{App, AppHandle, Manager as _, Url, WebviewWindowBuilder};

/// Label of the main window, as the access list knows it.
pub(crate) const MAIN: &str = "main";

/// Opens the window as configured, without a way to navigate it anywhere.
pub(crate) fn open(app: &App) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let mut config = config.clone();
    if let Some(place) = app.try_state::<crate::place::Kept>().and_then(|kept| kept.read()) {
        place.apply(&mut config);
    }
    let window = WebviewWindowBuilder::from_config(app.handle(), &config)?
        // Frames ask here too; the one there is shows one page, and cannot move the window.
        .on_navigation(|url| ours(url) || crate::diagram::ours(url))
        .on_new_window(|_url, _features| tauri::webview::NewWindowResponse::Deny)
        .build()?;
    crate::drawing::fit(&window);
    Ok(())
}

/// The address of the built-in UI: `tauri://localhost`, or `http(s)://tauri.localhost` on Windows.
pub(crate) fn ours(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Brings the window to the front.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window manager may refuse; the window is still there.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_at_home() {
        for (url, home) in [
            ("tauri://localhost/", true),
            ("http://tauri.localhost/index.html", true),
            ("http://tauri.localhost.evil.test/", false),
            ("https://example.org/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("about:blank", false),
        ] {
            assert_eq!(ours(&url.parse().unwrap()), home, "{url}");
        }
    }
}
