//! Started twice: the second start shows the window there is and ends, unless it was told another folder.

use crate::harness::{PATIENCE, Window};
use parallax_suite::support::{
    keyring_session::{KeyringSession, State},
    program::binary,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const HOME: &str = "PARALLAX_SUITE_HOME";
/// What the app makes in a data folder.
const DATABASE: &str = "parallax.db";

#[test]
fn a_second_start_shows_the_first_window_unless_a_folder_is_named() {
    // On a bus of its own: the one place where a first window can be found.
    let session = KeyringSession::new(State::NoService);
    let home = session.home().join("data");
    let display = std::env::var_os("DISPLAY").expect("the window tests need a display");
    let output = session.run(
        &std::env::current_exe().unwrap(),
        &["--exact", "second::inside_the_session", "--ignored", "--nocapture"],
        &[(HOME, home.to_str().unwrap()), ("DISPLAY", display.to_str().unwrap())],
        Duration::from_secs(240),
    );
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

/// The app once more, without a driver. Ended with this value.
pub(crate) struct Again(Child);

impl Again {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let child = Command::new(binary("parallax-desktop"))
            .args(arguments)
            .env_remove("PARALLAX_DATA_DIR")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("TAURI_WEBVIEW_AUTOMATION")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Waits for its end: whether it was a good one, and what it said.
    pub(crate) fn ended(mut self, what: &str) -> (bool, String) {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "{what}: it goes on running");
            std::thread::sleep(Duration::from_millis(50));
        };
        let mut said = String::new();
        std::io::Read::read_to_string(self.0.stderr.as_mut().unwrap(), &mut said).unwrap();
        (status.success(), said)
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a command answers the window, or how it fails.
pub(crate) async fn rpc(window: &Window, cmd: &str, payload: &Value) -> Value {
    let ask = "const [cmd, payload, done] = arguments; \
               window.__TAURI_INTERNALS__.invoke('rpc', { cmd, payload }).then(done, done);";
    window.page.execute_async(ask, vec![json!(cmd), payload.clone()]).await.unwrap().json().clone()
}

async fn data_dir(window: &Window) -> PathBuf {
    PathBuf::from(rpc(window, "app/state", &Value::Null).await["data_dir"].as_str().unwrap())
}

async fn appears(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < PATIENCE, "{} is not made", path.display());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Started again inside a private session.
#[tokio::test]
#[ignore = "started by the test above inside a private session"]
async fn inside_the_session() {
    let home = PathBuf::from(std::env::var_os(HOME).unwrap());
    let window = Window::open_with(None, &[]).await;
    window.get("onboarding").await;
    assert_eq!(data_dir(&window).await, home.join("parallax"), "the usual folder");

    // Once more as it is: the first one is shown, the second has nothing to do.
    let (well, said) = Again::start(&[]).ended("a second start");
    assert!(well, "{said}");
    assert_eq!(window.script("return document.visibilityState", vec![]).await, "visible");

    // With a folder of its own it is another window.
    let other = home.join("other");
    let mut apart = Again::start(&["--data-dir", other.to_str().unwrap()]);
    appears(&other.join(DATABASE)).await;
    assert!(apart.runs(), "it stays");
    drop(apart);

    // What is misspelt opens nothing.
    for wrong in [&["--data-dirr", "x"][..], &["--data-dir"], &["notes.txt"]] {
        let (well, said) = Again::start(wrong).ended("a wrong argument");
        assert!(!well && said.contains("--data-dir"), "{wrong:?}: {said}");
    }
    window.close().await.unwrap();

    // The argument comes before the environment.
    let (named, given) = (home.join("named"), home.join("given"));
    let window = Window::open_with(Some(&named), &[&format!("--data-dir={}", given.to_str().unwrap())]).await;
    window.get("onboarding").await;
    assert_eq!(data_dir(&window).await, given);
    assert!(!named.exists(), "the other folder is left alone");
    window.close().await.unwrap();
}
