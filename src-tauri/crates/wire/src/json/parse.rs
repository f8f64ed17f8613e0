//! Reads JSON texts into values that borrow from them.

use super::{BadJson, Json};
use crate::scan;
use std::borrow::Cow;

/// Deepest nesting read.
const MAX_DEPTH: u32 = 128;

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: u32,
    /// The most values it may have.
    most: u32,
}

impl<'a> Parser<'a> {
    pub(super) const fn new(text: &'a str, most: u32) -> Self {
        Self { text, at: 0, nodes: 0, most }
    }

    /// Reads one value and gives what follows it.
    pub(super) fn first(mut self) -> Result<(Json<'a>, &'a str), BadJson> {
        let value = self.value(0)?;
        Ok((value, &self.text[self.at..]))
    }

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
