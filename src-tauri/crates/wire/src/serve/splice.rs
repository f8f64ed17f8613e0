//! Fields of a JSON object changed in its text, everything else left byte for byte.

use super::read::{invalid, object};
use crate::{json::write_string, scan};
use domain::Failure;
use std::ops::Range;

/// One field of the object, by where it stands.
pub(super) struct Field {
    /// Its name, unescaped.
    pub(super) key: String,
    /// From the name's quote to the end of the value.
    pub(super) all: Range<usize>,
    /// The name with its quotes.
    pub(super) name: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
}

/// The fields of an object in its text, which was read whole before.
pub(super) fn fields(text: &str) -> Result<Vec<Field>, Failure> {
    let broken = || invalid("body", "The body of the request cannot be read.");
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut at = skip_space(bytes, 0) + 1;
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at) {
            Some(b'}') => return Ok(fields),
            Some(b',') => at += 1,
            Some(b'"') => {
                let name = at..skip_string(bytes, at);
                let colon = skip_space(bytes, name.end);
                if bytes.get(colon) != Some(&b':') {
                    return Err(broken());
                }
                let start = skip_space(bytes, colon + 1);
                let end = skip_value(bytes, start);
                let key: String = serde_json::from_str(text.get(name.clone()).ok_or_else(broken)?)
                    .map_err(|_| invalid("body", "The name of a field cannot be read."))?;
                fields.push(Field { key, all: name.start..end, name, value: start..end });
                at = end;
            }
            _ => return Err(broken()),
        }
    }
}

