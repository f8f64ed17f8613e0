//! `kill -9` in mid-stream: every character that had been shown is there afterwards.

use crate::harness::Window;
use parallax_suite::support::program::Program;
use std::{fmt::Write as _, time::Duration};

/// Letters of the longest answer that is on screen, at least, when the app is killed.
const LEAST: usize = 60;

/// Kills the app so often, each time on a new data folder; a Markdown table of what was shown and kept.
pub(crate) async fn rounds(count: u32) -> String {
    // A fixed seed: the moments are random, the run can be repeated.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut table =
        String::from("| round | killed after ms | characters shown | characters kept |\n|---|---|---|---|\n");
    for round in 0..count {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = 400 + random % 3_000;
        let (shown, kept) = one(Duration::from_millis(moment)).await;
        for lane in 0..4 {
            assert!(
                letters(&kept[lane]).starts_with(&letters(&shown[lane])),
                "round {round}, lane {lane}: shown\n{}\nkept\n{}",
                shown[lane],
                kept[lane]
            );
        }
        let count = |texts: &[String]| texts.iter().map(|text| text.chars().count()).sum::<usize>();
        writeln!(table, "| {} | {moment} | {} | {} |", round + 1, count(&shown), count(&kept)).unwrap();
    }
    table
}

/// Letters and digits. White space belongs to the layout, and the marks of emphasis that was never closed
/// stand in the stored answer, while a growing one is shown as if it were.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What stood on screen a moment before the kill, and what stands there after the next start.
async fn one(moment: Duration) -> (Vec<String>, Vec<String>) {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.click("try-demo").await;
    window.get("composer").await;
    window.click("send").await;
    window.lane_reaches(0, &["streaming", "done"]).await;
    tokio::time::sleep(moment).await;
    let started = std::time::Instant::now();
    let mut shown: Vec<String> = Vec::new();
    // An empty lane would be kept whole whatever happens.
    while !shown.iter().any(|text| letters(text).len() > LEAST) {
        assert!(started.elapsed() < crate::harness::PATIENCE, "nothing to speak of is shown: {shown:?}");
        shown.clear();
        for lane in 0..4 {
            shown.push(window.lane_text(lane, "answer").await);
        }
    }
    window.kill_app();
    drop(window);
    let window = Window::open(&program.folder()).await;
    let first = "document.querySelector('[data-testid^=\"conversation-\"]')";
    let started = std::time::Instant::now();
    while window.script(&format!("return !{first}"), vec![]).await.as_bool().unwrap() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "the conversation is gone");
    }
    window.script(&format!("({first}.querySelector('button,a') ?? {first}).click()"), vec![]).await;
    let mut kept = Vec::new();
    let mut interrupted = 0;
    for lane in 0..4 {
        let state = window.lane_reaches(lane, &["done", "failed", "interrupted"]).await;
        interrupted += u32::from(state == "interrupted");
        kept.push(window.lane_text(lane, "answer").await);
    }
    assert!(interrupted > 0, "some lane was cut off");
    drop(window);
    let spend = program.ok(&["spend", "--json"]);
    assert!(spend.contains("\"attempts\":4"), "every attempt is in the ledger: {spend}");
    (shown, kept)
}
