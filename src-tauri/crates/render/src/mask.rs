//! Formulas written as `\(…\)` and `\[…\]`.
//!
//! To Markdown they are escaped brackets around text in which underscores and stars mean emphasis and
//! pipes end table cells. They are found by a first parse, which knows code and addresses from text, and
//! covered with filler of the same length for a second one.

use crate::document::Located;
use pulldown_cmark::Event;
use std::ops::Range;

/// Longer stretches are text between two escaped brackets, not a formula.
const LONGEST: usize = 4096;

/// Where the formulas are, in order, their delimiters included. With `open` one that is still being written
/// counts, so that a minus at the start of its last line does not make it a list for a moment.
pub(crate) fn formulas(source: &str, events: &[Located<'_>], open: bool) -> Vec<Range<usize>> {
    if !source.contains("\\(") && !source.contains("\\[") {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut opened: Option<(usize, u8)> = None;
    let mut end = 0;
    for (event, range) in events {
        let escape = match event {
            Event::Text(_) => escaped(source, range, end),
            _ => None,
        };
        if !matches!(event, Event::Start(_)) {
            end = range.end.max(end);
        }
        match (escape, opened) {
            (Some(b'('), None) => opened = Some((range.start - 1, b')')),
            (Some(b'['), None) => opened = Some((range.start - 1, b']')),
            // A new opening before the old one closed: the old one was an escaped bracket.
            (Some(b'('), Some(_)) => opened = Some((range.start - 1, b')')),
            (Some(b'['), Some(_)) => opened = Some((range.start - 1, b']')),
            (Some(close), Some((start, expected))) if close == expected => {
                let formula = start..range.start + 1;
                if is_formula(source.get(formula.clone()).unwrap_or("")) {
                    found.push(formula);
                }
                opened = None;
            }
            _ => {}
        }
    }
    if let Some((start, b']')) = opened.filter(|_| open) {
        let rest = source.get(start..).unwrap_or("").trim_end();
        if rest.get(2..).is_some_and(|rest| rest.starts_with(['\n', '\r'])) && is_one_paragraph(rest) {
            found.push(start..start + rest.len());
        }
    }
    found
}

/// The bracket that a backslash before this text escapes. `end` is where the text before ended: a
/// backslash that lies before it was text itself.
fn escaped(source: &str, range: &Range<usize>, end: usize) -> Option<u8> {
    let bytes = source.as_bytes();
    let backslash = range.start.checked_sub(1)?;
    let bracket = *bytes.get(range.start)?;
    (end <= backslash && bytes.get(backslash) == Some(&b'\\') && b"()[]".contains(&bracket))
        .then_some(bracket)
}

/// `\[1\]` in a sentence is a footnote mark someone escaped; a formula in square brackets stands alone on
/// its lines or has something to calculate in it.
fn is_formula(source: &str) -> bool {
    let inner = source.get(2..source.len().saturating_sub(2)).unwrap_or("");
    let one_line = !inner.contains('\n');
    !inner.trim().is_empty()
        && is_one_paragraph(source)
        && (source.starts_with("\\(")
            || !one_line
            || inner.contains(['\\', '^', '_', '=', '+', '*', '<', '>']))
}

/// No blank line and no code in it, and not too long.
fn is_one_paragraph(source: &str) -> bool {
    source.len() <= LONGEST
        && !source.contains('`')
        && source.trim().lines().all(|line| !line.trim_matches([' ', '\t', '>']).is_empty())
}

/// The source with its formulas covered. Line breaks stay, and so does what a line begins with: its
/// indentation and its quote marks hold the paragraph together.
pub(crate) fn apply(source: &str, formulas: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(source.len());
    let mut at = 0;
    for formula in formulas {
        masked.push_str(source.get(at..formula.start).unwrap_or(""));
        let mut line_start = false;
        for byte in source.get(formula.clone()).unwrap_or("").bytes() {
            match byte {
                b'\n' | b'\r' => {
                    masked.push(char::from(byte));
                    line_start = true;
                }
                b' ' | b'\t' | b'>' if line_start => masked.push(char::from(byte)),
                _ => {
                    masked.push('x');
                    line_start = false;
                }
            }
        }
        at = formula.end;
    }
    masked.push_str(source.get(at..).unwrap_or(""));
    masked
}
