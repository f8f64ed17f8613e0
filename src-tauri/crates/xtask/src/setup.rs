//! What the machine must have: toolchains are checked and named, system packages installed where we know how.

use crate::shell::{self, Cmd};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Debian packages to build and run the app.
pub(crate) const BUILD: &[&str] = &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev"];
/// A display nobody sees.
pub(crate) const VIRTUAL_DISPLAY: &[&str] = &["xvfb"];
/// What the window and keychain tests drive.
pub(crate) const TEST: &[&str] = &["webkit2gtk-driver", "gnome-keyring", "dbus", "openssl"];
/// What runs the local model.
pub(crate) const PYTHON: &[&str] = &["python3", "python3-venv"];

const RUST: (u64, u64) = (1, 95);
const NODE: (u64, u64) = (20, 19);

/// Rust and Node in versions that do. They are never installed by us: how is the person's own choice.
pub(crate) fn toolchain() -> Result<()> {
    shell::step("Checking Rust and Node");
    let mut missing = Vec::new();
    let cargo = shell::cargo(&["--version"]).output()?;
    if version(&cargo) < Some(RUST) {
        missing.push(format!(
            "Rust {}.{} or newer (here: {}). With rustup: rustup update stable. Rustup itself: https://rustup.rs",
            RUST.0,
            RUST.1,
            cargo.trim()
        ));
    }
    let node = if Cmd::new("node").arg("--version").works() {
        Cmd::new("node").arg("--version").output()?
    } else {
        "none".to_owned()
    };
    if version(&node) < Some(NODE) {
        missing.push(format!(
            "Node.js {}.{} or newer with npm (here: {}). From https://nodejs.org, or a version manager such as fnm or nvm",
            NODE.0,
            NODE.1,
            node.trim()
        ));
    } else if !shell::npm(&["--version"])?.works() {
        missing.push("npm, which usually comes with Node.js (https://nodejs.org)".to_owned());
    }
    if !missing.is_empty() {
        bail!("please install first:\n  - {}", missing.join("\n  - "));
    }
    println!("{}, Node {}", cargo.trim(), node.trim());
    Ok(())
}

/// rustfmt and clippy, added through rustup where they are missing.
pub(crate) fn rust_tools() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !shell::cargo(&[command, "--version"]).works() {
            shell::step(&format!("Adding {component} to the Rust toolchain"));
            Cmd::new("rustup").args(["component", "add", component]).run()?;
        }
    }
    Ok(())
}

/// The first two numbers of a version in a line such as `cargo 1.95.0 (…)` or `v20.20.2`.
fn version(line: &str) -> Option<(u64, u64)> {
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = line[start..].split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs the system packages that are missing, on Debian and its descendants; elsewhere says what is needed.
pub(crate) fn system(groups: &[&[&str]]) -> Result<()> {
    let wanted: Vec<&str> = groups.concat();
    if wanted.is_empty() {
        return Ok(());
    }
    if !cfg!(target_os = "linux") {
        println!("{}", elsewhere());
        return Ok(());
    }
    if !is_debian() {
        println!(
            "This is no Debian or Ubuntu, so nothing is installed. Needed here are the equivalents of: {}",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing = not_installed(&wanted)?;
    if missing.is_empty() {
        println!("System packages: all present");
        return Ok(());
    }
    shell::step(&format!("Installing system packages: {}", missing.join(" ")));
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat())
}

/// What macOS and Windows need; we cannot install it for them.
fn elsewhere() -> &'static str {
    if cfg!(target_os = "macos") {
        "Needed on macOS: the Xcode command line tools (xcode-select --install). The web view is part of the system."
    } else {
        "Needed on Windows: the Visual Studio Build Tools with \"Desktop development with C++\", and the WebView2 \
         runtime (part of Windows 11)."
    }
}

fn is_debian() -> bool {
    let about = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let family = |line: &str| line.starts_with("ID=") || line.starts_with("ID_LIKE=");
    about.lines().filter(|l| family(l)).any(|l| l.contains("debian") || l.contains("ubuntu"))
}

fn not_installed<'a>(wanted: &[&'a str]) -> Result<Vec<&'a str>> {
    // It fails when one of them is unknown and still prints the others, so the status says nothing.
    let out = Cmd::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\n"])
        .args(wanted)
        .command()?
        .stderr(Stdio::null())
        .output()
        .context("dpkg-query does not start")?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let present = |name: &str| text.lines().any(|line| line == format!("{name} installed"));
    Ok(wanted.iter().copied().filter(|name| !present(name)).collect())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let line = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]
        .into_iter()
        .chain(arguments.iter().copied());
    let root = Cmd::new("id").arg("--user").output()?.trim() == "0";
    let command = if root {
        Cmd::new("env").args(line.skip(1))
    } else if Cmd::new("sudo").arg("--version").works() {
        println!("(as root, so sudo may ask for your password)");
        Cmd::new("sudo").args(line)
    } else {
        bail!("this needs root and there is no sudo; as root, run: apt-get {}", arguments.join(" "));
    };
    command.run()
}

/// Whether a window could open.
pub(crate) fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// A virtual X display that ends with this value.
pub(crate) struct Display {
    /// For `DISPLAY`, e.g. `:99`.
    pub(crate) name: String,
    server: Child,
}

impl Display {
    /// Starts Xvfb on the first free number, which it chooses itself.
    pub(crate) fn start() -> Result<Self> {
        Self::with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn with(more: &[&OsStr]) -> Result<Self> {
        let mut server = Cmd::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1200x24", "-nolisten", "tcp"])
            .args(more)
            .command()?
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb (package xvfb)")?;
        let output = server.stdout.take().context("a piped child has an output")?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        if number.trim().is_empty() {
            bail!("Xvfb ended without naming a display");
        }
        let name = format!(":{}", number.trim());
        println!("Virtual display {name}");
        Ok(Self { name, server })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // Nothing to be done where it has ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_from_what_tools_print() {
        assert_eq!(version("cargo 1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("none"), None);
        assert!(version("none") < Some((20, 19)));
    }
}
