//! The end of a text that is still being written, made presentable.
//!
//! Only for display and only in a copy: marks that are open get closed, marks that may still turn out to be
//! something else are held back. It need not be right, since the next words show what was meant; it must
//! never lose a word, and it is held to the same two walls as everything else.

use crate::document::Located;
use pulldown_cmark::{CodeBlockKind, Event, Tag};

/// A paragraph longer than this is shown as it is: healing costs a second look at it with every update.
const LONGEST: usize = 16 * 1024;

/// What ends the document so far.
enum Last {
    /// Running text from here on.
    Text(usize),
    /// A fenced code block from here on.
    Code(usize),
    /// Anything that needs no healing.
    Other,
}

/// The healed source, or `None` if nothing is to be done.
pub(crate) fn tail(source: &str, events: &[Located<'_>]) -> Option<String> {
    let healed = match last(source, events) {
        Last::Code(start) => without_half_fence(source, start)?,
        Last::Text(start) => {
            let shown = without_bare_mark(source);
            let Some(text) = shown.get(start..) else { return Some(shown.to_owned()) };
            if text.len() > LONGEST {
                return None;
            }
            let healed = table(text).unwrap_or_else(|| inline(text));
            // What was taken from a table's last row may leave a bar that is no row.
            without_bare_mark(&format!("{}{healed}", shown.get(..start)?)).to_owned()
        }
        Last::Other => without_bare_mark(source).to_owned(),
    };
    (healed != source).then_some(healed)
}

fn last(source: &str, events: &[Located<'_>]) -> Last {
    let end = source.trim_end().len();
    let mut last = Last::Other;
    let mut text: Option<usize> = None;
    let mut verbatim = false;
    for (event, range) in events {
        let at_end = range.end >= end;
        match event {
            Event::Start(
                Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. },
            )
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineHtml(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {
                let start = *text.get_or_insert(range.start);
                if at_end && !verbatim {
                    last = Last::Text(start);
                }
            }
            Event::Start(tag) => {
                text = None;
                verbatim = matches!(tag, Tag::CodeBlock(_) | Tag::HtmlBlock);
                if at_end && matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_))) {
                    last = Last::Code(range.start);
                }
            }
            Event::End(_) | Event::InlineMath(_) | Event::DisplayMath(_) | Event::Html(_) | Event::Rule => {}
        }
    }
    match last {
        // The backslash of an escape is not part of the text it escapes.
        Last::Text(start) if source.as_bytes().get(start.wrapping_sub(1)) == Some(&b'\\') => {
            Last::Text(start - 1)
        }
        last => last,
    }
}

/// Inside a code block: a last line that is the beginning of a closing fence is held back.
fn without_half_fence(source: &str, start: usize) -> Option<String> {
    let block = source.get(start..)?.trim_start();
    let mark = block.chars().next()?;
    let fence = block.chars().take_while(|c| *c == mark).count();
    let (before, line) = source.get(start..)?.rsplit_once('\n')?;
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '>');
    let half = !line.is_empty() && line.len() < fence && line.chars().all(|c| c == mark);
    half.then(|| source.get(..start + before.len() + 1).unwrap_or("").to_owned())
}

/// A last line that so far has nothing but marks or the number of a list item is held back until it is
/// known what it marks: one dash under a paragraph would make the paragraph a heading for a moment.
fn without_bare_mark(source: &str) -> &str {
    let line_start = source.rfind('\n').map_or(0, |at| at + 1);
    let line = source.get(line_start..).unwrap_or("").trim_matches(|c: char| c.is_whitespace() || c == '>');
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - number.len();
    let bare = if digits > 0 {
        // A number alone may be all there is to say, but not below other lines.
        digits < 4 && (matches!(number, "." | ")") || (number.is_empty() && line_start > 0))
    } else {
        line == "|" || line.chars().all(|c| c.is_whitespace() || "-*_+=#".contains(c))
    };
    if bare && !line.is_empty() { source.get(..line_start).unwrap_or("") } else { source }
}

/// The first lines of a table. A head that is still being written is held back; once its line is complete
/// it is shown as a table, not as a line of bars that turns into one.
fn table(text: &str) -> Option<String> {
    const LONGEST_HEAD: usize = 200;
    let (head, below) = text.split_once('\n').map_or((text, None), |(head, below)| (head, Some(below)));
    let cells = head.trim().strip_prefix('|')?.trim_end_matches('|');
    let columns = cells.replace("\\|", "").split('|').count();
    match below {
        None if head.len() > LONGEST_HEAD => None,
        None => Some(String::new()),
        Some(below) if below.trim().bytes().all(|b| b"|:- ".contains(&b)) && !below.contains('\n') => {
            Some(format!("{head}\n|{}\n", "---|".repeat(columns)))
        }
        Some(_) => None,
    }
}

/// A stretch of running text with its open marks closed.
fn inline(text: &str) -> String {
    let trimmed = text.trim_end();
    let mut scan = Scan {
        text: trimmed,
        in_word: trimmed.len() == text.len(),
        marks: Vec::new(),
        brackets: Vec::new(),
        code: String::new(),
    };
    let (shown, label) = scan.run();
    let mut healed = String::with_capacity(text.len() + 8);
    healed.push_str(trimmed.get(..shown).unwrap_or(""));
    healed.push_str(label);
    if scan.code.is_empty() {
        healed.truncate(healed.trim_end().len());
    }
    healed.push_str(&scan.code);
    for (mark, count) in scan.marks.iter().rev() {
        healed.extend(std::iter::repeat_n(char::from(*mark), *count));
    }
    healed.push_str(text.get(trimmed.len()..).unwrap_or(""));
    healed
}

