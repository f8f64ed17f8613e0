//! The project's chores as commands: set up, run, test, package, prove.
//!
//! Never part of what ships. It stays light (two small dependencies) because it must compile on a fresh
//! machine before any system package is there: it is what installs them.
//! One more command: a function in a module of its own, and a line in `COMMANDS`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the person at the terminal is its work"
)]
#![allow(clippy::disallowed_methods, reason = "it measures wall time of other programs; no clock to inject")]

mod catalog;
mod clean;
mod clients;
#[cfg(target_os = "linux")]
mod driver;
mod fresh;
mod local_model;
mod measure;
mod package;
mod prove;
mod python;
mod setup;
mod shell;
mod suite;
mod ui;

use anyhow::{Result, bail};

type Run = fn(&[String]) -> Result<()>;

/// Name, arguments, what it does, body.
const COMMANDS: &[(&str, &str, &str, Run)] = &[
    ("run", "[--xvfb] [-- ARGS]", "install what is missing, build, open the window", run),
    ("test", "", "install what is missing, check and test everything", suite::test),
    ("package", "", "a deb and an rpm in target/release/bundle", package::package),
    ("prove", "[NAME]", "the long proofs and measurements; without a name, the list", prove::prove),
    ("local-model", "[--port N]", "a small real model on this computer, no key needed", local_model::serve),
    (
        "catalog",
        "[--from FOLDER]",
        "build the bundled models and prices from their pinned sources",
        catalog::run,
    ),
    ("gen", "", "write the window's TypeScript types again", generate),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match COMMANDS.iter().find(|(known, ..)| *known == name) {
        Some((.., body)) => body(&rest),
        None => {
            usage();
            if name.is_empty() || name == "help" || name == "--help" {
                return;
            }
            std::process::exit(2);
        }
    };
    if let Err(error) = done {
        eprintln!("\n{name}: {error:#}");
        std::process::exit(1);
    }
}

fn usage() {
    println!("cargo xtask COMMAND\n");
    for (name, arguments, about, _) in COMMANDS {
        println!("  {:<28} {about}", format!("{name} {arguments}"));
    }
}

/// Builds the app and opens its window. The dev profile: minutes on two cores, where a release build takes many.
fn run(arguments: &[String]) -> Result<()> {
    let (ours, theirs) = match arguments.iter().position(|a| a == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    let xvfb = ours.iter().any(|a| a == "--xvfb");
    if let Some(unknown) = ours.iter().find(|a| *a != "--xvfb") {
        bail!("unknown argument {unknown:?}; the app's own arguments follow after --");
    }
    if !xvfb && !setup::has_display() {
        bail!(
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.\n\
             With a virtual one nobody sees: cargo xtask run --xvfb"
        );
    }
    setup::toolchain()?;
    setup::system(&[setup::BUILD, if xvfb { setup::VIRTUAL_DISPLAY } else { &[] }])?;
    ui::install()?;
    ui::build()?;
    shell::step("Building the app (development profile; the first time takes some minutes)");
    shell::cargo(&["build", "--package", "parallax-desktop", "--package", "parallax-cli"]).run()?;
    let app = shell::target_dir()?.join("debug").join(shell::program("parallax-desktop"));
    let display = if xvfb { Some(setup::Display::start()?) } else { None };
    shell::step(&format!("Starting {}", app.display()));
    let mut command = shell::Cmd::new(&app);
    if let Some(display) = &display {
        command = command.env("DISPLAY", &display.name);
    }
    command.args(theirs).run()
}

/// Replaces the checked-in TypeScript twins of the contract, so that types that are gone disappear too.
fn generate(_: &[String]) -> Result<()> {
    let fresh = shell::target_dir()?.join("bindings");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    shell::step("Generating the TypeScript types from the Rust ones");
    // Built as the tests build it: a narrower selection resolves other features and compiles everything again.
    shell::cargo(&["build", "--quiet", "--workspace", "--example", "bindings"]).run()?;
    let program = shell::target_dir()?.join("debug/examples").join(shell::program("bindings"));
    shell::Cmd::new(program).arg(&fresh).run()?;
    let kept = shell::root()?.join("ui/src/ipc/generated");
    if kept.exists() {
        std::fs::remove_dir_all(&kept)?;
    }
    std::fs::create_dir_all(&kept)?;
    let mut count = 0;
    for entry in std::fs::read_dir(&fresh)? {
        let entry = entry?;
        std::fs::copy(entry.path(), kept.join(entry.file_name()))?;
        count += 1;
    }
    println!("{count} files in ui/src/ipc/generated");
    Ok(())
}
