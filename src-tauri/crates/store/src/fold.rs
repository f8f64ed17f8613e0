//! One spelling for what can be written in several ways: what is looked for and what it is looked for in are both
//! read so. The window does the same for what it has drawn (`ui/src/shared/fold.ts`), and
//! `tests/vectors/fold.json` holds the two together.
//!
//! Capitals are small; letters joined, in full width, in half width or above the line are plain ones; marks that a
//! reader can do without are gone, and so is what nobody sees. Marks that make another word of it stay: vowels of
//! Indian scripts and of Thai, the two strokes of が, the bow of й.

use unicode_normalization::{
    UnicodeNormalization,
    char::{compose, is_combining_mark},
};

/// From where to where in the text, in its characters.
pub(crate) type Place = (usize, usize);

/// A text as it is looked for. Doing so again changes nothing.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        // What comes next may be a mark on the last letter.
        let (ascii, other) = rest.split_at(if plain < rest.len() { plain.saturating_sub(1) } else { plain });
        let from = out.len();
        out.push_str(ascii);
        out[from..].make_ascii_lowercase();
        // Nothing before an ASCII character hangs on it.
        let end = other.bytes().skip(1).position(|b| b.is_ascii()).map_or(other.len(), |at| at + 1);
        let (other, behind) = other.split_at(end);
        letters(other.chars(), |c, _| out.push(c));
        rest = behind;
    }
    out
}

/// Gives every letter of the folded text, each with the place of what it stands for.
pub(crate) fn letters(text: impl Iterator<Item = char>, mut put: impl FnMut(char, Place)) {
    let (mut cluster, mut spelt) = (Vec::new(), Vec::new());
    let mut at = (0, 0);
    for (place, c) in text.enumerate() {
        if is_unseen(c) {
            continue;
        }
        if !continues(c) {
            folded(&cluster, &mut spelt, |c| put(c, at));
            cluster.clear();
        }
        if cluster.is_empty() {
            at.0 = place;
        }
        at.1 = place + 1;
        cluster.push(c);
    }
    folded(&cluster, &mut spelt, |c| put(c, at));
}

/// Nobody sees it: where a word may be broken, which way it runs, which of two shapes a sign has, and the line by
/// which Arabic words are drawn out.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        // Marks of Arabic on nothing, as some documents set them beside their letter.
        | '\u{fc5e}'..='\u{fc63}' | '\u{fe70}'..='\u{fe7f}')
}

/// It may become one letter with what stands before it: marks, the second and third letters of a Korean syllable,
/// and what begins with a mark when it is taken apart.
fn continues(c: char) -> bool {
    match c {
        ..'\u{300}' => false,
        '\u{e33}' | '\u{eb3}' | '\u{ff9e}' | '\u{ff9f}' | '\u{16d67}' | '\u{16d68}' => true,
        '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}' => true,
        c => is_combining_mark(c),
    }
}

/// It is never taken apart: signs that would become a letter of the word beside them (™), or a space with a mark
/// (´); and single Korean letters, of which ㅋㅠㅠ would become a syllable.
const fn stays(c: char) -> bool {
    matches!(c,
        '™' | '℠' | '№' | '\u{3131}'..='\u{318e}' | '\u{ffa0}'..='\u{ffdc}'
        | '\u{a8}' | '\u{af}' | '\u{b4}' | '\u{b8}' | '\u{2d8}'..='\u{2dd}' | '\u{37a}' | '\u{384}' | '\u{385}'
        | '\u{1fbd}' | '\u{1fbf}'..='\u{1fc1}' | '\u{1fcd}'..='\u{1fcf}' | '\u{1fdd}'..='\u{1fdf}'
        | '\u{1fed}' | '\u{1fee}' | '\u{1ffd}' | '\u{1ffe}' | '\u{2017}' | '\u{203e}' | '\u{309b}' | '\u{309c}'
        | '\u{fe49}'..='\u{fe4f}' | '\u{ffe3}')
}

/// By far the most of what stands alone outside of ASCII, and folds to itself.
const fn is_whole(c: char) -> bool {
    matches!(c,
        'α'..='ρ' | 'σ'..='ω' | 'а'..='я' | 'א'..='ת' | 'ا'..='غ' | 'ف'..='ي'
        | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// What becomes of a letter and its marks.
fn folded(cluster: &[char], spelt: &mut Vec<char>, mut put: impl FnMut(char)) {
    let mut base = None;
    let apart = match *cluster {
        [] => return,
        [c] if c.is_ascii() => return put(c.to_ascii_lowercase()),
        [c] if is_whole(c) => return put(c),
        [c, ref marks @ ..] if stays(c) => {
            put(c);
            base = Some(c);
            marks
        }
        _ => cluster,
    };
    spelt.clear();
    for c in apart.iter().copied().nfkd() {
        if !is_combining_mark(c) {
            base = Some(c);
        } else if is_optional(c) && !belongs(base, c) {
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                'ß' => spelt.extend(['s', 's']),
                'æ' => spelt.extend(['a', 'e']),
                'œ' => spelt.extend(['o', 'e']),
                'þ' => spelt.extend(['t', 'h']),
                'ø' => spelt.push('o'),
                'đ' | 'ð' => spelt.push('d'),
                'ħ' => spelt.push('h'),
                'ı' => spelt.push('i'),
                'ł' => spelt.push('l'),
                'ς' => spelt.push('σ'),
                '\u{640}' => {}
                c => spelt.push(c),
            }
        }
    }
    spelt.iter().copied().nfc().for_each(put);
}

/// A mark of a script whose readers do without: accents, stresses, the vowels of Hebrew, Arabic and Syriac.
const fn is_optional(mark: char) -> bool {
    matches!(mark,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{590}'..='\u{74f}' | '\u{8ca}'..='\u{8ff}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Without the mark it would be something else: й is not и, nor ≠ =. But ё is written е, and a stress is none of
/// the word.
fn belongs(base: Option<char>, mark: char) -> bool {
    let Some((base, whole)) = base.and_then(|base| Some((base, compose(base, mark)?))) else { return false };
    match base {
        '\u{400}'..='\u{52f}' => !matches!(whole, 'ё' | 'Ё' | 'ѐ' | 'Ѐ' | 'ѝ' | 'Ѝ'),
        base => !base.is_alphanumeric(),
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
