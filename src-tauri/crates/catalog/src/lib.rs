//! Providers, models, endpoints and their prices: data that lies in this crate's folder, parsed.
//!
//! **Never** does I/O: the files are embedded by `build.rs`, live lists are handed in as values. It
//! neither routes nor computes a cost, and a price that the data does not hold stays unknown.
//!
//! To add a provider that speaks a known dialect: one file in `providers/`, named after its id. Models
//! and prices in `data/` are written by `cargo xtask catalog` from pinned sources (see
//! `data/SOURCES.md`); do not edit them by hand.
#![deny(missing_docs)]

mod address;
pub mod bill;
mod bundle;
mod catalog;
mod demo;
pub mod feed;
mod keys;
mod others;
mod provider;
mod snapshot;

pub use address::{Reached, reach, refuse_value};
pub use catalog::Catalog;
pub use demo::{DEMO, demo_sheet, local_sheet, not_billed_sheet};
pub use keys::{APP_KEY_PREFIX, provider_of_key};

/// Why the embedded data cannot be used. Each is a mistake in a data file, which the tests catch.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A provider file does not parse or holds a value that cannot be.
    #[error("provider file {file}: {reason}")]
    Provider {
        /// File name without extension.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A model or endpoint file does not parse or holds a value that cannot be.
    #[error("data file {file}: {reason}")]
    Data {
        /// File name without extension.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod catalog_tests;
