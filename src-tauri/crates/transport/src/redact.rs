//! Takes a key out of a text that a provider or a library wrote.

use crate::credential::parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::Secret;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// What stands where a key stood.
pub const MARK: &str = "[key]";
/// This many bytes in a row of a key, anywhere in it, count as the key: providers echo parts.
const WINDOW: usize = 8;
/// Encoded forms mix the key's bits, so a longer run is needed to mean the key.
const ENCODED_WINDOW: usize = 12;
/// Shorter keys are words, such as the `none` that local servers are given, and stay.
const SHORTEST: usize = 4;

/// `text` without `secret`: see [`Redactor`], which is quicker for several texts.
pub fn redact(text: &str, secret: &Secret) -> String {
    if text.is_empty() { String::new() } else { Redactor::new(secret).clean(text) }
}

/// Takes one key out of texts, of a document its secret parts: whole or any eight bytes of it, plain, percent-encoded,
/// JSON-escaped, in base64 at any alignment, or in hexadecimal.
pub struct Redactor {
    /// Each form of the key, with the length of a run that counts.
    forms: Vec<(Zeroizing<String>, usize)>,
    /// Runs of four bytes that stand in a form: almost every text is found to hold no key by looking these up.
    sieve: Sieve,
    /// So many such runs one behind the other there are in the shortest run that counts.
    least: usize,
}

/// A run of four bytes.
const GRAM: usize = 4;
const SIEVE_BITS: u32 = 14;

/// Runs of four bytes, by a hash: what is not in it is none of them.
struct Sieve(Box<[u64; 1 << (SIEVE_BITS - 6)]>);

impl Sieve {
    fn place(gram: [u8; GRAM]) -> (usize, u64) {
        let hash = u32::from_le_bytes(gram).wrapping_mul(0x9E37_79B1) >> (u32::BITS - SIEVE_BITS);
        (hash as usize >> 6, 1 << (hash & 63))
    }

    fn grams(text: &[u8]) -> impl Iterator<Item = (usize, u64)> {
        text.array_windows::<GRAM>().map(|gram| Self::place(*gram))
    }

    fn add(&mut self, text: &[u8]) {
        for (word, bit) in Self::grams(text) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Are there so many of them one behind the other?
    fn may_hold(&self, text: &[u8], least: usize) -> bool {
        let mut run = 0;
        Self::grams(text).any(|(word, bit)| {
            run = if self.0.get(word).is_some_and(|word| word & bit != 0) { run + 1 } else { 0 };
            run >= least
        })
    }
}

impl Redactor {
    /// For this key.
    pub fn new(secret: &Secret) -> Self {
        let keys = parts(secret.expose());
        let forms: Vec<(Zeroizing<String>, usize)> = keys
            .iter()
            .filter(|key| key.len() >= SHORTEST)
            .flat_map(|key| forms(key))
            .map(|(form, window)| (window.min(form.len()), Zeroizing::new(form)))
            .map(|(window, form)| (form, window))
            .collect();
        let mut sieve = Sieve(Box::new([0; 1 << (SIEVE_BITS - 6)]));
        forms.iter().for_each(|(form, _)| sieve.add(form.as_bytes()));
        let shortest = forms.iter().map(|(_, window)| *window).min().unwrap_or(usize::MAX);
        Self { forms, sieve, least: shortest.saturating_sub(GRAM - 1).max(1) }
    }

    /// Takes the key out of a text.
    pub fn scrub(&self, text: &mut String) {
        if self.sieve.may_hold(text.as_bytes(), self.least) {
            *text = self.clean(text);
        }
    }

    /// The text without the key.
    pub fn clean(&self, text: &str) -> String {
        if !self.sieve.may_hold(text.as_bytes(), self.least) {
            return text.to_owned();
        }
        let mut covered = vec![false; text.len()];
        for (form, window) in &self.forms {
            cover(text.as_bytes(), form.as_bytes(), *window, &mut covered);
        }
        rewrite(text, &covered)
    }
}

fn forms(key: &str) -> Vec<(String, usize)> {
    let mut percent = String::new();
    let mut every_byte = String::new();
    let mut hex = String::new();
    let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'A' + four - 10 });
    for byte in key.bytes() {
        let digits = [digit(byte >> 4), digit(byte & 15)];
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            percent.push('%');
            percent.extend(digits);
        }
        every_byte.push('%');
        every_byte.extend(digits);
        hex.extend(digits.map(|digit| digit.to_ascii_lowercase()));
    }
    let json = serde_json::Value::from(key).to_string();
    let json = json.trim_matches('"').to_owned();
    let mut forms = vec![
        (key.to_owned(), WINDOW),
        (percent.to_ascii_lowercase(), WINDOW),
        (percent, WINDOW),
        (json, WINDOW),
        (every_byte.to_ascii_lowercase(), 3 * WINDOW),
        (every_byte, 3 * WINDOW),
        (hex.to_ascii_uppercase(), ENCODED_WINDOW),
        (hex, ENCODED_WINDOW),
    ];
    // The key may start at any of three places in a base64 group ("Bearer …", "user:…").
    for shift in 0..3 {
        let bytes = key.as_bytes().get(shift..).unwrap_or_default();
        let whole = bytes.len() / 3 * 3;
        let bytes = bytes.get(..whole).unwrap_or_default();
        for form in [STANDARD_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes)] {
            if form.len() >= ENCODED_WINDOW {
                forms.push((form, ENCODED_WINDOW));
            }
        }
    }
    forms
}

