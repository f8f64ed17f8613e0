//! From source text to unfinished blocks.

use crate::{
    emit::{self, Output},
    heal, mask,
};
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
pub(crate) const LONGEST: usize = 2 * 1024 * 1024;

/// What a document came to.
pub(crate) struct Written {
    /// Its blocks.
    pub(crate) raws: Vec<Raw>,
    /// How far nothing that is added can change it: so many bytes, and the blocks they make.
    pub(crate) settled: Option<(usize, usize)>,
}

/// Parses and writes a whole document, or what follows a settled part of one.
pub(crate) fn written(source: &str, open: bool) -> Written {
    let (shown, left_out) = cut(source);
    let mut written = healed(shown, open && left_out == 0);
    if left_out > 0 {
        let html = format!(
            "<p class=\"note\">The rest of this text ({} kB) is too long to be shown. It is kept, and \
             copying gives all of it.</p>",
            left_out.div_ceil(1024)
        );
        written.raws.push(Raw { html, slots: Vec::new() });
        written.settled = None;
    }
    written
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

fn healed(source: &str, open: bool) -> Written {
    let events = parse(source);
    let starts = starts(&events);
    let (output, masked) = if open && let Some(healed) = heal::tail(source, &events) {
        masked(&healed, parse(&healed), true)
    } else {
        masked(source, events, open)
    };
    // Badges for hidden characters are counted over the whole document.
    let settled = if open && output.badges == 0 && !defines(source) {
        let mut ends = starts.iter().rev().filter(|start| {
            output.starts.contains(start) && masked.as_ref().is_none_or(|masked| masked.contains(start))
        });
        ends.find_map(|start| settled(source, *start))
    } else {
        None
    };
    let blocks = |end: usize| output.starts.iter().take_while(|start| **start < end).count();
    let settled = settled.map(|end| (end, blocks(end)));
    Written { raws: output.raws, settled }
}

/// What was written, and where the blocks of a second parse began if there was one.
fn masked<'a>(source: &'a str, events: Vec<Located<'a>>, open: bool) -> (Output, Option<Vec<usize>>) {
    let math = mask::formulas(source, &events, open);
    if math.is_empty() {
        return (emit::blocks(source, events, &math, open), None);
    }
    let masked = mask::apply(source, &math);
    let again = parse(&masked);
    let starts = starts(&again);
    (emit::blocks(source, again, &math, open), Some(starts))
}

/// Where the blocks begin that are in no other block.
fn starts(events: &[Located<'_>]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for (event, range) in events {
        if depth == 0 {
            found.push(range.start);
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// The line where a block begins, if what stands before that line stays as it is: the line is complete, so that
/// it cannot turn into an item of the list before it, and a blank line keeps formulas from reaching over it.
fn settled(source: &str, start: usize) -> Option<usize> {
    let (before, rest) = (source.get(..start)?, source.get(start..)?);
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let blank = |line: &str| line.chars().all(|c| matches!(c, ' ' | '\t' | '\r'));
    let above = before.get(..line.checked_sub(1)?)?;
    let above = above.get(above.rfind('\n').map_or(0, |at| at + 1)..)?;
    (rest.contains('\n') && blank(before.get(line..)?) && blank(above)).then_some(line)
}

/// A link's address or a footnote may be given here for words that stand anywhere. Better once too often.
pub(crate) fn defines(source: &str) -> bool {
    let container = |c: char| c.is_whitespace() || c.is_ascii_digit() || "->*+.)".contains(c);
    source.contains("]:") && source.lines().any(|line| line.trim_start_matches(container).starts_with('['))
}

/// Headings get no attributes, quotes no kinds, dollars no meaning: what is off stays text.
fn parse(source: &str) -> Vec<Located<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(source, options).into_offset_iter().collect()
}
