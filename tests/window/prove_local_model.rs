//! Proof: a real model on this machine, found by onboarding, answers in the real window beside a demo model
//! and a replayed one. `cargo xtask prove local_model`; it fetches 127 MB the first time.
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
use parallax_suite::support::{
    program::Program,
    recording::{Recording, repository},
    replay::{Answer, Replay, Route},
};
use std::{
    net::TcpStream,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const MODEL: &str = "smollm2-135m-instruct@llamacpp";
const REPLAYED: &str = "openai__openai-chat__stream__image-in__97764f67";
/// Fetching the model's packages is part of it.
const PATIENCE: Duration = Duration::from_secs(600);

/// The model's server; ended with its whole group.
struct Server(Option<Child>);

impl Server {
    /// Starts it, unless something already serves at its port.
    fn start() -> Self {
        if TcpStream::connect(("127.0.0.1", 8080)).is_ok() {
            return Self(None);
        }
        let child = Command::new("cargo")
            .args(["xtask", "local-model"])
            .current_dir(repository())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Self(Some(child));
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", 8080)).is_err() {
            assert!(
                started.elapsed() < PATIENCE,
                "the local model does not start: try cargo xtask local-model"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
        }
    }
}

#[tokio::test]
async fn a_real_model_answers_beside_a_demo_and_a_replayed_one() {
    let _server = Server::start();
    let file = repository().join("tests/recordings/registry").join(format!("{REPLAYED}.json"));
    let answer = Answer::recorded(&Recording::load(&file)).cut(&[40, 9, 130], Duration::from_millis(15));
    let replay = Replay::start(vec![Route::answer(answer)]);
    let program = Program::new();
    let base = format!("{}/v1", replay.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let window = Window::open(&program.folder()).await;
    window.get("found-local-llamacpp").await;
    window.shots("local-found").await;
    window.click("onboarding-continue").await;
    window.get("chip-0").await;
    let chips = window
        .script("return document.querySelectorAll('[data-testid^=\"chip-remove-\"]').length", vec![])
        .await;
    for _ in 0..chips.as_u64().unwrap() {
        window.click("chip-remove-0").await;
    }
    for model in [MODEL, "demo/quick", "openai/gpt-5.4"] {
        window.add_model(model).await;
    }
    window.type_into("composer", "Name three colours.").await;
    window.click("send").await;
    println!("\n| lane | first token | speed | in / out | cost | characters |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (lane, model) in [MODEL, "demo/quick", "openai/gpt-5.4"].iter().enumerate() {
        window.lane_reaches(lane, &["done"]).await;
        let text = window.lane_text(lane, "answer").await;
        assert!(text.trim().len() > 2, "{model} said {text:?}");
        let mut cells = Vec::new();
        for id in ["metric-ttft", "metric-speed", "metric-tokens", "metric-cost"] {
            cells.push(window.lane_text(lane, id).await.trim().to_owned());
        }
        assert!(
            cells[2].chars().filter(char::is_ascii_digit).count() >= 2,
            "{model} has no token counts: {cells:?}"
        );
        println!("| {model} | {} | {} |", cells.join(" | "), text.chars().count());
    }
    assert_eq!(window.lane_text(0, "metric-cost").await.trim(), "free");
    window.shots("local-model").await;
    let spend = program.ok(&["spend", "--by", "provider", "--json"]);
    let local =
        spend.lines().find(|line| line.contains("llamacpp")).expect("the local model is in the ledger");
    assert!(local.contains("\"usd\":\"0.000000\"") && local.contains("\"unknown\":0"), "{local}");
}
