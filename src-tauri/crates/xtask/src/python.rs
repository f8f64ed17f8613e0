//! A Python of our own under the target folder, so that nothing is installed beside the system's packages.

use crate::shell::{self, Cmd};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The interpreter in `home`, with packages from PyPI installed unless `module` can be imported already. `what`
/// names them to the person who waits.
pub(crate) fn environment(home: &Path, module: &str, packages: &[&str], what: &str) -> Result<PathBuf> {
    let venv = home.join("python");
    let python = if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") };
    if Cmd::new(&python).args(["-c", &format!("import {module}")]).works() {
        println!("{what}: present");
        return Ok(python);
    }
    shell::step(&format!("Installing {what} from PyPI"));
    let system = if cfg!(windows) { "python" } else { "python3" };
    Cmd::new(system).args(["-m", "venv"]).arg(&venv).run().context("Python 3 with venv is needed")?;
    Cmd::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages)
        .run()?;
    Ok(python)
}
