//! The `parallax` command on a data folder of its own.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// What a run printed.
#[derive(Debug)]
pub struct Output {
    /// Exit code 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The built command.
pub struct Program {
    /// Removed with this value, if it was made for it.
    _made: Option<TempDir>,
    folder: PathBuf,
    keys: Vec<(String, String)>,
}

impl Program {
    /// On an empty folder.
    pub fn new() -> Self {
        let made = tempfile::tempdir().unwrap();
        Self { folder: made.path().join("data"), _made: Some(made), keys: Vec::new() }
    }

    /// On a folder that is there.
    pub fn on(folder: &Path) -> Self {
        Self { _made: None, folder: folder.to_owned(), keys: Vec::new() }
    }

    /// Runs it with the keychain of the session the test itself runs in; it must succeed.
    pub fn in_this_session(&self, arguments: &[&str]) -> String {
        let output = Command::new(binary("parallax"))
            .env("PARALLAX_DATA_DIR", &self.folder)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// Gives later runs a key by the environment.
    #[must_use]
    pub fn with_key(mut self, provider: &str, key: &str) -> Self {
        let name = format!("PARALLAX_KEY_{}", provider.to_ascii_uppercase().replace('-', "_"));
        self.keys.push((name, key.to_owned()));
        self
    }

    /// The command, ready to run; without a keychain to find and with a proxy that nobody serves, so that
    /// a call that wrongly used either would fail.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary("parallax"));
        command
            .env("PARALLAX_DATA_DIR", self.folder())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
            .envs(self.keys.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        let output = self.command().args(arguments).output().unwrap();
        Output {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it; it must succeed. Its standard output.
    pub fn ok<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        let output = self.run(arguments);
        assert!(output.success, "{}", output.stderr);
        output.stdout
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

/// A binary of this workspace, built beside the tests. Cargo does not build another package's binary for
/// a test, so its absence is an error with a remedy.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing. Build it first: cargo build -p parallax-cli -p parallax-desktop",
        path.display()
    );
    path
}
