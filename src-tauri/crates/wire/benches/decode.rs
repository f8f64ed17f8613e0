//! How fast answers are decoded, beside `serde_json` parsing the same JSON into values: a row a dialect.
//!
//! Ours does more (framing, UTF-8, meaning, events) and less (strings are borrowed, numbers stay text). The
//! recordings' streams are given as a network does, in pieces of 16 KiB; the two sides take turns, and the
//! middle of the rounds counts. `cargo xtask prove decode`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measurement fails by panicking, prints its table and goes by the clock"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Quirks;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use wire::{DIALECTS, Dialect, decoder_for};

const ROUNDS: usize = 31;
/// Each side of each round goes on at least so long.
const ROUND: Duration = Duration::from_millis(20);
/// What a network read brings.
const PIECE: usize = 16 << 10;

struct Recording {
    label: Option<String>,
    body: Vec<u8>,
    /// The JSON documents in it.
    payloads: Vec<Vec<u8>>,
}

/// Streams of every dialect, by its id.
fn recordings() -> BTreeMap<String, Vec<Recording>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests");
    let folders = ["recordings/registry", "recordings/documented", "../../shared/recordings/open"];
    let mut all: BTreeMap<String, Vec<Recording>> = BTreeMap::new();
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(tests.join(folder)).ok()).flatten();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "json")) {
        let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let response = &file["response"];
        if file["mode"] != "stream" || response["status"] != 200 {
            continue;
        }
        let bytes = |text: &Value| {
            let text = text.as_str().unwrap();
            if response["encoding"] == "base64" { STANDARD.decode(text).unwrap() } else { text.into() }
        };
        let body: Vec<u8> = match response["chunks"].as_array() {
            Some(chunks) => chunks.iter().flat_map(bytes).collect(),
            None => bytes(&response["body"]),
        };
        let dialect = match file["wire"].as_str().unwrap() {
            "google-generate" => "gemini",
            "cohere-v2" => "cohere",
            "ollama-chat" => "ollama",
            other => other,
        };
        let payloads = payloads(file["framing"].as_str().unwrap(), &body);
        let label = response["headers"]["content-type"].as_str().map(str::to_owned);
        all.entry(dialect.to_owned()).or_default().push(Recording { label, body, payloads });
    }
    all
}

fn payloads(framing: &str, body: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if framing == "aws-eventstream" {
        let mut rest = body;
        while let Some(length) = rest.first_chunk().map(|n: &[u8; 4]| u32::from_be_bytes(*n) as usize) {
            let headers = u32::from_be_bytes(rest[4..8].try_into().unwrap()) as usize;
            all.push(rest[12 + headers..length - 4].to_vec());
            rest = &rest[length..];
        }
    } else {
        for line in body.split(|byte| *byte == b'\n') {
            let line = line.strip_prefix(b"data:").or_else(|| (framing == "ndjson").then_some(line));
            all.extend(line.map(<[u8]>::trim_ascii).map(<[u8]>::to_vec));
        }
    }
    all.retain(|payload| serde_json::from_slice::<Value>(payload).is_ok());
    all
}

fn parse(recordings: &[Recording]) {
    for payload in recordings.iter().flat_map(|recording| &recording.payloads) {
        black_box(serde_json::from_slice::<Value>(black_box(payload)).unwrap());
    }
}

fn decode(dialect: &dyn Dialect, recordings: &[Recording]) {
    let mut events = Vec::new();
    for recording in recordings {
        let mut decoder = decoder_for(dialect, recording.label.as_deref(), &Quirks::default());
        for piece in black_box(&recording.body).chunks(PIECE) {
            decoder.push(piece, &mut events);
            black_box(&events);
            events.clear();
        }
        black_box(decoder.finish(&mut events));
        events.clear();
    }
}

/// Seconds one run takes, from as many as fill a round.
fn time(mut run: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut runs = 0;
    while started.elapsed() < ROUND {
        run();
        runs += 1;
    }
    started.elapsed().as_secs_f64() / f64::from(runs)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    println!("| dialect | streams | MB of JSON | serde_json to values, MB/s | decoded, MB/s | ratio |");
    println!("|---|---:|---:|---:|---:|---:|");
    let all = recordings();
    // `cargo bench … -- gemini` measures one.
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for dialect in DIALECTS.iter().filter(|d| only.is_empty() || only.iter().any(|id| id == d.id())) {
        let Some(recordings) = all.get(dialect.id()) else { continue };
        let bytes: usize = recordings.iter().flat_map(|r| &r.payloads).map(Vec::len).sum();
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(time(|| parse(recordings)));
            ours.push(time(|| decode(*dialect, recordings)));
        }
        let ratio = middle(theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect());
        let speed = |times: Vec<f64>| bytes as f64 / 1e6 / middle(times);
        println!(
            "| {} | {} | {:.2} | {:.0} | {:.0} | {ratio:.2} |",
            dialect.id(),
            recordings.len(),
            bytes as f64 / 1e6,
            speed(theirs),
            speed(ours),
        );
    }
}
