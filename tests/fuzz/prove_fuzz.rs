//! Proof: broken bytes for as long as told, and bodies without end. `cargo xtask prove fuzz`; minutes by
//! `PARALLAX_FUZZ_MINUTES`, 5 where it is not set, and another seed every time, which is printed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and goes by the clock"
)]

#[path = "../conformance/answer.rs"]
#[expect(dead_code, reason = "the conformance suite uses all of it")]
mod answer;
#[path = "../conformance/dice.rs"]
mod dice;
mod hostile;
#[path = "../conformance/mutations.rs"]
mod mutations;
#[path = "../conformance/recording.rs"]
#[expect(dead_code, reason = "the conformance suite uses all of it")]
mod recording;

use dice::Dice;
use recording::Recording;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MB: usize = 1 << 20;

#[test]
fn no_bytes_break_a_decoder() {
    // The name of the test stands on the line that is begun.
    println!();
    println!("\n| what never ends | fed, MB | most memory kept, MB |");
    println!("|---|---:|---:|");
    #[cfg(target_os = "linux")]
    for body in hostile::framings() {
        let grown =
            ["openai-chat", "bedrock-converse"].map(|dialect| hostile::feed(dialect, &body, 512 * MB) / MB);
        println!("| {} | 512 | {} |", body.name, grown[0].max(grown[1]));
        assert!(grown[0].max(grown[1]) <= 72, "{}", body.name);
    }
    #[cfg(target_os = "linux")]
    for (dialect, body) in hostile::answers() {
        let grown = hostile::feed(dialect, &body, 512 * MB) / MB;
        println!("| {dialect}: {} | 512 | {grown} |", body.name);
        // No more than an answer may have, once where it is kept and once where it is handed over.
        assert!(grown <= 288, "{dialect}, {}: {grown} MB kept", body.name);
    }
    let minutes =
        std::env::var("PARALLAX_FUZZ_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(5);
    let recordings: Vec<Recording> = recording::all().into_iter().filter(Recording::is_built).collect();
    let seed = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap();
    let mut dice = Dice(seed);
    let started = Instant::now();
    let mut rounds = 0;
    let mut read: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    println!("seed {seed}");
    while started.elapsed() < Duration::from_secs(60 * minutes) {
        *read.entry(mutations::round(rounds, &recordings, &mut dice)).or_default() += 1;
        rounds += 1;
    }
    println!("|  | | |");
    println!(
        "| **{rounds} broken bodies out of {} recordings in {minutes} minutes, seed {seed}, each cut in two ways** | **bodies** | **panics, or other events when cut otherwise** |",
        recordings.len()
    );
    for ((dialect, framing), bodies) in read {
        println!("| {dialect}, {framing} | {bodies} | 0 |");
    }
}
