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
#[allow(dead_code, reason = "the tests use the rest of it")]
mod samples;

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

/// Answers as models write them.
const ANSWERS: &str = include_str!("../data/markdown/answers.md");

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_in_one_long_conversation_in_time() {
    let wanted: usize = std::env::var("PARALLAX_LONG_MESSAGES").map_or(10_000, |n| n.parse().unwrap());
    let bench = Bench::new().await;
    let sections: Vec<&str> = ANSWERS.split("%%%\n").map(str::trim).collect();
    let mut line = samples::line(wanted / 2);
    for (n, node) in line["mapping"].as_object_mut().unwrap().values_mut().enumerate() {
        if node["message"]["author"]["role"] == "assistant" {
            // Prompts and answers take turns: one of the two is an answer.
            let rare = if n % 1_000 < 2 { " rarissime" } else { "" };
            let text = format!("Answer **{n}**\n\n{}{rare}", sections[n % sections.len()]);
            node["message"]["content"]["parts"][0] = text.into();
        }
    }
    bench.import(serde_json::json!([line]).to_string().as_bytes()).await;
    let [id] = bench.conversations().await.try_into().unwrap();
    let find = async |text: &str| {
        let begun = Instant::now();
        let found = bench.engine.find_in(id, Some(text.to_owned())).await.unwrap();
        (found.iter().map(|turn| turn.count).sum::<u32>(), begun.elapsed().as_micros())
    };
    let ms = |us: u128| format!("{}.{:02}", us / 1_000, us % 1_000 / 10);
    let (_, first) = find("").await;
    println!("\n| a conversation of {wanted} messages | found | p50 ms | p95 ms | at most |");
    println!("|---|---:|---:|---:|---:|");
    println!("| made ready as the bar opens | | {} | | |", ms(first));
    for text in ["rarissime", "answer", "e", "nowheretobefound"] {
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..RUNS {
            let (many, took) = find(text).await;
            times.push(took);
            count = many;
        }
        let (half, most_of) = figures(times);
        println!("| {text} | {count} | {} | {} | 50 |", ms(half), ms(most_of));
        assert_eq!(count > 0, text != "nowheretobefound", "{text}");
        assert!(half <= 50_000, "{text}: {half} µs");
    }
}
