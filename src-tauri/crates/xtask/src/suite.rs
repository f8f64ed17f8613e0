//! `test`: everything a change must pass, in the order that fails soonest.
//!
//! One build serves all: the whole workspace is always selected, because a narrower selection resolves other
//! features and compiles hundreds of crates a second time.

use crate::shell::{self, Cmd};
use crate::{clients, prove, setup, ui};
use anyhow::{Context, Result, bail};
use std::time::Instant;

/// Test files that drive a real window or keychain: one after the other, on a display of their own.
const SERIAL: [&str; 2] = ["window", "keychain"];

/// Most tests of one file that may be run once more; if more fail, it is not the machine.
const UNSTEADY: usize = 2;

/// Installs what is missing, then formats, lints, builds and tests both languages.
pub(crate) fn test(_: &[String]) -> Result<()> {
    let start = Instant::now();
    setup::toolchain()?;
    setup::rust_tools()?;
    setup::system(&[setup::BUILD, setup::VIRTUAL_DISPLAY, setup::TEST])?;
    let mut passed = Passed::default();

    passed.step("rust format", || cargo(&["fmt", "--all", "--check"]).run())?;
    passed.step("other makers' clients", clients::install)?;
    passed.step("ui packages", ui::install)?;
    passed.step("ui lint and format", || shell::npm(&["run", "--silent", "lint"])?.run())?;
    passed.step("ui types", || shell::npm(&["run", "--silent", "check"])?.run())?;
    passed.counted("ui tests", || shell::npm(&["run", "--silent", "test"]))?;
    passed.step("ui build", ui::build)?;

    passed.step("rust build", || cargo(&["build", "--workspace", "--all-targets", "--locked"]).run())?;
    let tests = test_targets()?;
    let serial: Vec<&str> =
        tests.iter().map(String::as_str).filter(|t| SERIAL.iter().any(|s| t.starts_with(s))).collect();
    let parallel: Vec<&str> = tests.iter().map(String::as_str).filter(|t| !serial.contains(t)).collect();
    passed.counted("rust tests", || {
        // Every failure is told at once: a run takes half an hour.
        let units = cargo(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--examples"]);
        Ok(parallel.iter().fold(units, |command, test| command.args(["--test", test])))
    })?;
    passed.counted("documentation tests", || Ok(cargo(&["test", "--workspace", "--doc"])))?;
    if cfg!(target_os = "linux") {
        let display = setup::Display::start()?;
        for name in serial {
            passed.counted_twice(&format!("{name} tests (real programs)"), || {
                let command = cargo(&["test", "--workspace", "--test", name, "--", "--test-threads=1"]);
                command.env("DISPLAY", &display.name)
            })?;
        }
    } else if !serial.is_empty() {
        println!("\nNot run here: {} tests drive programs that exist on Linux only", serial.join(" and "));
    }
    passed.step("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).run()
    })?;
    passed.step("clippy of the proofs", || {
        // They do not run by default, and so are no part of "all targets".
        let proofs = prove::suite_proofs()?;
        let command = cargo(&["clippy", "--workspace", "--locked"]);
        let command =
            proofs.iter().fold(command, |command, name| command.args(["--test", &format!("prove_{name}")]));
        command.args(["--", "-D", "warnings"]).run()
    })?;
    passed.summary(start);
    Ok(())
}

/// What is built for a run of everything is built once: the state for building it again in pieces is time and half
/// as much disk once more.
fn cargo(arguments: &[&str]) -> Cmd {
    let command = shell::cargo(arguments);
    if std::env::var_os("CARGO_INCREMENTAL").is_some() {
        command
    } else {
        command.env("CARGO_INCREMENTAL", "0")
    }
}

/// The workspace's integration tests that run by default.
fn test_targets() -> Result<Vec<String>> {
    let all = shell::metadata()?;
    let packages = all["packages"].as_array().context("cargo metadata lists no packages")?;
    let targets = packages.iter().filter_map(|p| p["targets"].as_array()).flatten();
    let tests = targets.filter(|t| t["kind"][0] == "test" && t["test"] == true);
    Ok(tests.filter_map(|t| t["name"].as_str()).map(str::to_owned).collect())
}

