//! The real window under WebKitWebDriver, on a data folder of its own.

use parallax_suite::support::program::binary;
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    fs,
    mem::ManuallyDrop,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use thirtyfour::{By, Capabilities, WebDriver, WebElement, error::WebDriverResult};

/// Longest wait for anything on screen. Generous: two cores may be busy elsewhere.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Sizes at which everything is looked at.
const SIZES: [(u32, u32); 2] = [(1440, 900), (1024, 700)];

/// The app's window. Dropping it ends the app and its driver.
/// A dot in the corner that changes until it is taken away.
const NUDGE: &str = "const dot = document.body.appendChild(document.createElement('i'));
dot.style.cssText = 'position:fixed;left:0;top:0;width:1px;height:1px';
const draw = () => (dot.style.background = dot.style.background ? '' : 'gray');
window.__nudge = [setInterval(draw, 30), dot];";

pub(crate) struct Window {
    /// Never dropped: its destructor would wait for a driver that is already gone.
    pub(crate) page: ManuallyDrop<WebDriver>,
    driver: Child,
}

impl Window {
    /// Starts the app on a data folder, inside the caller's own session.
    pub(crate) async fn open(data: &Path) -> Self {
        Self::start(Some(data), &binary("parallax-desktop"), &[], None).await
    }

    /// The same with the desktop's settings of this folder: where downloads go, whether things move.
    #[allow(dead_code, reason = "proofs take the desktop as it is")]
    pub(crate) async fn open_under(data: &Path, settings: &Path) -> Self {
        Self::start(Some(data), &binary("parallax-desktop"), &[], Some(settings)).await
    }

    /// The same by another program, which becomes the app.
    #[allow(dead_code, reason = "a proof alone starts the app by way of another program")]
    pub(crate) async fn open_as(data: &Path, program: &Path) -> Self {
        Self::start(Some(data), program, &[], None).await
    }

    /// Starts it with these arguments; the environment names this folder, or none.
    pub(crate) async fn open_with(data: Option<&Path>, arguments: &[&str]) -> Self {
        Self::start(data, &binary("parallax-desktop"), arguments, None).await
    }

