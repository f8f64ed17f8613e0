//! A Markdown answer as blocks and sentences, each with its bytes.
//!
//! By lines only: enough to lay two answers beside each other. What is shown is made by `render`.

use std::ops::Range;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A heading, with its level.
    Heading(u8),
    /// A fenced block of code.
    Code,
    /// One item of a list.
    Item,
    /// One row of a table.
    Row,
    /// Text.
    Text,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, without the marks before it; for code, the lines inside the fences.
    pub at: Range<usize>,
    /// Its sentences. Code has none.
    pub sentences: Vec<Range<usize>>,
}

/// Splits an answer.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(Kind, Range<usize>)> = None;
    let mut fence: Option<(String, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let bare = line.trim();
        if let Some((mark, start)) = &fence {
            if bare.starts_with(mark.as_str()) && bare.chars().all(|c| mark.starts_with(c)) {
                push(&mut blocks, text, Kind::Code, *start..from);
                fence = None;
            }
            continue;
        }
        let mark: String = bare.chars().take_while(|c| matches!(c, '`' | '~')).collect();
        if mark.len() >= 3 {
            close(&mut blocks, text, &mut open);
            fence = Some((mark, at));
            continue;
        }
        if bare.is_empty() || is_rule(bare) {
            close(&mut blocks, text, &mut open);
            continue;
        }
        let (kind, skip) = begins(bare);
        let inner = from + (line.len() - line.trim_start().len()) + skip..from + line.trim_end().len();
        match (&mut open, kind) {
            (Some((_, range)), Kind::Text) => range.end = inner.end,
            _ => {
                close(&mut blocks, text, &mut open);
                open = Some((kind, inner));
                if matches!(kind, Kind::Heading(_) | Kind::Row) {
                    close(&mut blocks, text, &mut open);
                }
            }
        }
    }
    close(&mut blocks, text, &mut open);
    if let Some((_, start)) = fence {
        push(&mut blocks, text, Kind::Code, start..text.len());
    }
    blocks
}

fn close(blocks: &mut Vec<Block>, text: &str, open: &mut Option<(Kind, Range<usize>)>) {
    if let Some((kind, at)) = open.take() {
        push(blocks, text, kind, at);
    }
}

fn push(blocks: &mut Vec<Block>, text: &str, kind: Kind, at: Range<usize>) {
    let sentences = match kind {
        Kind::Code => Vec::new(),
        Kind::Heading(_) | Kind::Row => vec![at.clone()],
        Kind::Item | Kind::Text => sentences(text, at.clone()),
    };
    if !at.is_empty() {
        blocks.push(Block { kind, at, sentences });
    }
}

/// A line across, also the one under a table's head.
fn is_rule(bare: &str) -> bool {
    bare.len() >= 3 && bare.chars().all(|c| matches!(c, '-' | '*' | '_' | '=' | '|' | ':' | ' '))
}

/// What a line begins, and how many bytes its mark takes.
fn begins(bare: &str) -> (Kind, usize) {
    let level = bare.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&level) && bare[level..].starts_with(' ') {
        return (Kind::Heading(level as u8), level + 1);
    }
    if bare.starts_with('|') {
        return (Kind::Row, 0);
    }
    let quote = bare.len() - bare.trim_start_matches(['>', ' ']).len();
    let rest = &bare[quote..];
    if let Some(mark) = ["- ", "* ", "+ ", "• "].iter().find(|mark| rest.starts_with(**mark)) {
        return (Kind::Item, quote + mark.len());
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits) && (rest[digits..].starts_with(". ") || rest[digits..].starts_with(") ")) {
        return (Kind::Item, quote + digits + 2);
    }
    (Kind::Text, quote)
}

/// Short words that end with a point inside a sentence.
const SHORT: &[&str] = &[
    "e.g", "i.e", "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "no", "fig", "approx", "ca", "z.b",
    "d.h", "bzw", "usw", "u.a", "nr", "inkl", "zzgl", "evtl", "p", "cf", "al", "jr", "sr", "vol", "ed", "eq",
    "u.s", "u.k", "a.m", "p.m",
];

