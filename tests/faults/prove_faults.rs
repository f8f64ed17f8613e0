//! Proof: the fault matrix with many stops, as a table. `cargo xtask prove faults`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof fails by panicking, prints its table and measures by the clock"
)]

mod bench;
mod matrix;
mod script;
mod table;

/// Rounds of stopping each dialect.
const ROUNDS: usize = 150;

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_in_every_dialect_loses_nothing() {
    // The name of the test stands on the line that is begun.
    println!();
    table::run(ROUNDS).await.iter().for_each(|line| println!("{line}"));
}