    async fn start(data: Option<&Path>, program: &Path, arguments: &[&str], settings: Option<&Path>) -> Self {
        assert!(
            std::env::var_os("DISPLAY").is_some(),
            "The window tests need a display. Run them through `cargo xtask test`, or under xvfb-run."
        );
        transport::install_crypto();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        // Output goes nowhere: an orphan that held a pipe would block its reader for ever.
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("PARALLAX_DATA_DIR", data.map_or(OsStr::new(""), Path::as_os_str))
            .envs(settings.map(|folder| ("XDG_CONFIG_HOME", folder)))
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("WebKitWebDriver is missing: install the package webkit2gtk-driver");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < PATIENCE, "WebKitWebDriver does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut wanted = Capabilities::new();
        let options = json!({ "binary": program, "args": arguments });
        wanted.set("webkitgtk:browserOptions", options).unwrap();
        let session = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted);
        // A session that hangs would hang the whole run.
        let page = tokio::time::timeout(PATIENCE, session).await.expect("the app does not start").unwrap();
        let window = Self { page: ManuallyDrop::new(page), driver };
        window.resize(SIZES[0]).await;
        window
    }

    #[allow(dead_code, reason = "proofs alone measure processes")]
    /// The process group that the driver, the app and its web view are in.
    pub(crate) fn group(&self) -> u32 {
        self.driver.id()
    }

    pub(crate) async fn resize(&self, (width, height): (u32, u32)) {
        self.page.set_window_rect(0, 0, width, height).await.unwrap();
    }

    /// An element by the name tests know it by, once it is there.
    pub(crate) async fn get(&self, id: &str) -> WebElement {
        self.find(&format!("[data-testid=\"{id}\"]")).await
    }

    async fn find(&self, css: &str) -> WebElement {
        let started = Instant::now();
        loop {
            match self.page.find(By::Css(css)).await {
                Ok(found) => return found,
                Err(_) if started.elapsed() < PATIENCE => {}
                Err(error) => {
                    self.shot("missing").await;
                    panic!("{css} does not appear: {error}")
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks once the element can be clicked.
    pub(crate) async fn click(&self, id: &str) {
        let started = Instant::now();
        loop {
            let error = match self.get(id).await.click().await {
                Ok(()) => return,
                Err(error) => error,
            };
            assert!(started.elapsed() < PATIENCE, "{id} cannot be clicked: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Opens a page by the sidebar. On a loaded machine the page may still move between the driver's look and
    /// its click, which then lands beside the link.
    pub(crate) async fn visit(&self, page: &str) {
        let here = format!("!!document.querySelector('[data-testid=\"nav-{page}\"][aria-current]')");
        let started = Instant::now();
        loop {
            self.click(&format!("nav-{page}")).await;
            if self.soon(&here).await {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the page {page} does not open");
        }
    }

    /// True once the expression is, within a few seconds.
    pub(crate) async fn soon(&self, expression: &str) -> bool {
        let started = Instant::now();
        let script = format!("return {expression}");
        while started.elapsed() < PATIENCE / 6 {
            if self.script(&script, vec![]).await.as_bool().unwrap() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    pub(crate) async fn type_into(&self, id: &str, text: &str) {
        self.get(id).await.send_keys(text).await.unwrap();
    }

    /// Adds a model to the line-up by its reference, through the picker.
    pub(crate) async fn add_model(&self, reference: &str) {
        let option = format!("[data-testid=\"model-option-{reference}\"]");
        let open = "!!document.querySelector('[data-testid=\"model-search\"]')";
        let started = Instant::now();
        // A click that meets the picker while it closes does not open it again. One that meets it while it
        // opens lands beside it and closes it, so each is given its time.
        loop {
            let _ = self.get("add-model").await.click().await;
            if self.soon(open).await {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "the model picker does not open");
        }
        self.type_into("model-search", reference).await;
        self.find(&option).await;
        // The list still moves while the search catches up with the typing; a click by position could hit
        // the row that was there a moment ago.
        self.script("document.querySelector(arguments[0]).click()", vec![json!(option)]).await;
        let open = format!("return {open}");
        while self.script(&open, vec![]).await.as_bool().unwrap() {
            assert!(started.elapsed() < PATIENCE, "the model picker stays open");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Text of a part of a column; empty while it is not there.
    pub(crate) async fn lane_text(&self, lane: usize, id: &str) -> String {
        let script = "const e = document.querySelector(`[data-testid=\"lane-${arguments[0]}\"] \
                      [data-testid=\"${arguments[1]}\"]`); return e ? e.textContent : '';";
        let answer = self.script(script, vec![json!(lane), json!(id)]).await;
        answer.as_str().unwrap_or_default().to_owned()
    }

    /// State of a run as its column says it.
    pub(crate) async fn lane_state(&self, lane: usize) -> String {
        let script = "const e = document.querySelector(`[data-testid=\"lane-${arguments[0]}\"] \
                      [data-testid=\"state\"]`); return e ? e.dataset.state : '';";
        self.script(script, vec![json!(lane)]).await.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.page.execute(script, arguments).await.unwrap().json().clone()
    }

    /// Waits until a run is in one of these states.
    pub(crate) async fn lane_reaches(&self, lane: usize, states: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let state = self.lane_state(lane).await;
            if states.contains(&state.as_str()) {
                return state;
            }
            if started.elapsed() > PATIENCE {
                self.shot("stuck").await;
                panic!("lane {lane} stays {state:?}, wanted {states:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a script is true.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let started = Instant::now();
        while !self.script(&format!("return !!({script})"), vec![]).await.as_bool().unwrap() {
            if started.elapsed() > PATIENCE {
                self.shot("stuck").await;
                panic!("{what}: {script} stays false");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A screenshot into `target/screenshots`.
    pub(crate) async fn shot(&self, name: &str) -> PathBuf {
        let folder = binary("parallax").parent().and_then(Path::parent).unwrap().join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        // Where WebKitGTK draws without OpenGL, a picture waits for the next drawing: so something is drawn.
        self.script(NUDGE, vec![]).await;
        self.page.screenshot(&path).await.unwrap();
        self.script("clearInterval(window.__nudge[0]); window.__nudge[1].remove()", vec![]).await;
        path
    }

    /// Screenshots light and dark at both sizes; nothing may be wider than the window.
    pub(crate) async fn shots(&self, name: &str) {
        for size in SIZES {
            self.resize(size).await;
            for theme in ["light", "dark"] {
                self.script("document.documentElement.dataset.theme = arguments[0]", vec![json!(theme)])
                    .await;
                tokio::time::sleep(Duration::from_millis(350)).await;
                self.shot(&format!("{name}-{}-{theme}", size.0)).await;
            }
            let overflow = "return document.documentElement.scrollWidth - window.innerWidth";
            let wider = self.script(overflow, vec![]).await.as_i64().unwrap();
            assert!(wider <= 0, "{name} is {wider} px wider than a window of {} px", size.0);
            let moved = self.script("return window.scrollY + document.body.scrollTop", vec![]).await;
            assert_eq!(moved.as_f64(), Some(0.0), "{name}: the page itself has scrolled, its bar is gone");
        }
        self.script("delete document.documentElement.dataset.theme", vec![]).await;
        self.resize(SIZES[0]).await;
    }

    /// Kills the app the hard way.
    pub(crate) fn kill_app(&self) {
        let group = self.driver.id();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let path = entry.path();
            let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
            // `pid (name) state ppid pgrp …`; the name is cut to 15 characters.
            let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
            let pgrp = tail.split(' ').nth(2).and_then(|text| text.parse::<u32>().ok());
            if pgrp == Some(group) && head.contains("(parallax-deskto") {
                let pid = head.split(' ').next().unwrap();
                assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
                return;
            }
        }
        panic!("the app is not running");
    }

    /// Ends the session in an orderly way.
    pub(crate) async fn close(self) -> WebDriverResult<()> {
        WebDriver::clone(&self.page).quit().await
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The app can outlive the session and the driver: the whole group goes.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.driver.wait();
    }
}
