//! Which endpoint serves a request, in what order and why; and what to do when one fails.
//!
//! Pure: it reads no clock, draws no randomness, sends nothing and knows no provider by name. The same
//! facts always give the same route, so a route that was stored can be explained later. It **never**
//! prices a request (the ledger does); it only compares price lists.
//!
//! Two halves that never mix: what is allowed and possible (`filter`) leaves endpoints out; experience
//! ([`Health`]) and wishes only put them in order.
//!
//! To add a ground for leaving an endpoint out: a `Reason` and one line in `filter`. To add a ground for
//! preferring one: a `Reason`, a fact in [`Offer`], one step in `plan::rank`. To add a kind of failure:
//! the compiler asks for its row in [`recover`] and in `health::scope`.
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

mod chance;
mod filter;
mod health;
mod latency;
mod plan;
mod price;
mod recover;

pub use health::{Health, Observed, Setback, Who};
pub use latency::Prompt;
pub use plan::{Ask, Needs, Offer, Ready, Warm, lacks, plan};
pub use recover::{
    ATTEMPTS, DEADLINE, LONG_ENOUGH, Next, PATIENCE, QUICK, RetryBudget, Shown, Situation, broke_off, recover,
};
