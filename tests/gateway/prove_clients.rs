//! Proof: clients of many makers, unmodified, against the gateway, each with three kinds of provider behind it.
//! `cargo xtask prove clients` installs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a proof fails by panicking and prints its table"
)]

#[expect(dead_code, reason = "the gateway's tests use all of it")]
mod bench;
mod provider;
mod runner;

use runner::{module, python, scenarios, script};
use std::path::PathBuf;

#[tokio::test(flavor = "multi_thread")]
async fn every_client_is_served() {
    let node = || PathBuf::from("node");
    let clients = [
        ("openai 3.54.0, Python", python(None), script("openai_client.py")),
        ("anthropic 2.12.0, Python", python(None), script("anthropic_client.py")),
        ("google-genai 3.4.0", python(Some("google-genai")), script("google_client.py")),
        ("litellm 1.106.2", python(Some("litellm")), script("litellm_client.py")),
        ("langchain-openai 1.7.3", python(Some("langchain-openai")), script("langchain_client.py")),
        ("aider-chat 0.86.2", python(Some("aider")), script("aider_client.py")),
        ("llm 0.36", python(Some("llm")), script("llm_client.py")),
        ("openai 6.49.0, npm", node(), module("node", "openai_client.mjs")),
        ("@anthropic-ai/sdk 1.12.0", node(), module("node", "anthropic_client.mjs")),
        ("ai 6.0.326 with @ai-sdk/openai-compatible 2.0.87", node(), module("more", "ai_client.mjs")),
        (
            "@openrouter/sdk 1.3.19 and @openrouter/ai-sdk-provider 2.10.0",
            node(),
            module("more", "openrouter_client.mjs"),
        ),
    ];
    println!("\n| client | scenarios × providers | passed | what did not |");
    println!("|---|---:|---:|---|");
    let mut wrong = Vec::new();
    for (name, program, script) in clients {
        let bench = runner::bench().await;
        let (lines, errors) = scenarios(&bench, program, script).await;
        let failed: Vec<&serde_json::Value> = lines.iter().filter(|line| line["ok"] != true).collect();
        let names: Vec<&str> = failed.iter().filter_map(|line| line["name"].as_str()).collect();
        println!("| {name} | {} | {} | {} |", lines.len(), lines.len() - failed.len(), names.join(", "));
        if lines.is_empty() {
            wrong.push(format!("{name}: {errors}"));
        }
        wrong.extend(failed.iter().map(ToString::to_string));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
