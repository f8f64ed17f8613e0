//! Proof: a million rows of the ledger. `cargo xtask prove spend`.
//!
//! Every query of the Spend page as the store answers it, beside the same SQL without anything of ours;
//! the whole page as the window asks for it; and the page opened in the real window, from the click to the
//! frame that shows the figures.
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

mod harness;
#[path = "../spending.rs"]
mod spending;

use domain::{ProcessId, Timestamp};
use harness::Window;
use parallax_suite::support::program::Program;
use rusqlite::Connection;
use std::{
    path::Path,
    time::{Duration, Instant, UNIX_EPOCH},
};
use store::{AttemptFilter, Options, Store, Tx};

const ROWS: usize = 1_000_000;
const DAYS: i64 = 730;
const ROUNDS: usize = 200;
const OPENINGS: usize = 30;
const DAY: i64 = 86_400_000;

type Query = fn(&Tx<'_>, &Spans) -> Result<usize, domain::Failure>;

#[derive(Clone)]
struct Spans {
    today: Timestamp,
    month: Timestamp,
    year: Timestamp,
    end: Timestamp,
    month_edges: Vec<Timestamp>,
    year_edges: Vec<Timestamp>,
}

const QUERIES: [(&str, Query); 12] = [
    ("sum of today", |tx, s| Ok(tx.spend_total(s.today, s.end)?.attempts as usize)),
    ("sum of a month", |tx, s| Ok(tx.spend_total(s.month, s.end)?.attempts as usize)),
    ("a month by model", |tx, s| Ok(tx.spend_by_endpoint(s.month, s.end)?.len())),
    ("a month by conversation", |tx, s| Ok(tx.spend_by_conversation(s.month, s.end, 100)?.1)),
    ("bars of a month", |tx, s| Ok(tx.spend_series(&s.month_edges)?.len())),
    ("a year by model", |tx, s| Ok(tx.spend_by_endpoint(s.year, s.end)?.len())),
    ("a year by conversation", |tx, s| Ok(tx.spend_by_conversation(s.year, s.end, 100)?.1)),
    ("bars of a year", |tx, s| Ok(tx.spend_series(&s.year_edges)?.len())),
    ("everything by model", |tx, _| {
        Ok(tx.spend_by_endpoint(Timestamp(i64::MIN), Timestamp(i64::MAX))?.len())
    }),
    ("100 attempts of a month", |tx, s| Ok(tx.spend_attempts(&filter(s, None))?.len())),
    ("100 attempts of a model", |tx, s| {
        Ok(tx.spend_attempts(&filter(s, Some("mistralai/mistral-medium-3.1")))?.len())
    }),
    ("usual length of a model's answers", |tx, _| Ok(tx.answer_lengths(Some("openai/gpt-5"), 50)?.len())),
];

fn filter(spans: &Spans, model: Option<&str>) -> AttemptFilter {
    AttemptFilter {
        from: spans.year,
        until: spans.end,
        model: model.map(str::to_owned),
        limit: 101,
        ..AttemptFilter::default()
    }
}

/// Milliseconds with three decimals at two ranks.
fn ranks(mut times: Vec<Duration>) -> (String, String, Duration, Duration) {
    times.sort_unstable();
    let (p50, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    let text = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1_000.0);
    (text(p50), text(p95), p50, p95)
}

fn measure(mut work: impl FnMut()) -> Vec<Duration> {
    (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect()
}

fn now() -> Timestamp {
    Timestamp(i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap())
}

/// Local time is five and a half hours east of UTC: no local day is one of ours.
const EAST: i64 = 330 * 60_000;

fn spans(now: Timestamp) -> Spans {
    let midnight = (now.0 + EAST).div_euclid(DAY) * DAY - EAST;
    let edges = |count: i64, step: i64| {
        (0..=count).map(|n| Timestamp(midnight + DAY - (count - n) * step)).collect::<Vec<_>>()
    };
    Spans {
        today: Timestamp(midnight),
        month: Timestamp(midnight - 30 * DAY),
        year: Timestamp(midnight - 364 * DAY),
        end: Timestamp(midnight + DAY),
        month_edges: edges(31, DAY),
        year_edges: edges(12, 30 * DAY + DAY / 2),
    }
}

/// The statements the store runs for "a year by model" and "100 attempts of a model", with nothing of ours:
/// prepared once, every column read.
fn bare(folder: &Path, spans: &Spans) -> Vec<(&'static str, Vec<Duration>)> {
    let connection = Connection::open(folder.join("parallax.db")).unwrap();
    let mut cells = connection
        .prepare("SELECT * FROM spend_by_endpoint WHERE level = ?1 AND start >= ?2 AND start < ?3")
        .unwrap();
    let mut attempts = connection
        .prepare(
            "SELECT e.seq, e.at, e.provider, e.model, e.origin, e.outcome, e.usage, e.cost,
                 t.first_content, t.duration, c.id AS conversation, c.title
             FROM ledger_entries e
             LEFT JOIN attempts t ON t.id = e.attempt
             LEFT JOIN conversations c ON c.id = e.conversation
             WHERE e.at >= ?1 AND e.at < ?2
                 AND NOT EXISTS (SELECT 1 FROM ledger_entries a WHERE a.adjusts = e.id)
                 AND e.model = ?3 ORDER BY e.at DESC, e.seq DESC LIMIT 101",
        )
        .unwrap();
    let drain = |mut rows: rusqlite::Rows<'_>, columns: usize| {
        let mut bytes = 0;
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                bytes += row
                    .get_ref(column)
                    .unwrap()
                    .as_bytes_or_null()
                    .unwrap_or_default()
                    .map_or(1, <[u8]>::len);
            }
        }
        bytes
    };
    let quarter = |at: Timestamp| at.0.div_euclid(900_000);
    let (from, until) = (quarter(spans.year), quarter(spans.end));
    let (first, last) = ((from + 95).div_euclid(96), until.div_euclid(96));
    let year = measure(|| {
        for (level, start, end) in [(0, from, first * 96), (1, first, last), (0, last * 96, until)] {
            drain(cells.query([level, start, end]).unwrap(), 24);
        }
    });
    let list = measure(|| {
        let values = rusqlite::params![spans.year.0, spans.end.0, "mistralai/mistral-medium-3.1"];
        drain(attempts.query(values).unwrap(), 12);
    });
    vec![("a year by model", year), ("100 attempts of a model", list)]
}

