//! The first ten minutes without a mouse: demo, a second model, a retry, the spend page, a stored key.

use crate::harness::{PATIENCE, Window};
use parallax_suite::support::program::Program;
use std::time::{Duration, Instant};
use thirtyfour::{By, Key, TypingData};

/// Longest way to anything by Tab.
const MOST_TABS: usize = 80;

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

/// Sends keys to whatever has the focus.
async fn press(window: &Window, keys: impl Into<TypingData>) {
    let element = window.page.active_element().await.unwrap();
    element.send_keys(keys).await.unwrap();
}

async fn wait_for(window: &Window, what: &str, script: &str) {
    let started = Instant::now();
    while !window.script(script, vec![]).await.as_bool().unwrap_or_default() {
        if started.elapsed() > PATIENCE {
            window.shot("keyboard-stuck").await;
            let focus = window.script("return document.activeElement.outerHTML", vec![]).await;
            panic!("{what}; the focus is on {focus}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn focus_is_on(window: &Window, id: &str) {
    let script = format!("return document.activeElement?.dataset?.testid === '{id}'");
    wait_for(window, &format!("{id} does not get the focus"), &script).await;
}

async fn gone(window: &Window, id: &str) {
    let script = format!("return !document.querySelector('[data-testid=\"{id}\"]')");
    wait_for(window, &format!("{id} does not go"), &script).await;
}

/// A choice that is on.
async fn pressed(window: &Window, id: &str) {
    let script = format!(
        "const e = document.querySelector('[data-testid=\"{id}\"]'); \
         return e?.getAttribute('aria-checked') === 'true' || e?.getAttribute('aria-pressed') === 'true' \
         || e?.getAttribute('aria-selected') === 'true' || e?.dataset.state === 'on'"
    );
    wait_for(window, &format!("{id} is not chosen"), &script).await;
}

/// Presses F6 until the focus is inside of this. Twice round at most: a page that has just opened may take the
/// focus once itself.
async fn pane_until(window: &Window, pane: &str) {
    for _ in 0..12 {
        press(window, Key::F6).await;
        let inside = format!("return !!document.activeElement?.closest('{pane}')");
        if window.script(&inside, vec![]).await.as_bool().unwrap() {
            return;
        }
    }
    panic!("F6 does not lead to {pane}");
}

/// Presses Tab until this has the focus, and asks that the focus can be seen.
async fn tab_to(window: &Window, id: &str) {
    tab_until(window, id, &format!("return document.activeElement?.dataset?.testid === '{id}'")).await;
}

async fn tab_to_inside(window: &Window, outer: &str, id: &str) {
    let script = format!(
        "const e = document.activeElement; \
         return e?.dataset?.testid === '{id}' && !!e.closest('[data-testid=\"{outer}\"]')"
    );
    tab_until(window, id, &script).await;
}

async fn tab_until(window: &Window, id: &str, reached: &str) {
    for _ in 0..MOST_TABS {
        if window.script(reached, vec![]).await.as_bool().unwrap() {
            let seen = "const e = document.activeElement, s = getComputedStyle(e); \
                        return s.outlineStyle !== 'none' || s.boxShadow !== 'none'";
            assert!(window.script(seen, vec![]).await.as_bool().unwrap(), "no focus ring on {id}");
            return;
        }
        press(window, Key::Tab).await;
    }
    window.shot("keyboard-tab").await;
    panic!("{MOST_TABS} times Tab do not lead to {id}");
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
