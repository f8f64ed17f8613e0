//! Proof: eight answers of real Markdown at 200 tokens a second each, for a minute, in the real window; beside a page
//! that appends the same text at the same pace and does nothing else. `cargo xtask prove render`.
//!
//! `PARALLAX_RENDER_SECONDS` asks for another length.
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

use gauge::{METER, Paced, Used, markdown, provider, rank, used};
use harness::Window;
use parallax_suite::support::program::Program;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LANES: usize = 8;
/// A token is about four bytes, and one comes every five milliseconds.
const TOKEN: usize = 4;
const PACE: Duration = Duration::from_millis(5);
/// Before measuring begins: the answers' heads are drawn, the first lines are there.
const SETTLE: Duration = Duration::from_secs(2);

/// Seconds an answer goes on beyond those measured: it must not end before them.
const MORE: u64 = 20;

/// What was seen of one of the two pages.
struct Seen {
    frames: Vec<f64>,
    /// What our own code took of a frame, and with the layout that it set off.
    script: Vec<f64>,
    work: Vec<f64>,
    waits: Vec<f64>,
    app: f64,
    web: f64,
    /// Of all its processes, at the beginning, half way and the end.
    mib: [f64; 3],
}

fn seconds() -> u64 {
    std::env::var("PARALLAX_RENDER_SECONDS").map_or(60, |text| text.parse().unwrap())
}

fn bytes() -> usize {
    TOKEN * usize::try_from((seconds() + MORE) * 200).unwrap()
}

/// Cuts a text into tokens.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(rest.ceil_char_boundary(TOKEN));
        found.push(token.to_owned());
        rest = after;
    }
    found
}

/// Types a letter a quarter of a second and measures until the time is over.
async fn watch(window: &Window, id: &str) -> Seen {
    tokio::time::sleep(SETTLE).await;
    let field = window.get(id).await;
    let all = |(app, web): (Used, Used)| app.mib + web.mib;
    let before = used(window.group());
    let mut mib = [all(before); 3];
    window.script("window.__meter.on = true", vec![]).await;
    let (begun, whole) = (Instant::now(), Duration::from_secs(seconds()));
    let mut letters = "the quick brown fox jumps over the lazy dog ".chars().cycle();
    while begun.elapsed() < whole {
        field.send_keys(letters.next().unwrap().to_string()).await.unwrap();
        if begun.elapsed() < whole / 2 {
            mib[1] = all(used(window.group()));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let seen = window.script("window.__meter.on = false; return window.__meter", vec![]).await;
    let after = used(window.group());
    mib[2] = all(after);
    let list = |name: &str| seen[name].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    Seen {
        frames: list("frames"),
        script: list("script"),
        work: list("work"),
        waits: list("waits"),
        app: after.0.cpu - before.0.cpu,
        web: after.1.cpu - before.1.cpu,
        mib,
    }
}

async fn ours(program: &Program) -> Seen {
    let window = Window::open(&program.folder()).await;
    window.click("onboarding-skip").await;
    gauge::line_up(&window, "steady", LANES).await;
    window.script(METER, vec![]).await;
    window.type_into("composer", "Tell me all of it").await;
    window.click("send").await;
    window.lane_reaches(LANES - 1, &["streaming"]).await;
    let seen = watch(&window, "composer").await;
    for lane in 0..LANES {
        assert_eq!(window.lane_state(lane).await, "streaming", "lane {lane} still writes");
        let shown = window.lane_text(lane, "answer").await.len();
        let wanted = TOKEN * 200 * usize::try_from(seconds()).unwrap();
        assert!(shown > wanted * 6 / 10, "lane {lane} shows {shown} bytes of {wanted}");
    }
    window.shot("render").await;
    window.close().await.unwrap();
    seen
}

/// The page that the app is measured against: as many columns, as much text, at its end, and a field to type into.
const PLAIN: &str = "
document.body.replaceChildren();
const page = document.createElement('div');
page.style.cssText = 'position:fixed;inset:0;display:flex;flex-direction:column';
const scroller = document.createElement('div');
scroller.style.cssText = 'flex:1;min-height:0;overflow:auto';
const row = document.createElement('div');
row.style.cssText = 'display:grid;gap:16px;grid-template-columns:repeat(8,minmax(280px,1fr))';
const field = document.createElement('textarea');
field.dataset.testid = 'plain';
scroller.append(row); page.append(scroller, field); document.body.append(page);
const texts = arguments[0];
const nodes = texts.map(() => {
  const column = document.createElement('div');
  column.style.cssText = 'white-space:pre-wrap;overflow-wrap:anywhere';
  const node = document.createTextNode('');
  column.append(node); row.append(column);
  return node;
});
const perSecond = arguments[1], begun = performance.now();
let at = 0, asked = false;
setInterval(() => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const next = Math.floor((performance.now() - begun) / 1000 * perSecond);
    texts.forEach((text, i) => nodes[i].appendData(text.slice(at, next)));
    at = next;
    scroller.scrollTop = scroller.scrollHeight;
  });
}, 33);";

