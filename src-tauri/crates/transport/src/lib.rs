//! `transport`
