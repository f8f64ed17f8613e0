//! What is kept, by key alone: a file imported and taken back, conversations pinned, tagged, put into folders, found
//! by facets and exported; prompts with gaps, system prompts and line-ups; keys of one's own.

use crate::{
    experiments::desktop,
    harness::Window,
    journey::chips_are,
    keys::{entry, focus_is_on, gone, palette, pane_until, press, tab_to, tab_to_named, tab_until, wait_for},
};
use parallax_suite::support::{chatgpt::write_marked, program::Program};
use serde_json::json;
use std::{fs, path::Path};
use thirtyfour::Key;

/// Messages of the file that is imported.
const MESSAGES: u64 = 60;
const ROWS: &str = "[...document.querySelectorAll('.side-list .conv')]";

#[tokio::test]
async fn what_is_kept_is_worked_with_by_key_alone() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let (settings, downloads) = desktop(folder.path());
    let file = folder.path().join("conversations.json");
    write_marked(&mut fs::File::create(&file).unwrap(), MESSAGES, 3, |n| format!("mark{n}")).unwrap();
    let window = Window::open_under(&program.folder(), &settings).await;
    window.get("onboarding").await;
    tab_to(&window, "onboarding-skip").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;
    imported(&window, &file).await;
    filed(&window).await;
    found_and_exported(&window, &downloads).await;
    prompts(&window).await;
    used(&window).await;
    rebound(&window).await;
    taken_back(&window).await;
    window.close().await.unwrap();
}

/// Looked at first, then imported.
async fn imported(window: &Window, file: &Path) {
    palette(window, "import conversations", "action-import").await;
    tab_to(window, "import-path").await;
    press(window, file.to_str().unwrap()).await;
    tab_to(window, "import-look").await;
    press(window, Key::Enter).await;
    let outcome = "document.querySelector('[data-testid=import-outcome]')?.textContent.includes";
    window.until("it says what would come", &format!("{outcome}('would be imported')")).await;
    tab_to(window, "import-run").await;
    press(window, Key::Enter).await;
    window.until("it is imported", &format!("{outcome}(' imported from ChatGPT')")).await;
    press(window, Key::Escape).await;
    gone(window, "import-path").await;
    window.until("the list has them", &format!("{ROWS}.length > 3")).await;
}

/// Opens the menu of the first conversation of the list and takes an entry.
async fn row(window: &Window, words: &str) {
    pane_until(window, "aside.side").await;
    tab_until(window, "a conversation", "return document.activeElement?.classList.contains('conv')").await;
    tab_to_named(window, "More for").await;
    press(window, Key::Enter).await;
    entry(window, words).await;
}

async fn filed(window: &Window) {
    let first = "document.querySelector('.side-list section')";
    row(window, "Pin to the top").await;
    window
        .until(
            "it stands among the pinned",
            &format!("{first}?.querySelector('h2').textContent === 'Pinned'"),
        )
        .await;
    row(window, "Tags…").await;
    focus_is_on(window, "tag-name").await;
    press(window, "work").await;
    press(window, Key::Enter).await;
    window.until("it has the tag", "document.querySelector('[data-testid=tag-work]')?.checked").await;
    press(window, Key::Escape).await;
    gone(window, "tag-name").await;
    row(window, "Move to a folder…").await;
    tab_to(window, "folder-name").await;
    press(window, "Clients").await;
    press(window, Key::Enter).await;
    gone(window, "folder-name").await;
    window.get("fold-Clients").await;

    // A folder is closed and opened; the list shows what has a tag alone.
    pane_until(window, "aside.side").await;
    tab_to(window, "fold-Clients").await;
    let open = "document.querySelector('[data-testid=\"fold-Clients\"]').ariaExpanded";
    press(window, Key::Enter).await;
    window.until("it is closed", &format!("{open} === 'false'")).await;
    press(window, Key::Enter).await;
    window.until("it is open", &format!("{open} === 'true'")).await;
    pane_until(window, "aside.side").await;
    tab_to(window, "tag-filter").await;
    press(window, Key::Enter).await;
    entry(window, "work").await;
    window.until("one is left", &format!("{ROWS}.length === 1")).await;
    press(window, Key::Enter).await;
    entry(window, "All conversations").await;
    window.until("all are back", &format!("{ROWS}.length > 3")).await;
}