/// Where the items of a list stand in its text, which was read whole before.
pub(super) fn items(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut items = Vec::new();
    let mut at = skip_space(bytes, 0) + 1;
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at) {
            None | Some(b']') => return items,
            Some(b',') => at += 1,
            Some(_) => {
                let end = skip_value(bytes, at);
                items.push(at..end);
                at = end.max(at + 1);
            }
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The place behind a string that begins here.
fn skip_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(step) = bytes.get(at..).and_then(|rest| scan::find(rest, b'"', b'\\')) {
        at += step;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The place behind a value that begins here.
fn skip_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_u32;
    loop {
        match bytes.get(at) {
            None => return bytes.len(),
            Some(b'"') => {
                at = skip_string(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') if depth == 0 => return at,
            Some(b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            Some(b',' | b' ' | b'\n' | b'\r' | b'\t') if depth == 0 => return at,
            Some(_) => {}
        }
        at += 1;
    }
}

/// Changes to an object, applied together.
pub(super) struct Splice<'a> {
    text: &'a str,
    pub(super) fields: Vec<Field>,
    removed: Vec<usize>,
    replaced: Vec<(Range<usize>, String)>,
    added: Vec<(String, String)>,
}

impl<'a> Splice<'a> {
    /// Of a text that nobody has read: it is read whole first, so that nothing broken is passed on.
    pub(super) fn new(text: &'a str) -> Result<Self, Failure> {
        object(text)?;
        Self::of_read(text)
    }

    /// Of an object that was read whole, or that stands in such a one.
    pub(super) fn of_read(text: &'a str) -> Result<Self, Failure> {
        let fields = fields(text)?;
        Ok(Self { text, fields, removed: Vec::new(), replaced: Vec::new(), added: Vec::new() })
    }

    /// The text of a field's value; of several of one name the last counts.
    pub(super) fn value(&self, key: &str) -> Option<&'a str> {
        self.fields.iter().rev().find(|field| field.key == key).map(|field| &self.text[field.value.clone()])
    }

    /// Takes a field out.
    pub(super) fn remove(&mut self, key: &str) {
        let places =
            self.fields.iter().enumerate().filter(|(_, field)| field.key == key).map(|(place, _)| place);
        self.removed.extend(places);
        self.added.retain(|(name, _)| name != key);
    }

    /// Gives a field this value, as JSON text; a field that is not there is added.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        let mut found = false;
        for (place, field) in self.fields.iter().enumerate().filter(|(_, field)| field.key == key) {
            if !self.removed.contains(&place) {
                found = true;
                self.replaced.retain(|(range, _)| *range != field.value);
                self.replaced.push((field.value.clone(), value.to_owned()));
            }
        }
        self.added.retain(|(name, _)| name != key);
        if !found {
            self.added.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Gives a field another name.
    pub(super) fn rename(&mut self, key: &str, to: &str) {
        for field in self.fields.iter().filter(|field| field.key == key) {
            self.replaced.push((field.name.clone(), quoted(to)));
        }
    }

    /// The text with every change made.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.removed.sort_unstable();
        self.removed.dedup();
        self.replaced.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(self.text.len() + 64);
        let Some(open) = self.text.find('{') else { return self.text.as_bytes().to_vec() };
        out.push_str(&self.text[..=open]);
        let mut first = true;
        for (key, value) in &self.added {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            write_string(key, &mut out);
            out.push(':');
            out.push_str(value);
        }
        // What stands between two fields goes with the second of them, without the comma of one that is gone.
        let mut at = open + 1;
        let mut kept = false;
        for (place, field) in self.fields.iter().enumerate() {
            let between = &self.text[at..field.all.start];
            at = field.all.end;
            if self.removed.binary_search(&place).is_ok() {
                continue;
            }
            match (kept || !first, between.contains(',')) {
                (true, false) => out.push(','),
                (true, true) | (false, false) => {}
                (false, true) => {
                    out.push_str(&between.replacen(',', "", 1));
                    kept = true;
                    self.write(field, &mut out);
                    continue;
                }
            }
            out.push_str(between);
            kept = true;
            self.write(field, &mut out);
        }
        out.push_str(&self.text[at..]);
        out.into_bytes()
    }

    fn write(&self, field: &Field, out: &mut String) {
        let mut at = field.all.start;
        for (range, value) in &self.replaced {
            if range.start >= at && range.end <= field.all.end {
                out.push_str(&self.text[at..range.start]);
                out.push_str(value);
                at = range.end;
            }
        }
        out.push_str(&self.text[at..field.all.end]);
    }
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, change: impl Fn(&mut Splice<'_>)) -> String {
        let mut splice = Splice::new(text).unwrap();
        change(&mut splice);
        let out = String::from_utf8(splice.finish()).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{out}");
        out
    }

    #[test]
    fn only_what_is_named_changes() {
        let text = "{ \"model\" : \"a\\\"b\",\n  \"x\":[1,{\"model\":\"no\"}] , \"n\":1e40,\"s\":\"}\" }";
        let out = changed(text, |s| s.set("model", "\"m\""));
        assert_eq!(out, text.replace("\"a\\\"b\"", "\"m\""));
        assert_eq!(changed("{}", |s| s.set("a", "1")), "{\"a\":1}");
        assert_eq!(changed("{\"b\":2}", |s| s.set("a", "1")), "{\"a\":1,\"b\":2}");
        assert_eq!(changed("{\"b\":2}", |s| s.rename("b", "c")), "{\"c\":2}");
    }

    #[test]
    fn items_of_a_list_are_found() {
        let found =
            |text: &str| -> Vec<String> { items(text).into_iter().map(|at| text[at].to_owned()).collect() };
        assert_eq!(
            found(" [ 1 ,{\"a\":[2,\"]\"]}, \"x,y\",[] ]"),
            ["1", "{\"a\":[2,\"]\"]}", "\"x,y\"", "[]"]
        );
        assert!(found("[]").is_empty() && found(" [ ] ").is_empty());
    }

    #[test]
    fn fields_are_taken_out_with_their_commas() {
        let text = "{\"a\":1, \"b\":2, \"c\":3}";
        assert_eq!(changed(text, |s| s.remove("a")), "{ \"b\":2, \"c\":3}");
        assert_eq!(changed(text, |s| s.remove("b")), "{\"a\":1, \"c\":3}");
        assert_eq!(changed(text, |s| s.remove("c")), "{\"a\":1, \"b\":2}");
        let none = changed(text, |s| ["a", "b", "c"].iter().for_each(|key| s.remove(key)));
        assert_eq!(none, "{}");
        let other = changed(text, |s| {
            ["a", "b", "c"].iter().for_each(|key| s.remove(key));
            s.set("d", "4");
        });
        assert_eq!(other, "{\"d\":4}");
        let twice = changed("{\"a\":1,\"a\":2,\"b\":0}", |s| s.remove("a"));
        assert_eq!(twice, "{\"b\":0}");
    }
}
