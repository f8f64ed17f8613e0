//! An experiment in the real window, by keys alone: its cost before it is sent, paused and gone on with, read cell by
//! cell, voted on without names, written to a file, and run again on another model.

use crate::{
    harness::{PATIENCE, Window},
    keys::{focus_is_on, gone, palette, press, pressed, tab_to, tab_until},
};
use parallax_suite::support::{
    program::Program,
    replay::{Answer, Replay, Route, Seen, Step},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use thirtyfour::Key;
use tokio::sync::watch;

const SUITE: &str = "
description: Words said back
prompts:
  - { label: Plain, raw: 'Say {{word}}' }
  - { label: Polite, raw: 'Say {{word}}, please' }
models:
  - { id: openai/gpt-4.1@openai, label: Even }
  - { id: openai/gpt-4.1-mini@openai, label: Odd }
defaultTest:
  assert:
    - { type: contains, value: '{{word}}' }
tests:
  - vars: { word: [alpha, beta, gamma] }
";
const CELLS: usize = 12;

/// Says the word it was asked for, once the gate is open. Other models than the first know one word alone.
fn answer(seen: &Seen, gate: &watch::Receiver<bool>) -> Answer {
    let asked: Value = serde_json::from_str(&seen.text()).unwrap();
    let text = seen.text();
    let word: String =
        text.split("Say ").nth(1).unwrap().chars().take_while(char::is_ascii_alphanumeric).collect();
    let knows = asked["model"] == "gpt-4.1" || word == "gamma";
    let said = if knows { format!("You said {word}.") } else { "Something else came.".to_owned() };
    let event = |delta: Value, finish: Value| {
        json!({ "id": "r", "model": asked["model"],
                "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
    };
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13 } });
    Answer::status(200).header("content-type", "text/event-stream").step(Step::Until(gate.clone())).send(
        format!(
            "data: {}\n\ndata: {}\n\ndata: {usage}\n\ndata: [DONE]\n\n",
            event(json!({ "content": said }), Value::Null),
            event(json!({}), json!("stop")),
        ),
    )
}

/// What the cells say to those who do not see them, row by row.
async fn cells(window: &Window) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll('button.cell .sr')].map((one) => one.textContent.trim())";
    serde_json::from_value(window.script(script, vec![]).await).unwrap()
}

async fn state_is(window: &Window, word: &str) {
    let script = format!(
        "document.querySelector('[data-testid=\"experiment-state\"]')?.textContent.startsWith('{word}')"
    );
    window.until(&format!("the experiment is {word}"), &script).await;
}

async fn text(window: &Window, css: &str) -> String {
    let script = "return document.querySelector(arguments[0])?.outerHTML ?? ''";
    window.script(script, vec![json!(css)]).await.as_str().unwrap().to_owned()
}

/// Chooses the first entry of a menu that is opened by this button.
async fn first_of_menu(window: &Window, button: &str) {
    tab_until(window, button, &format!("return document.activeElement?.ariaLabel === '{button}'")).await;
    press(window, Key::Enter).await;
    window.until("the menu opens", "document.querySelector('[role=menu]')").await;
    let started = Instant::now();
    while window.script("return document.activeElement?.role", vec![]).await != "menuitem" {
        assert!(started.elapsed() < PATIENCE, "no entry of {button} gets the focus");
        press(window, Key::Down).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    press(window, Key::Enter).await;
    window.until("the menu closes", "!document.querySelector('[role=menu]')").await;
}

/// A desktop whose downloads go into a folder of their own.
pub(crate) fn desktop(folder: &Path) -> (PathBuf, PathBuf) {
    let (settings, downloads) = (folder.join("config"), folder.join("downloads"));
    fs::create_dir_all(&settings).unwrap();
    fs::create_dir_all(&downloads).unwrap();
    let line = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display());
    fs::write(settings.join("user-dirs.dirs"), line).unwrap();
    (settings, downloads)
}

