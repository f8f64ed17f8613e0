//! Takes a key out of the text of an answer, which comes in pieces.
//!
//! No model sees a key, but what stands at an address of one's own may give back whatever it is sent: a proxy for
//! debugging, a test server, somebody hostile. Only whole keys count here. Parts of one, as [`crate::redact`] takes
//! them out of error texts, would be words of ordinary answers too often.

use crate::{credential::parts, redact::MARK};
use domain::Secret;
use std::ops::Range;
use zeroize::Zeroizing;

/// Shorter keys are words that servers of one's own are given and that answers hold as words.
const SHORTEST: usize = 16;
/// So much at the end of a piece that could be a key's beginning is held back until more has come. Less is let
/// through, so that text is not late for a letter or two; the rest of a key is still found behind it.
const HOLD: usize = 4;

/// What is looked for.
#[derive(Clone, Default)]
pub struct Echo {
    keys: Vec<Zeroizing<String>>,
}

/// One text while it comes.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// The end of what was let through, shorter than [`HOLD`].
    before: String,
    /// What is held back behind it.
    held: String,
}

impl Tail {
    /// Something is held back.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }
}

impl Echo {
    /// Of a document, such as a service account, its secret parts are looked for.
    pub fn new(secrets: &[Secret]) -> Self {
        let keys = secrets.iter().flat_map(|secret| parts(secret.expose()));
        Self { keys: keys.filter(|key| key.len() >= SHORTEST).collect() }
    }

    /// There is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A whole text without the keys.
    pub fn clean(&self, text: &str) -> String {
        self.keys.iter().fold(text.to_owned(), |text, key| text.replace(key.as_str(), MARK))
    }

    /// A JSON text as it came without keys of which some letters are escaped, also where they stand in a string inside of
    /// a string; `None` = there are none. Writers of JSON may escape any letter, and some do: `/` as `\\/`, `+` as `\\u002B`.
    pub fn without_escaped(&self, text: &str) -> Option<String> {
        if self.is_empty() || !(text.contains("\\u00") || text.contains("\\/")) {
            return None;
        }
        let (mut plain, mut layers) = (text.as_bytes().to_vec(), Vec::new());
        let mut hidden: Vec<Range<usize>> = Vec::new();
        for _ in 0..DEPTH {
            let layer = Layer::read(&mut plain);
            if layer.0.is_empty() {
                break;
            }
            layers.push(layer);
            let came_from = |at: usize| layers.iter().rev().fold(at, |at, layer| layer.came_from(at));
            for key in self.keys.iter().map(|key| key.as_bytes()) {
                let places = plain.windows(key.len()).enumerate().filter(|(_, window)| *window == key);
                hidden.extend(places.map(|(at, _)| came_from(at)..came_from(at + key.len())));
            }
        }
        if hidden.is_empty() {
            return None;
        }
        hidden.sort_by_key(|place| place.start);
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        for place in hidden {
            if place.start >= done {
                out.push_str(text.get(done..place.start)?);
                out.push_str(MARK);
            }
            done = done.max(place.end);
        }
        out.push_str(text.get(done..)?);
        Some(out)
    }

    /// Takes the next piece and gives what of the text may go on.
    pub fn push(&self, tail: &mut Tail, piece: &str) -> String {
        let seen = tail.before.len();
        let text = format!("{}{}{piece}", tail.before, tail.held);
        let mut out = String::with_capacity(piece.len());
        let mut done = 0;
        while let Some((at, length)) = self.first(&text, done) {
            out.push_str(text.get(done.max(seen)..at).unwrap_or_default());
            out.push_str(MARK);
            done = at + length;
        }
        let until = self.beginning(&text, done).unwrap_or(text.len()).max(seen);
        out.push_str(text.get(done.max(seen)..until).unwrap_or_default());
        let mut from = until.saturating_sub(HOLD - 1).max(done.min(until));
        while !text.is_char_boundary(from) {
            from += 1;
        }
        tail.before = text.get(from..until).unwrap_or_default().to_owned();
        tail.held = text.get(until.max(done)..).unwrap_or_default().to_owned();
        out
    }

    /// What was held back, at the end of the text. So much of a key that it can be nothing else does not go on.
    pub fn rest(&self, tail: &mut Tail) -> String {
        let held = std::mem::take(tail).held;
        if held.len() + HOLD > SHORTEST { MARK.to_owned() } else { held }
    }

    /// Where keys stand in a text; with `last`, so much of one at its end that it can be nothing else is one too.
    pub fn places(&self, text: &str, last: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut done = 0;
        while let Some((at, length)) = self.first(text, done) {
            done = at + length;
            found.push(at..done);
        }
        let broken = self.beginning(text, done).filter(|at| last && text.len() - at + HOLD > SHORTEST);
        found.extend(broken.map(|at| at..text.len()));
        found
    }

    /// Is this part of a text a whole key?
    pub fn is_key(&self, text: &str, place: &Range<usize>) -> bool {
        text.get(place.clone()).is_some_and(|part| self.keys.iter().any(|key| key.as_str() == part))
    }

    /// The end of a text that is too short to be held back, though a key may begin in it.
    pub fn end_of<'a>(&self, text: &'a str) -> &'a str {
        let mut from = text.len().saturating_sub(HOLD - 1);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.get(from..).unwrap_or_default()
    }

    /// The first whole key behind `from`.
    fn first(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let rest = text.get(from..)?;
        let found =
            self.keys.iter().filter_map(|key| rest.find(key.as_str()).map(|at| (from + at, key.len())));
        found.min_by_key(|(at, length)| (*at, usize::MAX - length))
    }

    /// Where, behind `from`, a key may begin that is not whole yet.
    fn beginning(&self, text: &str, from: usize) -> Option<usize> {
        let longest = self.keys.iter().map(|key| key.len()).max()?;
        let first = text.len().saturating_sub(longest).max(from);
        (first..=text.len().saturating_sub(HOLD)).find(|at| {
            text.get(*at..).is_some_and(|end| {
                end.len() >= HOLD && self.keys.iter().any(|key| key.len() > end.len() && key.starts_with(end))
            })
        })
    }
}

