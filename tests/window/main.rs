//! The real window: its wires are connected, and what it shows is what came.
//!
//! Each test starts the app under WebKitWebDriver on a data folder of its own and leaves screenshots,
//! light and dark, in `target/screenshots`. One test at a time: they share a display.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they did"
)]

mod barriers;
mod blind;
mod budgets;
mod columns;
mod context;
mod demo;
mod desk;
mod diagram;
mod experiments;
mod figures;
mod gateway;
mod harness;
mod journey;
mod keyboard;
mod keychain;
mod keys;
mod kill;
mod models;
mod outage;
mod providers;
mod quick;
mod recorded;
mod resets;
mod second;
mod spend;
#[path = "../spending.rs"]
mod spending;

/// Rounds of an ordinary run; the full proof has twenty.
const KILLS: u32 = 3;
/// The full proof has half a minute.
const SHORT_OUTAGE: std::time::Duration = std::time::Duration::from_secs(4);

#[tokio::test]
async fn killed_in_mid_stream_nothing_shown_is_lost() {
    print!("{}", kill::rounds(KILLS).await);
}

#[tokio::test]
async fn an_outage_is_an_error_only_to_answers_that_had_begun_and_those_can_be_gone_on_with() {
    outage::check(&outage::outage(SHORT_OUTAGE).await);
}