/// What has passed so far, for the closing table.
#[derive(Default)]
struct Passed {
    rows: Vec<(String, u64, String)>,
}

impl Passed {
    fn step(&mut self, name: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
        shell::step(name);
        let start = Instant::now();
        body().with_context(|| format!("step \"{name}\""))?;
        self.rows.push((name.to_owned(), start.elapsed().as_secs(), String::new()));
        Ok(())
    }

    /// A step that runs tests and says how many.
    fn counted(&mut self, name: &str, command: impl FnOnce() -> Result<Cmd>) -> Result<()> {
        shell::step(name);
        let start = Instant::now();
        let closing =
            |line: &str| line.starts_with("test result:") || plain(line).trim_start().starts_with("Tests ");
        let lines = command()
            .and_then(|command| command.run_keeping(closing))
            .with_context(|| format!("step \"{name}\""))?;
        let mut counts = Counts::default();
        for line in &lines {
            counts.add(&plain(line));
        }
        self.rows.push((name.to_owned(), start.elapsed().as_secs(), counts.to_string()));
        Ok(())
    }

    /// [`Passed::counted`] for tests that drive other people's programs: the browser's driver loses a click now
    /// and then on a machine under load. The few that failed are run once more, alone, and named in the table.
    fn counted_twice(&mut self, name: &str, command: impl Fn() -> Cmd) -> Result<()> {
        shell::step(name);
        let start = Instant::now();
        let wanted = |line: &str| line.starts_with("test ");
        let (lines, status) = command().run_to_its_end(wanted)?;
        let mut counts = Counts::default();
        lines.iter().filter(|line| line.starts_with("test result:")).for_each(|line| counts.add(line));
        let failed: Vec<&str> = lines.iter().filter_map(|line| failed(line)).collect();
        let mut note = counts.to_string();
        if !status.success() {
            if failed.is_empty() || failed.len() > UNSTEADY {
                bail!("step \"{name}\" failed ({status})");
            }
            println!("\nOnce more: {}", failed.join(", "));
            let again = failed.iter().fold(command().args(["--exact"]), |again, test| again.args([*test]));
            again.run_keeping(wanted).with_context(|| format!("step \"{name}\", once more"))?;
            note = format!("{note}; passed when run once more: {}", failed.join(", "));
        }
        self.rows.push((name.to_owned(), start.elapsed().as_secs(), note));
        Ok(())
    }

    fn summary(&self, start: Instant) {
        println!("\nEverything passed:");
        for (name, seconds, note) in &self.rows {
            println!("  {name:<32} {:>8}  {note}", minutes(*seconds));
        }
        println!("  {:<32} {:>8}", "in all", minutes(start.elapsed().as_secs()));
    }
}

fn minutes(seconds: u64) -> String {
    format!("{} min {:02}", seconds / 60, seconds % 60)
}

/// Tests of several runners' closing lines, summed.
#[derive(Default, Debug, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    not_run: u64,
}

impl Counts {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …` and `Tests  5 passed | 1 skipped (6)`.
    fn add(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1].trim_end_matches([';', ',']) {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" | "skipped" | "todo" => self.not_run += count,
                _ => {}
            }
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed", self.passed)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.not_run > 0 {
            write!(f, ", {} not run", self.not_run)?;
        }
        Ok(())
    }
}

/// The name of the test that a line says has failed.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// A line without the terminal's colours.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let code = &rest[at + 2..];
        rest = code.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &code[end + 1..]);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_is_known_by_its_line() {
        assert_eq!(failed("test spend::page ... FAILED"), Some("spend::page"));
        assert_eq!(failed("test spend::page ... ok"), None);
        assert_eq!(failed("test result: FAILED. 1 passed; 1 failed"), None);
    }

    #[test]
    fn closing_lines_of_both_runners_are_summed() {
        let mut counts = Counts::default();
        counts.add(
            "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        counts.add(&plain(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m5 passed\u{1b}[39m\u{1b}[22m | 1 skipped (6)",
        ));
        assert_eq!(counts, Counts { passed: 17, failed: 0, not_run: 4 });
        assert_eq!(counts.to_string(), "17 passed, 4 not run");
    }
}