/// Strings stand in strings so deep: the arguments of a tool's call in an event, and once more for good measure.
const DEPTH: usize = 3;

/// One layer of escapes that was read: places behind each of them, in what was read and in what it was read from.
struct Layer(Vec<(usize, usize)>);

impl Layer {
    /// Reads one. What stands for a letter that is in no key becomes a blank.
    fn read(text: &mut Vec<u8>) -> Self {
        let was = std::mem::take(text);
        let (mut rest, mut cuts) = (was.as_slice(), Vec::new());
        while let Some((first, behind)) = rest.split_first() {
            let (letter, length) = match (first, behind) {
                (b'\\', [b'u', digits @ ..]) => match digits.first_chunk::<4>().and_then(letter) {
                    Some(letter) => (letter, 6),
                    None => (b'\\', 1),
                },
                (b'\\', [letter @ (b'/' | b'"' | b'\\'), ..]) => (*letter, 2),
                (b'\\', [b'b' | b'f' | b'n' | b'r' | b't', ..]) => (b' ', 2),
                (letter, _) => (*letter, 1),
            };
            text.push(letter);
            rest = rest.get(length..).unwrap_or_default();
            if length > 1 {
                cuts.push((text.len(), was.len() - rest.len()));
            }
        }
        Self(cuts)
    }

    fn came_from(&self, at: usize) -> usize {
        let behind = self.0.partition_point(|(place, _)| *place <= at);
        let cut = behind.checked_sub(1).and_then(|last| self.0.get(last));
        cut.map_or(at, |(place, from)| from + (at - place))
    }
}

/// The letter of an escape by its number, where it can be one of a key.
fn letter(digits: &[u8; 4]) -> Option<u8> {
    let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "canary-0123456789-abcdefgh";

    fn echo() -> Echo {
        Echo::new(&[Secret::new(KEY), Secret::new("another-token-of-32-characters!!")])
    }

    fn through(pieces: &[&str]) -> String {
        let (echo, mut tail) = (echo(), Tail::default());
        let mut out: String = pieces.iter().map(|piece| echo.push(&mut tail, piece)).collect();
        out.push_str(&echo.rest(&mut tail));
        out
    }

    #[test]
    fn a_key_of_which_letters_are_escaped_is_found() {
        const SLASHED: &str = "sk-proj/Zq7+Kd93mPa81Lw5Tr";
        let echo = Echo::new(&[Secret::new(SLASHED)]);
        let every: String = SLASHED.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let slashed = SLASHED.replace('/', "\\/");
        for hidden in [slashed.clone(), SLASHED.replace('+', "\\u002B"), every, slashed.replace('\\', "\\\\")]
        {
            let text = format!("{{\"content\":\"é\\n{hidden}, {SLASHED} \\ud83d\\ude00 {hidden}\"}}");
            let clean = echo.without_escaped(&text).unwrap();
            assert_eq!(clean, text.replace(&hidden, MARK).replace(SLASHED, MARK), "{hidden}");
            let nested = serde_json::to_string(&text).unwrap();
            let clean = echo.without_escaped(&nested).unwrap();
            assert_eq!(clean.matches(MARK).count(), 3, "{clean}");
        }
        for text in ["", "plain", "\\", "a \\u00", "\\u+123 \\uzzzz \\n\\t", "sk-proj\\/Zq7+Kd93"] {
            assert_eq!(echo.without_escaped(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_gone_wherever_the_text_is_cut() {
        let text = format!("You sent {KEY}, that is {KEY}{KEY} and cana 😀.");
        for first in 0..=text.len() {
            let Some((one, rest)) = text.split_at_checked(first) else { continue };
            for second in 0..=rest.len() {
                let Some((two, three)) = rest.split_at_checked(second) else { continue };
                let out = through(&[one, two, three]);
                let left = out.replace(MARK, "");
                assert!(!out.contains(KEY) && out.contains(MARK), "{first}, {second}: {out}");
                // Three letters may have been let through before a key could be told.
                assert!(!left.contains("canary") && !left.contains("abcdefgh"), "{first}, {second}: {out}");
                assert!(out.starts_with("You sent ") && out.ends_with(" and cana 😀."), "{out}");
            }
        }
        let single: Vec<String> = text.chars().map(String::from).collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        assert!(!through(&single).contains("canary"));
    }

    #[test]
    fn all_other_text_comes_whole_and_at_once() {
        for text in ["", "can", "canary", "canary-0123 is not all of it", "naïve ✓ 日本語 can"] {
            let chars: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<&str> = chars.iter().map(String::as_str).collect();
            assert_eq!(through(&pieces), text);
        }
        let mut tail = Tail::default();
        assert_eq!(echo().push(&mut tail, "A word ending in can"), "A word ending in can", "nothing is late");
        assert_eq!(echo().push(&mut tail, "ary"), "");
        assert_eq!(echo().push(&mut tail, " bird"), "ary bird");
    }

    #[test]
    fn a_key_that_breaks_off_does_not_go_on() {
        assert_eq!(through(&["It is ", "canary-0123456789-abc"]), "It is [key]");
        assert_eq!(through(&["It is ", "canary-0"]), "It is canary-0");
    }

    #[test]
    fn words_that_serve_as_keys_stay() {
        let echo = Echo::new(&[Secret::new("ollama"), Secret::new("lm-studio")]);
        assert!(echo.is_empty());
    }
}
