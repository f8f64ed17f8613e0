//! The web UI: packages and build, each skipped when nothing changed.

use crate::shell;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::SystemTime;

/// `npm ci`, unless the packages installed are those of the lock file. A copy of it beside them says so.
pub(crate) fn install() -> Result<()> {
    let ui = shell::root()?.join("ui");
    let lock = std::fs::read(ui.join("package-lock.json")).context("ui/package-lock.json is missing")?;
    let stamp = ui.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        println!("UI packages: as locked, nothing to install");
        return Ok(());
    }
    shell::step("Installing the UI's packages (npm ci)");
    shell::npm(&["ci", "--no-audit", "--no-fund"])?.run()?;
    std::fs::write(stamp, lock)?;
    Ok(())
}

/// Builds the UI into `ui/dist`, which the app embeds, unless that is newer than every source.
pub(crate) fn build() -> Result<()> {
    let ui = shell::root()?.join("ui");
    let built = std::fs::metadata(ui.join("dist/index.html")).and_then(|m| m.modified()).ok();
    if built.is_some_and(|built| newest(&ui).is_ok_and(|source| source < built)) {
        println!("UI: ui/dist is newer than its sources, nothing to build");
        return Ok(());
    }
    shell::step("Building the UI");
    shell::npm(&["run", "build"])?.run()
}

/// The last change of anything below, without what is installed or built.
fn newest(folder: &Path) -> Result<SystemTime> {
    let mut last = std::fs::metadata(folder)?.modified()?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let time = if !kind.is_dir() {
            entry.metadata()?.modified()?
        } else if entry.file_name() == "node_modules" || entry.file_name() == "dist" {
            continue;
        } else {
            newest(&entry.path())?
        };
        last = last.max(time);
    }
    Ok(last)
}
