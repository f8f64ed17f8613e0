//! `package`: what people install.

use crate::shell;
use crate::{setup, ui};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// Builds the app and the command line as a release and wraps both as deb and rpm.
pub(crate) fn package(_: &[String]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("packages for this system are not made yet; deb and rpm are, on Linux");
    }
    setup::toolchain()?;
    setup::system(&[setup::BUILD])?;
    ui::install()?;
    ui::build()?;
    // The bundler looks in this folder, wherever cargo would build otherwise.
    let target = shell::root()?.join("target");
    shell::step(
        "Building the app and the command line (release profile; the first time takes about twenty minutes)",
    );
    shell::release().env("CARGO_TARGET_DIR", &target).run()?;
    shell::step("Wrapping them");
    let tauri = shell::root()?.join("ui/node_modules/.bin/tauri");
    shell::Cmd::new(tauri).arg("bundle").env("CARGO_TARGET_DIR", &target).run()?;
    shell::step("Packages");
    for kind in ["deb", "rpm"] {
        for path in built(kind)? {
            println!("{:>10} bytes  {}", std::fs::metadata(&path)?.len(), path.display());
        }
    }
    Ok(())
}

/// The packages of a kind that lie in the bundler's folder.
pub(crate) fn built(kind: &str) -> Result<Vec<PathBuf>> {
    let folder = shell::root()?.join("target/release/bundle").join(kind);
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|e| e == kind)).collect())
}
