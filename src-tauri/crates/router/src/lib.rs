//! Which endpoint serves a request, in what order and why; and what to do when one fails.
//!
//! Pure: it reads no clock, draws no randomness, sends nothing and knows no provider by name. The same
//! facts always give the same route, so a route that was stored can be explained later. It **never**
//! prices a request (the ledger does); it only compares price lists.
//!
//! To add a ground for preferring an endpoint: a `Reason` in the domain, a fact in [`Facts`], one step in
//! `plan::rank`. To add a ground for leaving one out: a `Reason` and one line in `plan::refusal`. To add a
//! kind of failure: the compiler asks for its row in [`recover`].
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

mod plan;
mod recover;

pub use plan::{Facts, Ready, plan};
pub use recover::{Next, PATIENCE, recover};
