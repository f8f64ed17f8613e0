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

use bench::{Bench, check, streams};

const CUTS: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_cut_anywhere_shows_a_beginning_and_says_so() {
    let mut left = CUTS;
    let streams = streams(50);
    let mut used = 0;
    for (place, stream) in streams.iter().enumerate() {
        let bench = Bench::new(stream.dialect).await;
        let Some(whole) = bench.whole(stream).await else { continue };
        used += 1;
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
        let mut attempts = 1;
        for cut in bench.cuts(stream, &offsets).await {
            attempts += check(stream, &whole, &cut);
        }
        bench.books(attempts).await;
    }
    println!("{} cuts in {used} streams", CUTS - left);
    assert!(used >= 40 && CUTS - left >= 1_600, "{} cuts in {used} streams", CUTS - left);
}
