//! The Models page in the real window: the whole catalogue, filtered, opened and left by keys alone.

use crate::harness::Window;
use parallax_suite::support::program::Program;
use thirtyfour::{Key, TypingData};

async fn press(window: &Window, keys: impl Into<TypingData>) {
    let element = window.page.active_element().await.unwrap();
    element.send_keys(keys).await.unwrap();
}

/// Rows shown, of all there are.
async fn count(window: &Window) -> (usize, usize) {
    let text = window.get("models-count").await.text().await.unwrap();
    let numbers: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1])
}

async fn until_fewer(window: &Window, than: usize) -> usize {
    let script =
        format!("Number(document.querySelector('[data-testid=\"models-count\"] b').textContent) < {than}");
    window.until("the filter", &script).await;
    count(window).await.0
}

#[tokio::test]
async fn the_catalogue_is_used_by_keys_alone() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    window.click("onboarding-skip").await;
    window.resize((1024, 700)).await;
    let focus = |id: &str| format!("document.activeElement?.dataset?.testid === '{id}'");
    let mut steps = 0;
    // From the top of the window to the page and into its filter by Tab and Enter alone.
    window.script("document.body.focus()", vec![]).await;
    while !window.script(&format!("return {}", focus("nav-models")), vec![]).await.as_bool().unwrap() {
        press(&window, Key::Tab).await;
        steps += 1;
        assert!(steps < 80, "Tab does not lead to the Models page");
    }
    press(&window, Key::Enter).await;
    window.get("models-table").await;
    while !window.script(&format!("return {}", focus("models-filter")), vec![]).await.as_bool().unwrap() {
        press(&window, Key::Tab).await;
        steps += 1;
        assert!(steps < 160, "Tab does not lead to the filter");
    }
    let (_, all) = count(&window).await;
    press(&window, "haiku").await;
    until_fewer(&window, all).await;
    // Into the table: down a row, open it, and leave it again.
    while !window
        .script("return !!document.activeElement?.closest('[data-testid=\"models-table\"]')", vec![])
        .await
        .as_bool()
        .unwrap()
    {
        press(&window, Key::Tab).await;
        steps += 1;
        assert!(steps < 240, "Tab does not lead to the table");
    }
    press(&window, Key::Down).await;
    press(&window, Key::Enter).await;
    let drawer = window.get("models-drawer").await.text().await.unwrap();
    assert!(drawer.to_lowercase().contains("haiku"), "{drawer}");
    window.shot("models-keys-1024").await;
    press(&window, Key::Escape).await;
    window.until("the drawer closes", "!document.querySelector('[data-testid=\"models-drawer\"]')").await;
    window.close().await.unwrap();
}
