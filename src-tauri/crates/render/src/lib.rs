//! Markdown becomes safe HTML, block by block.
//!
//! This is the only crate that makes HTML from what a model or a user wrote, and [`SafeHtml`] is the only
//! type the window may insert as HTML. Nothing that came as HTML goes out as HTML: the writer in `emit`
//! knows a fixed set of elements and escapes everything else, `clean` then parses what was written and
//! keeps listed elements and attributes only, and the window's content policy is the wall behind both.
//! Code blocks and formulas are our own HTML and are put into their places after cleaning.
//!
//! It **never** fetches anything, never emits an image, an id, a style, a form control other than the two
//! buttons of a code block, or a link to anything but `http`, `https` and `mailto`; it reads no clock and
//! no file.
//!
//! To add an element: one arm in `emit`, one line in `clean`'s lists, one line in the allow-list of
//! `tests/render.rs`.
#![deny(missing_docs)]

mod clean;
mod code;
mod document;
mod emit;
mod fence;
mod heal;
mod highlight;
mod link;
mod markdown;
mod mask;
mod math;
mod plain;
mod text;

pub use clean::SafeHtml;
pub use code::code;
pub use fence::open_fence;
pub use markdown::{Block, Markdown, Patch, render_whole};
pub use plain::{BREAK, code_words, words};

#[cfg(test)]
mod layers_tests;
