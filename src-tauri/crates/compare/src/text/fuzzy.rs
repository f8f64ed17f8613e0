//! How much two sentences say the same, by their words and their letters.

use super::words::{WordKind, fold, words};
use std::{collections::HashSet, ops::Range, sync::LazyLock};

/// A sentence prepared for comparing.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// Stems of its words that carry meaning, sorted.
    pub(super) stems: Vec<u32>,
    /// Its numbers, sorted, as written without thousands' signs.
    pub(super) numbers: Vec<u32>,
    /// Pairs of letters (scripts without spaces) or triples, sorted.
    pub(super) grams: Vec<u32>,
    /// Does it deny?
    pub(super) denies: bool,
}

/// Words that bind others and say little by themselves, in English, German, French and Spanish.
const BINDING: &[&str] = &[
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "with", "from", "as", "is", "are", "was",
    "were", "be", "been", "it", "its", "this", "that", "these", "those", "and", "or", "but", "if", "then",
    "than", "so", "do", "does", "did", "has", "have", "had", "can", "could", "will", "would", "should",
    "may", "might", "must", "you", "your", "we", "our", "they", "their", "there", "which", "who", "what",
    "when", "where", "how", "also", "about", "into", "over", "such", "i", "he", "she", "der", "die", "das",
    "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines", "und", "oder", "aber", "ist",
    "sind", "war", "waren", "wird", "werden", "wurde", "wurden", "von", "zu", "zum", "zur", "im", "am", "um",
    "auf", "für", "mit", "aus", "bei", "nach", "vor", "über", "sich", "es", "er", "sie", "man", "als", "wie",
    "dass", "auch", "noch", "hat", "haben", "kann", "können", "sein", "le", "la", "les", "un", "une", "et",
    "ou", "est", "sont", "du", "au", "aux", "dans", "par", "pour", "sur", "avec", "que", "qui", "se", "ce",
    "el", "los", "las", "y", "o", "es", "son", "del", "al", "en", "por", "para", "con", "lo", "的", "是",
    "在", "了", "和", "有", "也", "这", "那", "与", "及", "其", "会", "可", "以", "为", "は", "が", "の",
    "を", "に", "で", "と", "も",
];

static BINDS: LazyLock<HashSet<&str>> = LazyLock::new(|| BINDING.iter().copied().collect());
static DENIES: LazyLock<HashSet<&str>> = LazyLock::new(|| DENYING.iter().copied().collect());

/// Words that deny, as whole words.
const DENYING: &[&str] = &[
    "not",
    "no",
    "never",
    "none",
    "cannot",
    "can't",
    "don't",
    "doesn't",
    "isn't",
    "aren't",
    "won't",
    "without",
    "nor",
    "neither",
    "didn't",
    "wasn't",
    "weren't",
    "shouldn't",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "nie",
    "niemals",
    "ohne",
    "pas",
    "jamais",
    "sans",
    "nunca",
    "sin",
    "unable",
    "impossible",
];
/// Letters that deny where there are no spaces.
const DENYING_LETTERS: &[char] = &['不', '没', '無', '无', '非', '未'];

