//! What an attempt costs, and what it may cost at most: tokens times prices, in whole pico-dollars.
//!
//! Pure: this crate **never** reads a clock, a file or a table, holds no balance, uses no floating point,
//! and never takes an unknown price or count for zero. Arithmetic is checked; what does not fit is unknown.
//!
//! To price one more thing: a `Meter` in the domain, its fallback in `rates.rs`, its bucket in `cost.rs`,
//! a hand-checked invoice in `tests/money.rs`.
#![deny(missing_docs, clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod band;
mod budget;
mod cost;
mod estimate;
mod forecast;
mod hold;
mod rates;
mod tokens;

pub use band::{Doubt, doubt};
pub use budget::{Admission, LEAST_ANSWER, ORDINARY_ANSWER, admit, percent, warning};
pub use cost::cost;
pub use estimate::{Expected, Volume, estimate, priced_on, usual_lengths};
pub use forecast::{Forecast, SpendDay, forecast};
pub use hold::{Besides, Dearest, hold};
pub use rates::{is_free, rate, rates};
pub use tokens::{
    IMAGE_TOKENS_AT_MOST, least_bytes, output_estimate, prompt_estimate, prompt_upper_bound, tokens_of,
};
