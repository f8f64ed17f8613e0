//! `package`: what people install.

use crate::shell;
use crate::{setup, ui};
use anyhow::{Result, bail};

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
        "Building the app and the command line (release profile; the first time takes about ten minutes)",
    );
    shell::release().env("CARGO_TARGET_DIR", &target).run()?;
    shell::step("Wrapping them");
    let tauri = shell::root()?.join("ui/node_modules/.bin/tauri");
    shell::Cmd::new(tauri).arg("bundle").env("CARGO_TARGET_DIR", &target).run()?;
    let bundles = target.join("release/bundle");
    shell::step("Packages");
    for kind in ["deb", "rpm"] {
        for entry in std::fs::read_dir(bundles.join(kind))? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|e| e == kind) {
                println!("{:>10} bytes  {}", entry.metadata()?.len(), entry.path().display());
            }
        }
    }
    Ok(())
}
