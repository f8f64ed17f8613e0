//! A day with the window and no mouse: a line-up is made, a prompt sent, the answers gone through, one picked, the
//! prompt written anew, a branch taken, an old word found, the palette and the settings used.

use crate::{
    harness::Window,
    keys::{focus_is_on, gone, palette, pane_until, press, pressed, tab_to, tab_until, wait_for},
};
use parallax_suite::support::program::Program;
use serde_json::json;
use std::fs;
use thirtyfour::Key;

/// Everything on the page that a reader goes by, without a name; and how many main parts there are.
const LANDMARKS: &str = "const named = (e) => !!(e.ariaLabel || e.getAttribute('aria-labelledby')); \
    return { mains: document.querySelectorAll('main').length, \
        parts: ['main', 'nav', 'aside', '[role=region]', 'form'] \
            .filter((one) => !document.querySelector(one)), \
        nameless: [...document.querySelectorAll('nav, aside, [role=region], [role=navigation], form')] \
            .filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 90)) }";
/// Keeps everything that polite regions of the thread say, with how they are marked.
const LISTEN: &str = "window.spoken = []; \
    new MutationObserver(() => { for (const p of document.querySelectorAll('.thread [aria-live]')) { \
        const said = `${p.ariaLive}: ${p.textContent}`; \
        if (p.textContent && !window.spoken.includes(said)) window.spoken.push(said); } }) \
    .observe(document.body, { subtree: true, childList: true, characterData: true })";

async fn chips(window: &Window) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.mchip')].map((one) => one.ariaLabel.split(',')[0])";
    serde_json::from_value(window.script(script, vec![]).await).unwrap()
}

pub(crate) async fn chips_are(window: &Window, names: &[&str]) {
    let script = format!(
        "return JSON.stringify([...document.querySelectorAll('.mchip')].map((one) => one.ariaLabel.split(',')[0])) \
         === JSON.stringify({})",
        json!(names)
    );
    wait_for(window, &format!("the line-up is not {names:?}"), &script).await;
}

/// Adds a model, wherever the focus is.
pub(crate) async fn add(window: &Window, reference: &str) {
    press(window, Key::Control + "m").await;
    focus_is_on(window, "model-search").await;
    press(window, reference).await;
    let first = format!(
        "return document.querySelector('.picker [aria-selected=true]')?.dataset.testid === 'model-option-{reference}'"
    );
    wait_for(window, &format!("{reference} is not offered first"), &first).await;
    press(window, Key::Enter).await;
    gone(window, "model-search").await;
}

pub(crate) async fn answered(window: &Window, lanes: usize) {
    for lane in 0..lanes {
        window.lane_reaches(lane, &["done"]).await;
    }
}

/// From wherever to the first answer of the newest turn.
pub(crate) async fn to_the_answers(window: &Window) {
    pane_until(window, ".thread").await;
    press(window, "]").await;
    focus_is_on(window, "lane-0").await;
}

#[tokio::test]
async fn a_day_goes_by_without_a_mouse() {
    let program = Program::new();
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    tab_to(&window, "try-demo").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;

    // A line-up: gone through, made shorter, longer again, and put in another order.
    let all = chips(&window).await;
    assert_eq!(all, ["Demo Quick", "Demo Steady", "Demo Thinker", "Demo Flaky"]);
    pane_until(&window, ".mchip").await;
    focus_is_on(&window, "chip-0").await;
    press(&window, Key::Right).await;
    focus_is_on(&window, "chip-1").await;
    press(&window, Key::Delete).await;
    chips_are(&window, &["Demo Quick", "Demo Thinker", "Demo Flaky"]).await;
    press(&window, Key::Right).await;
    focus_is_on(&window, "chip-2").await;
    press(&window, Key::Delete).await;
    chips_are(&window, &["Demo Quick", "Demo Thinker"]).await;
    add(&window, "demo/steady").await;
    chips_are(&window, &["Demo Quick", "Demo Thinker", "Demo Steady"]).await;
    pane_until(&window, ".mchip").await;
    focus_is_on(&window, "chip-0").await;
    press(&window, Key::Alt + Key::Right).await;
    chips_are(&window, &["Demo Thinker", "Demo Quick", "Demo Steady"]).await;
    focus_is_on(&window, "chip-1").await;

    // Asked, and told in words when each answer is there.
    press(&window, Key::Escape).await;
    focus_is_on(&window, "composer").await;
    press(&window, Key::Control + "a").await;
    press(&window, "What is a lighthouse for?").await;
    window.script(LISTEN, vec![]).await;
    press(&window, Key::Control + Key::Enter).await;
    window.until("the turn is shown", "document.querySelectorAll('.turn').length === 1").await;
    answered(&window, 3).await;
    window
        .until(
            "every answer is announced",
            "['Quick', 'Thinker', 'Steady'].every((name) => window.spoken.some((said) => \
             said.startsWith('polite: ') && said.includes(`Demo ${name} finished`)))",
        )
        .await;
    let parts = window.script(LANDMARKS, vec![]).await;
    assert_eq!(parts, json!({ "mains": 1, "parts": [], "nameless": [] }));

    // From answer to answer, each with its place and name; the second is the best.
    to_the_answers(&window).await;
    press(&window, Key::Right).await;
    focus_is_on(&window, "lane-1").await;
    let name = window.script("return document.activeElement.ariaLabel", vec![]).await;
    assert_eq!(name, "Answer 2 of 3, Demo Quick");
    press(&window, "2").await;
    pressed(&window, "pick-1").await;
    press(&window, Key::Left).await;
    focus_is_on(&window, "lane-0").await;

    written_anew(&window).await;
    found_again(&window).await;
    settled(&window).await;
    window.close().await.unwrap();
}

