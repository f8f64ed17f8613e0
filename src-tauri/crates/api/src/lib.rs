//! Every command and event the outside may use, and their handlers.

#[cfg(feature = "ts")]
pub mod bindings;
pub mod types;
