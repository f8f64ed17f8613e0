//! Answers taken apart and laid beside each other: blocks, sentences, words, and what they share.

mod agreement;
mod blocks;
mod diff;
mod fuzzy;
mod mask;
mod myers;
mod topic;
mod words;

pub use agreement::{Agreement, Claim, Statement, agreement, contrary_text as contrary};
pub use blocks::{Block, Kind, blocks};
pub use diff::{Diff, Options, Row, RowKind, Share, diff};
pub use mask::{Hidden, MASK, mask};
pub use topic::{Language, Topic, language, topic};
