//! Words of a text, with where they stand.

use std::ops::Range;

/// A word, a number, a sign, or one letter of a script written without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Bytes of the text.
    pub(super) at: Range<usize>,
    /// FNV-1a of the word as folded: lower case, typographic quotes and dashes made plain.
    pub(super) hash: u32,
    pub(super) kind: WordKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Letters,
    Number,
    Sign,
}

/// Scripts written without spaces between words.
pub(super) fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{0e00}'..='\u{0e7f}' | '\u{20000}'..='\u{3ffff}')
}

pub(super) fn fold(c: char) -> char {
    match c {
        '’' | '‘' | '`' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '–' | '—' | '‑' | '−' => '-',
        _ => c,
    }
}

pub(super) fn hash(text: &str) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut buffer = [0; 4];
    for c in text.chars().map(fold).flat_map(char::to_lowercase) {
        for byte in c.encode_utf8(&mut buffer).bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash
}

/// Words of `text[within]`, in order; what lies between them is white space.
pub(super) fn words(text: &str, within: Range<usize>) -> Vec<Word> {
    let start = within.start;
    let part = &text[within];
    let mut words = Vec::with_capacity(part.len() / 5 + 1);
    let mut letters = part.char_indices().peekable();
    while let Some((from, c)) = letters.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut to = from + c.len_utf8();
        let mut kind = WordKind::Sign;
        if stands_alone(c) {
            kind = WordKind::Letters;
        } else if c.is_alphanumeric() || c == '_' {
            kind = if c.is_numeric() { WordKind::Number } else { WordKind::Letters };
            while let Some(&(place, next)) = letters.peek() {
                let inside = (next.is_alphanumeric() || next == '_') && !stands_alone(next)
                    || joins(kind, next) && follows(part, place + next.len_utf8(), kind);
                if !inside {
                    break;
                }
                to = place + next.len_utf8();
                letters.next();
            }
        }
        words.push(Word { at: start + from..start + to, hash: hash(&part[from..to]), kind });
    }
    words
}

/// An apostrophe inside a word, a point or comma inside a number.
fn joins(kind: WordKind, c: char) -> bool {
    match kind {
        WordKind::Letters => matches!(c, '\'' | '’'),
        WordKind::Number => matches!(c, '.' | ',' | ':'),
        WordKind::Sign => false,
    }
}

fn follows(part: &str, at: usize, kind: WordKind) -> bool {
    part[at..].chars().next().is_some_and(|c| match kind {
        WordKind::Letters => c.is_alphabetic(),
        _ => c.is_numeric(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        words(text, 0..text.len()).into_iter().map(|word| &text[word.at]).collect()
    }

    #[test]
    fn words_numbers_signs_and_letters_that_stand_alone() {
        assert_eq!(
            split("Don’t pay 1,234.50 € (now)."),
            ["Don’t", "pay", "1,234.50", "€", "(", "now", ")", "."]
        );
        assert_eq!(split("北京是首都。"), ["北", "京", "是", "首", "都", "。"]);
        assert_eq!(split("a.b x_1"), ["a", ".", "b", "x_1"]);
    }

    #[test]
    fn quotes_and_case_are_folded() {
        let text = "Don’t DON'T";
        let words = words(text, 0..text.len());
        assert_eq!(words[0].hash, words[1].hash);
    }
}
