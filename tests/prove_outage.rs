//! Proof: the first provider is gone for thirty seconds while four lanes write. `cargo xtask prove outage`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a proof fails by panicking, prints its table, measures by the clock, and uses a part of its world"
)]

#[cfg(target_os = "linux")]
#[path = "window/harness.rs"]
mod harness;
#[path = "routing/outage.rs"]
mod outage;
#[cfg(target_os = "linux")]
#[path = "window/outage.rs"]
mod seen;
#[path = "routing/twelve.rs"]
mod twelve;

use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_seconds_without_the_first_provider() {
    let found = outage::outage(Duration::from_secs(30)).await;
    println!("\n| | |");
    println!("|---|---:|");
    println!("| answers that had begun | {} |", found.begun);
    println!("| of those gone on with behind one seam | {} |", found.seams);
    println!("| answers asked for during the outage | {} |", found.asked);
    println!("| of those whole, without a seam | {} |", found.whole);
    println!("| answers that ended in an error | {} |", found.errors);
    println!("| calls that the provider got while it was down | {} |", found.wasted);
    println!("| longest wait for a whole answer | {} ms |", found.slowest.as_millis());
    println!("| no longer moved back some time after | {} |", if found.back { "yes" } else { "no" });
    assert_eq!((found.begun, found.seams, found.errors), (4, 4, 0), "{found:?}");
    assert_eq!((found.whole, found.back), (found.asked, true), "{found:?}");
}

/// The same as a person sees it: four lanes write, the first provider goes, turn after turn is asked meanwhile.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn thirty_seconds_as_they_are_seen_in_the_window() {
    let seen = seen::outage(Duration::from_secs(30)).await;
    println!("| | |");
    println!("| **in the real window** | |");
    println!("| lanes that had begun | {} |", seen.begun);
    println!("| of those kept, with an offer to go on elsewhere | {} |", seen.offered);
    println!("| one of them gone on with, behind a seam | {} |", seen.seams);
    println!("| answers asked for during the outage | {} |", seen.asked);
    println!("| of those whole on the screen | {} |", seen.whole);
    println!("| of those with an error on the screen | {} |", seen.errors);
    println!("| calls that the provider got while it was down | {} |", seen.wasted);
    seen::check(&seen);
}
