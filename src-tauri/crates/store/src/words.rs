//! What of a text is looked for and how: its words, the scripts that put no spaces between them, and the
//! lines a result is shown with.

use crate::fold::{Place, fold, letters};
use domain::Part;
use unicode_normalization::char::is_combining_mark;

/// Longest text that a snippet is looked for in; beyond it the beginning is shown.
const SNIPPET_LIMIT: usize = 512 * 1024;
/// Characters shown before and after what was found.
const AROUND: (usize, usize) = (40, 120);

/// A piece of a snippet; `true` = this is what was looked for.
pub type Piece = (String, bool);

/// Everything of a message that can be found, one part a paragraph.
pub(crate) fn plain(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        let words = match part {
            Part::Text { text }
            | Part::System { text }
            | Part::Refusal { text }
            | Part::Reasoning { text, .. } => text,
            Part::ToolCall { name, arguments, .. } => {
                paragraph(&mut text, name);
                arguments
            }
            Part::ServerTool { name, text: words } => {
                paragraph(&mut text, name);
                words
            }
            Part::ToolResult { content, .. } => content,
            Part::Citation { url, title } => {
                paragraph(&mut text, title.as_deref().unwrap_or_default());
                url.as_ref().map_or("", |url| url)
            }
            Part::File { name, .. } => name,
            Part::Attachment(file) => &file.name,
            Part::ImageUrl { url } => url,
            Part::Image { .. } | Part::GeneratedImage { .. } | Part::Seam(_) | Part::Kept { .. } => "",
        };
        paragraph(&mut text, words);
    }
    text
}

fn paragraph(text: &mut String, words: &str) {
    if words.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(words);
}

/// Does it hold a block of code?
pub(crate) fn has_code(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("```") || line.starts_with("~~~")
    })
}

/// A character of a script that is written without spaces. Each is a word of its own in the index, so that
/// any run of them is a phrase.
pub(crate) const fn unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'     // Myanmar
        | '\u{1100}'..='\u{11ff}'     // Hangul letters
        | '\u{1780}'..='\u{17ff}'     // Khmer
        | '\u{2e80}'..='\u{2fdf}'     // CJK radicals
        | '\u{3005}'..='\u{3007}'
        | '\u{3031}'..='\u{312f}'     // Kana, Bopomofo
        | '\u{3130}'..='\u{318f}'     // Hangul letters
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'     // Hangul syllables
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ffdc}'     // half-width Kana and Hangul
        | '\u{20000}'..='\u{3ffff}')
}

/// The text with a space on either side of each character that is a word of its own.
pub(crate) fn segmented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        if unspaced(c) {
            out.push(' ');
            out.push(c);
            out.push(' ');
        } else {
            out.push(if c == '\0' { ' ' } else { c });
        }
    }
    out
}

/// What the index of words takes of a folded text.
///
/// It takes a combining mark for a gap between words. Those that are left are vowels, without which कि and का are
/// one, so each goes as a sign of private use, which the index takes for a letter.
pub(crate) fn indexed(folded: &str) -> String {
    let marked = |c: char| match u32::from(c) {
        code @ 0x300..=0xffff if is_combining_mark(c) => char::from_u32(0xf_0000 + code).unwrap_or(c),
        _ => c,
    };
    let text = segmented(folded);
    if text.is_ascii() { text } else { text.chars().map(marked).collect() }
}

/// What the index of word parts takes of a folded text: without the characters that are words of their own.
pub(crate) fn parts_text(folded: &str) -> String {
    folded.chars().map(|c| if unspaced(c) || c == '\0' { ' ' } else { c }).collect()
}

