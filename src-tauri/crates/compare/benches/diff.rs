//! How long two answers of 20 KB take to compare, and what six of them share. `cargo xtask prove diff`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof prints its table and measures by the clock"
)]

use compare::text::{Options, agreement, diff};
use std::{hint::black_box, time::Instant};

const LENGTH: usize = 20 * 1024;
const ROUNDS: usize = 60;
/// What the median may take, in milliseconds. The slowest twentieth is told and not held to it: on a machine that
/// does other work it is that work that is measured there.
const DIFF: f64 = 16.0;
const AGREEMENT: f64 = 100.0;

/// A text of sentences, lists and code out of `words` words; one `seed`, one text.
fn text(seed: u64, words: u64) -> String {
    let mut state = seed;
    let mut next = move |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut out = String::new();
    while out.len() < LENGTH {
        match next(12) {
            0 => out.push_str("\n\n## "),
            1 => out.push_str("\n\n- "),
            2 => {
                out.push_str("\n\n```rust\n");
                for _ in 0..4 + next(8) {
                    out.push_str(&format!("let w{} = f{}({});\n", next(words), next(words), next(100)));
                }
                out.push_str("```\n\n");
            }
            3 => out.push_str("\n\n"),
            _ => {}
        }
        for n in 0..6 + next(16) {
            let word = next(words);
            let letters: String = (0..3 + word % 7)
                .map(|k| char::from(b'a' + ((word / (k + 1) * 7 + k * 3) % 26) as u8))
                .collect();
            out.push_str(if n == 0 { "" } else { " " });
            out.push_str(&letters);
        }
        out.push_str(". ");
    }
    out
}

/// The text with every `nth` word another and every 30th sentence gone.
fn edited(text: &str, nth: usize, seed: usize) -> String {
    let kept: Vec<String> = text
        .split_inclusive(". ")
        .enumerate()
        .filter(|(n, _)| !(n + seed).is_multiple_of(30))
        .map(|(_, sentence)| sentence.to_owned())
        .collect();
    kept.concat()
        .split_inclusive(' ')
        .enumerate()
        .map(|(n, word)| {
            if (n + seed).is_multiple_of(nth) && word.chars().all(|c| c.is_alphabetic() || c == ' ') {
                format!("other{} ", n % 50)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// Middle and slowest twentieth, in milliseconds.
fn time(mut work: impl FnMut()) -> (f64, f64) {
    work();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], times[ROUNDS * 19 / 20])
}

fn main() {
    println!("| work | median ms | 95th percentile ms | limit of the median ms |");
    println!("|---|---:|---:|---:|");
    let first = text(1, 3_000);
    let cases = [
        ("diff of two 20 KB answers, one word in ten differs", edited(&first, 10, 3)),
        ("diff of two 20 KB answers, one word in three differs", edited(&first, 3, 3)),
        ("diff of two 20 KB answers of the same words", text(2, 3_000)),
        ("diff of two 20 KB answers of the same few words", text(3, 60)),
        ("diff of two 20 KB answers with nothing in common", text(4, 3_000).to_uppercase().replace('E', "Ω")),
        ("diff of 20 KB without a single full stop", "word and ".repeat(LENGTH / 9)),
    ];
    for (what, other) in &cases {
        let (median, slow) = time(|| {
            black_box(diff(black_box(&first), black_box(other), Options::default()));
        });
        println!("| {what} | {median:.2} | {slow:.2} | {DIFF} |");
        assert!(median < DIFF, "{what}: {median} ms");
    }
    let six: Vec<String> = (0..6).map(|n| edited(&first, 6 + n, n)).collect();
    let strangers: Vec<String> = (0..6).map(|n| text(10 + n, 3_000)).collect();
    for (what, answers) in [
        ("agreement over six alike answers of 20 KB", six),
        ("agreement over six different answers of 20 KB", strangers),
    ] {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let (median, slow) = time(|| {
            black_box(agreement(black_box(&answers)));
        });
        println!("| {what} | {median:.2} | {slow:.2} | {AGREEMENT} |");
        assert!(median < AGREEMENT, "{what}: {median} ms");
    }
}
