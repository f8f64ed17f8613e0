//! Comparing answers: ratings from votes, differences and agreement of texts, and the pure half of experiments.
//!
//! Pure: no clock, no files, no randomness, no network. It **never** sends anything or turns money into floats;
//! amounts pass through as whole pico-dollars.
//!
//! - [`rating`]: Bradley–Terry with ties over one person's votes, with intervals, and what may be said of them.
//! - [`text`]: blocks, word diff, agreement over several answers, topics, names hidden for a blind vote.
//! - [`experiment`]: prompts × models × variables × samples as cells, and the checks their answers must pass.
//! - [`judge`]: what a judge model is asked, how strictly its reply is read, and what two orders say together.
//!
//! To add a check: a variant of [`experiment::Check`], its name in `Check::read`, its arm in `Check::run`. To add a
//! topic: a variant of [`text::Topic`] and its words.
#![deny(missing_docs)]

pub mod experiment;
pub mod judge;
pub mod rating;
pub mod text;