#[tokio::test]
async fn an_experiment_is_run_read_and_voted_on_by_keys() {
    let (open, gate) = watch::channel(false);
    let server = Replay::start(vec![Route::with(move |seen| answer(seen, &gate))]);
    let program = Program::new();
    let base = format!("{}/v1", server.url());
    program.ok(&["provider", "add", "openai", "--dialect", "openai-chat", "--base-url", &base]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.yaml");
    fs::write(&file, SUITE).unwrap();
    let (settings, downloads) = desktop(folder.path());
    let window = Window::open_under(&program.folder(), &settings).await;
    window.get("onboarding").await;
    tab_to(&window, "onboarding-skip").await;
    press(&window, Key::Enter).await;
    focus_is_on(&window, "composer").await;

    // What it would cost is said before anything is sent.
    palette(&window, "experiments", "action-go.experiments").await;
    window.get("experiment-new").await;
    tab_to(&window, "experiment-new").await;
    press(&window, Key::Enter).await;
    window.get("experiment-path").await;
    tab_to(&window, "experiment-path").await;
    press(&window, file.to_str().unwrap()).await;
    let estimate = "/12 cells, 12 requests,\\s+≈ \\$/.test(document.querySelector('[data-testid=\"experiment-estimate\"]')?.textContent)";
    window.until("it says what it would cost", estimate).await;
    window.shots("experiment-new").await;
    assert!(server.seen().is_empty(), "an estimate sends nothing");
    tab_to(&window, "experiment-run").await;
    press(&window, Key::Enter).await;

    paused_and_gone_on_with(&window, &server, &open).await;
    read(&window).await;
    duel(&window).await;
    first_of_menu(&window, "Export").await;
    window
        .until("it is written", "document.querySelector('[data-testid=toast]')?.textContent.includes('.csv')")
        .await;
    on_another_model(&window).await;
    window.close().await.unwrap();

    let list = program.ok(&["experiment", "list", "--json"]);
    let lines: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let made = lines.last().unwrap();
    assert_eq!((&made["title"], &made["state"]), (&json!("Words said back"), &json!("complete")), "{made}");
    assert_eq!((&made["cells"], &made["passed"]), (&json!(CELLS), &json!(8)), "{made}");
    let written = fs::read_dir(&downloads).unwrap().next().unwrap().unwrap().path();
    let stored = program.ok(&["experiment", "export", made["id"].as_str().unwrap()]);
    assert_eq!(fs::read_to_string(&written).unwrap(), stored, "{}", written.display());
    assert_eq!(stored.lines().count(), CELLS + 1);
    let board = program.ok(&["leaderboard", "--blind", "--json"]);
    assert!(board.lines().last().unwrap().contains("\"votes\":1"), "{board}");
}

/// What has begun comes to its end, the rest waits for the word; the key that paused is the key that goes on.
async fn paused_and_gone_on_with(window: &Window, server: &Replay, open: &watch::Sender<bool>) {
    window.get("experiment-pause").await;
    state_is(window, "Running").await;
    let started = Instant::now();
    while server.seen().is_empty() {
        assert!(started.elapsed() < PATIENCE, "nothing is asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tab_to(window, "experiment-pause").await;
    press(window, Key::Enter).await;
    state_is(window, "Pausing").await;
    open.send(true).unwrap();
    state_is(window, "Paused").await;
    focus_is_on(window, "experiment-resume").await;
    let left = window.get("experiment-resume").await.text().await.unwrap();
    let left: usize = left.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(left > 0, "more was begun than at once");
    assert_eq!(server.seen().len() + left, CELLS);
    press(window, Key::Enter).await;
    state_is(window, "Complete").await;
    assert_eq!(server.seen().len(), CELLS, "every cell is asked once");
}

/// The matrix by arrow keys, an answer beside it, and only what fails.
async fn read(window: &Window) {
    let all = cells(window).await;
    assert_eq!(all.len(), CELLS, "{all:?}");
    let passed = |label: &str| {
        all.iter().filter(|cell| cell.starts_with(label) && cell.contains("1 of 1 checks")).count()
    };
    assert_eq!((passed("Even,"), passed("Odd,")), (6, 2), "{all:?}");
    tab_until(window, "the matrix", "return document.activeElement?.dataset?.cell === '0/0'").await;
    press(window, Key::Right).await;
    press(window, Key::Down).await;
    window.until("arrows move", "document.activeElement?.dataset?.cell === '1/1'").await;
    press(window, Key::Enter).await;
    let shown = window.get("experiment-cell").await.text().await.unwrap();
    assert!(
        shown.contains("Odd") && shown.contains("You said") != shown.contains("Something else"),
        "{shown}"
    );
    window.shots("experiment").await;
    tab_to(window, "experiment-mode-failures").await;
    press(window, Key::Enter).await;
    pressed(window, "experiment-mode-failures").await;
    let rows = "document.querySelectorAll('[data-testid=\"experiment-row\"]').length";
    window.until("only rows that fail", &format!("{rows} === 4")).await;
}

/// Answers side by side without names until the vote.
async fn duel(window: &Window) {
    tab_to(window, "duel").await;
    press(window, Key::Enter).await;
    window.get("duel-left").await;
    let told = text(window, "[role=dialog]").await;
    for name in ["Even", "Odd", "GPT", "gpt", "OpenAI", "openai"] {
        assert!(!told.contains(name), "before the vote the page names {name}: {told}");
    }
    window.shots("experiment-duel").await;
    press(window, "1").await;
    window.get("duel-next").await;
    let told = text(window, "[role=dialog]").await.to_lowercase();
    assert!(told.contains("gpt-4.1 mini") || told.contains("gpt-4.1-mini"), "after the vote: {told}");
    press(window, Key::Escape).await;
    gone(window, "duel-left").await;
    focus_is_on(window, "duel").await;
}

/// The same set once more, and what got worse.
async fn on_another_model(window: &Window) {
    tab_to(window, "experiment-rerun").await;
    press(window, Key::Enter).await;
    window.get("experiment-model").await;
    tab_to(window, "experiment-model").await;
    press(window, "openai/gpt-4.1-nano@openai").await;
    let run = "return !!document.activeElement?.closest('[role=dialog]') \
               && document.activeElement.textContent.startsWith('Run ')";
    tab_until(window, "Run", run).await;
    press(window, Key::Enter).await;
    window.until("one column", "document.querySelectorAll('.xm thead th').length === 2").await;
    state_is(window, "Complete").await;
    assert_eq!(cells(window).await.len(), CELLS / 2);
    first_of_menu(window, "What changed since another run").await;
    let report = window.get("experiment-regression").await.text().await.unwrap();
    assert!(report.contains("Got worse"), "{report}");
}
