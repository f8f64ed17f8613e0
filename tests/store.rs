//! The database as the rest of the program meets it: opening, writing, several processes, money.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail by panicking, in its helpers too, and goes by the clock"
)]

#[path = "store/budgets.rs"]
mod budgets;
#[path = "store/fixture.rs"]
mod fixture;
#[path = "store/ledger.rs"]
mod ledger;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/processes.rs"]
mod processes;
#[path = "store/rollup.rs"]
mod rollup;
#[path = "store/search.rs"]
mod search;
#[path = "store/spelling.rs"]
mod spelling;
#[path = "store/tables.rs"]
mod tables;
#[path = "store/torn.rs"]
mod torn;
#[path = "store/writing.rs"]
mod writing;
