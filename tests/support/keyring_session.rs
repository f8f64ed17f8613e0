//! A keychain of one's own: a private message bus, a private home, and GNOME's keyring daemon in the
//! state a test asks for. Nothing of the user's own session is touched.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// What keychain the command finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A keyring, unlocked.
    Unlocked,
    /// A keyring, locked, and nobody to unlock it.
    Locked,
    /// A daemon in which no keyring has been made yet.
    Empty,
    /// A message bus on which no keyring service can be had.
    NoService,
    /// No message bus.
    NoBus,
}

/// A bus without the folders from which services would start by themselves.
const BARE_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

// A password of no bytes would make no keyring.
const UNLOCKED: &str = r#"printf test | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null || exit 97; "$@""#;
/// The daemon writes the keyring some time after it says that it is ready.
const UNTIL_MADE: &str = r#"for n in {1..500}; do [ -s "$XDG_DATA_HOME/keyrings/login.keyring" ] && exit 0; sleep 0.02; done; exit 98"#;
const RUNNING: &str = r#"gnome-keyring-daemon --start --components=secrets >/dev/null || exit 97; "$@""#;

/// A private home and the state of its keychain.
pub struct KeyringSession {
    home: TempDir,
    state: State,
}

impl KeyringSession {
    /// Makes the folders, and a keyring where the state needs one. Fails where the packages are
    /// missing: a test that quietly did nothing would prove nothing.
    pub fn new(state: State) -> Self {
        for program in ["dbus-run-session", "gnome-keyring-daemon"] {
            let found = on_path(program);
            assert!(
                found,
                "{program} is missing. Install the packages dbus and gnome-keyring; `cargo xtask test` does."
            );
        }
        let home = tempfile::Builder::new().prefix("keyring").tempdir().unwrap();
        for folder in ["data", "cache", "config", "run"] {
            let path = home.path().join(folder);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        fs::write(home.path().join("bus.conf"), BARE_BUS).unwrap();
        let session = Self { home, state };
        if state == State::Locked {
            // Made in a session of its own: in the next one nobody gives the password.
            let output = session.command_in(State::Unlocked, Path::new("bash"), &["-c", UNTIL_MADE]);
            let output = finish(output, Duration::from_secs(20), session.home.path());
            assert!(output.status.success(), "the keyring to be locked was not made: {output:?}");
        }
        session
    }

    /// The same home, met again in another state: what a restart of the computer does to a keyring.
    #[must_use]
    pub fn later(mut self, state: State) -> Self {
        end_all_in(self.home.path());
        self.state = state;
        self
    }

    /// The private home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `program` as it would be started inside the session; add arguments and environment, then spawn.
    /// Whatever is left of it ends when the session is dropped.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        self.command_in(self.state, program, arguments)
    }

    /// Runs `program` inside the session to its end. Past the limit the whole session is ended and the
    /// test fails.
    pub fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        limit: Duration,
    ) -> Output {
        let mut command = self.command(program, arguments);
        command.envs(environment.iter().copied());
        finish(command, limit, self.home.path())
    }

    fn command_in(&self, state: State, program: &Path, arguments: &[&str]) -> Command {
        let script = match state {
            State::Unlocked => Some(UNLOCKED),
            State::Locked | State::Empty => Some(RUNNING),
            State::NoService | State::NoBus => None,
        };
        let mut command = if state == State::NoBus {
            Command::new(program)
        } else {
            let mut command = Command::new("dbus-run-session");
            if state == State::NoService {
                command.arg("--config-file").arg(self.home.path().join("bus.conf"));
            }
            command.arg("--");
            if let Some(script) = script {
                command.args(["bash", "-c", script, "_"]);
            }
            command.arg(program);
            command
        };
        command.args(arguments);
        self.dress(&mut command);
        command
    }

    /// The environment: private folders, and no display on which a prompt could wait for somebody.
    fn dress(&self, command: &mut Command) {
        let home = self.home.path();
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            command.env(name, home.join(folder));
        }
        for name in ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "GNOME_KEYRING_CONTROL"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
    }

    /// Files below the home that contain any of the needles.
    pub fn files_with(&self, needles: &[Vec<u8>]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let bytes = fs::read(entry.path()).unwrap();
                    if needles.iter().any(|needle| contains(&bytes, needle)) {
                        found.push(entry.path());
                    }
                }
            }
        }
        found
    }
}

impl Drop for KeyringSession {
    fn drop(&mut self) {
        end_all_in(self.home.path());
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Output goes to files: a daemon that outlived its session would hold a pipe open for ever.
fn finish(mut command: Command, limit: Duration, home: &Path) -> Output {
    let (out, err) = (home.join("stdout"), home.join("stderr"));
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut child = command.spawn().unwrap();
    let status = wait(&mut child, limit);
    end_all_in(home);
    let status = status.unwrap_or_else(|| {
        let _ = child.wait();
        panic!("not done after {limit:?}:\n{}", fs::read_to_string(&err).unwrap_or_default())
    });
    Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(err).unwrap() }
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while waited < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        sleep(step);
        waited += step;
    }
    None
}

/// Ends whatever still lives in this home. The daemon leaves its parent's process group, and may
/// outlive its bus, so it is known by the environment it was started with.
fn end_all_in(home: &Path) {
    let mark = format!("XDG_RUNTIME_DIR={}", home.join("run").display());
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|pair| pair == mark.as_bytes()) {
            let id = entry.file_name().into_string().unwrap();
            // A process that ended by itself meanwhile is as good.
            let ran = Command::new("bash").args(["-c", "kill -KILL $0 2>/dev/null", &id]).status();
            assert!(ran.is_ok(), "bash could not be run");
        }
    }
}
