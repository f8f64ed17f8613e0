//! JSON as providers write it, read without ever failing a stream for a number or an emoji.
//!
//! Differs from a general parser on purpose: numbers keep their text (money must not pass through a
//! float, and `1e400` is no reason to lose an event), half surrogates become U+FFFD (providers cut
//! emoji in two), of duplicate keys the last one counts, and nodes and depth are capped so that 16 MiB
//! of `[[],[],…` cannot become a gigabyte.

mod parse;

use domain::PicoUsd;
use parse::Parser;
use std::borrow::Cow;

/// Most values in one document: a long answer with twenty likely words beside each has millions.
const MAX_NODES: u32 = 4_000_000;
/// Most in a program's request, of which many are read at once; prompts for embeddings are long lists of tokens.
const REQUEST_NODES: u32 = 400_000;

/// A JSON value borrowing from its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as written.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, in order, duplicates included.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadJson {
    /// Byte offset in the text.
    pub(crate) at: usize,
    /// What was wrong.
    pub(crate) why: &'static str,
    /// The text ended too early: it may have been cut.
    pub(crate) cut: bool,
}

/// A token count as a provider gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// A whole number, not negative, not absurd.
    Said(u64),
    /// Absent or `null`.
    Silent,
    /// Negative, broken, a string, absurdly large: not believed.
    Bad,
}

/// Larger counts are not believed: no request has 10¹² tokens.
const MAX_COUNT: u64 = 1_000_000_000_000;

impl<'a> Json<'a> {
    /// Reads a text that is one JSON value.
    pub(crate) fn parse(text: &'a str) -> Result<Self, BadJson> {
        Self::whole(text, MAX_NODES)
    }

    /// The same of a request.
    pub(crate) fn parse_request(text: &'a str) -> Result<Self, BadJson> {
        Self::whole(text, REQUEST_NODES)
    }

    fn whole(text: &'a str, most: u32) -> Result<Self, BadJson> {
        let (value, rest) = Parser::new(text, most).first()?;
        if rest.trim().is_empty() {
            return Ok(value);
        }
        Err(BadJson { at: text.len() - rest.len(), why: "text after the JSON value", cut: false })
    }

    /// Reads the first JSON value of a text and gives what follows it.
    pub(crate) fn parse_prefix(text: &'a str) -> Result<(Self, &'a str), BadJson> {
        Parser::new(text, MAX_NODES).first()
    }

    /// Field of an object; `None` where it is absent or `null`.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => {
                fields.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v).filter(|v| !v.is_null())
            }
            _ => None,
        }
    }

    /// What a JSON pointer (`/usage/total`, `/choices/0`) leads to; `null` counts as absent.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |here, step| match here {
            Self::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => here.get(step),
        })
    }

    /// The string, if it is one.
    pub(crate) fn str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// String field of an object.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::str)
    }

    /// Items of an array; nothing of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// Items of an array field.
    pub(crate) fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// Fields of an object; nothing of anything else.
    pub(crate) fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// `true` and nothing else.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// A string, or a number as written: codes are given as either.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            Self::Number(n) => Some(n),
            _ => None,
        }
    }

    /// A token count.
    pub(crate) fn count(&self) -> Count {
        match self {
            Self::Null => Count::Silent,
            Self::Number(n) => {
                // Some servers print every number as a float.
                let whole = n.split_once('.').filter(|(_, f)| f.bytes().all(|b| b == b'0'));
                match whole.map_or(*n, |(whole, _)| whole).parse::<u64>() {
                    Ok(count) if count <= MAX_COUNT => Count::Said(count),
                    _ => Count::Bad,
                }
            }
            _ => Count::Bad,
        }
    }

    /// A plain whole number, for indices.
    pub(crate) fn index(&self) -> Option<u64> {
        match self.count() {
            Count::Said(n) => Some(n),
            Count::Silent | Count::Bad => None,
        }
    }

    /// An amount of dollars, from the number's text. Beyond 12 decimals it is rounded to the nearest
    /// pico-dollar: providers print floats. `None` for what is no amount, or negative.
    pub(crate) fn dollars(&self) -> Option<PicoUsd> {
        scaled(self.word()?, 12).map(PicoUsd::new)
    }

    /// JSON text of the value, without white space, numbers as they were.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The same, behind other text.
    pub(crate) fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(b) => text.push_str(if *b { "true" } else { "false" }),
            Self::Number(n) => text.push_str(n),
            Self::String(s) => write_string(s, text),
            Self::Array(items) => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(fields) => {
                text.push('{');
                for (i, (key, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    write_string(key, text);
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
        }
    }
}

pub(crate) fn write_string(s: &str, text: &mut String) {
    text.push('"');
    if !s.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        text.push_str(s);
        text.push('"');
        return;
    }
    for c in s.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if u32::from(c) < 0x20 => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

/// `digits[.digits][e±digits]` times 10^`decimals`, rounded half up, in integers only. `None` for what
/// is negative, malformed or out of range.
fn scaled(text: &str, decimals: i64) -> Option<i64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(e) => (&text[..e], text[e + 1..].parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: Vec<u8> =
        whole.bytes().chain(fraction.bytes()).skip_while(|&b| b == b'0').map(|b| b - b'0').collect();
    if digits.is_empty() {
        return Some(0);
    }
    let shift = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(decimals)?;
    let places = i64::try_from(digits.len()).ok()?.checked_add(shift)?;
    if places < 0 {
        return Some(0);
    }
    if places > 19 {
        return None;
    }
    let places = usize::try_from(places).ok()?;
    let mut value: i64 = 0;
    for place in 0..places {
        value = value.checked_mul(10)?.checked_add(i64::from(digits.get(place).copied().unwrap_or(0)))?;
    }
    let round_up = digits.get(places).is_some_and(|&d| d >= 5);
    value.checked_add(i64::from(round_up))
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
