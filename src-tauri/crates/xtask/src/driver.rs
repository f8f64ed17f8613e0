//! Just enough WebDriver to start a program and ask its web view when it painted.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A session that hangs is an error, not a wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// WebKitWebDriver in a process group of its own: what it starts can outlive it.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts it on a free port.
    pub(crate) fn start(display: &str, envs: &[(&str, PathBuf)]) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .envs(envs.iter().map(|(name, value)| (name, value)))
            .env("DISPLAY", display)
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start WebKitWebDriver (package webkit2gtk-driver)")?;
        let driver = Self { process, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > PATIENCE {
                bail!("WebKitWebDriver does not listen");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(driver)
    }

    /// Starts a program and attaches to its web view.
    pub(crate) fn open(&self, binary: &Path) -> Result<Session<'_>> {
        let options = json!({ "binary": binary, "args": [] });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let answer = self.post("/session", &wanted)?;
        let id = answer["sessionId"].as_str().with_context(|| format!("no session: {answer}"))?;
        Ok(Session { driver: self, id: id.to_owned() })
    }

    /// One request, and the `value` of its answer.
    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.to_string();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).with_context(|| format!("WebDriver does not answer {path}"))?;
        let (_, body) = answer.split_once("\r\n\r\n").context("WebDriver's answer is cut")?;
        let mut answer: Value = serde_json::from_str(body).context("WebDriver's answer is not JSON")?;
        Ok(answer["value"].take())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group, the program under test with it.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// One program under a driver.
pub(crate) struct Session<'a> {
    driver: &'a Driver,
    id: String,
}

impl Session<'_> {
    /// When the page first showed something, in milliseconds of the system's clock.
    pub(crate) fn wait_for_paint(&self) -> Result<u64> {
        const ASK: &str = "const p = performance.getEntriesByName('first-contentful-paint')[0];\
                           return p ? Math.round(performance.timeOrigin + p.startTime) : null;";
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let script = json!({ "script": ASK, "args": [] });
            let answer = self.driver.post(&format!("/session/{}/execute/sync", self.id), &script)?;
            match answer.as_f64() {
                // Milliseconds since 1970 are whole and far below 2⁵³.
                Some(at) => return Ok(at as u64),
                None if answer.is_null() => std::thread::sleep(Duration::from_millis(50)),
                None => bail!("WebDriver answers {answer}"),
            }
        }
        bail!("nothing was painted in {} s", PATIENCE.as_secs())
    }
}
