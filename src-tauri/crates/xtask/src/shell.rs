//! Running other programs: said before, checked after.

use anyhow::{Context, Result, bail};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Says what happens next.
pub(crate) fn step(text: &str) {
    println!("\n→ {text}");
}

/// The repository's top folder.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("start it as `cargo xtask`")?;
    let root = Path::new(&manifest).ancestors().nth(3).context("xtask has moved")?;
    Ok(root.to_path_buf())
}

/// Where cargo builds, which the environment or a config file may have moved.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let all = metadata()?;
    let folder = all["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// `cargo metadata` of the workspace's own packages.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1"]).output()?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

/// A program's file name on this system.
pub(crate) fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// The cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Cmd {
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(arguments)
}

/// One release build for packages and measurements: both programs, and the window they are measured against.
/// Building them apart would resolve other features and compile most crates twice.
pub(crate) fn release() -> Cmd {
    let packages = ["--package", "parallax-desktop", "--package", "parallax-cli"];
    cargo(&["build", "--release", "--locked", "--bins", "--examples", "--features", "tauri/custom-protocol"])
        .args(packages)
}

/// npm in the UI's folder. On Windows it is a batch file and needs its full name.
pub(crate) fn npm(arguments: &[&str]) -> Result<Cmd> {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    Ok(Cmd::new(name).args(arguments).dir(root()?.join("ui")))
}

/// A command in the making. Runs at the top folder unless told otherwise.
pub(crate) struct Cmd {
    line: Vec<OsString>,
    dir: Option<PathBuf>,
    envs: Vec<(String, OsString)>,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self { line: vec![program.as_ref().to_owned()], dir: None, envs: Vec::new() }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.line.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.line.extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    pub(crate) fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The command ready to spawn.
    pub(crate) fn command(&self) -> Result<Command> {
        let mut command = Command::new(&self.line[0]);
        command.args(&self.line[1..]);
        command.current_dir(match &self.dir {
            Some(dir) => dir.clone(),
            None => root()?,
        });
        // What cargo told us of ourselves is no business of the cargo we start: a build script that looks at it
        // (ring's does) would be run anew, and most crates with it, each time somebody builds without us.
        for (name, _) in std::env::vars_os() {
            let told = name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
            if told {
                command.env_remove(name);
            }
        }
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Runs it with our own terminal; anything but success is an error.
    pub(crate) fn run(self) -> Result<()> {
        let status = self.command()?.status().with_context(|| format!("cannot start {self}"))?;
        if !status.success() {
            bail!("{self} failed ({status})");
        }
        Ok(())
    }

    /// What it prints, silently.
    pub(crate) fn output(self) -> Result<String> {
        let mut command = self.command()?;
        let out =
            command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {self}"))?;
        if !out.status.success() {
            bail!("{self} failed ({})", out.status);
        }
        String::from_utf8(out.stdout).with_context(|| format!("{self} printed something other than text"))
    }

    /// Whether it can be started and succeeds, saying nothing.
    pub(crate) fn works(self) -> bool {
        self.command()
            .and_then(|mut c| Ok(c.stdout(Stdio::null()).stderr(Stdio::null()).status()?))
            .is_ok_and(|status| status.success())
    }

    /// Runs it and passes its output on line by line, keeping the lines that `wanted` accepts.
    pub(crate) fn run_keeping(self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
        let name = self.to_string();
        let (kept, status) = self.run_to_its_end(wanted)?;
        if !status.success() {
            bail!("{name} failed ({status})");
        }
        Ok(kept)
    }

    /// [`Cmd::run_keeping`], whatever it ends as.
    pub(crate) fn run_to_its_end(self, wanted: impl Fn(&str) -> bool) -> Result<(Vec<String>, ExitStatus)> {
        let mut child =
            self.command()?.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {self}"))?;
        let output = child.stdout.take().context("a piped child has an output")?;
        let mut kept = Vec::new();
        for line in BufReader::new(output).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            if wanted(&line) {
                kept.push(line);
            }
        }
        Ok((kept, child.wait()?))
    }
}

impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let program = Path::new(&self.line[0]).file_name().unwrap_or(&self.line[0]);
        write!(f, "`{}", program.to_string_lossy())?;
        for argument in &self.line[1..] {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        f.write_str("`")
    }
}
