//! Formulas written as `\(…\)`, `\[…\]`, `$…$` and `$$…$$`.
//!
//! To Markdown the first are escaped brackets around text in which underscores and stars mean emphasis and
//! pipes end table cells. They are found by a first parse, which knows code and addresses from text, and
//! covered with filler of the same length for a second one.
//!
//! A dollar is money far more often than it is mathematics. One opens a formula only where no letter or digit
//! stands before it and no space behind it, and closes it only on the same line, with no space before it and no
//! letter or digit behind it; between two that begin with a number there has to be something to calculate.

use crate::{
    document::Located,
    markdown::Highlighted,
    math,
    text::{self, Ground},
};
use pulldown_cmark::Event;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    sync::Arc,
};

/// Longer stretches are text between two escaped brackets, not a formula.
const LONGEST: usize = 4096;

/// Where the formulas are, in order, their delimiters included. With `open` one that is still being written
/// counts, so that a minus at the start of its last line does not make it a list for a moment.
pub(crate) fn formulas(source: &str, events: &[Located<'_>], open: bool) -> Vec<Range<usize>> {
    let mut found = bracketed(source, events, open);
    let brackets = found.len();
    found.extend(dollars(source, events, &found));
    if found.len() > brackets {
        found.sort_by_key(|formula| formula.start);
    }
    found
}

fn bracketed(source: &str, events: &[Located<'_>], open: bool) -> Vec<Range<usize>> {
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

/// Formulas between dollars that lie in no formula between brackets.
fn dollars(source: &str, events: &[Located<'_>], taken: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !source.contains('$') {
        return found;
    }
    let marks = marks(source, events, taken);
    let mut next = 0;
    while let Some(mark) = marks.get(next) {
        next += 1;
        let Some((after, closing)) = marks.iter().enumerate().skip(next).find(|(_, other)| other.1 == mark.1)
        else {
            continue;
        };
        let formula = mark.0..closing.0 + closing.1;
        let free = taken.iter().all(|other| other.end <= formula.start || formula.end <= other.start);
        let is_one = free
            && match mark.1 {
                2 => is_displayed(source, &formula),
                // The very next dollar closes it or nothing does.
                _ => after == next && is_inline(source, &formula),
            };
        if is_one {
            found.push(formula);
            next = after + 1;
        }
    }
    found
}

/// Where one or two dollars stand in text, and how many. More of them mean nothing, nor does an escaped one.
fn marks(source: &str, events: &[Located<'_>], taken: &[Range<usize>]) -> Vec<(usize, usize)> {
    let bytes = source.as_bytes();
    let mut marks: Vec<(usize, usize)> = Vec::new();
    let mut code = 0_u32;
    for (event, range) in events {
        match event {
            Event::Start(pulldown_cmark::Tag::CodeBlock(_)) => code += 1,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => code = code.saturating_sub(1),
            Event::Text(_) if code == 0 => {
                let mut at = range.start;
                while at < range.end {
                    let many = bytes
                        .get(at..range.end)
                        .unwrap_or_default()
                        .iter()
                        .take_while(|b| **b == b'$')
                        .count();
                    let escaped = at > 0 && bytes.get(at - 1) == Some(&b'\\');
                    let inside = taken.iter().any(|formula| formula.contains(&at));
                    if (1..=2).contains(&many) && !escaped && !inside {
                        marks.push((at, many));
                    }
                    at += many.max(1);
                }
            }
            _ => {}
        }
    }
    marks.dedup_by_key(|mark| mark.0);
    marks
}

fn is_displayed(source: &str, formula: &Range<usize>) -> bool {
    let whole = source.get(formula.clone()).unwrap_or("");
    let inner = whole.get(2..whole.len().saturating_sub(2)).unwrap_or("");
    !inner.trim().is_empty() && is_one_paragraph(whole)
}

fn is_inline(source: &str, formula: &Range<usize>) -> bool {
    let whole = source.get(formula.clone()).unwrap_or("");
    let Some(inner) = whole.get(1..whole.len().saturating_sub(1)) else { return false };
    let before = source.get(..formula.start).and_then(|text| text.chars().next_back());
    let behind = source.get(formula.end..).and_then(|text| text.chars().next());
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let calculates = inner.contains(['\\', '^', '_', '=', '{', '<', '>', '+', '*', '/']);
    let number = inner.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-'));
    let spaced = inner.starts_with(char::is_whitespace) || inner.ends_with(char::is_whitespace);
    !inner.is_empty()
        && !spaced
        && !word(before)
        && !word(behind)
        && !inner.contains(['\n', '\r', '`'])
        && (!inner.contains('|') || inner.contains('\\'))
        && whole.len() <= LONGEST
        && (calculates || !number || !inner.contains(' '))
        && (calculates || inner.chars().count() <= 24)
}

/// A formula set, from `known` if it was made before; as it was written where it cannot be.
pub(crate) fn remembered(source: &str, known: &Highlighted, used: &mut Highlighted) -> Arc<str> {
    let mut hasher = DefaultHasher::new();
    ("\0math", source).hash(&mut hasher);
    let key = hasher.finish();
    let html = match used.get(&key).or_else(|| known.get(&key)) {
        Some(html) => Arc::clone(html),
        None => set(source).into(),
    };
    used.insert(key, Arc::clone(&html));
    html
}

fn is_block(source: &str) -> bool {
    source.starts_with("\\[") || source.starts_with("$$")
}

fn set(source: &str) -> String {
    let marks = if source.starts_with('$') && !source.starts_with("$$") { 1 } else { 2 };
    let whole = is_closed(source, marks);
    let inner = source.get(marks..source.len().saturating_sub(marks)).filter(|_| whole);
    // A formula in a quote has the quote's marks at the start of its lines.
    let inner: Option<String> = inner.map(|inner| {
        inner.lines().map(|line| line.trim_start_matches(['>', ' ', '\t'])).collect::<Vec<_>>().join("\n")
    });
    match inner.and_then(|inner| math::html(inner.trim(), is_block(source))) {
        Some(formula) if is_block(source) => {
            format!(
                "<span class=\"formula\" tabindex=\"0\" role=\"group\" aria-label=\"Formula\">{formula}</span>"
            )
        }
        Some(formula) => formula,
        None => as_written(source),
    }
}

/// Ends as it began; one that is still being written does not.
fn is_closed(source: &str, marks: usize) -> bool {
    source.len() > 2 * marks
        && match source.get(..marks) {
            Some("\\(") => source.ends_with("\\)"),
            Some("\\[") => source.ends_with("\\]"),
            Some(dollars) => source.ends_with(dollars),
            None => false,
        }
}

/// A formula as its source.
pub(crate) fn as_written(source: &str) -> String {
    let mut html = String::from(if is_block(source) {
        "<code class=\"math math-block\">"
    } else {
        "<code class=\"math\">"
    });
    text::push(&mut html, source, Ground::Exact, &mut 0);
    html.push_str("</code>");
    html
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
