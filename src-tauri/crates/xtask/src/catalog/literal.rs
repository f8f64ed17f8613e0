//! Reads data written as JSON, as a JavaScript object literal or as Python constructor calls.
//!
//! The sources come in all three shapes. Numbers keep the digits they were written with: a price that
//! passed through a float would no longer be the source's figure.

use anyhow::{Result, bail};

/// A value of any of the three notations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// `null`, `None`, `undefined`
    Null,
    /// `true`, `True`, `!0`
    Bool(bool),
    /// The digits as written.
    Number(String),
    /// Text
    Text(String),
    /// `[…]`, a tuple or a set
    List(Vec<Node>),
    /// `{…}`, or `Name(key=value)`; order kept.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value under a key; `Null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value).filter(|v| **v != Self::Null)
    }
    /// The entries of a map; nothing for any other value.
    pub(crate) fn entries(&self) -> &[(String, Node)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }
    /// The items of a list; nothing for any other value.
    pub(crate) fn items(&self) -> &[Node] {
        if let Self::List(items) = self { items } else { &[] }
    }
    /// Text under a key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }
    /// Text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
    /// The digits of a number.
    pub(crate) fn digits(&self) -> Option<&str> {
        if let Self::Number(digits) = self { Some(digits) } else { None }
    }
    /// A truth value under a key.
    pub(crate) fn truth(&self, key: &str) -> Option<bool> {
        if let Some(Self::Bool(value)) = self.get(key) { Some(*value) } else { None }
    }
    /// A whole number above zero under a key: limits of zero mean "not stated" in every source.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        let digits = self.get(key)?.digits()?;
        super::decimal::scaled(digits, 0).ok().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
    }
}

