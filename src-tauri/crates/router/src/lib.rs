//! `router`
