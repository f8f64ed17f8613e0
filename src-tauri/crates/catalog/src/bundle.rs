//! The data files, embedded at build time.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// `(file name without extension, content)` of every provider file, by name.
pub(crate) const fn providers() -> &'static [(&'static str, &'static str)] {
    PROVIDERS
}

/// `(provider id, content)` of every endpoint file, by name.
pub(crate) const fn endpoints() -> &'static [(&'static str, &'static str)] {
    ENDPOINTS
}

/// The models, one a line.
pub(crate) const MODELS: &str = include_str!("../data/models.json");

/// What each provider is called in the sources; written by hand.
pub(crate) const HOSTS: &str = include_str!("../data/hosts.json");
