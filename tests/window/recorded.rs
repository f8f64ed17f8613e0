//! Recorded streams of three providers, replayed at a human pace, side by side: text, reasoning, tokens
//! and cost on screen equal the recording.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    recording::{Recording, repository},
    replay::{Answer, Replay, Route},
};
use serde_json::Value;
use std::time::Duration;

/// Provider, dialect, model in the line-up, recording.
const LANES: [(&str, &str, &str, &str); 4] = [
    ("openai", "openai-chat", "openai/gpt-5.4", "openai__openai-chat__stream__image-in__97764f67"),
    (
        "anthropic",
        "anthropic-messages",
        "anthropic/claude-sonnet-4.5",
        "anthropic__anthropic-messages__stream__reasoning-structured__69359840",
    ),
    (
        "google",
        "gemini",
        "google/gemini-3.5-flash",
        "google__google-generate__stream__image-in-doc-in__91ea56ae",
    ),
    (
        "anthropic",
        "anthropic-messages",
        "anthropic/claude-haiku-4.5",
        "anthropic__anthropic-messages__stream__image-in__bb8e1c2b",
    ),
];

fn recording(name: &str) -> Recording {
    Recording::load(&repository().join("tests/recordings/registry").join(format!("{name}.json")))
}

/// Letters and digits alone: Markdown marks are on screen as what they mean.
fn words(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What the recording's usage costs by the bundled prices, as the strip writes it.
fn expected_cost(provider: &str, model: &str, usage: &Value) -> String {
    let catalog = catalog::Catalog::bundled().unwrap();
    let sheet = catalog.endpoint(provider, model).unwrap().prices.clone().unwrap();
    let now = domain::Timestamp(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap());
    let count = |name: &str| usage[name].as_u64();
    let mut wanted = domain::Usage::default();
    wanted.input.total = count("input");
    wanted.input.cache_read = count("cached");
    wanted.output.total = count("output");
    wanted.output.reasoning = count("reasoning");
    let total = ledger::cost(&wanted, Some(&sheet), now).total.unwrap();
    // Ten-thousandths of a dollar, rounded half up.
    let rounded = (total.get() + 50_000_000) / 100_000_000;
    format!("${}.{:04}", rounded / 10_000, rounded % 10_000)
}

#[tokio::test]
async fn recorded_answers_stand_side_by_side_as_they_were() {
    let program = Program::new();
    let server = Replay::start(
        LANES
            .iter()
            .map(|(_, _, model, name)| {
                // Cut anywhere, some bytes every few milliseconds: slower than the recording was.
                let answer = Answer::recorded(&recording(name)).cut(&[40, 9, 130], Duration::from_millis(15));
                let upstream = model.split_once('/').unwrap().1.replace(['.', '-'], "");
                Route::with(move |_| answer.clone()).when(move |seen| {
                    let asked = format!("{}{}", seen.path, seen.text()).replace(['.', '-'], "");
                    asked.contains(&upstream)
                })
            })
            .collect(),
    );
    for (provider, dialect, ..) in LANES {
        let base = match dialect {
            "openai-chat" => format!("{}/v1", server.url()),
            _ => server.url(),
        };
        program.ok(&["provider", "add", provider, "--dialect", dialect, "--base-url", &base]);
    }
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..4 {
        window.click("chip-remove-0").await;
    }
    for (_, _, model, _) in LANES {
        window.add_model(model).await;
    }
    window.type_into("composer", "Say what you said").await;
    window.click("send").await;
    for (lane, (provider, _, model, name)) in LANES.iter().enumerate() {
        let expect = recording(name).value["expect"].clone();
        window.lane_reaches(lane, &["done"]).await;
        let shown = words(&window.lane_text(lane, "answer").await);
        assert!(shown.contains(&words(expect["text"].as_str().unwrap())), "{name}: {shown}");
        let reasoning = expect["reasoning"].as_str().unwrap();
        if !reasoning.is_empty() {
            let shown = words(&window.lane_text(lane, "reasoning").await);
            assert!(shown.contains(&words(reasoning)), "{name}: {shown}");
        }
        let tokens: Vec<String> = window
            .lane_text(lane, "metric-tokens")
            .await
            .split('/')
            .map(|part| part.chars().filter(char::is_ascii_digit).collect())
            .collect();
        let usage = &expect["usage"];
        assert_eq!(tokens, [usage["input"].to_string(), usage["output"].to_string()], "{name}");
        let cost = window.lane_text(lane, "metric-cost").await;
        assert_eq!(cost.trim(), expected_cost(provider, model, usage), "{name}");
    }
    window.shots("recorded").await;
}
