//! How WebKitGTK draws the window.
//!
//! It puts pages together with OpenGL. Where no device does that (a virtual machine, a remote desktop) the processor
//! plays one, which takes several times as long for each frame, and twice the memory, as drawing without OpenGL.

#[cfg(target_os = "linux")]
use std::path::Path;
use tauri::WebviewWindow;

/// Draws without OpenGL where no graphics device is. A window that cannot be told so is only slower.
#[cfg(target_os = "linux")]
pub(crate) fn fit(window: &WebviewWindow) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};
    if has_device(Path::new("/dev")) {
        return;
    }
    let told = window.with_webview(|view| {
        if let Some(settings) = view.inner().settings() {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = told {
        tracing::warn!(%error, "a window could not be told how to draw");
    }
}

/// Elsewhere the system sees to it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn fit(_window: &WebviewWindow) {}

/// A render node of the kernel's, NVIDIA's own device, or the one that WSL passes on.
#[cfg(target_os = "linux")]
fn has_device(dev: &Path) -> bool {
    let node = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("renderD");
    let nodes = std::fs::read_dir(dev.join("dri"));
    nodes.is_ok_and(|entries| entries.flatten().any(node))
        || ["nvidiactl", "dxg"].iter().any(|name| dev.join(name).exists())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_screen_alone_is_no_graphics_device() {
        let dev = std::env::temp_dir().join(format!("parallax-dev-{}", std::process::id()));
        std::fs::create_dir_all(dev.join("dri")).unwrap();
        assert!(!has_device(&dev));
        std::fs::write(dev.join("dri/card0"), "").unwrap();
        assert!(!has_device(&dev));
        std::fs::write(dev.join("dri/renderD128"), "").unwrap();
        assert!(has_device(&dev));
        std::fs::remove_dir_all(&dev).unwrap();
    }
}
