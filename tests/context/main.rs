//! What each lane is shown of a conversation, and the tree the conversation is: asserted on the requests that
//! were sent.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests fail by panicking and say what they did"
)]

mod bench;
mod carried;
mod policies;
mod tree;
