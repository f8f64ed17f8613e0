//! Cuts a JSON file into its conversations without reading it whole: the elements of a top-level array, or
//! the values one after the other (JSON lines).
//!
//! Only brackets and strings are followed, so one conversation that is not sound JSON costs nothing but
//! itself.

use std::io::{self, BufRead};

/// Largest conversation, in bytes of JSON. Of one that is larger the files that stand in it as base64 are left behind; if
/// it still is, it is passed over: it would have to be held in memory several times.
pub const LARGEST: usize = 24 * 1024 * 1024;

/// One value of the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Element {
    /// Its bytes.
    Whole(Vec<u8>),
    /// It is larger than [`LARGEST`]: this many bytes.
    TooLarge(u64),
    /// The file ends in the middle of it.
    CutOff,
}

/// The values of a file, one by one.
pub struct Elements<R> {
    input: R,
    begun: bool,
    array: bool,
    over: bool,
    read: u64,
}

/// Where a scan of one value stands.
struct Scan {
    depth: u32,
    string: bool,
    escape: bool,
    bytes: Vec<u8>,
    length: u64,
    without: Option<Without>,
}

/// What stands before a file's bytes in its address.
const FILE: &[u8] = b";base64,";

/// Less than so much behind it is words about addresses.
const SHORT: usize = 256;

/// Leaves the base64 of files behind.
#[derive(Default)]
struct Without {
    /// How much of [`FILE`] was just read.
    begun: usize,
    /// How much was read of what stands behind it.
    inside: Option<usize>,
}

impl Without {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            let of_file = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
            if let Some(length) = self.inside.as_mut().filter(|_| of_file) {
                match *length {
                    0..SHORT => out.push(*byte),
                    SHORT => out.truncate(out.len().saturating_sub(SHORT)),
                    _ => {}
                }
                *length = length.saturating_add(1);
                continue;
            }
            self.inside = None;
            self.begun = match FILE.get(self.begun) {
                Some(next) if next == byte => self.begun + 1,
                _ => usize::from(*byte == FILE[0]),
            };
            if self.begun == FILE.len() {
                (self.begun, self.inside) = (0, Some(0));
            }
            out.push(*byte);
        }
    }
}

impl<R: BufRead> Elements<R> {
    /// Reads from the start of a file.
    pub const fn new(input: R) -> Self {
        Self { input, begun: false, array: false, over: false, read: 0 }
    }

    /// Bytes read so far.
    pub const fn read(&self) -> u64 {
        self.read
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn skip(&mut self, bytes: usize) {
        self.input.consume(bytes);
        self.read += bytes as u64;
    }

    /// The first byte that is not in `idle`, still unread.
    fn pass(&mut self, idle: impl Fn(u8) -> bool) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !idle(byte) {
                return Ok(Some(byte));
            }
            self.skip(1);
        }
        Ok(None)
    }

    fn begin(&mut self) -> io::Result<()> {
        self.begun = true;
        for mark in [0xef, 0xbb, 0xbf] {
            if self.peek()? == Some(mark) {
                self.skip(1);
            }
        }
        if self.pass(|byte| byte.is_ascii_whitespace())? == Some(b'[') {
            self.array = true;
            self.skip(1);
        }
        Ok(())
    }

    /// The next value; `None` = there is none.
    pub fn next_element(&mut self) -> io::Result<Option<Element>> {
        if !self.begun {
            self.begin()?;
        }
        if self.over {
            return Ok(None);
        }
        let first = self.pass(|byte| byte.is_ascii_whitespace() || byte == b',')?;
        match first {
            None => {
                self.over = true;
                // An array that was never closed: what came is whole, the rest is missing.
                return Ok(self.array.then_some(Element::CutOff));
            }
            Some(b']') if self.array => {
                self.over = true;
                return Ok(None);
            }
            Some(_) => {}
        }
        let mut scan =
            Scan { depth: 0, string: false, escape: false, bytes: Vec::new(), length: 0, without: None };
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                self.over = true;
                return Ok(Some(if scan.depth == 0 && !scan.string { scan.done() } else { Element::CutOff }));
            }
            let (taken, ended) = scan.take(buffer, self.array);
            scan.keep(&buffer[..taken]);
            self.skip(taken);
            if ended {
                return Ok(Some(scan.done()));
            }
        }
    }
}

