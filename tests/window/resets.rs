//! Recorded streams cut off in the middle, in the real window: what is shown is the beginning of what was
//! recorded, an answer that broke off says so, and the books are right.

use crate::harness::Window;
use domain::{ProcessId, Timestamp};
use parallax_suite::support::{
    program::Program,
    recording::{Recording, repository},
    replay::{Answer, Replay, Route, Step},
};
use std::time::UNIX_EPOCH;
use store::{Options, Store};

/// Provider, dialect, the recordings' word for it, model in the line-up.
const LANES: [(&str, &str, &str, &str); 4] = [
    ("openai", "openai-chat", "openai-chat", "openai/gpt-5.4"),
    ("anthropic", "anthropic-messages", "anthropic-messages", "anthropic/claude-sonnet-4.5"),
    ("google", "gemini", "google-generate", "google/gemini-3.5-flash"),
    ("groq", "openai-chat", "openai-chat", "meta-llama/llama-3.3-70b-instruct"),
];
/// Four lanes each.
const TURNS: usize = 13;

/// Streams whose text looks on the screen as it is: no marks of Markdown that carry letters or digits.
fn streams(wire: &str) -> Vec<Recording> {
    let plain = |text: &str| {
        !text.is_empty()
            && !text.contains(['[', '<', '|', '`', '$', '\\', '&'])
            && text.lines().all(|line| !line.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut all = Recording::folder(&repository().join("tests/recordings/registry"));
    all.retain(|recording| {
        recording.status() == 200
            && recording.text("/mode") == "stream"
            && recording.text("/wire") == wire
            && recording.text("/expect/outcome") == "ok"
            && plain(recording.text("/expect/text"))
            && !recording.id().starts_with("bedrock")
            && !recording.id().contains("tool")
            && !recording.id().contains("structured")
    });
    all.sort_by(|a, b| a.id().cmp(b.id()));
    all
}

/// SplitMix64 (Steele, Lea, Flood 2014), one step.
fn dice(seed: u64) -> usize {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    usize::try_from((z ^ (z >> 27)) >> 33).unwrap()
}

fn words(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What lane `lane` of turn `turn` is answered, and after how many bytes it is cut off.
fn cut(all: &[Vec<Recording>], turn: usize, lane: usize) -> (&Recording, usize) {
    let streams = &all[lane];
    let recording = &streams[(turn * 3 + lane) % streams.len()];
    let seed = u64::try_from(turn * 7 + lane + 1).unwrap();
    (recording, 1 + dice(seed) % (recording.body().len() - 1))
}

#[tokio::test]
async fn fifty_streams_cut_off_show_their_beginning_and_say_so() {
    let all: Vec<Vec<Recording>> = LANES.iter().map(|(_, _, wire, _)| streams(wire)).collect();
    assert!(
        all.iter().all(|streams| streams.len() >= 3),
        "{:?}",
        all.iter().map(Vec::len).collect::<Vec<_>>()
    );
    let program = Program::new();
    let servers: Vec<Replay> = (0..LANES.len()).map(|lane| server(&all, lane)).collect();
    for ((provider, dialect, ..), server) in LANES.iter().zip(&servers) {
        let path = if *dialect == "openai-chat" { "/v1" } else { "" };
        let base = format!("{}{path}", server.url());
        program.ok(&["provider", "add", provider, "--dialect", dialect, "--base-url", &base]);
    }
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..LANES.len() {
        window.click("chip-remove-0").await;
    }
    for (.., model) in LANES {
        window.add_model(model).await;
    }
    let (mut broken, mut empty, mut whole) = (0, 0, 0);
    for turn in 0..TURNS {
        window.click("new-chat").await;
        window.type_into("composer", &format!("cut-{turn}-off")).await;
        window.click("send").await;
        for lane in 0..LANES.len() {
            let state = window.lane_reaches(lane, &["done", "failed"]).await;
            let (recording, at) = cut(&all, turn, lane);
            let what = format!("{} cut after {at} of {} bytes", recording.id(), recording.body().len());
            let (shown, error) =
                (window.lane_text(lane, "answer").await, window.lane_text(lane, "error").await);
            let (shown, text) = (words(&shown), words(recording.text("/expect/text")));
            assert!(text.starts_with(&shown), "{what}: {shown:?} is no beginning of {text:?}");
            match state.as_str() {
                // Cut off behind everything that counts.
                "done" => {
                    assert_eq!((shown, error.as_str()), (text, ""), "{what}: called whole and is not");
                    whole += 1;
                }
                _ => {
                    assert!(!error.is_empty(), "{what}: it broke off and does not say so");
                    broken += 1;
                    empty += usize::from(shown.is_empty());
                }
            }
            assert_eq!(window.lane_text(lane, "seam").await, "", "{what}: nobody allowed a seam");
        }
    }
    window.shots("resets").await;
    window.close().await.unwrap();
    println!(
        "{} streams cut off: {broken} broken ({empty} before the first word), {whole} whole",
        broken + whole
    );
    assert_eq!(broken + whole, TURNS * LANES.len());
    assert!(broken >= 40 && empty < broken, "{broken} broken, {empty} of them empty");
    books(&program, servers.iter().map(|server| server.seen().len()).sum());
}

/// The stream for a prompt is found by the turn that it names.
fn server(all: &[Vec<Recording>], lane: usize) -> Replay {
    let routes = (0..TURNS).map(|turn| {
        let (recording, at) = cut(all, turn, lane);
        Route::answer(Answer::recorded(recording).until(at, Step::Reset)).body(&format!("cut-{turn}-off"))
    });
    Replay::start(routes.collect())
}

/// Every call is in the ledger once, no hold is left, and the chain is whole.
fn books(program: &Program, calls: usize) {
    let now = Timestamp(i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
    let options = Options { process: ProcessId::new(uuid::Uuid::from_u128(9)), now, version: "test" };
    let store = Store::open(&program.folder(), options).unwrap();
    let (entries, holds, sound) = store
        .read(|tx| {
            let sound = tx.verify_chain()? && tx.verify_budget_totals()?;
            Ok((tx.entries(Timestamp(0), Timestamp(i64::MAX))?.len(), tx.holds()?.len(), sound))
        })
        .wait()
        .unwrap();
    assert_eq!((entries, holds, sound), (calls, 0, true));
}
