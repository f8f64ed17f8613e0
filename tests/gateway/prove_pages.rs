//! Proof: a hostile page in a real browser reaches nothing behind the gateway's door, though it knows the address
//! and even a key. `cargo xtask prove gateway_pages`; it needs Chromium, and a display for WebKit.
//!
//! The same page does the same to a server without a door beside it: what arrives there says that the browser sent
//! it at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and goes by the clock"
)]

#[expect(dead_code, reason = "the gateway's tests use all of it")]
mod bench;

use bench::{Bench, every_protocol};
use parallax_suite::support::replay::{Answer, Replay, Route};
use std::{
    collections::BTreeSet,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use thirtyfour::{Capabilities, WebDriver};

/// Longest wait for a page, and for a driver.
const PATIENCE: Duration = Duration::from_secs(90);
/// WebKit's own browser is beside its library, in one of these (Debian and Fedora; 2026-11).
const MINI: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
];
/// Names under which Chromium is installed.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What a page can try: a name, and script in which `at` is the address, `key` a good key and `say` a request.
const TRIES: &[(&str, &str)] = &[
    ("fetch", "await fetch(at + '/v1/models?try=fetch')"),
    ("fetch, no-cors", "await fetch(at + '/v1/models?try=fetch-no-cors', { mode: 'no-cors' })"),
    (
        "fetch with the key",
        "await fetch(at + '/v1/models?try=fetch-with', { headers: { authorization: key } })",
    ),
    (
        "POST as text, no-cors",
        "await fetch(at + '/v1/chat/completions?try=POST-as', { method: 'POST', mode: 'no-cors', body: say })",
    ),
    (
        "POST as JSON with the key",
        "await fetch(at + '/v1/chat/completions?try=POST-as-JSON', { method: 'POST', headers: { authorization: key, 'content-type': 'application/json' }, body: say })",
    ),
    ("beacon", "navigator.sendBeacon(at + '/v1/chat/completions?try=beacon', say)"),
    (
        "form",
        "const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame); const form = document.createElement('form'); form.target = 'f'; form.method = 'POST'; form.enctype = 'text/plain'; form.action = at + '/v1/chat/completions?try=form'; const field = document.createElement('input'); field.name = say; form.append(field); document.body.append(form); form.submit()",
    ),
    ("image", "new Image().src = at + '/v1/models?try=image'"),
    (
        "script",
        "const script = document.createElement('script'); script.src = at + '/v1/models?try=script'; document.body.append(script)",
    ),
    (
        "frame",
        "const frame = document.createElement('iframe'); frame.src = at + '/v1/models?try=frame'; document.body.append(frame)",
    ),
    ("WebSocket", "new WebSocket(at.replace('http', 'ws') + '/v1/models?try=WebSocket')"),
    ("EventSource", "new EventSource(at + '/v1/models?try=EventSource')"),
];

/// A page that tries all of it at each of these addresses.
fn page(addresses: &[String], key: &str) -> String {
    let tries: String = TRIES.iter().map(|(_, script)| format!("async () => {{ {script} }},\n")).collect();
    format!(
        "<!doctype html><body><script>
        const key = 'Bearer {key}';
        const say = JSON.stringify({{ model: 'm@chat', messages: [{{ role: 'user', content: 'x' }}] }});
        (async () => {{
            let read = 0;
            for (const at of {addresses:?}) for (const attempt of [{}]) try {{ await attempt(at) }} catch {{ }}
            for (const at of {addresses:?}) try {{ read += (await (await fetch(at + '/v1/models')).text()).length }} catch {{ }}
            setTimeout(() => {{ document.title = 'tried'; document.body.dataset.read = read }}, 2000);
        }})();
        </script>",
        tries
    )
}

/// A browser that is driven here.
#[derive(Clone, Copy)]
enum Browser {
    Chromium,
    WebKit,
}

