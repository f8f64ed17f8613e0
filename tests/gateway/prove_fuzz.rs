//! Proof: ten million requests of no sense (`PARALLAX_FUZZ_REQUESTS` for another number), with a new seed every
//! time, which is printed. `cargo xtask prove gateway_fuzz`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and goes by the clock"
)]

#[expect(dead_code, reason = "the gateway's tests use all of it")]
mod bench;
#[path = "../conformance/dice.rs"]
mod dice;
mod storm;

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

#[tokio::test(flavor = "multi_thread")]
async fn no_request_breaks_the_gateway() {
    let said = std::env::var("PARALLAX_FUZZ_REQUESTS").ok();
    let count: usize = said.and_then(|count| count.parse().ok()).unwrap_or(10_000_000);
    let seed = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
    println!("\nseed {seed}");
    let bench = bench::Bench::new(Vec::new()).await;
    let start = Instant::now();
    let lines = (0..4).map(|number| storm::storm(&bench, count / 4, seed + number));
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for found in futures_util::future::join_all(lines).await {
        found.into_iter().for_each(|(status, times)| *statuses.entry(status).or_default() += times);
    }
    bench.booked().await;
    println!("| status | requests |");
    println!("|---|---:|");
    for (status, times) in statuses {
        println!("| {status} | {times} |");
    }
    let seconds = start.elapsed().as_secs().max(1);
    println!("| {count} requests, seed {seed}: each answered, none with 5xx, no panic | {seconds} s |");
}