struct Scan<'a> {
    text: &'a str,
    /// No white space follows: the last character may be the middle of something.
    in_word: bool,
    /// Emphasis that is open: the mark and how many of it.
    marks: Vec<(u8, usize)>,
    /// Square brackets that are open.
    brackets: Vec<usize>,
    /// What closes the code span that is open.
    code: String,
}

impl<'a> Scan<'a> {
    /// How far the text is shown, and what of a half link is shown after that.
    fn run(&mut self) -> (usize, &'a str) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at = match byte {
                b'\\' if at + 1 == bytes.len() => return (at, ""),
                // A formula that is not complete: nothing in it is a mark.
                b'\\' if matches!(bytes.get(at + 1), Some(b'(' | b'[')) => match self.formula(at) {
                    Some(end) => end,
                    None => break,
                },
                b'\\' => at + if bytes.get(at + 1).is_some_and(u8::is_ascii) { 2 } else { 1 },
                b'`' => match self.code(at) {
                    Step::On(next) => next,
                    Step::Stop(shown) => return (shown, ""),
                },
                b'*' | b'_' | b'~' => match self.emphasis(at, byte) {
                    Step::On(next) => next,
                    Step::Stop(shown) => return (shown, ""),
                },
                b'[' => {
                    self.brackets.push(at);
                    at + 1
                }
                b']' => match (self.brackets.pop(), bytes.get(at + 1)) {
                    (Some(open), Some(b'(')) => match self.address_end(at + 1) {
                        Some(end) => end,
                        None => return self.half_link(open, at),
                    },
                    // The next character decides.
                    (Some(open), None) if self.in_word => return self.half_link(open, at),
                    _ => at + 1,
                },
                _ => at + 1,
            };
        }
        self.half_bracket()
    }

    fn formula(&self, at: usize) -> Option<usize> {
        let close = if self.text.as_bytes().get(at + 1) == Some(&b'(') { "\\)" } else { "\\]" };
        let inner = self.text.get(at + 2..)?;
        inner.find(close).map(|found| at + 2 + found + close.len())
    }

    fn code(&mut self, at: usize) -> Step {
        let run = self.run_length(at, b'`');
        let inner = self.text.get(at + run..).unwrap_or("");
        let mut from = 0;
        while let Some(found) = inner.get(from..).and_then(|rest| rest.find('`')) {
            let close = at + run + from + found;
            let length = self.run_length(close, b'`');
            if length == run {
                return Step::On(close + length);
            }
            from += found + length;
        }
        if inner.is_empty() {
            return Step::Stop(at);
        }
        let half = inner.len() - inner.trim_end_matches('`').len();
        self.code = "`".repeat(run.saturating_sub(half));
        Step::Stop(self.text.len())
    }

    fn emphasis(&mut self, at: usize, mark: u8) -> Step {
        let mut run = self.run_length(at, mark);
        let end = at + run;
        let before = self.text.get(..at).and_then(|text| text.chars().next_back());
        let after = self.text.get(end..).and_then(|text| text.chars().next());
        if mark == b'~' && run != 2 && after.is_some() {
            return Step::On(end);
        }
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let closes = !(space(before) || mark == b'_' && word(after));
        let opens = !(space(after) || mark == b'_' && word(before));
        while closes && run > 0 {
            match self.marks.last_mut().filter(|(open, _)| *open == mark) {
                Some((_, count)) if *count > run => {
                    *count -= run;
                    run = 0;
                }
                Some((_, count)) => {
                    run -= *count;
                    self.marks.pop();
                }
                None => break,
            }
        }
        match after {
            // At the very end it may be about to open something, or to grow.
            None if run > 0 => Step::Stop(end - run),
            _ => {
                if opens && run > 0 {
                    self.marks.push((mark, run.min(3)));
                }
                Step::On(end)
            }
        }
    }

    fn run_length(&self, at: usize, mark: u8) -> usize {
        self.text.as_bytes().iter().skip(at).take_while(|byte| **byte == mark).count()
    }

    /// Where the address that opens at `at` ends, its closing parenthesis included.
    fn address_end(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        for (offset, byte) in self.text.bytes().enumerate().skip(at) {
            match byte {
                b'(' => depth += 1,
                b')' if depth <= 1 => return Some(offset + 1),
                b')' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// A link whose address is not complete shows its label; a picture shows nothing yet.
    fn half_link(&self, open: usize, close: usize) -> (usize, &'a str) {
        if self.is_picture(open) {
            return (open - 1, "");
        }
        (open, self.text.get(open + 1..close).unwrap_or(""))
    }

    /// A label that is not complete, near the end: shown without its bracket. Further from the end a
    /// bracket is most likely just a bracket.
    fn half_bracket(&self) -> (usize, &'a str) {
        const NEAR: usize = 200;
        let whole = (self.text.len(), "");
        match self.brackets.last() {
            Some(&open) if self.text.len() - open > NEAR => whole,
            Some(&open) if self.is_picture(open) => (open - 1, ""),
            Some(&open) => (open, self.text.get(open + 1..).unwrap_or("")),
            None => whole,
        }
    }

    fn is_picture(&self, open: usize) -> bool {
        open > 0 && self.text.as_bytes().get(open - 1) == Some(&b'!')
    }
}

enum Step {
    /// Go on here.
    On(usize),
    /// Show the text up to here and no further.
    Stop(usize),
}