/// By its tag and a word to the very message; out of there into a file.
async fn found_and_exported(window: &Window, downloads: &Path) {
    press(window, Key::Control + Key::Shift + "f").await;
    focus_is_on(window, "search-input").await;
    press(window, "tag:work model:gpt after:2001-01-01").await;
    // What is no facet is said to be one word like others, and found nowhere.
    window
        .until(
            "nothing is found",
            "document.querySelector('.search footer')?.textContent.includes('Nothing')",
        )
        .await;
    press(window, Key::Control + "a").await;
    press(window, "tag:work model:gpt date:>2001-01-01").await;
    window.until("it is found", "document.querySelectorAll('.search .hit').length > 1").await;
    press(window, Key::Down).await;
    let second = "document.querySelectorAll('.search .hit')[1]";
    window.until("the second is chosen", &format!("{second}.ariaSelected === 'true'")).await;
    let script = format!("return {second}.dataset.testid.replace('search-hit-', '')");
    let wanted = window.script(&script, vec![]).await;
    press(window, Key::Enter).await;
    gone(window, "search-input").await;
    window.until("the answer has the focus", "document.activeElement?.matches('article.ans')").await;
    assert!(wanted.as_str().is_some_and(|id| !id.is_empty()), "{wanted}");
    let files = || fs::read_dir(downloads).unwrap().count();
    for (n, (words, action)) in
        [("export as markdown", "markdown"), ("export as a web page", "html"), ("export as json", "json")]
            .into_iter()
            .enumerate()
    {
        palette(window, words, &format!("action-export.{action}")).await;
        let told = "[...document.querySelectorAll('[data-testid=toast]')].some((one) => \
             one.textContent.includes('Saved as'))";
        window.until("it says where", told).await;
        // Each is told for itself.
        wait_for_files(window, &files, n + 1).await;
    }
}

async fn wait_for_files(window: &Window, files: &impl Fn() -> usize, count: usize) {
    let started = std::time::Instant::now();
    while files() < count {
        assert!(started.elapsed() < crate::harness::PATIENCE, "{count} files are not written");
        // The window is asked something, so that it is known to live.
        window.until("the window lives", "true").await;
    }
}

/// Goes to a part of the settings.
async fn section(window: &Window, name: &str) {
    press(window, Key::Control + ",").await;
    window.get("provider-openai").await;
    pane_until(window, ".setnav").await;
    let here = format!("return document.activeElement?.textContent.trim() === {}", json!(name));
    tab_until(window, name, &here).await;
    press(window, Key::Enter).await;
    wait_for(window, "the section has no focus", "return document.activeElement?.tagName === 'H2'").await;
}

/// A prompt with gaps and a system prompt are kept.
async fn prompts(window: &Window) {
    section(window, "Prompts").await;
    tab_to(window, "prompt-add").await;
    press(window, Key::Enter).await;
    focus_is_on(window, "prompt-name").await;
    press(window, "Fix a thing").await;
    tab_to(window, "prompt-slash").await;
    press(window, "fix").await;
    tab_to(window, "prompt-text").await;
    press(window, "Fix {{what}} in {{where}}.").await;
    tab_to(window, "prompt-save").await;
    press(window, Key::Enter).await;
    gone(window, "prompt-save").await;
    window.get("prompt-Fix a thing").await;
    focus_is_on(window, "prompt-add").await;
    press(window, Key::Tab).await;
    focus_is_on(window, "preset-add").await;
    press(window, Key::Enter).await;
    focus_is_on(window, "prompt-name").await;
    press(window, "Terse").await;
    tab_to(window, "prompt-text").await;
    press(window, "Answer in one line.").await;
    tab_to(window, "prompt-save").await;
    press(window, Key::Enter).await;
    gone(window, "prompt-save").await;
    window.get("prompt-Terse").await;
}

