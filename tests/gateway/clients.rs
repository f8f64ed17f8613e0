//! The makers' own clients, unmodified: OpenAI's and Anthropic's, in Python and JavaScript.

use crate::runner::{bench, module, python, scenarios, script};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Every scenario passes with every provider; `wanted` is how many there are in all.
async fn all_pass(program: PathBuf, script: PathBuf, wanted: usize) {
    let bench = bench().await;
    let (lines, errors) = scenarios(&bench, program, script).await;
    let wrong: Vec<String> =
        lines.iter().filter(|line| line["ok"] != true).map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
    assert_eq!(lines.len(), wanted, "{errors}");
    // A client that goes takes its request with it: one scenario leaves in the middle, with each provider.
    let start = Instant::now();
    while bench.upstream.left_early() < 3 && start.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.upstream.left_early(), 3, "every cancel reached the provider");
    bench.booked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_in_python() {
    all_pass(python(None), script("openai_client.py"), 57).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropic_in_python() {
    all_pass(python(None), script("anthropic_client.py"), 39).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_in_javascript() {
    all_pass("node".into(), module("node", "openai_client.mjs"), 39).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropic_in_javascript() {
    all_pass("node".into(), module("node", "anthropic_client.mjs"), 33).await;
}
