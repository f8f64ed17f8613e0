//! Every fault × every dialect, over a loopback connection and through the whole engine: nothing is called
//! whole that is not, text that came is kept, usage that was sent is billed, a stop reaches the provider.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, print what they measured and read the clock for it"
)]

mod bench;
mod matrix;
mod script;
mod table;

/// Rounds of stopping each dialect.
const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_in_every_dialect_loses_nothing() {
    table::run(ROUNDS).await.iter().for_each(|line| println!("{line}"));
}
