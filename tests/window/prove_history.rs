//! Proof: a million messages in the history. Every screen's queries as the window asks them, searches, and the start
//! beside that of an empty profile. `cargo xtask prove history`. `PARALLAX_HISTORY_MESSAGES` asks for another number.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a proof fails by panicking, prints its table, and uses part of the window tests' tools"
)]

mod gauge;
mod harness;
#[path = "../spending.rs"]
mod spending;

use domain::Timestamp;
use gauge::{now, rank};
use harness::{PATIENCE, Window};
use parallax_suite::support::{
    chatgpt::write_marked,
    program::{Program, binary},
};
use serde_json::{Value, json};
use std::{fs, io::BufWriter, os::unix::fs::PermissionsExt as _, path::Path, time::Instant};

/// Of every query; the first two are left out.
const ROUNDS: usize = 40;
const STARTS: usize = 9;
/// Messages for each row of the ledger; its rows are of two years.
const PER_ROW: u64 = 10;
const DAY: i64 = 86_400_000;

fn messages() -> u64 {
    std::env::var("PARALLAX_HISTORY_MESSAGES").map_or(1_000_000, |text| text.parse().unwrap())
}

/// One word in every message, one in each hundredth, one in each ten-thousandth.
fn mark(n: u64) -> String {
    let hundredth = if n % 100 == 7 { " hundredth" } else { "" };
    let rare = if n % 10_000 == 77 { " rarissime" } else { "" };
    format!("everywhere{hundredth}{rare}")
}

/// Asks one command often and gives how long each took, in the window, with what came back read.
const ASK: &str = "const done = arguments[arguments.length - 1]; const [cmd, payload, rounds] = arguments; \
    (async () => { const times = []; const i = window.__TAURI_INTERNALS__; \
      try { for (let n = 0; n < rounds; n += 1) { const at = performance.now(); \
        await i.invoke('rpc', { cmd, payload }); times.push(performance.now() - at); } \
        done({ times }); } catch (error) { done({ error: JSON.stringify(error) }); } })()";

async fn ask(window: &Window, cmd: &str, payload: &Value) -> Vec<f64> {
    let arguments = vec![json!(cmd), payload.clone(), json!(ROUNDS + 2)];
    let answer = window.page.execute_async(ASK, arguments).await.unwrap();
    let answer = answer.json();
    assert!(answer.get("error").is_none(), "{cmd}: {answer}");
    answer["times"].as_array().unwrap().iter().skip(2).filter_map(Value::as_f64).collect()
}

/// What each screen asks for, beside searches.
fn queries(conversation: &Value, at: i64) -> Vec<(&'static str, &'static str, Value)> {
    let page = |period: &str, by: &str| json!({ "period": period, "back": 0, "by": by });
    let attempts =
        json!({ "from": at - 400 * DAY, "until": at + DAY, "by": "model", "key": null, "before": null });
    let board = json!({ "cast": "all", "topic": null, "language": null, "since": null });
    let send = json!({
        "conversation": conversation, "line_up": [], "prompt": "And what then?", "attachments": [],
        "context": { "type": "own" }, "policy": null, "lanes": [], "beside": null,
    });
    vec![
        ("first paint", "app/state", json!(null)),
        ("sidebar", "conversation/list", json!(null)),
        ("a conversation", "conversation/open", json!({ "id": conversation })),
        ("its map", "conversation/map", json!({ "id": conversation })),
        ("its estimate", "turn/estimate", send),
        ("archive", "conversation/shelf", json!({ "shelf": "archived" })),
        ("trash", "conversation/shelf", json!({ "shelf": "trash" })),
        ("imports", "import/state", json!(null)),
        ("spend, a day", "spend/page", page("day", "model")),
        ("spend, a month", "spend/page", page("month", "model")),
        ("spend, a month by conversation", "spend/page", page("month", "conversation")),
        ("spend, a year", "spend/page", page("year", "model")),
        ("attempts", "spend/attempts", attempts),
        ("budgets", "budget/list", json!(null)),
        ("models", "models/catalogue", json!(null)),
        ("model picker", "models/search", json!({ "text": "claude", "usable_only": false, "limit": 50 })),
        ("leaderboard", "board/open", board),
        ("experiments", "experiment/list", json!(null)),
        ("prompts", "prompt/list", json!(null)),
        ("providers", "provider/list", json!(null)),
        ("routing", "policy/list", json!(null)),
        (
            "requests that left",
            "audit/list",
            json!({
                "from": 0, "until": null, "provider": null, "policy": null, "before": null
            }),
        ),
    ]
}

const SEARCHES: [(&str, &str); 14] = [
    ("a rare word", "rarissime"),
    ("a word in one of a hundred", "hundredth"),
    ("a word in all", "everywhere"),
    ("a rare word and one in all", "everywhere rarissime"),
    ("part of a rare word", "ariss"),
    ("part of a word in all", "verywher"),
    ("nothing", "nowheretobefound"),
    ("dear answers", "cost:>0.05"),
    ("a word within a month", "hundredth date:2023-06"),
    ("a tag of one conversation", "tag:one"),
    ("a tag of one in a hundred", "tag:some"),
    ("a tag of nearly all", "tag:most"),
    ("a word in all under a tag of one", "everywhere tag:one"),
    ("a word in all under a tag of one in a hundred", "everywhere tag:some"),
];

