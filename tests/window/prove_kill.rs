//! Proof: twenty kills at random moments lose nothing that was shown. `cargo xtask prove kill`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a proof fails by panicking, prints its table, and uses part of the window tests' tools"
)]

mod harness;
mod kill;

#[tokio::test]
async fn twenty_kills_lose_nothing() {
    print!("\n{}", kill::rounds(20).await);
}
