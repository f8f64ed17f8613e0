//! Proof: how long a delta takes from the provider's socket to the page. `cargo xtask prove latency`.
//!
//! A replayed provider writes its clock into each delta; the page notes when that text stands in the
//! document. Both read the same machine's clock, so the difference holds decoding, the commit to disk,
//! rendering, the frame's way into the web view, and the page's own update.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a proof fails by panicking, prints its table, and uses part of the window tests' tools"
)]

mod harness;

use harness::Window;
use parallax_suite::support::program::Program;
use serde_json::json;
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, UNIX_EPOCH},
};

const DELTAS: u32 = 300;
const PACE: Duration = Duration::from_millis(50);

/// Milliseconds of the system's clock.
fn now() -> u128 {
    UNIX_EPOCH.elapsed().unwrap().as_millis()
}

/// Answers every request with a stream of clock readings.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream) {
    let mut request = [0u8; 65536];
    let _ = stream.read(&mut request);
    stream.set_nodelay(true).unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..DELTAS {
        let delta = json!({ "choices": [{ "index": 0, "delta": { "content": format!("t{} ", now()) } }] });
        if stream.write_all(format!("data: {delta}\n\n").as_bytes()).is_err() {
            return;
        }
        std::thread::sleep(PACE);
    }
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let _ = stream.write_all(format!("data: {end}\n\ndata: [DONE]\n\n").as_bytes());
}

#[tokio::test]
async fn from_socket_to_page() {
    let program = Program::new();
    program.ok(&["provider", "add", "clock", "--dialect", "openai-chat", "--base-url", &provider()]);
    program.ok(&["ask", "-m", "clock@clock", "warm up"]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    let lanes = json!([{ "model": { "model": "clock", "provider": "clock" }, "system": null, "params": {} }]);
    let keep = "const i = window.__TAURI_INTERNALS__; return i.invoke('rpc', { cmd: 'view/set', payload: \
                { key: 'view.line_up', value: JSON.stringify(arguments[0]) } }).then(() => true)";
    window.script(keep, vec![lanes]).await;
    window.script("location.reload()", vec![]).await;
    window.get("composer").await;
    let watch = "window.__delays = []; const seen = new Set(); new MutationObserver(() => { const at = Date.now(); \
                 const e = document.querySelector('[data-testid=\"lane-0\"] [data-testid=\"answer\"]'); \
                 if (!e) return; for (const m of e.textContent.matchAll(/t(\\d{13})\\b/g)) { \
                 if (!seen.has(m[1])) { seen.add(m[1]); window.__delays.push(at - Number(m[1])); } } }) \
                 .observe(document.body, { subtree: true, childList: true, characterData: true });";
    window.script(watch, vec![]).await;
    window.type_into("composer", "tick").await;
    window.click("send").await;
    window.lane_reaches(0, &["done"]).await;
    let delays = window.script("return window.__delays", vec![]).await;
    let mut delays: Vec<i64> = delays.as_array().unwrap().iter().map(|d| d.as_i64().unwrap()).collect();
    delays.sort_unstable();
    let wanted = usize::try_from(DELTAS).unwrap() * 9 / 10;
    assert!(delays.len() >= wanted, "only {} of {DELTAS} deltas were seen on the page", delays.len());
    let at = |share: usize| delays[(delays.len() - 1) * share / 100];
    println!("\n| deltas | p50 ms | p90 ms | p99 ms | max ms |");
    println!("|---:|---:|---:|---:|---:|");
    println!("| {} | {} | {} | {} | {} |", delays.len(), at(50), at(90), at(99), at(100));
}