/// From the click to the first frame that shows figures of now.
const OPEN: &str = "const done = arguments[arguments.length - 1]; const started = performance.now(); \
    document.querySelector('[data-testid=\"nav-spend\"]').click(); \
    (function wait() { \
      const there = document.querySelector('[data-testid=\"spend-chart\"] [data-bar]') \
        && !document.querySelector('[aria-busy=true]'); \
      if (there) requestAnimationFrame(() => setTimeout(() => done(performance.now() - started))); \
      else requestAnimationFrame(wait); })()";

#[tokio::test(flavor = "multi_thread")]
async fn a_million_rows() {
    let program = Program::new();
    std::fs::create_dir_all(program.folder()).unwrap();
    let now = now();
    let started = Instant::now();
    spending::fill(&program.folder(), ROWS, DAYS, now);
    let filled = started.elapsed();
    let size = std::fs::metadata(program.folder().join("parallax.db")).unwrap().len() / 1_000_000;
    println!("\n| what | p50 ms | p95 ms | bare SQL p50 ms | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let spans = spans(now);
    let plain = bare(&program.folder(), &spans);
    let options = Options { process: ProcessId::new(uuid::Uuid::from_u128(9)), now, version: "test" };
    let store = Store::open(&program.folder(), options).unwrap();
    let mut slowest = Duration::ZERO;
    for (name, query) in QUERIES {
        let times = measure(|| {
            let spans = spans.clone();
            assert!(store.read(move |tx| query(tx, &spans)).wait().unwrap() > 0, "{name}");
        });
        let (p50, p95, middle, high) = ranks(times);
        slowest = slowest.max(high);
        let beside = plain.iter().find(|(known, _)| *known == name).map(|(_, times)| {
            let (text, _, bare, _) = ranks(times.clone());
            (text, format!("{:.2}", middle.as_secs_f64() / bare.as_secs_f64()))
        });
        let (bare, ratio) = beside.unwrap_or_default();
        println!("| {name} | {p50} | {p95} | {bare} | {ratio} |");
    }
    store.close();
    let opened = opened(&program).await;
    let (p50, p95, _, high) = ranks(opened);
    println!("| the page opened in the real window, click to frame | {p50} | {p95} | | |");
    println!("|  |  |  |  |  |");
    println!(
        "| {ROWS} rows over {DAYS} days, {size} MB; written in {} s with every sum | | | | |",
        filled.as_secs()
    );
    assert!(slowest < Duration::from_millis(50), "the slowest query takes {slowest:?}");
    assert!(high < Duration::from_millis(150), "the page takes {high:?} to open");
}

async fn opened(program: &Program) -> Vec<Duration> {
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    window.click("onboarding-skip").await;
    let mut times = Vec::new();
    for _ in 0..OPENINGS {
        window.click("new-chat").await;
        // Whatever else was under way is over, the check of the ledger too.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let took = window.page.execute_async(OPEN, vec![]).await.unwrap();
        times.push(Duration::from_secs_f64(took.json().as_f64().unwrap() / 1_000.0));
    }
    window.shots("spend-million").await;
    window.close().await.unwrap();
    times
}