/// Every three characters in a row of a folded term, outside of characters that are words.
pub(crate) fn trigrams(folded: &str) -> Vec<String> {
    let letters: Vec<char> = folded.chars().collect();
    let mut found: Vec<String> = letters
        .windows(3)
        .filter(|window| !window.iter().any(|c| unspaced(*c) || *c == '\0'))
        .map(|window| window.iter().collect())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Has it anything the index of words knows?
pub(crate) fn has_word(term: &str) -> bool {
    term.chars().any(char::is_alphanumeric)
}

/// Do its signs belong to what is meant, as in C++, C#, .NET or --all? The index of words knows only letters and
/// digits; a comma or a quotation mark that came along by copying says nothing.
pub(crate) fn literal(term: &str) -> bool {
    let name =
        |c: char| matches!(c, '+' | '#' | '$' | '%' | '@' | '&' | '*' | '=' | '<' | '>' | '^' | '~' | '|');
    has_word(term) && (term.contains(name) || term.starts_with(['.', '-', '/']))
}

/// Where the folded terms stand in a text, as characters of it: `(from, to)`, in order, none twice.
fn places(text: &[char], terms: &[Vec<char>]) -> Vec<Place> {
    // A letter can fold to several characters and several to one, so each keeps the place it came from.
    let mut folded = Vec::with_capacity(text.len());
    let mut origin: Vec<Place> = Vec::with_capacity(text.len());
    letters(text.iter().copied(), |c, place| {
        folded.push(c);
        origin.push(place);
    });
    let mut found = Vec::new();
    for term in terms.iter().filter(|term| !term.is_empty()) {
        let mut whole = Vec::new();
        let mut inside = Vec::new();
        let mut at = 0;
        while at + term.len() <= folded.len() && whole.len() < 64 {
            if folded[at..at + term.len()] == term[..] {
                let end = at + term.len();
                let place = (origin[at].0, origin[end - 1].1);
                let before = at.checked_sub(1).and_then(|i| folded.get(i));
                let cut = edge(before, term.first()) && edge(folded.get(end), term.last());
                if cut {
                    whole.push(place)
                } else {
                    inside.push(place)
                }
                at = end;
            } else {
                at += 1;
            }
        }
        found.extend(if whole.is_empty() { inside } else { whole });
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Does a word end between these two?
fn edge(outside: Option<&char>, inside: Option<&char>) -> bool {
    let word = |c: &char| c.is_alphanumeric() && !unspaced(*c);
    !(outside.is_some_and(word) && inside.is_some_and(word))
}

/// Is every folded term somewhere in the text, be it inside a word?
pub(crate) fn holds(text: &str, terms: &[&String]) -> bool {
    if terms.is_empty() {
        return true;
    }
    let folded = fold(text);
    terms.iter().all(|term| folded.contains(term.as_str()))
}

/// The text around the first thing found, on one line, with what was looked for marked.
pub(crate) fn snippet(text: &str, terms: &[String]) -> Vec<Piece> {
    let mut end = text.len().min(SNIPPET_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let chars: Vec<char> =
        text[..end].chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    let terms: Vec<Vec<char>> = terms.iter().map(|term| fold(term).chars().collect()).collect();
    let places = places(&chars, &terms);
    let from = places.first().map_or(0, |(from, _)| from.saturating_sub(AROUND.0));
    let to = chars.len().min(places.first().map_or(AROUND.0, |(_, to)| *to) + AROUND.1);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &[char], hit: bool| {
        if !text.is_empty() {
            pieces.push((squeezed(text), hit));
        }
    };
    if from > 0 {
        push(&['…'], false);
    }
    let mut at = from;
    for (start, stop) in places.into_iter().filter(|(start, stop)| *start >= from && *stop <= to) {
        if start >= at {
            push(&chars[at..start], false);
            push(&chars[start..stop], true);
            at = stop;
        }
    }
    push(&chars[at..to], false);
    if to < chars.len() || end < text.len() {
        push(&['…'], false);
    }
    pieces
}

/// Without spaces after spaces.
fn squeezed(text: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text {
        if !(*c == ' ' && out.ends_with(' ')) {
            out.push(*c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, terms: &[&str]) -> String {
        let terms: Vec<String> = terms.iter().map(|term| (*term).to_owned()).collect();
        snippet(text, &terms)
            .into_iter()
            .map(|(text, hit)| if hit { format!("[{text}]") } else { text })
            .collect()
    }

    #[test]
    fn a_snippet_marks_what_was_looked_for() {
        assert_eq!(found("The quick\n\n brown fox", &["Quick"]), "The [quick] brown fox");
        assert_eq!(found("Ein Café in İzmir", &["cafe"]), "Ein [Café] in İzmir");
        assert_eq!(found("say hello, ello", &["ello"]), "say hello, [ello]");
        assert_eq!(found("say hello", &["ello"]), "say h[ello]");
        assert_eq!(found("内存悬空指针", &["悬空"]), "内存[悬空]指针");
        assert_eq!(found("In der Straße 5", &["STRASSE"]), "In der [Straße] 5");
        assert_eq!(found("ein e\u{fb03}cient Weg", &["efficient"]), "ein [e\u{fb03}cient] Weg");
        assert_eq!(found("die Donau\u{ad}dampfer", &["donau"]), "die [Donau]\u{ad}dampfer");
        assert_eq!(found("مُحَمَّد رسول", &["محمد"]), "[مُحَمَّد] رسول");
        assert_eq!(found("ｶﾞｿﾘﾝ車", &["ガソリン"]), "[ｶﾞｿﾘﾝ]車");
        assert_eq!(
            found("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8} 공", &["한국"]),
            "[\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}] 공"
        );
        assert_eq!(found("nothing here", &["elsewhere"]), "nothing here");
        assert_eq!(found("", &["x"]), "");
        let long = format!("{} needle {}", "a ".repeat(500), "b ".repeat(500));
        let cut = found(&long, &["needle"]);
        assert!(cut.starts_with('…') && cut.ends_with('…') && cut.contains("[needle]"), "{cut}");
        assert!(cut.chars().count() < 220, "{cut}");
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_their_characters() {
        assert_eq!(segmented("a悬空b"), "a 悬  空 b");
        assert!(segmented("한국어 ไทย").split_whitespace().all(|word| word.chars().count() == 1));
        assert_eq!(trigrams("hello"), ["ell", "hel", "llo"]);
        assert_eq!(indexed("किल a मै"), "क\u{f093f}ल a म\u{f0948}");
        assert_eq!(indexed("สี"), " ส  \u{f0e35} ");
        assert_eq!(trigrams("ab悬cde"), ["cde"]);
        assert!(trigrams("ab").is_empty());
        assert!(has_code("x\n  ```rust\n") && !has_code("a `b` c"));
        for term in ["C++", "c#", ".NET", "--all", "c++17", "AT&T"] {
            assert!(literal(term), "{term}");
        }
        for term in ["hello,", "std::vec", "don't", "e-mail", "++", "done."] {
            assert!(!literal(term), "{term}");
        }
        assert!(holds("A Dangling Pointer", &[&"ling p".to_owned()]));
    }
}