impl Prepared {
    pub(super) fn new(text: &str, within: Range<usize>) -> Self {
        let mut made = Self { stems: Vec::new(), numbers: Vec::new(), grams: Vec::new(), denies: false };
        let mut letters: Vec<char> = Vec::with_capacity(within.len() + 2);
        for word in words(text, within) {
            let folded: String = text[word.at].chars().map(fold).flat_map(char::to_lowercase).collect();
            match word.kind {
                WordKind::Sign => continue,
                WordKind::Number => {
                    let plain = plain_number(&folded);
                    made.numbers.push(hash(plain.chars()));
                    made.stems.push(hash(plain.chars()));
                }
                WordKind::Letters => {
                    let denies = DENIES.contains(folded.as_str());
                    made.denies |= denies || folded.contains(DENYING_LETTERS);
                    if BINDS.contains(folded.as_str()) {
                        continue;
                    }
                    if !denies {
                        made.stems.push(hash(stem(&folded).chars()));
                    }
                }
            }
            let wide = folded.chars().all(super::words::stands_alone);
            if !wide || !letters.last().is_some_and(|c| super::words::stands_alone(*c)) {
                letters.push(' ');
            }
            letters.extend(folded.chars());
        }
        letters.push(' ');
        for pair in letters.windows(2).filter(|pair| pair.iter().all(|c| super::words::stands_alone(*c))) {
            made.grams.push(hash(pair.iter().copied()));
        }
        for triple in letters.windows(3).filter(|three| !three.iter().any(|c| super::words::stands_alone(*c)))
        {
            made.grams.push(hash(triple.iter().copied()));
        }
        for list in [&mut made.stems, &mut made.numbers, &mut made.grams] {
            list.sort_unstable();
            list.dedup();
        }
        made
    }
}

/// A number without the signs between its thousands; both ways of writing a fraction become a point.
fn plain_number(word: &str) -> String {
    let body: String = word.chars().take_while(|c| c.is_numeric() || matches!(c, '.' | ',' | ':')).collect();
    let unit = &word[body.len()..];
    let last = body.rfind(['.', ',']);
    let plain: String = match last {
        Some(at) if body.len() - at - 1 != 3 || body[..at].len() > 3 && !body[..at].contains([',', '.']) => {
            let whole: String = body[..at].chars().filter(|c| c.is_numeric() || *c == ':').collect();
            let part = body[at + 1..].trim_end_matches('0');
            if part.is_empty() { whole } else { format!("{whole}.{part}") }
        }
        _ => body.chars().filter(|c| c.is_numeric() || *c == ':').collect(),
    };
    plain + unit
}

/// A word without its ending, roughly: forms of a word share six letters or all but a short ending.
fn stem(word: &str) -> &str {
    let count = word.chars().count();
    if count <= 4 {
        return word.strip_suffix('s').filter(|rest| rest.len() >= 3).unwrap_or(word);
    }
    for ending in [
        "ations", "ation", "ungen", "ments", "ingly", "ement", "ment", "ings", "ung", "ing", "ies", "ied",
        "edly", "ern", "est", "ers", "ed", "es", "en", "er", "ly", "em", "e", "s", "n", "y",
    ] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= 4
        {
            return rest;
        }
    }
    word
}

fn hash(letters: impl Iterator<Item = char>) -> u32 {
    letters.fold(0x811c_9dc5, |hash, c| (hash ^ c as u32).wrapping_mul(0x0100_0193))
}

/// How many two sorted lists share.
pub(super) fn shared(left: &[u32], right: &[u32]) -> usize {
    let (mut x, mut y, mut found) = (0, 0, 0);
    while x < left.len() && y < right.len() {
        match left[x].cmp(&right[y]) {
            std::cmp::Ordering::Less => x += 1,
            std::cmp::Ordering::Greater => y += 1,
            std::cmp::Ordering::Equal => (x, y, found) = (x + 1, y + 1, found + 1),
        }
    }
    found
}

/// Twice what is shared, over all: 0 nothing, 1 the same.
pub(super) fn dice(left: &[u32], right: &[u32]) -> f64 {
    let all = left.len() + right.len();
    if all == 0 { 0.0 } else { 2.0 * shared(left, right) as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_written() {
        for (written, plain) in [
            ("1,234.50", "1234.5"),
            ("1.234,5", "1234.5"),
            ("300.000", "300000"),
            ("3.5", "3.5"),
            ("10:30", "10:30"),
            ("2.0", "2"),
        ] {
            assert_eq!(plain_number(written), plain, "{written}");
        }
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        assert_eq!(stem("returned"), stem("returns"));
        assert_eq!(stem("refunds"), stem("refunding"));
        assert_ne!(stem("paris"), stem("parks"));
    }
}