impl Browser {
    /// The end of names that lead to this machine: for Chromium by a rule that stands for a name bound anew; glib
    /// resolves these by itself (RFC 6761).
    const fn domain(self) -> &'static str {
        match self {
            Self::Chromium => "example",
            Self::WebKit => "localhost",
        }
    }

    /// Opens an address and gives what the page has become. `tried`: it says so when it is done.
    async fn browse(self, address: String, tried: bool) -> String {
        match self {
            Self::Chromium => tokio::task::spawn_blocking(move || chromium(&address)).await.unwrap(),
            Self::WebKit => webkit(&address, tried).await,
        }
    }
}

fn chromium(address: &str) -> String {
    let works = |name: &&&str| Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
    let Some(browser) = CHROMIUM.iter().find(works) else {
        panic!("Chromium is missing: install the package chromium, or run this where it is");
    };
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"])
        .args(["--virtual-time-budget=20000", "--timeout=40000"])
        // The attacker's names lead to this machine, as after a name was bound anew.
        .arg("--host-resolver-rules=MAP *.example 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(address)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A driver, ended with what it started.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn webkit(address: &str, tried: bool) -> String {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut command = Command::new("WebKitWebDriver");
    command.arg(format!("--port={port}")).env_remove("WAYLAND_DISPLAY");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _driver = Driver(command.spawn().expect("WebKitWebDriver is missing: package webkit2gtk-driver"));
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < PATIENCE, "WebKitWebDriver does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let binary = MINI.iter().find(|path| Path::new(path).exists()).expect("WebKit's MiniBrowser is missing");
    let mut wanted = Capabilities::new();
    let options = serde_json::json!({ "binary": binary, "args": ["--automation"] });
    wanted.set("webkitgtk:browserOptions", options).unwrap();
    let page = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
    page.goto(address).await.unwrap();
    while tried && page.title().await.unwrap() != "tried" {
        assert!(started.elapsed() < PATIENCE, "the page did not run to its end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let shown = page.source().await.unwrap();
    page.quit().await.unwrap();
    shown
}

/// What a browser sent to the server that has no door.
async fn visited(browser: Browser) -> BTreeSet<String> {
    let bench = Bench::new(every_protocol()).await;
    let open = Replay::start(vec![Route::answer(Answer::status(200).send("open"))]);
    let gateway = format!("http://127.0.0.1:{}", bench.address().port());
    let rebound = format!("http://gateway.{}:{}", browser.domain(), bench.address().port());
    let html = page(&[gateway, rebound.clone(), open.url()], &bench.key);
    let hostile = Replay::start(vec![Route::answer(
        Answer::status(200).header("content-type", "text/html; charset=utf-8").send(html),
    )]);
    let shown = browser.browse(format!("http://page.{}:{}/", browser.domain(), hostile.port()), true).await;
    assert!(shown.contains("tried"), "the page did not run to its end: {shown}");
    let read = shown.split("data-read=\"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(read, Some("0"), "the page could read an answer");
    // A name bound anew makes the gateway the page's own site: it is opened like one.
    let opened = browser.browse(format!("{rebound}/v1/models"), false).await;
    assert!(!opened.contains("\"data\""), "{opened}");
    assert_eq!(bench.server.handled(), 0, "something came past the door");
    assert!(bench.upstream.seen().is_empty() && bench.booked().await.is_empty());
    let seen = open.seen();
    seen.iter()
        .filter_map(|seen| Some(seen.path.split("try=").nth(1)?.split('&').next()?.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_comes_in() {
    transport::install_crypto();
    let chromium = visited(Browser::Chromium).await;
    let webkit = visited(Browser::WebKit).await;
    println!(
        "\n| what a page tried | arrived where there is no door, from Chromium | from WebKit | came past the gateway's |"
    );
    println!("|---|---|---|---:|");
    for (name, script) in TRIES {
        let mark = script.split("try=").nth(1).unwrap().split('\'').next().unwrap();
        let said = |arrived: &BTreeSet<String>| {
            if arrived.contains(mark) { "yes" } else { "no: the browser asked first, or refused" }
        };
        println!("| {name} | {} | {} | 0 |", said(&chromium), said(&webkit));
    }
    println!("| the gateway opened under a name bound anew to this machine | | | 0 |");
    assert!(chromium.len() >= 6, "Chromium sent next to nothing: {chromium:?}");
    assert!(webkit.len() >= 6, "WebKit sent next to nothing: {webkit:?}");
}
