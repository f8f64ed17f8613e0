//! Helpers of the cross-crate tests. They fail by panicking, as a test does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests fails by panicking"
)]

pub mod bench;
pub mod chat;
pub mod chatgpt;
pub mod http;
#[cfg(target_os = "linux")]
pub mod keyring_session;
pub mod pdf;
pub mod peers;
pub mod picture;
pub mod program;
pub mod recording;
pub mod replay;
pub mod zip;
