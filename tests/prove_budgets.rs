//! Proof: no budget is exceeded, whatever happens at once. `cargo xtask prove budgets`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a proof fails by panicking and prints its table; helpers start tasks of their own"
)]

#[path = "budgets/provider.rs"]
mod provider;
#[path = "budgets/storm.rs"]
mod storm;

use storm::{Gate, Size, storm};

#[tokio::test(flavor = "multi_thread")]
async fn no_budget_is_exceeded_whatever_happens_at_once() {
    // 64 at once: sixteen in each of four processes.
    let size = Size { rounds: 12, processes: 4, prompts: 50, parallel: 16, room: 11_000_000_000 };
    let ours = storm(Gate::Ours, size).await;
    let control = storm(Gate::CheckThenAct, Size { rounds: 3, ..size }).await;
    println!("{}", ours.table(&control));
    assert!(ours.attempts >= 1_000, "{ours:#?}");
    assert!(ours.refused > 100 && ours.kills > 0 && ours.interrupted > 0, "{ours:#?}");
    ours.check();
    assert!(control.exceeded > 0, "the check sees a gate that does not hold: {control:#?}");
}