/// Reads one value at `start`; what follows it is ignored.
pub(crate) fn parse(bytes: &[u8], start: usize) -> Result<Node> {
    let mut reader = Reader { bytes, at: start, depth: 0 };
    reader.value()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn fail<T>(&self, what: &str) -> Result<T> {
        let near = self.bytes.get(self.at..(self.at + 40).min(self.bytes.len())).unwrap_or_default();
        bail!("byte {}: {what} near {:?}", self.at, String::from_utf8_lossy(near))
    }

    fn value(&mut self) -> Result<Node> {
        self.space();
        self.depth += 1;
        if self.depth > 64 {
            return self.fail("nested too deeply");
        }
        let node = match self.peek() {
            b'{' => self.map(b'{', b'}', b':'),
            b'[' => self.list(b']'),
            b'(' => self.list(b')'),
            b'"' | b'\'' | b'`' => self.texts(),
            b'-' | b'.' | b'0'..=b'9' => Ok(Node::Number(self.number())),
            b'!' => {
                let value = self.bytes.get(self.at + 1) == Some(&b'0');
                self.at += 2;
                Ok(Node::Bool(value))
            }
            c if c.is_ascii_alphabetic() || c == b'_' => self.word(),
            _ => self.fail("no value"),
        };
        self.depth -= 1;
        node
    }

    fn number(&mut self) -> String {
        let start = self.at;
        while matches!(self.peek(), b'-' | b'+' | b'.' | b'_' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        let digits: Vec<u8> = self
            .bytes
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|b| *b != b'_')
            .collect();
        String::from_utf8_lossy(&digits).into_owned()
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_ascii_alphanumeric() || matches!(self.peek(), b'_' | b'.' | b'$') {
            self.at += 1;
        }
        String::from_utf8_lossy(self.bytes.get(start..self.at).unwrap_or_default()).into_owned()
    }

    /// A constant or a constructor call.
    fn word(&mut self) -> Result<Node> {
        let name = self.name();
        self.space();
        if self.peek() != b'(' {
            return match name.as_str() {
                "null" | "None" | "undefined" => Ok(Node::Null),
                "true" | "True" => Ok(Node::Bool(true)),
                "false" | "False" => Ok(Node::Bool(false)),
                "void" => {
                    self.value()?;
                    Ok(Node::Null)
                }
                // A name that stands for a value, e.g. a time zone: kept as its name.
                _ => Ok(Node::Text(name)),
            };
        }
        let call = self.map(b'(', b')', b'=')?;
        let argument = |i: usize| call.get(&i.to_string());
        let number = |i: usize| argument(i).and_then(Node::digits).unwrap_or("0").to_owned();
        Ok(match name.as_str() {
            "Decimal" => match argument(0) {
                Some(Node::Text(digits)) => Node::Number(digits.clone()),
                _ => return self.fail("a Decimal without digits"),
            },
            "datetime.date" => Node::Text(format!("{}-{:0>2}-{:0>2}", number(0), number(1), number(2))),
            "datetime.time" => Node::Text(format!("{:0>2}:{:0>2}", number(0), number(1))),
            _ => call,
        })
    }

    /// `{key: value}` or the arguments of a call; a positional argument has its position as its key.
    fn map(&mut self, open: u8, close: u8, between: u8) -> Result<Node> {
        debug_assert_eq!(self.peek(), open);
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.space();
            if self.peek() == close {
                self.at += 1;
                return Ok(Node::Map(entries));
            }
            let start = self.at;
            let key = match self.peek() {
                b'"' | b'\'' | b'`' => self.text()?,
                c if c.is_ascii_digit() => self.number(),
                _ => self.name(),
            };
            self.space();
            if self.peek() == between {
                self.at += 1;
                let value = self.value()?;
                // Python cannot name an argument after one of its words: `or_`.
                entries.push((key.trim_end_matches('_').to_owned(), value));
            } else if open == b'(' {
                self.at = start;
                let value = self.value()?;
                entries.push((entries.len().to_string(), value));
            } else {
                return self.fail("a key without a value");
            }
            self.comma(close)?;
        }
    }

    fn list(&mut self, close: u8) -> Result<Node> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.peek() == close {
                self.at += 1;
                return Ok(Node::List(items));
            }
            items.push(self.value()?);
            self.comma(close)?;
        }
    }

    fn comma(&mut self, close: u8) -> Result<()> {
        self.space();
        match self.peek() {
            b',' => self.at += 1,
            c if c == close => {}
            _ => return self.fail("neither a comma nor the end"),
        }
        Ok(())
    }

    /// One text or several side by side, which Python joins.
    fn texts(&mut self) -> Result<Node> {
        let mut whole = self.text()?;
        loop {
            let end = self.at;
            self.space();
            if !matches!(self.peek(), b'"' | b'\'') {
                self.at = end;
                return Ok(Node::Text(whole));
            }
            whole.push_str(&self.text()?);
        }
    }

    fn text(&mut self) -> Result<String> {
        let quote = self.peek();
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let Some(&byte) = self.bytes.get(self.at) else { return self.fail("a text without an end") };
            self.at += 1;
            match byte {
                b if b == quote => break,
                b'\\' => self.escape(&mut out)?,
                b => out.push(b),
            }
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(text),
            Err(_) => self.fail("a text that is not UTF-8"),
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let byte = self.peek();
        self.at += 1;
        let digits = match byte {
            b'n' => {
                return {
                    out.push(b'\n');
                    Ok(())
                };
            }
            b't' => {
                return {
                    out.push(b'\t');
                    Ok(())
                };
            }
            b'r' => {
                return {
                    out.push(b'\r');
                    Ok(())
                };
            }
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => {
                return {
                    out.push(other);
                    Ok(())
                };
            }
        };
        let hex = self.bytes.get(self.at..self.at + digits).and_then(|h| std::str::from_utf8(h).ok());
        let Some(code) = hex.and_then(|h| u32::from_str_radix(h, 16).ok()) else {
            return self.fail("a bad escape");
        };
        self.at += digits;
        // Half of a surrogate pair occurs in descriptions only, which are not kept.
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_notations_give_one_value() {
        let json = parse(br#"{"id": "a", "on": true, "price": 0.30, "list": [1, null]}"#, 0).unwrap();
        let script = parse(b"x={id:\"a\",on:!0,price:0.30,list:[1,void 0]};", 2).unwrap();
        let python = parse(b"dict(id='a', on=True, price=Decimal('0.30'), list=[1, None],)", 0).unwrap();
        assert_eq!(json, script);
        assert_eq!(json, python);
        assert_eq!(json.get("price").and_then(Node::digits), Some("0.30"));
    }

    #[test]
    fn python_dates_and_joined_texts() {
        let node = parse(b"C(d=datetime.date(2026, 1, 9), t=datetime.time(0, 30, tzinfo=datetime.UTC), s='a'\n 'b', or_=[X(equals='q')])", 0);
        let node = node.unwrap();
        assert_eq!(node.text("d"), Some("2026-01-09"));
        assert_eq!(node.text("t"), Some("00:30"));
        assert_eq!(node.text("s"), Some("ab"));
        assert_eq!(node.get("or").unwrap().items()[0].text("equals"), Some("q"));
    }

    #[test]
    fn what_is_cut_is_an_error() {
        for cut in ["", "{", "{a", "[1", "\"x", "{\"a\" 1}", "[1 2]"] {
            assert!(parse(cut.as_bytes(), 0).is_err(), "{cut:?}");
        }
    }
}
