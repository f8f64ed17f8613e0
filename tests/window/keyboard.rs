//! The first ten minutes without a mouse: demo, a second model, a retry, the spend page, a stored key.

use crate::{
    harness::Window,
    keys::{focus_is_on, gone, pane_until, press, pressed, tab_to, tab_to_inside},
};
use parallax_suite::support::program::Program;
use thirtyfour::{By, Key};

#[tokio::test]
async fn everything_is_reached_without_a_mouse() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    tab_to(&window, "try-demo").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;
    press(&window, Key::Control + Key::Enter).await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["done", "failed"]).await;
    }
    window.shots("keyboard-answered").await;
    found(&window).await;

    // A lane that failed is asked again.
    let failed = failed_lane(&window).await;
    tab_to_inside(&window, &format!("lane-{failed}"), "retry").await;
    press(&window, Key::Enter).await;
    window.lane_reaches(failed, &["connecting", "streaming"]).await;
    window.lane_reaches(failed, &["done", "failed"]).await;

    for (digit, layout) in [("2", "grid"), ("3", "focus"), ("1", "columns")] {
        press(&window, Key::Control + digit).await;
        pressed(&window, &format!("layout-{layout}")).await;
        window.shots(&format!("keyboard-{layout}")).await;
    }

    // The picker opens, finds, adds and gives the focus back; Escape leaves it.
    press(&window, Key::Control + "n").await;
    focus_is_on(&window, "composer").await;
    press(&window, Key::Control + "m").await;
    focus_is_on(&window, "model-search").await;
    window.shots("keyboard-picker").await;
    press(&window, Key::Escape).await;
    gone(&window, "model-search").await;
    press(&window, Key::Control + "m").await;
    focus_is_on(&window, "model-search").await;
    press(&window, "demo/flaky").await;
    window.get("model-option-demo/flaky").await;
    press(&window, Key::Enter).await;
    gone(&window, "model-search").await;

    press(&window, Key::Control + ",").await;
    window.get("provider-openai").await;
    window.shots("keyboard-settings").await;
    // Settings are long; the next pane is a key away.
    pane_until(&window, "aside.side").await;
    tab_to(&window, "nav-spend").await;
    press(&window, Key::Enter).await;
    window.get("spend-month").await;
    window.close().await.unwrap();
}

/// A word of an answer is looked up, gone on from, and left; the focus comes back to where it was.
async fn found(window: &Window) {
    // One that stands there twice: else there is nothing to go on to.
    let word =
        "const text = [...document.querySelectorAll('.said .md p')].map((p) => p.textContent).join('\\n');
        return text.match(/\\p{L}{4,}/gu).find((word) => text.split(word).length > 2)";
    let word = window.script(word, vec![]).await;
    press(window, Key::Control + "f").await;
    focus_is_on(window, "chat-find").await;
    press(window, word.as_str().unwrap()).await;
    let said = "(document.querySelector('[data-testid=chat-find-count]').textContent.match(/\\d+/g) ?? [])";
    window.until("it is counted, and more than once", &format!("Number({said}[1]) > 1")).await;
    window.until("it is marked", "CSS.highlights.get('found')?.size > 0").await;
    window.until("one is gone to", "CSS.highlights.get('found-now')?.size === 1").await;
    window.shots("keyboard-find").await;
    for key in [Key::Enter, Key::F3] {
        let after = format!("const [at, all] = {said}.map(Number); return at % all + 1");
        let next = window.script(&after, vec![]).await;
        press(window, key).await;
        window.until("the next is gone to", &format!("Number({said}[0]) === {next}")).await;
    }
    press(window, Key::Escape).await;
    gone(window, "chat-find").await;
    focus_is_on(window, "composer").await;
    window.until("no mark is left", "!CSS.highlights.has('found') && !CSS.highlights.has('found-now')").await;
}

async fn failed_lane(window: &Window) -> usize {
    for lane in 0..4 {
        if window.lane_state(lane).await == "failed" {
            return lane;
        }
    }
    let all = window.page.find_all(By::Css("[data-testid=state]")).await.unwrap().len();
    panic!("none of {all} lanes failed");
}