/// By a slash, under the message, and beside the line-up.
async fn used(window: &Window) {
    press(window, Key::Control + "n").await;
    focus_is_on(window, "composer").await;
    press(window, "/fi").await;
    window.get("slash-list").await;
    press(window, Key::Enter).await;
    window.get("prompt-gaps").await;
    wait_for(
        window,
        "no gap has the focus",
        "return document.activeElement?.tagName === 'TEXTAREA' \
        && !!document.activeElement.closest('[data-testid=prompt-gaps]')",
    )
    .await;
    press(window, "the build").await;
    press(window, Key::Tab).await;
    press(window, "CI").await;
    press(window, Key::Control + Key::Enter).await;
    gone(window, "prompt-gaps").await;
    let field = "document.querySelector('[data-testid=composer]').value";
    window.until("the gaps are filled", &format!("{field} === 'Fix the build in CI.'")).await;

    pane_until(window, ".composer").await;
    tab_to(window, "preset-choice").await;
    press(window, Key::Enter).await;
    entry(window, "Terse").await;
    window
        .until(
            "it is chosen",
            "document.querySelector('[data-testid=preset-choice]').textContent.includes('Terse')",
        )
        .await;

    let teams = "return !!document.activeElement?.closest('[data-testid=teams]')";
    pane_until(window, ".mchip").await;
    press(window, Key::Delete).await;
    chips_are(window, &["Demo Steady", "Demo Thinker", "Demo Flaky"]).await;
    press(window, Key::Delete).await;
    chips_are(window, &["Demo Thinker", "Demo Flaky"]).await;
    tab_until(window, "the line-ups", teams).await;
    press(window, Key::Enter).await;
    entry(window, "Keep this line-up").await;
    focus_is_on(window, "team-name").await;
    press(window, "Pair").await;
    press(window, Key::Enter).await;
    gone(window, "team-name").await;
    pane_until(window, ".mchip").await;
    press(window, Key::Delete).await;
    chips_are(window, &["Demo Flaky"]).await;
    tab_until(window, "the line-ups", teams).await;
    press(window, Key::Enter).await;
    entry(window, "Pair").await;
    chips_are(window, &["Demo Thinker", "Demo Flaky"]).await;
}

/// An action gets keys of one's own, and not those of another.
async fn rebound(window: &Window) {
    section(window, "Shortcuts").await;
    tab_to(window, "shortcut-go.spend").await;
    press(window, Key::Enter).await;
    press(window, Key::Control + "n").await;
    window
        .until(
            "the keys are taken",
            "[...document.querySelectorAll('[role=alert]')].some((one) => \
            one.textContent.includes('New chat'))",
        )
        .await;
    press(window, Key::Control + Key::Shift + "y").await;
    window
        .until(
            "it has its keys",
            "document.querySelector('[data-testid=\"shortcut-go.spend\"]').textContent.includes('Y')",
        )
        .await;
    press(window, Key::Alt + "2").await;
    let still = "return !!document.querySelector('[data-testid=nav-settings][aria-current]')";
    assert_eq!(window.script(still, vec![]).await, true, "the old keys work");
    press(window, Key::Control + Key::Shift + "y").await;
    window.get("spend-month").await;
}

/// The import goes, but for nothing that was done with it here.
async fn taken_back(window: &Window) {
    palette(window, "archive, trash", "action-go.history").await;
    pane_until(window, ".pagehead").await;
    tab_to_named(window, "Take back").await;
    press(window, Key::Enter).await;
    window.until("the list is empty", &format!("{ROWS}.length === 0")).await;
}
