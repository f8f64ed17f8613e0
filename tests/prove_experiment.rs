//! Proof: how long an experiment of fifty prompts and four models takes, twenty cells at once, when the provider
//! answers at once. `cargo xtask prove experiment`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and measures by the clock"
)]

use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
/// What the median round may take, the start of the program set off.
const LIMIT: Duration = Duration::from_millis(200);

#[test]
fn two_hundred_instant_cells_are_quick() {
    let body = "data: {\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}\n\n\
                data: {\"id\":\"r\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}\n\n\
                data: [DONE]\n\n";
    let server = Replay::start(vec![Route::answer(Answer::event_stream(body))]);
    let program = Program::new().with_key("rec", "sk-test-not-a-real-key");
    program.ok(&["provider", "add", "rec", "--dialect", "openai-chat", "--base-url", &server.url()]);
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..50).map(|n| format!("word {n}")).collect();
    let suite = json!({
        "prompts": ["Say {{word}}"],
        "models": ["m0@rec", "m1@rec", "m2@rec", "m3@rec"],
        "defaultTest": {"assert": [{"type": "contains", "value": "yes"}]},
        "tests": [{"vars": {"word": words}}],
    });
    let file = folder.path().join("suite.json");
    std::fs::write(&file, suite.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let (mut whole, mut started) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        program.ok(&["experiment", "list", "--json"]);
        started.push(begin.elapsed());
        let begin = Instant::now();
        let out = program.ok(&["experiment", "run", file, "--json", "--fresh", "--concurrency", "20"]);
        whole.push(begin.elapsed());
        let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!((&last["passed"], &last["reused"]), (&json!(200), &json!(0)));
    }
    assert_eq!(server.seen().len(), 200 * ROUNDS);
    whole.sort();
    started.sort();
    let (all, start) = (whole[ROUNDS / 2], started[ROUNDS / 2]);
    let work = all.saturating_sub(start);
    println!("\n| 50 prompts × 4 models, 20 at once, instant answers | ms | limit ms |");
    println!("|---|---:|---:|");
    println!("| the whole command, median of {ROUNDS} | {} | |", all.as_millis());
    println!("| of it starting the program (`experiment list`) | {} | |", start.as_millis());
    println!("| making, running and checking 200 cells | {} | {} |", work.as_millis(), LIMIT.as_millis());
    assert!(work <= LIMIT, "{work:?}");
}
