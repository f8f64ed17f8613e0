//! What was said, as files: imports of every form, exports that come back, searches through the command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail by panicking, in its helpers too, and goes by the clock"
)]

mod bench;
mod beside;
mod command;
mod contents;
mod exporting;
mod filing;
mod finding;
mod hostile;
mod importing;
mod inside;
mod later;
mod samples;
mod stretches;
