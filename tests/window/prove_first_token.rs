//! Proof: from Enter to the first token on the screen, over the provider's own time. `cargo xtask prove first_token`.
//!
//! The provider notes when a request has come in and when its first token left; what remains of the time between the
//! key and the frame that shows the token is ours: the turn on disk, the request, the connection, decoding, the commit
//! of what came, the way into the window, and drawing it.
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

mod gauge;
mod harness;

use gauge::{Paced, provider, rank};
use harness::{PATIENCE, Window};
use parallax_suite::support::program::Program;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use thirtyfour::Key;

/// The provider's own time to its first token.
const OWN: Duration = Duration::from_millis(120);
const ROUNDS: usize = 40;
/// Rounds of each kind that are not counted.
const WARM: usize = 3;

/// Lanes at once, and the most that may be ours of the median.
const KINDS: [(usize, f64); 2] = [(1, 20.0), (4, 30.0)];

/// Notes the key, and for each lane when the frame was drawn in which its first token came into the document: this
/// one if it is being made, else the next.
const WATCH: &str = "
const w = (window.__first = { enter: 0, shown: {} });
let making = false;
(function frame() {
  making = true;
  setTimeout(() => (making = false));
  requestAnimationFrame(frame);
})();
window.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') { w.enter = Date.now(); w.shown = {}; }
}, { capture: true });
new MutationObserver(() => {
  for (const lane of document.querySelectorAll('[data-testid^=\"lane-\"]')) {
    const id = lane.dataset.testid;
    const token = lane.querySelector('[data-testid=\"answer\"]')?.textContent.match(/t\\d{13}/);
    if (!token || id in w.shown || !w.enter) continue;
    w.shown[id] = 0;
    const drawn = () => setTimeout(() => (w.shown[id] = Date.now()));
    if (making) drawn(); else requestAnimationFrame(drawn);
  }
}).observe(document.body, { subtree: true, childList: true, characterData: true });";

/// Milliseconds of ours.
#[derive(Default)]
struct Ours {
    /// In every lane of every round.
    all: Vec<f64>,
    /// In the last lane of every round.
    last: Vec<f64>,
    /// From the key to the request at the provider.
    before: Vec<f64>,
}

async fn rounds(window: &Window, lanes: usize, told: &Mutex<Vec<(u128, u128)>>) -> Ours {
    gauge::line_up(window, "steady", lanes).await;
    window.script(WATCH, vec![]).await;
    let mut found = Ours::default();
    for round in 0..ROUNDS + WARM {
        window.click("new-chat").await;
        window
            .until("the page of a new chat", "document.querySelector('[data-testid=composer]').value === ''")
            .await;
        told.lock().unwrap().clear();
        window.type_into("composer", "Which number?").await;
        // Whatever the typing set off, an estimate for one, is over.
        tokio::time::sleep(Duration::from_millis(700)).await;
        let field = window.get("composer").await;
        field.send_keys(Key::Control + Key::Enter).await.unwrap();
        let done = format!("Object.values(window.__first.shown).filter((at) => at > 0).length === {lanes}");
        window.until("the first tokens", &done).await;
        let seen = window.script("return window.__first", vec![]).await;
        let enter = seen["enter"].as_f64().unwrap();
        let shown: Vec<f64> =
            seen["shown"].as_object().unwrap().values().map(|at| at.as_f64().unwrap()).collect();
        let begun = Instant::now();
        while told.lock().unwrap().len() < lanes {
            assert!(begun.elapsed() < PATIENCE, "the provider was not asked {lanes} times");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Lanes of one kind: which request was whose does not matter to sums of times, only their order does.
        let mut own: Vec<f64> =
            told.lock().unwrap().iter().map(|(came, left)| (left - came) as f64).collect();
        own.sort_by(f64::total_cmp);
        let own = own[own.len() / 2];
        for lane in 0..lanes {
            window.lane_reaches(lane, &["done"]).await;
        }
        if round < WARM {
            continue;
        }
        let ours: Vec<f64> = shown.iter().map(|at| at - enter - own).collect();
        found.last.push(ours.iter().copied().fold(f64::MIN, f64::max));
        found.all.extend(ours);
        found.before.extend(told.lock().unwrap().iter().map(|(came, _)| *came as f64 - enter));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn from_enter_to_the_first_token() {
    let program = Program::new();
    let told: Arc<Mutex<Vec<(u128, u128)>>> = Arc::default();
    let into = Arc::clone(&told);
    let address = provider(Paced {
        first: OWN,
        pace: Duration::from_millis(20),
        pieces: Box::new(|_| (0..10).map(|_| "tNOW ".to_owned()).collect()),
        told: Box::new(move |came, left| into.lock().unwrap().push((came, left))),
    });
    program.ok(&["provider", "add", "steady", "--dialect", "openai-chat", "--base-url", &address]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    println!(
        "\n| Enter to first token, less the provider's {} ms | p50 ms | p95 ms | most ms | limit of p50 |",
        OWN.as_millis()
    );
    println!("|---|---:|---:|---:|---:|");
    let mut over = Vec::new();
    for (lanes, limit) in KINDS {
        let Ours { all, last, before } = rounds(&window, lanes, &told).await;
        let row = |what: &str, times: &[f64], limit: &str| {
            let (half, high, most) = (rank(times, 50), rank(times, 95), rank(times, 100));
            println!("| {lanes} lanes, {what} | {half:.0} | {high:.0} | {most:.0} | {limit} |");
        };
        row("each", &all, &format!("{limit:.0}"));
        row("each, of it to the request at the provider", &before, "");
        if lanes > 1 {
            row("the last of them", &last, "");
        }
        let half = rank(&all, 50);
        if half > limit {
            over.push(format!("{lanes} lanes: {half} ms"));
        }
    }
    window.close().await.unwrap();
    assert!(over.is_empty(), "{over:?}");
}
