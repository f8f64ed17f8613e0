//! Proof: the first provider is gone for thirty seconds while four lanes write. `cargo xtask prove outage`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a proof fails by panicking, prints its table, measures by the clock, and uses a part of its world"
)]

#[path = "routing/outage.rs"]
mod outage;
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
