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
    // The bundler takes the command line from this folder, so both must be built in it.
    let root = shell::root()?;
    let target = root.join("target");
    shell::step("Building the command line (release profile)");
    shell::cargo(&["build", "--release", "--package", "parallax-cli", "--locked"])
        .env("CARGO_TARGET_DIR", &target)
        .run()?;
    shell::step("Building and wrapping the app (release profile; the first time takes about ten minutes)");
    shell::Cmd::new(root.join("ui/node_modules/.bin/tauri"))
        .arg("build")
        .env("CARGO_TARGET_DIR", &target)
        .run()?;
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
