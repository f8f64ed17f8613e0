//! The first provider is gone while four lanes write, in the real window: whose answer had begun is offered
//! to go on elsewhere, whose had not sees an answer and no error; the receipt tells what happened.

use crate::harness::Window;
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Step},
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// All three serve all four models in the catalogue, in one dialect.
const PROVIDERS: [&str; 3] = ["deepinfra", "together", "fireworks"];
const MODELS: [&str; 4] =
    ["moonshotai/kimi-k3", "z-ai/glm-5.3", "minimax/minimax-m3", "deepseek/deepseek-v4.1-flash"];

/// What the user saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Lanes that had begun to write when it came.
    pub(crate) begun: usize,
    /// Of those: kept, with an offer to go on elsewhere.
    pub(crate) offered: usize,
    /// Of those: gone on with, behind a seam that can be seen.
    pub(crate) seams: usize,
    /// Answers asked for while it lasted.
    pub(crate) asked: usize,
    /// Of those: whole on the screen.
    pub(crate) whole: usize,
    /// Of those: with an error on the screen.
    pub(crate) errors: usize,
    /// Calls that the first provider got while it was down.
    pub(crate) wasted: usize,
}

fn delta(words: &str) -> Vec<u8> {
    let choice = json!({ "index": 0, "delta": { "content": words }, "finish_reason": null });
    format!("data: {}\n\n", json!({ "choices": [choice] })).into_bytes()
}

/// An answer of these words at a reader's pace, with an end.
fn answer(words: &str) -> Answer {
    let finish = json!({
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21 },
    });
    let begin = words.split_inclusive(' ').fold(Answer::event_stream(""), |answer, word| {
        answer.step(Step::Send(delta(word))).step(Step::Wait(Duration::from_millis(10)))
    });
    begin.send(format!("data: {finish}\n\ndata: [DONE]\n\n"))
}

/// Begins, writes on slowly, and is cut off.
fn doomed(for_long: Duration) -> Answer {
    let words = usize::try_from(for_long.as_millis() / 50).unwrap();
    let begin = Answer::event_stream(delta("The answer begins and "));
    let paced = (0..words).fold(begin, |answer, n| {
        answer.step(Step::Wait(Duration::from_millis(50))).step(Step::Send(delta(&format!("word {n} "))))
    });
    paced.step(Step::Reset)
}

async fn ask(window: &Window, prompt: &str) {
    window.type_into("composer", prompt).await;
    window.click("send").await;
}

/// Is there an error in this column?
async fn error(window: &Window, lane: usize) -> String {
    window.lane_text(lane, "error").await
}

/// An outage of this length, as a person sees it.
pub(crate) async fn outage(down_for: Duration) -> Seen {
    let program = Program::new();
    let down = Arc::new(AtomicBool::new(false));
    let servers: Vec<Replay> = PROVIDERS
        .iter()
        .map(|id| Replay::start(vec![Route::answer(answer(&format!("This answer comes from {id} ")))]))
        .collect();
    let is_down = Arc::clone(&down);
    servers[0].first(
        Route::with(|_| Answer::event_stream("").step(Step::Reset))
            .when(move |_| is_down.load(Ordering::SeqCst)),
    );
    for (id, server) in PROVIDERS.iter().zip(&servers) {
        let base = format!("{}/v1", server.url());
        program.ok(&["provider", "add", id, "--dialect", "openai-chat", "--base-url", &base]);
    }
    let prefs = json!({ "order": PROVIDERS, "only": PROVIDERS }).to_string();
    program.ok(&["policy", "set", "first", "--prefs", &prefs, "--default"]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    for _ in 0..MODELS.len() {
        window.click("chip-remove-0").await;
    }
    for model in MODELS {
        window.add_model(model).await;
    }
    let mut seen = Seen::default();
    // Long enough that all four have begun, whatever else the machine does.
    servers[0].first(Route::answer(doomed(Duration::from_secs(6))).times(MODELS.len()));
    ask(&window, "Write something").await;
    for lane in 0..MODELS.len() {
        let begun = format!(
            "document.querySelector('[data-testid=\"lane-{lane}\"] [data-testid=\"answer\"]')?.textContent\
             .includes('word')"
        );
        window.until("a lane writes", &begun).await;
        seen.begun += 1;
    }
    down.store(true, Ordering::SeqCst);
    let (since, before) = (Instant::now(), servers[0].seen().len());
    for lane in 0..MODELS.len() {
        window.lane_reaches(lane, &["failed"]).await;
        let kept = window.lane_text(lane, "answer").await.contains("The answer begins and word 0");
        let offer = window.lane_text(lane, "continue-on").await;
        seen.offered += usize::from(kept && offer.contains("Continue on Together"));
    }
    window.shots("outage-begun").await;
    // One of them is gone on with, where its first button says.
    let press = "document.querySelector('[data-testid=\"lane-0\"] [data-testid=\"continue-on\"]').click()";
    window.script(press, vec![]).await;
    window.lane_reaches(0, &["done"]).await;
    let joined = window.lane_text(0, "answer").await;
    assert!(joined.contains("The answer begins and") && joined.contains("comes from together"), "{joined}");
    seen.seams += usize::from(!window.lane_text(0, "seam").await.is_empty());
    window.shots("outage-seam").await;
    // Whoever asks now is answered by the others.
    let mut receipt = false;
    while since.elapsed() < down_for || seen.asked == 0 {
        window.click("new-chat").await;
        ask(&window, "And now?").await;
        for lane in 0..MODELS.len() {
            let state = window.lane_reaches(lane, &["done", "failed"]).await;
            seen.asked += 1;
            let text = window.lane_text(lane, "answer").await;
            seen.whole += usize::from(state == "done" && text.contains("This answer comes from"));
            seen.errors += usize::from(state == "failed" || !error(&window, lane).await.is_empty());
        }
        if !receipt {
            receipt = true;
            shown(&window).await;
        }
    }
    seen.wasted = servers[0].seen().len() - before;
    window.close().await.unwrap();
    let verified = program.ok(&["spend", "verify", "--json"]);
    assert!(verified.contains("\"chain\":true") && verified.contains("\"sums\":true"), "{verified}");
    seen
}

/// The receipt of the first lane: who was asked first and why somebody else answered.
async fn shown(window: &Window) {
    let open = "document.querySelector('[data-testid=\"lane-0\"] [data-testid=\"receipt\"]').click()";
    window.script(open, vec![]).await;
    window.get("inspector").await;
    let hops = window.get("hops").await.text().await.unwrap();
    assert!(hops.contains("DeepInfra") && hops.contains("Together"), "{hops}");
    window.shots("outage-receipt").await;
    window.script(open, vec![]).await;
}

/// What everybody must see.
pub(crate) fn check(seen: &Seen) {
    assert_eq!((seen.begun, seen.offered, seen.seams), (4, 4, 1), "{seen:?}");
    assert_eq!((seen.errors, seen.whole), (0, seen.asked), "{seen:?}");
}