/// Another wording beside the first, back to the first, and a chat of its own from one answer.
async fn written_anew(window: &Window) {
    press(window, "e").await;
    focus_is_on(window, "edit-field").await;
    press(window, Key::Escape).await;
    gone(window, "edit-field").await;
    focus_is_on(window, "lane-0").await;
    press(window, "e").await;
    focus_is_on(window, "edit-field").await;
    press(window, " In one line, please.").await;
    press(window, Key::Control + Key::Enter).await;
    let wordings = "document.querySelector('[data-testid=\"prompt-siblings\"]')?.textContent.includes";
    window.until("there are two wordings", &format!("{wordings}('2/2')")).await;
    answered(window, 3).await;
    let inside = "return !!document.activeElement?.closest('[data-testid=\"prompt-siblings\"]')";
    tab_until(window, "the wordings", inside).await;
    press(window, Key::Enter).await;
    window.until("the first wording is back", &format!("{wordings}('1/2')")).await;

    to_the_answers(window).await;
    press(window, Key::Shift + "b").await;
    window
        .until(
            "the branch is a chat of its own",
            "document.querySelector('[data-testid=title]')?.textContent.includes('Fork of')",
        )
        .await;
    focus_is_on(window, "composer").await;
}

/// The very place of a word said before.
async fn found_again(window: &Window) {
    press(window, Key::Control + "n").await;
    focus_is_on(window, "composer").await;
    press(window, Key::Control + Key::Shift + "f").await;
    focus_is_on(window, "search-input").await;
    press(window, "lighthouse line").await;
    window
        .until("it is found", "document.querySelectorAll('[data-testid^=\"search-hit-\"]').length >= 1")
        .await;
    press(window, Key::Enter).await;
    gone(window, "search-input").await;
    let there =
        "[...document.querySelectorAll('.turn h2')].some((one) => one.textContent.includes('In one line'))";
    window.until("its wording is shown", there).await;
    window.until("the focus is there", "document.activeElement?.closest('.thread')").await;
}

/// A theme by the palette, and a switch in the settings.
async fn settled(window: &Window) {
    palette(window, "theme: dark", "action-theme.dark").await;
    window.until("it is dark", "document.documentElement.dataset.theme === 'dark'").await;
    press(window, Key::Control + ",").await;
    window.get("provider-openai").await;
    pane_until(window, ".setnav").await;
    tab_until(window, "Shortcuts", "return document.activeElement?.textContent.trim() === 'Shortcuts'").await;
    press(window, Key::Enter).await;
    tab_to(window, "shortcut-letters").await;
    press(window, " ").await;
    let off = "document.querySelector('[data-testid=\"shortcut-letters\"]').checked === false";
    window.until("single letters are off", off).await;
    for (digit, page) in [("2", "spend"), ("3", "models"), ("4", "history"), ("1", "chats")] {
        press(window, Key::Alt + digit).await;
        window
            .until(page, &format!("document.querySelector('[data-testid=\"nav-{page}\"][aria-current]')"))
            .await;
    }
}

#[tokio::test]
async fn nothing_moves_by_itself_where_less_motion_is_wanted() {
    let program = Program::new();
    let desktop = tempfile::tempdir().unwrap();
    let folder = desktop.path().join("gtk-3.0");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("settings.ini"), "[Settings]\ngtk-enable-animations=false\n").unwrap();
    let window = Window::open_under(&program.folder(), desktop.path()).await;
    window.get("onboarding").await;
    window
        .until("the desktop's wish is known", "matchMedia('(prefers-reduced-motion: reduce)').matches")
        .await;
    tab_to(&window, "try-demo").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;
    // Everything that moves while answers are written.
    let moving = "window.moving = []; window.looking = setInterval(() => { \
        for (const one of document.getAnimations()) { \
            const { duration, iterations } = one.effect.getComputedTiming(); \
            if (duration * iterations > 1) window.moving.push(one.animationName ?? one.transitionProperty); } }, 20)";
    window.script(moving, vec![]).await;
    press(&window, Key::Control + Key::Enter).await;
    for lane in 0..4 {
        window.lane_reaches(lane, &["done", "failed"]).await;
    }
    press(&window, Key::Control + "k").await;
    focus_is_on(&window, "palette").await;
    assert_eq!(window.script("clearInterval(window.looking); return window.moving", vec![]).await, json!([]));
    window.close().await.unwrap();
}
