//! The gateway: other programs ask through us.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and measure"
)]

mod asking;
mod bench;
mod door;
mod faults;
mod headless;
mod keys;
