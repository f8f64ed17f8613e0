//! `catalog`
