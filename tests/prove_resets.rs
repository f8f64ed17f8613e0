//! Proof: fifty recorded streams, cut off after every single byte. `cargo xtask prove resets`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a proof fails by panicking and prints its table"
)]

#[path = "resets/bench.rs"]
mod bench;

use bench::{Bench, check, seams, streams};
use domain::RunState;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_fifty_streams() {
    let mut rows: BTreeMap<(bool, &str), [usize; 6]> = BTreeMap::new();
    for continue_once in [false, true] {
        for stream in streams(50) {
            let bench = Bench::new(stream.dialect, continue_once).await;
            let Some(whole) = bench.whole(&stream).await else { continue };
            let offsets: Vec<usize> = (0..stream.body.len()).collect();
            let mut attempts = 1;
            let row = rows.entry((continue_once, stream.dialect)).or_default();
            row[0] += 1;
            for cut in bench.cuts(&stream, &offsets).await {
                attempts += check(&stream, &whole, &cut);
                row[1] += 1;
                match (cut.result.state, cut.result.attempts.len(), seams(&cut.result)) {
                    (RunState::Done, 2, 0) => row[2] += 1,
                    (RunState::Done, 2, _) => row[3] += 1,
                    (RunState::Done, ..) => row[5] += 1,
                    _ => row[4] += 1,
                }
            }
            bench.books(attempts).await;
        }
    }
    println!(
        "\n| going on | dialect | streams | cuts | answered by another, unseen | gone on with, one seam | text kept, failure named | whole despite the cut |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for ((allowed, dialect), [streams, cuts, another, seams, kept, whole]) in &rows {
        let allowed = if *allowed { "allowed once" } else { "not allowed" };
        println!("| {allowed} | {dialect} | {streams} | {cuts} | {another} | {seams} | {kept} | {whole} |");
    }
    assert!(rows.values().map(|row| row[0]).sum::<usize>() >= 80);
}