/// Tags of the oldest conversation, of one in a hundred and of nearly all.
fn tag(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("parallax.db")).unwrap();
    for (name, which) in [("one", "rowid = 1"), ("some", "rowid % 100 = 1"), ("most", "rowid % 10 > 0")] {
        let sql = format!(
            "INSERT INTO tags (conversation, name) SELECT id, '{name}' FROM conversations WHERE {which}"
        );
        assert!(database.execute(&sql, []).unwrap() > 0, "nothing is tagged {name}");
    }
}

/// Milliseconds from the start of the process to the first paint, and until the window can be used.
async fn start(folder: &Path, work: &Path) -> (f64, f64) {
    let (mark, script) = (work.join("started"), work.join("start.sh"));
    let program = binary("parallax-desktop");
    let text =
        format!("#!/bin/sh\ndate +%s%3N > '{}'\nexec '{}' \"$@\"\n", mark.display(), program.display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let window = Window::open_as(folder, &script).await;
    let ready = "!!document.querySelector('[data-testid=composer]')";
    window.until("the composer", ready).await;
    let usable = now() as f64;
    window.until("a paint", "performance.getEntriesByName('first-contentful-paint').length").await;
    let paint = "const p = performance.getEntriesByName('first-contentful-paint')[0]; \
                 return performance.timeOrigin + p.startTime";
    let seen = window.script(paint, vec![]).await;
    let started: f64 = fs::read_to_string(&mark).unwrap().trim().parse().unwrap();
    let times = (seen.as_f64().unwrap() - started, usable - started);
    window.close().await.unwrap();
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_messages() {
    let (full, empty) = (Program::new(), Program::new());
    let work = tempfile::tempdir().unwrap();
    fs::create_dir_all(full.folder()).unwrap();
    let at = i64::try_from(now()).unwrap();
    let rows = usize::try_from(messages() / PER_ROW).unwrap();
    spending::fill(&full.folder(), rows, 730, Timestamp(at));
    let path = work.path().join("conversations.json");
    let mut out = BufWriter::with_capacity(1 << 20, fs::File::create(&path).unwrap());
    let count = write_marked(&mut out, messages(), 3, mark).unwrap();
    drop(out);
    let begun = Instant::now();
    full.ok(&["history", "import", path.to_str().unwrap()]);
    let took = begun.elapsed().as_secs();
    fs::remove_file(&path).unwrap();
    tag(&full.folder());

    let window = Window::open(&full.folder()).await;
    window.click("onboarding-skip").await;
    window.page.set_script_timeout(PATIENCE * 4).await.unwrap();
    let first = "const i = window.__TAURI_INTERNALS__; return i.invoke('rpc', { cmd: 'history/search', payload: \
                 { text: 'rarissime', from: null, limit: 1 } }).then((page) => page.hits[0].conversation)";
    let conversation = window.script(first, vec![]).await;
    println!(
        "\n| {count} messages, imported in {took} s; {rows} ledger rows | p50 ms | p95 ms | limit of p95 |"
    );
    println!("|---|---:|---:|---:|");
    let mut over = Vec::new();
    for (what, text) in SEARCHES {
        let payload = json!({ "text": text, "from": null, "limit": 50 });
        let times = ask(&window, "history/search", &payload).await;
        println!("| search: {what} | {:.0} | {:.0} | 50 |", rank(&times, 50), rank(&times, 95));
        if rank(&times, 95) >= 50.0 {
            over.push(what);
        }
    }
    for (what, cmd, payload) in queries(&conversation, at) {
        let times = ask(&window, cmd, &payload).await;
        println!("| {what} (`{cmd}`) | {:.0} | {:.0} | 100 |", rank(&times, 50), rank(&times, 95));
        if rank(&times, 95) >= 100.0 {
            over.push(what);
        }
    }
    window.close().await.unwrap();

    let other = Window::open(&empty.folder()).await;
    other.click("onboarding-skip").await;
    other.close().await.unwrap();
    let mut times: [Vec<(f64, f64)>; 2] = [Vec::new(), Vec::new()];
    for round in 0..=STARTS {
        for (times, program) in times.iter_mut().zip([&full, &empty]) {
            let took = start(&program.folder(), work.path()).await;
            if round > 0 {
                times.push(took);
            }
        }
    }
    let half = |times: &[(f64, f64)], which: fn(&(f64, f64)) -> f64| {
        rank(&times.iter().map(which).collect::<Vec<_>>(), 50)
    };
    let (painted, beside) = (half(&times[0], |t| t.0), half(&times[1], |t| t.0));
    let (usable, usable_beside) = (half(&times[0], |t| t.1), half(&times[1], |t| t.1));
    println!(
        "| start to first paint, median; empty profile {beside:.0} ms: ratio {:.2} | {painted:.0} | | |",
        painted / beside
    );
    println!(
        "| start to a composer to type into; empty profile {usable_beside:.0} ms: ratio {:.2} | {usable:.0} | | |",
        usable / usable_beside
    );
    assert!(over.is_empty(), "over the limit: {over:?}");
    assert!(painted / beside <= 1.1, "the first paint takes {painted} ms, {beside} ms in an empty profile");
}
