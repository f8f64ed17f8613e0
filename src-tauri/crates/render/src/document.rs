//! From source text to unfinished blocks.

use crate::{emit, heal, mask};
use pulldown_cmark::{Event, Options, Parser};
use std::ops::Range;

/// A block as written by `emit`: HTML that still has to be cleaned, with marked places for what is put in
/// afterwards. Its hash is the block's identity.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Raw {
    pub(crate) html: String,
    /// In the order of their places in `html`.
    pub(crate) slots: Vec<Slot>,
}

/// What goes into a marked place.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// A code block.
    Code {
        /// The word after the fence, as written.
        language: String,
        /// The code.
        text: String,
        /// No more of it will come; only then it is worth highlighting.
        closed: bool,
    },
    /// A formula, its delimiters included.
    Math {
        /// As written.
        source: String,
    },
}

/// An event with the place in the source it came from.
pub(crate) type Located<'a> = (Event<'a>, Range<usize>);

/// Longer documents are cut here. Two megabytes are about five hundred pages.
const LONGEST: usize = 2 * 1024 * 1024;

/// Parses and writes a whole document.
pub(crate) fn raws(source: &str, open: bool) -> Vec<Raw> {
    let (source, left_out) = cut(source);
    let mut raws = healed(source, open && left_out == 0);
    if left_out > 0 {
        let html = format!(
            "<p class=\"note\">The rest of this text ({} kB) is too long to be shown. It is kept, and \
             copying gives all of it.</p>",
            left_out.div_ceil(1024)
        );
        raws.push(Raw { html, slots: Vec::new() });
    }
    raws
}

/// The part that is shown and how many bytes are not. Cut at the end of a line where there is one near.
fn cut(source: &str) -> (&str, usize) {
    if source.len() <= LONGEST {
        return (source, 0);
    }
    let head = source.floor_char_boundary(LONGEST);
    let end = source[..head].rfind('\n').filter(|&line| head - line < 4096).unwrap_or(head);
    (&source[..end], source.len() - end)
}

fn healed(source: &str, open: bool) -> Vec<Raw> {
    let events = parse(source);
    if open && let Some(healed) = heal::tail(source, &events) {
        return masked(&healed, parse(&healed), true);
    }
    masked(source, events, open)
}

fn masked<'a>(source: &'a str, events: Vec<Located<'a>>, open: bool) -> Vec<Raw> {
    let math = mask::formulas(source, &events, open);
    if math.is_empty() {
        return emit::blocks(source, events, &math, open);
    }
    let masked = mask::apply(source, &math);
    emit::blocks(source, parse(&masked), &math, open)
}

/// Headings get no attributes, quotes no kinds, dollars no meaning: what is off stays text.
fn parse(source: &str) -> Vec<Located<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(source, options).into_offset_iter().collect()
}