/// Marks every byte of `text` that lies in a run of `window` bytes which also occurs in `form`.
fn cover(text: &[u8], form: &[u8], window: usize, covered: &mut [bool]) {
    if window == 0 {
        return;
    }
    let known: HashSet<&[u8]> = form.windows(window).collect();
    let mut marked_to = 0;
    for (start, piece) in text.windows(window).enumerate() {
        if known.contains(piece) {
            let end = start + window;
            if let Some(range) = covered.get_mut(start.max(marked_to)..end) {
                range.fill(true);
            }
            marked_to = end;
        }
    }
}

fn rewrite(text: &str, covered: &[bool]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for (at, character) in text.char_indices() {
        let hidden = (at..at + character.len_utf8()).any(|byte| covered.get(byte).copied().unwrap_or(false));
        if hidden && !inside {
            out.push_str(MARK);
        } else if !hidden {
            out.push(character);
        }
        inside = hidden;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{MARK, Redactor, cover, redact, rewrite};
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use domain::Secret;

    const KEY: &str = "sk-proj-Zq7/W+x\"Kd93mPa81Lw5Tr";

    fn windows_left(text: &str, key: &str) -> bool {
        key.as_bytes().windows(8).any(|w| text.as_bytes().windows(8).any(|t| t == w))
    }

    #[test]
    fn a_key_is_gone_in_every_encoding_at_every_place() {
        let secret = Secret::new(KEY);
        let percent: String = KEY.bytes().map(|b| format!("%{b:02X}")).collect();
        let json = serde_json::to_string(KEY).unwrap();
        for pad in 0..12 {
            let front = "ü{: ".repeat(pad);
            for text in [
                format!("{front}{KEY}"),
                format!("{front}Incorrect key {KEY}, ask {KEY}."),
                format!("{front}{}", &KEY[..12]),
                format!("{front}…{}", &KEY[KEY.len() - 9..]),
                format!("{front}{json}{front}"),
                format!("{front}{percent}"),
            ] {
                let clean = redact(&text, &secret);
                assert!(!windows_left(&clean, KEY), "{clean}");
                assert!(clean.contains(MARK), "{clean}");
            }
        }
        for shift in 0..6 {
            let whole = format!("{}{KEY}!!", "a".repeat(shift));
            for encoded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                let clean = redact(&format!("auth={encoded};"), &secret);
                let left = clean.len() - clean.matches(MARK).count() * MARK.len();
                assert!(left < 36, "only the rim of the encoding may stay: {clean}");
            }
        }
        let hex: String = KEY.bytes().map(|b| format!("{b:02x}")).collect();
        assert_eq!(redact(&hex, &secret), MARK);
    }

    #[test]
    fn other_text_is_left_alone() {
        let secret = Secret::new(KEY);
        for text in ["", "The project is over its limit.", "sk-pr", "naïve ✓ 日本語", "tokens: 1234567890"]
        {
            assert_eq!(redact(text, &secret), text);
        }
    }

    /// What is passed over quickly would have come to nothing.
    #[test]
    fn no_text_is_passed_over_that_holds_part_of_a_key() {
        for key in [
            KEY,
            "none",
            "sk-12",
            "abcdefgh",
            "AKIAABCDEFGHIJKLMNOP:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ] {
            let redactor = Redactor::new(&Secret::new(key));
            let mut pieces: Vec<String> = redactor.forms.iter().map(|(form, _)| form.to_string()).collect();
            pieces.push("ordinary words, 12345 and ü".to_owned());
            let (mut kept, mut cut) = (0, 0);
            for piece in &pieces {
                for from in (0..piece.len()).step_by(13).filter(|at| piece.is_char_boundary(*at)) {
                    for length in [3, 5, 7, 8, 11, 12, 24, 40] {
                        let Some(part) = piece.get(from..(from + length).min(piece.len())) else { continue };
                        for text in [part.to_owned(), format!("k: {part} ✓")] {
                            let mut covered = vec![false; text.len()];
                            for (form, window) in &redactor.forms {
                                cover(text.as_bytes(), form.as_bytes(), *window, &mut covered);
                            }
                            let slow = rewrite(&text, &covered);
                            assert_eq!(redactor.clean(&text), slow, "{key}: {text}");
                            if slow == text { kept += 1 } else { cut += 1 }
                        }
                    }
                }
            }
            assert!(kept > 20 && cut > 20, "{key}: {kept} {cut}");
        }
    }

    #[test]
    fn short_keys_are_redacted_whole_and_words_of_three_letters_stay() {
        assert_eq!(redact("key none!", &Secret::new("none")), "key [key]!");
        assert_eq!(redact("an api", &Secret::new("api")), "an api");
    }
}
