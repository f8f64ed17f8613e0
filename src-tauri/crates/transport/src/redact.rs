//! Takes a key out of a text that a provider or a library wrote.

use crate::credential::parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::Secret;
use std::collections::HashSet;
use std::fmt::Write as _;

/// What stands where a key stood.
pub const MARK: &str = "[key]";
/// This many bytes in a row of a key, anywhere in it, count as the key: providers echo parts.
const WINDOW: usize = 8;
/// Encoded forms mix the key's bits, so a longer run is needed to mean the key.
const ENCODED_WINDOW: usize = 12;
/// Shorter keys are words, such as the `none` that local servers are given, and stay.
const SHORTEST: usize = 4;

/// `text` without `secret`, of a document its secret parts: whole or any eight bytes of it, plain, percent-encoded, JSON-escaped, in
/// base64 at any alignment, or in hexadecimal.
pub fn redact(text: &str, secret: &Secret) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut covered = vec![false; text.len()];
    for key in parts(secret.expose()).iter().filter(|key| key.len() >= SHORTEST) {
        for (form, window) in forms(key) {
            cover(text.as_bytes(), form.as_bytes(), window.min(form.len()), &mut covered);
        }
    }
    rewrite(text, &covered)
}

fn forms(key: &str) -> Vec<(String, usize)> {
    let mut percent = String::new();
    let mut every_byte = String::new();
    let mut hex = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(percent, "%{byte:02X}");
        }
        let _ = write!(every_byte, "%{byte:02X}");
        let _ = write!(hex, "{byte:02x}");
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
    use super::{MARK, redact};
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

    #[test]
    fn short_keys_are_redacted_whole_and_words_of_three_letters_stay() {
        assert_eq!(redact("key none!", &Secret::new("none")), "key [key]!");
        assert_eq!(redact("an api", &Secret::new("api")), "an api");
    }
}
