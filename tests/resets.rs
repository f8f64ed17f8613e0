//! Two thousand of the places at which a recorded stream can be cut off. All of them:
//! `cargo xtask prove resets`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they did"
)]

#[path = "resets/bench.rs"]
mod bench;

use bench::{Bench, check, seams, streams};

const CUTS: usize = 2_000;

/// What was cut, and what became of it.
#[derive(Default)]
struct Count {
    streams: usize,
    cuts: usize,
    seams: usize,
}

async fn cut_everywhere(cuts: usize, continue_once: bool) -> Count {
    let (mut left, mut count) = (cuts, Count::default());
    let streams = streams(50);
    for (place, stream) in streams.iter().enumerate() {
        let bench = Bench::new(stream.dialect, continue_once).await;
        let Some(whole) = bench.whole(stream).await else { continue };
        count.streams += 1;
        let share = (left / (streams.len() - place)).min(stream.body.len());
        // Evenly spread, beginning elsewhere in each stream.
        let step = stream.body.len() as f64 / share as f64;
        let from = (place * 7919 % 100) as f64 / 100.0;
        let mut offsets: Vec<usize> = (0..share)
            .map(|n| ((n as f64 + from) * step) as usize)
            .filter(|at| *at < stream.body.len())
            .collect();
        offsets.dedup();
        left -= offsets.len();
        count.cuts += offsets.len();
        let mut attempts = 1;
        for cut in bench.cuts(stream, &offsets).await {
            attempts += check(stream, &whole, &cut);
            count.seams += seams(&cut.result);
        }
        bench.books(attempts).await;
    }
    println!("{} cuts in {} streams, {} seams", count.cuts, count.streams, count.seams);
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_cut_anywhere_shows_a_beginning_and_says_so() {
    let count = cut_everywhere(CUTS, false).await;
    assert!(count.streams >= 40 && count.cuts >= 1_600, "{} cuts in {} streams", count.cuts, count.streams);
    assert_eq!(count.seams, 0, "nobody allowed it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_cut_anywhere_is_gone_on_with_behind_one_seam() {
    let count = cut_everywhere(CUTS / 4, true).await;
    assert!(count.cuts >= 400 && count.seams >= 100, "{} seams in {} cuts", count.seams, count.cuts);
}
