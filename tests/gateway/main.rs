//! The gateway: other programs ask through us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and measure"
)]

mod asking;
mod bench;
mod cells;
mod clients;
#[path = "../conformance/dice.rs"]
mod dice;
mod door;
mod embeddings;
mod framing;
mod fuzz;
mod growing;
mod headless;
mod judged;
mod keys;
mod leaving;
mod limits;
#[path = "../faults/matrix.rs"]
#[expect(dead_code, reason = "the suite of faults uses all of it")]
mod matrix;
mod naming;
mod nonsense;
mod openrouter;
mod paid;
mod provider;
mod refusing;
mod runner;
#[path = "../faults/script.rs"]
mod script;
mod standins;
mod storm;
mod thorns;
