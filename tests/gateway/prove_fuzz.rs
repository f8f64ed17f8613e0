//! Proof: ten million requests of no sense (`PARALLAX_FUZZ_REQUESTS` for another number), with a new seed every
//! time, which is printed. `cargo xtask prove gateway_fuzz`. What fails says how it is seen again, by
//! `PARALLAX_FUZZ_SEED` and `PARALLAX_FUZZ_FROM`, the number of the first request. After `PARALLAX_FUZZ_MINUTES`, if
//! that is set, it ends with the requests it has done.
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
mod nonsense;
mod provider;
mod storm;
mod thorns;

use nonsense::Kind;
use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Requests after which all that is kept for requests to come has been made.
const WARM: u64 = 200_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Memory of this process that is in use, in MB, where the system tells it so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().split(' ').next()?.parse::<u64>().ok()? / 1024)
}

/// Size of a folder's files, in MB.
fn size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum::<u64>() / 1_000_000
}

fn shown(megabytes: Option<u64>) -> String {
    megabytes.map_or("?".to_owned(), |megabytes| megabytes.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_breaks_the_gateway() {
    let count = number("PARALLAX_FUZZ_REQUESTS").unwrap_or(10_000_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let seed = number("PARALLAX_FUZZ_SEED").unwrap_or_else(|| u64::try_from(now).unwrap());
    let from = number("PARALLAX_FUZZ_FROM").unwrap_or(0);
    let most = number("PARALLAX_FUZZ_MINUTES");
    println!("\nseed {seed}");
    let (bench, keys) = storm::bench().await;
    let (start, progress) = (Instant::now(), Arc::new(storm::Progress::default()));
    let storm = storm::storm(&bench, keys, seed, from..from + count, Arc::clone(&progress));
    let mut storm = std::pin::pin!(storm);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let (mut warm, mut seconds) = (None, 0_u64);
    let found = loop {
        tokio::select! {
            found = &mut storm => break found,
            _ = ticks.tick() => seconds += 1,
        }
        let so_far = progress.done.load(Ordering::Relaxed);
        if so_far >= WARM.min(count / 2) && warm.is_none() {
            warm = Some((so_far, resident()));
        }
        if most.is_some_and(|minutes| start.elapsed() > Duration::from_secs(60 * minutes)) {
            progress.enough.store(true, Ordering::Relaxed);
        }
        if seconds.is_multiple_of(60) {
            let (memory, disk) = (shown(resident()), size(bench.folder()));
            println!(
                "{so_far} of {count} after {} s; {memory} MB of memory, {disk} MB on disk",
                start.elapsed().as_secs()
            );
        }
    };
    let (taken, after) = (start.elapsed().as_secs().max(1), resident());
    storm::settled(&bench).await;
    print(&found);
    let (asked, disk) = (bench.upstream.asked(), size(bench.folder()));
    let note = |what: &str, value: String| println!("| {what} | {value} | | | |");
    note("requests that a provider was sent", asked.to_string());
    let (at, before) = warm.unwrap_or_default();
    note(
        &format!(
            "resident memory with the provider's and the clients', after {at} requests and at the end, MB"
        ),
        format!("{} / {}", shown(before), shown(after)),
    );
    note("data folder at the end, MB", disk.to_string());
    note("sent again, since the process was stopped and continued meanwhile", found.again.to_string());
    note(
        &format!(
            "seed {seed}, {taken} s: none with 5xx, no broken answer, no panic, overflow or failed assertion; the \
             ledger's chain whole, nothing held any more"
        ),
        format!("{} requests", found.statuses.values().sum::<u64>()),
    );
}

fn print(found: &storm::Found) {
    println!("| requests | all | 200 | refused, by status | answered by a provider |");
    println!("|---|---:|---:|---|---:|");
    for (kind, _, name) in Kind::ALL {
        let of = |status: u16| found.statuses.get(&(kind, status)).copied().unwrap_or(0);
        let all: u64 = (0..600).map(of).sum();
        let refused: Vec<String> = (201..600)
            .filter(|status| of(*status) > 0)
            .map(|status| format!("{status}: {}", of(status)))
            .collect();
        let mut refused = refused.join(", ");
        if of(0) > 0 {
            refused.push_str(&format!(" closed: {}", of(0)));
        }
        let on = found.sent_on.get(&kind).copied().unwrap_or(0);
        println!("| {name} | {all} | {} | {} | {on} |", of(200), refused.trim());
    }
}