impl Scan {
    /// How many of these bytes belong to the value, and whether it ends with them.
    fn take(&mut self, bytes: &[u8], array: bool) -> (usize, bool) {
        for (place, byte) in bytes.iter().enumerate() {
            if self.escape {
                self.escape = false;
                continue;
            }
            if self.string {
                match byte {
                    b'\\' => self.escape = true,
                    b'"' => self.string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.string = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (place + 1, true);
                    }
                }
                // A bare word or number ends with what follows it.
                b']' | b',' if self.depth == 0 && array => return (place, true),
                b'\n' if self.depth == 0 && self.length + place as u64 > 0 => return (place, true),
                _ => {}
            }
        }
        (bytes.len(), false)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length > LARGEST as u64 && self.without.is_none() {
            let mut without = Without::default();
            let whole = std::mem::take(&mut self.bytes);
            without.take(&whole, &mut self.bytes);
            self.without = Some(without);
        }
        match &mut self.without {
            None => self.bytes.extend_from_slice(bytes),
            Some(without) if self.bytes.len() <= LARGEST => without.take(bytes, &mut self.bytes),
            // It is larger without them too: nothing of it is needed.
            Some(_) => self.bytes.truncate(LARGEST + 1),
        }
    }

    fn done(self) -> Element {
        if self.bytes.len() > LARGEST { Element::TooLarge(self.length) } else { Element::Whole(self.bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Cursor};

    fn all(text: &str, buffer: usize) -> Vec<String> {
        let mut elements = Elements::new(BufReader::with_capacity(buffer, Cursor::new(text.as_bytes())));
        let mut found = Vec::new();
        while let Some(element) = elements.next_element().unwrap_or(None) {
            found.push(match element {
                Element::Whole(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Element::TooLarge(_) => "too large".to_owned(),
                Element::CutOff => "cut".to_owned(),
            });
        }
        found
    }

    #[test]
    fn values_are_cut_the_same_for_every_size_of_the_buffer() {
        let array = " \u{feff}[ {\"a\":\"]}\\\"\"} ,\n[1,{}], \"x,]\", 5 , null ]  ";
        let array = array.trim_start();
        let lines = "{\"a\":1}\n{\"b\":[2]}\n\n{\"c\":3}";
        for buffer in 1..20 {
            let found = all(array, buffer);
            let found: Vec<&str> = found.iter().map(|text| text.trim()).collect();
            assert_eq!(found, ["{\"a\":\"]}\\\"\"}", "[1,{}]", "\"x,]\"", "5", "null"]);
            assert_eq!(all(lines, buffer), ["{\"a\":1}", "{\"b\":[2]}", "{\"c\":3}"]);
            assert_eq!(all("[{\"a\":1},{\"b\"", buffer), ["{\"a\":1}", "cut"]);
            assert_eq!(all("[{\"a\":1}", buffer), ["{\"a\":1}", "cut"]);
            assert_eq!(all("{\"a\":", buffer), ["cut"]);
            assert_eq!(all("", buffer), [""; 0]);
            assert_eq!(all("[]", buffer), [""; 0]);
        }
    }

    #[test]
    fn what_is_too_large_costs_only_itself() {
        let text = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(LARGEST));
        assert_eq!(all(&text, 65_536), ["too large", "{\"b\":1}"]);
    }

    #[test]
    fn what_is_too_large_for_its_pictures_comes_without_them() {
        let photo = "QUJD+/w=".repeat(1_000_000);
        let message = format!("{{\"url\":\"data:image/png;base64,{photo}\",\"words\":\"a;base64,b c\"}}");
        let many = [message.as_str(); 5].join(",");
        let few = format!("[{message}]");
        let kept = "{\"url\":\"data:image/png;base64,\",\"words\":\"a;base64,b c\"}";
        let found = all(&format!("[[{many}],{few}]"), 65_536);
        assert_eq!(found, [format!("[{}]", [kept; 5].join(",")), few]);
    }
}