async fn plain(program: &Program) -> Seen {
    let window = Window::open(&program.folder()).await;
    window.get("composer").await;
    window.script(METER, vec![]).await;
    let texts: Vec<String> = (0..LANES).map(|lane| markdown(lane, bytes())).collect();
    window.script(PLAIN, vec![json!(texts), json!(TOKEN * 200)]).await;
    let seen = watch(&window, "plain").await;
    window.shot("render-plain").await;
    window.close().await.unwrap();
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_answers_at_two_hundred_tokens_a_second() {
    let program = Program::new();
    let address = provider(Paced {
        first: Duration::from_millis(50),
        pace: PACE,
        pieces: Box::new(|n| tokens(&markdown(n, bytes()))),
        told: Box::new(|_, _| {}),
    });
    program.ok(&["provider", "add", "steady", "--dialect", "openai-chat", "--base-url", &address]);
    let ours = ours(&program).await;
    let plain = plain(&program).await;

    println!("\n| {LANES} lanes × 200 tokens/s for {} s | Parallax | plain text | ratio |", seconds());
    println!("|---|---:|---:|---:|");
    let line = |what: &str, digits: usize, ours: f64, plain: f64| {
        println!("| {what} | {ours:.digits$} | {plain:.digits$} | {:.2} |", ours / plain.max(0.001));
    };
    let per_second = |seen: &Seen| seen.frames.len() as f64 / (seen.frames.iter().sum::<f64>() / 1_000.0);
    line("frames a second", 1, per_second(&ours), per_second(&plain));
    for (name, hundredths) in [("p50", 50), ("p95", 95), ("p99", 99), ("longest", 100)] {
        let of = |seen: &Seen| rank(&seen.frames, hundredths);
        line(&format!("between two frames, {name} ms"), 0, of(&ours), of(&plain));
    }
    for (name, hundredths) in [("p50", 50), ("p99", 99), ("most", 100)] {
        let of = |seen: &Seen| rank(&seen.script, hundredths);
        line(&format!("own code in a frame, {name} ms"), 1, of(&ours), of(&plain));
    }
    for (name, hundredths) in [("p50", 50), ("p99", 99), ("most", 100)] {
        let of = |seen: &Seen| rank(&seen.work, hundredths);
        line(&format!("own code and layout in a frame, {name} ms"), 1, of(&ours), of(&plain));
    }
    for (name, hundredths) in [("p50", 50), ("p95", 95)] {
        let of = |seen: &Seen| rank(&seen.waits, hundredths);
        line(&format!("a typed letter waits, {name} ms"), 0, of(&ours), of(&plain));
    }
    line("processor time of the web view, s", 1, ours.web, plain.web);
    line("processor time of the app itself, s", 1, ours.app, plain.app);
    for (place, when) in ["at the beginning", "half way", "at the end"].into_iter().enumerate() {
        line(&format!("memory {when}, MiB"), 0, ours.mib[place], plain.mib[place]);
    }
    assert!(ours.waits.len() > 20 && plain.waits.len() > 20, "hardly a letter was typed");
    let goals = [
        ("own code in a frame, p99 ms", rank(&ours.script, 99), 8.0),
        // How long a layout takes is the machine's as well: the plain page's is the measure.
        (
            "own code and layout in a frame, p99 beside plain text's",
            rank(&ours.work, 99) / rank(&plain.work, 99).max(0.001),
            1.0,
        ),
        (
            "a typed letter waits, p95 beside plain text's",
            rank(&ours.waits, 95) / rank(&plain.waits, 95).max(0.001),
            1.2,
        ),
        ("memory in the second half, grown by", ours.mib[2] / ours.mib[1] - 1.0, 0.25),
    ];
    for (what, found, most) in goals {
        let word = if found <= most { "met" } else { "missed" };
        println!("| goal: {what} | {found:.2} | at most {most} | {word} |");
    }
    for (what, found, most) in goals {
        assert!(found <= most, "{what}: {found}, at most {most}");
    }
}
