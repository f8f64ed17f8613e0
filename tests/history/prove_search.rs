//! Proof: how long a word takes to be found among a hundred thousand messages.
//! `PARALLAX_SEARCH_MESSAGES` asks for another number.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, measures time and prints its table"
)]

#[allow(dead_code, reason = "the tests use the rest of it")]
mod bench;

use bench::Bench;
use engine::{Find, ImportProgress, Match};
use parallax_suite::support::chatgpt::write_marked;
use std::{fs, io::BufWriter, sync::Arc, time::Instant};

const RUNS: usize = 200;

/// Half and nineteen in twenty of the times, in microseconds.
fn figures(mut times: Vec<u128>) -> (u128, u128) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_time() {
    let wanted: u64 = std::env::var("PARALLAX_SEARCH_MESSAGES").map_or(100_000, |n| n.parse().unwrap());
    let bench = Bench::new().await;
    let path = bench.folder.path().join("export.json");
    let mut out = BufWriter::new(fs::File::create(&path).unwrap());
    // Of every message: one word in all, one in each hundredth, one in each ten-thousandth.
    let messages = write_marked(&mut out, wanted, 3, |n| {
        let mut words = "everywhere".to_owned();
        if n % 100 == 7 {
            words.push_str(" hundredth");
        }
        if n % 10_000 == 77 {
            words.push_str(" rarissime");
        }
        words
    })
    .unwrap();
    drop(out);
    let begun = Instant::now();
    bench.engine.import(path, false, Arc::new(ImportProgress::default())).await.unwrap();
    let took = begun.elapsed();
    println!(
        "\n| {messages} messages, imported in {} s | found | p50 ms | p95 ms | at most |",
        took.as_secs()
    );
    println!("|---|---:|---:|---:|---:|");
    let ms = |us: u128| format!("{}.{:02}", us / 1_000, us % 1_000 / 10);
    for (name, term, which, most) in [
        ("a rare word", "rarissime", Match::Words, 1_000),
        ("a word in one of a hundred", "hundredth", Match::Words, 6_000),
        ("a word in all of them", "everywhere", Match::Words, 35_000),
        ("part of a rare word", "ariss", Match::Parts, 50_000),
        ("part of a word in one of a hundred", "undredt", Match::Parts, 50_000),
        ("part of a word in all of them", "verywher", Match::Parts, 50_000),
        ("nothing, as words", "nowheretobefound", Match::Words, 1_000),
    ] {
        let find = Find { terms: vec![term.to_owned()], ..Find::default() };
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..RUNS {
            let find = find.clone();
            let begun = Instant::now();
            let found = bench.engine.store().read(move |tx| tx.find(&find, which, None, 50)).await.unwrap();
            times.push(begun.elapsed().as_micros());
            count = found.hits.len();
        }
        let (half, most_of) = figures(times);
        println!("| {name} | {count} | {} | {} | {} |", ms(half), ms(most_of), ms(most));
        assert!(half <= most, "{name}: {half} µs");
    }
    // As the window asks: words, then parts where words do not fill the page.
    for (name, term) in
        [("the window's search, rare", "rarissime"), ("the window's search, common", "everywhere")]
    {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let find = Find { terms: vec![term.to_owned()], ..Find::default() };
            let begun = Instant::now();
            bench.engine.search(find, None, 50).await.unwrap();
            times.push(begun.elapsed().as_micros());
        }
        let (half, most_of) = figures(times);
        println!("| {name} | | {} | {} | 50 |", ms(half), ms(most_of));
    }
}
