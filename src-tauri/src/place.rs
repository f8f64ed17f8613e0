//! Where the window was when it was closed: a small file beside the database, since the window opens before
//! the database does.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tauri::{AppHandle, Manager as _, Runtime, WebviewWindow};

/// Size, place and whether it filled the screen, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    width: f64,
    height: f64,
    /// Where its corner was; nobody may ask for that under Wayland.
    x: Option<f64>,
    y: Option<f64>,
    maximized: bool,
}

/// Smaller would be no use; larger is no screen there is.
const SMALLEST: (f64, f64) = (720.0, 480.0);
const LARGEST: f64 = 16_384.0;

/// The file it is kept in.
pub(crate) struct Kept(PathBuf);

impl Kept {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("window.json"))
    }

    /// Where the window was; `None` = it has never been closed, or the file is not one of ours.
    pub(crate) fn read(&self) -> Option<Place> {
        let text = std::fs::read_to_string(&self.0).ok()?;
        serde_json::from_str::<Place>(&text).ok().filter(Place::is_sound)
    }

    fn write(&self, place: &Place) {
        // A window that opens in its usual place is no loss worth a word.
        if let Ok(text) = serde_json::to_string(place) {
            let fresh = self.0.with_extension("json.new");
            let _ = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, &self.0));
        }
    }
}

impl Place {
    fn is_sound(&self) -> bool {
        let within = |value: f64, least: f64| value.is_finite() && value >= least && value <= LARGEST;
        let corner = |value: Option<f64>| value.is_none_or(|value| within(value.abs(), 0.0));
        within(self.width, SMALLEST.0) && within(self.height, SMALLEST.1) && corner(self.x) && corner(self.y)
    }

    /// Of an open window; a maximised one keeps the size it had before.
    fn of<R: Runtime>(window: &WebviewWindow<R>, before: Option<Self>) -> Option<Self> {
        let scale = window.scale_factor().ok()?;
        let maximized = window.is_maximized().unwrap_or(false);
        if maximized && let Some(before) = before {
            return Some(Self { maximized, ..before });
        }
        let size = window.inner_size().ok()?.to_logical::<f64>(scale);
        let corner = if on_wayland() { None } else { window.outer_position().ok() };
        let corner = corner.map(|corner| corner.to_logical::<f64>(scale));
        let place = Self {
            width: size.width,
            height: size.height,
            x: corner.map(|corner| corner.x),
            y: corner.map(|corner| corner.y),
            maximized,
        };
        place.is_sound().then_some(place)
    }

    /// The window's configuration with this place in it.
    pub(crate) fn apply(&self, config: &mut tauri::utils::config::WindowConfig) {
        (config.width, config.height, config.maximized) = (self.width, self.height, self.maximized);
        if let Some((x, y)) = self.x.zip(self.y).filter(|_| !on_wayland()) {
            (config.x, config.y, config.center) = (Some(x), Some(y), false);
        }
    }
}

/// There a window is placed by the compositor alone.
fn on_wayland() -> bool {
    cfg!(target_os = "linux")
        && std::env::var_os("WAYLAND_DISPLAY").is_some()
        && std::env::var_os("GDK_BACKEND").is_none_or(|backend| backend != "x11")
}

/// Remembers where the main window is. Called when it is about to close.
pub(crate) fn remember(app: &AppHandle) {
    let (Some(window), Some(kept)) = (app.get_webview_window(crate::window::MAIN), app.try_state::<Kept>())
    else {
        return;
    };
    if let Some(place) = Place::of(&window, kept.read()) {
        kept.write(&place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_place_on_some_screen_is_taken() {
        let folder = std::env::temp_dir().join(format!("parallax-place-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let kept = Kept::in_folder(&folder);
        assert_eq!(kept.read(), None);
        let place = Place { width: 1200.0, height: 800.0, x: Some(-40.0), y: Some(10.0), maximized: true };
        kept.write(&place);
        assert_eq!(kept.read(), Some(place));
        for bad in
            [Place { width: 10.0, ..place }, Place { height: 1e9, ..place }, Place { x: Some(-1e9), ..place }]
        {
            kept.write(&bad);
            assert_eq!(kept.read(), None, "{bad:?}");
        }
        std::fs::write(folder.join("window.json"), "{").unwrap();
        assert_eq!(kept.read(), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
