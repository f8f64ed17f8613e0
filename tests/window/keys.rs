//! Keys alone: what has the focus, and how it gets somewhere.

use crate::harness::{PATIENCE, Window};
use serde_json::json;
use std::time::{Duration, Instant};
use thirtyfour::{Key, TypingData};

/// Longest way to anything by Tab.
const MOST_TABS: usize = 80;
/// The focus can be seen: an outline of its own, the ring that a field's frame wears for it, or the line that an edge
/// between two columns becomes.
const RING: &str = "const e = document.activeElement; \
    return (e.role === 'separator' && getComputedStyle(e).backgroundImage !== 'none') \
        || [e, e.closest('.field, .cbox')].some((one) => { \
        const s = one && getComputedStyle(one); \
        return s && ((s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) \
            || s.boxShadow.includes('0px 0px 0px 2px')); })";

/// Sends keys to whatever has the focus.
pub(crate) async fn press(window: &Window, keys: impl Into<TypingData>) {
    let element = window.page.active_element().await.unwrap();
    element.send_keys(keys).await.unwrap();
}

/// Waits until a script returns true.
pub(crate) async fn wait_for(window: &Window, what: &str, script: &str) {
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

/// Waits until this has the focus.
pub(crate) async fn focus_is_on(window: &Window, id: &str) {
    let script = format!("return document.activeElement?.dataset?.testid === '{id}'");
    wait_for(window, &format!("{id} does not get the focus"), &script).await;
}

/// Waits until this is no longer there.
pub(crate) async fn gone(window: &Window, id: &str) {
    let script = format!("return !document.querySelector('[data-testid=\"{id}\"]')");
    wait_for(window, &format!("{id} does not go"), &script).await;
}

/// A choice that is on.
pub(crate) async fn pressed(window: &Window, id: &str) {
    let script = format!(
        "const e = document.querySelector('[data-testid=\"{id}\"]'); \
         return e?.getAttribute('aria-checked') === 'true' || e?.getAttribute('aria-pressed') === 'true' \
         || e?.getAttribute('aria-selected') === 'true' || e?.dataset.state === 'on'"
    );
    wait_for(window, &format!("{id} is not chosen"), &script).await;
}

/// Goes through the menu that is open to the entry with these words, and takes it.
pub(crate) async fn entry(window: &Window, words: &str) {
    wait_for(window, "no menu opens", "return !!document.querySelector('[role=menu]')").await;
    let here = "const e = document.activeElement; \
        return e?.getAttribute('role')?.startsWith('menuitem') ? e.textContent : ''";
    let started = Instant::now();
    loop {
        let at = window.script(here, vec![]).await;
        if at.as_str().is_some_and(|at| at.contains(words)) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "no entry says {words}");
        press(window, Key::Down).await;
        // One key, one step: a second before the first has had its effect would pass the entry by.
        let pressed = Instant::now();
        while window.script(here, vec![]).await == at && pressed.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    press(window, Key::Enter).await;
    wait_for(window, "the menu stays", "return !document.querySelector('[role=menu]')").await;
}

/// Tab to a button by its name, as it is read out.
pub(crate) async fn tab_to_named(window: &Window, name: &str) {
    let named = format!("return (document.activeElement?.ariaLabel ?? '').startsWith({})", json!(name));
    tab_until(window, name, &named).await;
}

/// Presses F6 until the focus is inside of this. Twice round at most: a page that has just opened may take the
/// focus once itself.
pub(crate) async fn pane_until(window: &Window, pane: &str) {
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
pub(crate) async fn tab_to(window: &Window, id: &str) {
    tab_until(window, id, &format!("return document.activeElement?.dataset?.testid === '{id}'")).await;
}

/// The same for one of several of that name.
pub(crate) async fn tab_to_inside(window: &Window, outer: &str, id: &str) {
    let script = format!(
        "const e = document.activeElement; \
         return e?.dataset?.testid === '{id}' && !!e.closest('[data-testid=\"{outer}\"]')"
    );
    tab_until(window, id, &script).await;
}

/// The same for what a script tells.
pub(crate) async fn tab_until(window: &Window, id: &str, reached: &str) {
    for _ in 0..MOST_TABS {
        if window.script(reached, vec![]).await.as_bool().unwrap() {
            assert!(window.script(RING, vec![]).await.as_bool().unwrap(), "no focus ring on {id}");
            return;
        }
        press(window, Key::Tab).await;
    }
    window.shot("keyboard-tab").await;
    panic!("{MOST_TABS} times Tab do not lead to {id}");
}

/// Opens the palette and takes what it offers first for these words.
pub(crate) async fn palette(window: &Window, words: &str, option: &str) {
    press(window, Key::Control + "k").await;
    focus_is_on(window, "palette").await;
    press(window, words).await;
    let first = format!(
        "return document.querySelector('.palette [aria-selected=true]')?.dataset.testid === \
         'palette-option-{option}'"
    );
    wait_for(window, &format!("the palette does not offer {option} first"), &first).await;
    press(window, Key::Enter).await;
    gone(window, "palette").await;
}