/// How the months begin in languages that write "3. Oktober".
const MONTHS: &[&str] = &["jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"];

/// Sentences of a stretch of text; white space around them is left out.
fn sentences(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = within.start;
    let mut push = |from: usize, to: usize| {
        let part = &text[from..to];
        let left = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        if !trimmed.is_empty() {
            found.push(from + left..from + left + trimmed.len());
        }
    };
    let mut letters = text[within.clone()].char_indices().peekable();
    while let Some((place, c)) = letters.next() {
        let wide = matches!(c, '。' | '！' | '？' | '；');
        if !wide && !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        let mut end = within.start + place + c.len_utf8();
        while let Some(&(more, next)) = letters.peek() {
            if !matches!(
                next,
                '.' | '!' | '?' | '"' | '”' | '’' | '\'' | ')' | '*' | '_' | '」' | '』' | '。'
            ) {
                break;
            }
            end = within.start + more + next.len_utf8();
            letters.next();
        }
        let rest = &text[end..within.end];
        let ends = wide
            || rest.is_empty()
            || rest.starts_with(char::is_whitespace) && !(c == '.' && goes_on(&text[start..end], rest));
        if ends {
            push(start, end);
            start = end;
        }
    }
    push(start, within.end);
    found
}

/// Is the point before `rest` one inside a sentence?
fn goes_on(before: &str, rest: &str) -> bool {
    let bare = before.trim_end_matches(['.', '*', '_', ')', '"']);
    let last = bare.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let lower = last.to_lowercase();
    let next = rest.trim_start().chars().next();
    let month: String = rest.trim_start().chars().take(3).flat_map(char::to_lowercase).collect();
    let day = (1..=2).contains(&last.len()) && last.chars().all(|c| c.is_ascii_digit());
    SHORT.contains(&lower.as_str())
        || next.is_some_and(char::is_lowercase)
        || day && MONTHS.contains(&month.as_str())
        || last.chars().count() == 1 && last.chars().all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_kinds_and_bytes() {
        let text = "# Head\n\nOne. Two!\nthree.\n\n- a\n- b\n  more\n\n```rust\nlet x = 1;\n```\n\n| h | i |\n|---|---|\n| 1 | 2 |\n> quoted\n";
        let found: Vec<(Kind, &str)> = blocks(text).into_iter().map(|b| (b.kind, &text[b.at])).collect();
        assert_eq!(
            found,
            [
                (Kind::Heading(1), "Head"),
                (Kind::Text, "One. Two!\nthree."),
                (Kind::Item, "a"),
                (Kind::Item, "b\n  more"),
                (Kind::Code, "let x = 1;\n"),
                (Kind::Row, "| h | i |"),
                (Kind::Row, "| 1 | 2 |"),
                (Kind::Text, "quoted"),
            ]
        );
    }

    fn cut(text: &str) -> Vec<&str> {
        sentences(text, 0..text.len()).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(
            cut("It costs 3.50 dollars, e.g. in May. \"Really?\" Yes."),
            ["It costs 3.50 dollars, e.g. in May.", "\"Really?\"", "Yes."]
        );
        assert_eq!(cut("北京是首都。人口很多！"), ["北京是首都。", "人口很多！"]);
        assert_eq!(
            cut("Am 3. Oktober ist Feiertag, am 3. Oktober. Ja"),
            ["Am 3. Oktober ist Feiertag, am 3. Oktober.", "Ja"]
        );
        assert_eq!(cut("J. Smith wrote it. Fine"), ["J. Smith wrote it.", "Fine"]);
    }

    #[test]
    fn an_open_fence_is_code_to_the_end() {
        let text = "```\na\nb";
        assert_eq!(blocks(text), [Block { kind: Kind::Code, at: 4..7, sentences: vec![] }]);
    }
}
