//! Proof: a conversation of ten thousand messages is opened and scrolled in the real window.
//! `cargo xtask prove long`. `PARALLAX_LONG_MESSAGES` asks for another number.
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

use gauge::{markdown, rank, used};
use harness::{PATIENCE, Window};
use parallax_suite::support::program::Program;
use serde_json::{Map, Value, json};
use std::time::Duration;

const OPENINGS: usize = 30;
/// How far the reader scrolls: about nine thousand pixels a second.
const STEP: u32 = 150;
const FRAMES: u32 = 900;

fn messages() -> usize {
    std::env::var("PARALLAX_LONG_MESSAGES").map_or(10_000, |text| text.parse().unwrap())
}

/// A conversation in ChatGPT's form: one line of messages, prompts and answers.
fn export(title: &str, count: usize, begun: f64) -> Value {
    let mut mapping = Map::new();
    mapping
        .insert("root".to_owned(), json!({ "id": "root", "message": null, "parent": null, "children": [] }));
    let mut parent = "root".to_owned();
    for n in 0..count {
        let id = format!("{title}-{n}");
        let prompt = n % 2 == 0;
        let text =
            if prompt { format!("Question {} of {title}", n / 2) } else { markdown(n, 300 + n * 37 % 1_700) };
        let message = json!({
            "id": id,
            "author": { "role": if prompt { "user" } else { "assistant" }, "name": null, "metadata": {} },
            "create_time": begun + n as f64,
            "content": { "content_type": "text", "parts": [text] },
            "status": "finished_successfully",
            "end_turn": true,
            "weight": 1.0,
            "metadata": { "model_slug": "gpt-4o" },
            "recipient": "all",
            "channel": null,
        });
        mapping.insert(id.clone(), json!({ "id": id, "message": message, "parent": parent, "children": [] }));
        parent = id;
    }
    json!({
        "title": title, "create_time": begun, "update_time": begun + count as f64, "mapping": mapping,
        "moderation_results": [], "current_node": parent, "conversation_id": title, "is_archived": false,
    })
}

/// From the click to the frame that shows the newest prompt.
const OPEN: &str = "const done = arguments[arguments.length - 1]; const [title, prompt] = arguments; \
    const line = [...document.querySelectorAll('.side-list .conv')].find((e) => e.title === title); \
    const started = performance.now(); line.click(); \
    (function wait() { \
      const there = [...document.querySelectorAll('.turn h2')].at(-1)?.textContent.trim() === prompt \
        && document.querySelector('.turn:last-of-type [data-testid=\"answer\"] .blk'); \
      if (there) requestAnimationFrame(() => setTimeout(() => done(performance.now() - started))); \
      else requestAnimationFrame(wait); })()";

/// Scrolls so many pixels in each of so many frames and looks, in each, at three heights of the page: a turn has to
/// stand there. Where the next turns have not come yet the scrolling stands still, and is counted.
const SCROLL: &str = "const done = arguments[arguments.length - 1]; const [step, count] = arguments; \
    const thread = document.querySelector('.thread'); const box = thread.getBoundingClientRect(); \
    const seen = { frames: [], blanks: 0, stalls: 0, turns: 0, mounted: 0 }; const ids = new Set(); \
    let last = performance.now(), n = 0; \
    (function next() { \
      const at = performance.now(); seen.frames.push(at - last); last = at; \
      const turns = [...document.querySelectorAll('.turn')].map((e) => [e, e.getBoundingClientRect()]); \
      for (const share of [0.2, 0.5, 0.8]) { \
        const y = box.top + box.height * share; \
        const found = turns.find(([, rect]) => rect.top < y + 24 && rect.bottom > y - 24); \
        if (found) ids.add(found[0].dataset.turn); else seen.blanks += 1; } \
      const before = thread.scrollTop; thread.scrollTop -= step; \
      if (thread.scrollTop === before) seen.stalls += 1; \
      seen.mounted = Math.max(seen.mounted, turns.length); \
      n += 1; if (n < count) requestAnimationFrame(next); \
      else { seen.turns = ids.size; done(seen); } })()";

async fn open(window: &Window, title: &str, count: usize) -> f64 {
    let prompt = format!("Question {} of {title}", (count - 1) / 2);
    let took = window.page.execute_async(OPEN, vec![json!(title), json!(prompt)]).await.unwrap();
    took.json().as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_open_and_scroll() {
    let program = Program::new();
    let (long, short) = (messages(), 24);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conversations.json");
    let both = json!([export("Long", long, 1_780_000_000.0), export("Short", short, 1_770_000_000.0)]);
    std::fs::write(&path, both.to_string()).unwrap();
    program.ok(&["history", "import", path.to_str().unwrap()]);
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    window.page.set_script_timeout(PATIENCE * 4).await.unwrap();
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for round in 0..=OPENINGS {
        for (times, (title, count)) in times.iter_mut().zip([("Long", long), ("Short", short)]) {
            window.click("new-chat").await;
            tokio::time::sleep(Duration::from_millis(400)).await;
            let took = open(&window, title, count).await;
            if round > 0 {
                times.push(took);
            }
        }
    }
    println!("\n| a conversation of {long} messages | value | of {short} messages | ratio |");
    println!("|---|---:|---:|---:|");
    let [opened, beside] = times;
    for (name, hundredths) in [("p50", 50), ("p95", 95)] {
        let (one, other) = (rank(&opened, hundredths), rank(&beside, hundredths));
        println!("| opened, click to frame, {name} ms | {one:.0} | {other:.0} | {:.2} |", one / other);
    }
    open(&window, "Long", long).await;
    let before = used(window.group());
    let seen = window.page.execute_async(SCROLL, vec![json!(STEP), json!(FRAMES)]).await.unwrap();
    let seen = seen.json();
    let after = used(window.group());
    let frames: Vec<f64> = seen["frames"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let count = |name: &str| seen[name].as_u64().unwrap();
    println!("| scrolled up {STEP} px in each of {FRAMES} frames: turns passed | {} | | |", count("turns"));
    println!("| between two frames, p50 ms | {:.0} | | |", rank(&frames, 50));
    println!("| between two frames, p99 ms | {:.0} | | |", rank(&frames, 99));
    println!("| places looked at that were blank | {} | | |", count("blanks"));
    println!("| frames in which the next turns had not come | {} | | |", count("stalls"));
    println!("| turns on the page at most | {} | | |", count("mounted"));
    println!("| memory before, MiB | {:.0} | | |", before.0.mib + before.1.mib);
    println!("| memory after, MiB | {:.0} | | |", after.0.mib + after.1.mib);
    window.shot("long").await;
    window.close().await.unwrap();
    assert_eq!(count("blanks"), 0, "something was blank");
    assert!(count("turns") > 20, "hardly anything was passed");
    let high = rank(&opened, 95);
    assert!(high < 150.0, "it takes {high} ms to open");
}
