//! What the cross-crate tests share: a server that replays recordings, and a keychain of one's own.
//!
//! Holds no tests and never reaches beyond this machine. To add a helper: a file in `support/`.

pub mod support;
