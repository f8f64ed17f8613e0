//! JSON as providers write it, read without ever failing a stream for a number or an emoji.
//!
//! Differs from a general parser on purpose: numbers keep their text (money must not pass through a
//! float, and `1e400` is no reason to lose an event), half surrogates become U+FFFD (providers cut
//! emoji in two), of duplicate keys the last one counts, and nodes and depth are capped so that 16 MiB
//! of `[[],[],…` cannot become a gigabyte.

use crate::scan;
use domain::PicoUsd;
use std::borrow::Cow;

/// Deepest nesting read.
const MAX_DEPTH: u32 = 128;
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
        Self::parse_within(text, MAX_NODES)
    }

    /// The same of a request.
    pub(crate) fn parse_request(text: &'a str) -> Result<Self, BadJson> {
        Self::parse_within(text, REQUEST_NODES)
    }

    fn parse_within(text: &'a str, most: u32) -> Result<Self, BadJson> {
        let (value, rest) = Self::prefix_within(text, most)?;
        if rest.trim().is_empty() {
            return Ok(value);
        }
        Err(BadJson { at: text.len() - rest.len(), why: "text after the JSON value", cut: false })
    }

    /// Reads the first JSON value of a text and gives what follows it.
    pub(crate) fn parse_prefix(text: &'a str) -> Result<(Self, &'a str), BadJson> {
        Self::prefix_within(text, MAX_NODES)
    }

    fn prefix_within(text: &'a str, most: u32) -> Result<(Self, &'a str), BadJson> {
        let mut parser = Parser { text, at: 0, nodes: 0, most };
        let value = parser.value(0)?;
        Ok((value, &text[parser.at..]))
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

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: u32,
    most: u32,
}

impl<'a> Parser<'a> {
    fn bad<T>(&self, why: &'static str) -> Result<T, BadJson> {
        Err(BadJson { at: self.at, why, cut: self.at >= self.text.len() })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: u32) -> Result<Json<'a>, BadJson> {
        self.space();
        self.nodes += 1;
        if self.nodes > self.most {
            return Err(BadJson { at: self.at, why: "too many values", cut: false });
        }
        if depth > MAX_DEPTH {
            return Err(BadJson { at: self.at, why: "nested too deeply", cut: false });
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Json::Bool(true)),
            Some(b'f') => self.literal("false", Json::Bool(false)),
            Some(b'n') => self.literal("null", Json::Null),
            Some(b'N') => self.literal("NaN", Json::Number("NaN")),
            Some(_) => self.bad("not JSON"),
            None => self.bad("the JSON ends early"),
        }
    }

    fn literal(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, BadJson> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        let cut = word.as_bytes().starts_with(rest);
        Err(BadJson { at: self.at, why: "not JSON", cut })
    }

    fn number(&mut self) -> Result<Json<'a>, BadJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        self.digits()?;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.bad("a digit is missing") } else { Ok(()) }
    }

    fn array(&mut self, depth: u32) -> Result<Json<'a>, BadJson> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                _ => return self.bad("a comma or bracket is missing"),
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<Json<'a>, BadJson> {
        self.at += 1;
        let mut fields = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(fields));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.bad("a key is missing");
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.bad("a colon is missing");
            }
            self.at += 1;
            fields.push((key, self.value(depth + 1)?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(fields));
                }
                _ => return self.bad("a comma or brace is missing"),
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, BadJson> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut from = start;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(step) = scan::find(rest, b'"', b'\\') else {
                self.at = self.text.len();
                return self.bad("a string does not end");
            };
            self.at += step;
            let piece = &self.text[from..self.at];
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(match owned {
                    None => Cow::Borrowed(piece),
                    Some(mut text) => {
                        text.push_str(piece);
                        Cow::Owned(text)
                    }
                });
            }
            let text = owned.get_or_insert_default();
            text.push_str(piece);
            self.at += 1;
            let c = self.escape()?;
            text.push(c);
            from = self.at;
        }
    }

    fn escape(&mut self) -> Result<char, BadJson> {
        let Some(byte) = self.peek() else { return self.bad("a string does not end") };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return self.bad("an unknown escape");
            }
        })
    }

    fn unicode(&mut self) -> Result<char, BadJson> {
        let high = self.hex()?;
        if !(0xD800..0xDC00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or('\u{FFFD}'));
        }
        let after = self.at;
        if self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or('\u{FFFD}'));
            }
            self.at = after;
        }
        Ok('\u{FFFD}')
    }

    fn hex(&mut self) -> Result<u32, BadJson> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let Some(digits) = digits else {
            self.at = self.text.len();
            return self.bad("a string does not end");
        };
        let mut code = 0;
        for &digit in digits {
            let Some(value) = char::from(digit).to_digit(16) else { return self.bad("an unknown escape") };
            code = code * 16 + value;
        }
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
