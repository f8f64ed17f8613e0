//! Usage said piece by piece: of every key the last value counts.
//!
//! Streams restate their usage, some keys in every message and some only once, always as running totals.
//! So pieces are laid over each other and never added.

use crate::json::{Count, Json, write_string};
use domain::{NoticeKind, StreamEvent, say};
use std::borrow::Cow;

/// More keys than this are no usage.
const MAX_KEYS: usize = 64;

/// Everything said of the usage so far.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Keys with their values as JSON text, in order of first appearance.
    said: Vec<(String, String)>,
    doubted: bool,
}

impl Snapshot {
    /// Lays a piece over what was said before. True if anything is new.
    pub(crate) fn take(&mut self, usage: &Json<'_>, out: &mut Vec<StreamEvent>) -> bool {
        let mut changed = false;
        for (key, value) in usage.fields().iter().filter(|(_, value)| !value.is_null()) {
            // Gateways say there what it cost, in dollars, which is no count.
            let counts = matches!(value, Json::Number(_)) && key != "cost";
            if counts && value.count() == Count::Bad && !self.doubted {
                self.doubted = true;
                let detail = say!("The provider's usage gives no whole number for “{key}”.", key);
                out.push(StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail });
            }
            let text: Cow<'_, str> = match value {
                Json::Number(number) => Cow::Borrowed(number),
                other => other.to_text().into(),
            };
            let room = self.said.len() < MAX_KEYS;
            match self.said.iter_mut().find(|(k, _)| k == key) {
                Some((_, have)) if *have == text => {}
                Some((_, have)) => {
                    *have = text.into_owned();
                    changed = true;
                }
                None if room => {
                    self.said.push((key.to_string(), text.into_owned()));
                    changed = true;
                }
                None => {}
            }
        }
        changed
    }

    /// Everything said, as one JSON object.
    pub(crate) fn raw(&self) -> String {
        let size: usize = self.said.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let mut text = String::with_capacity(size + 2);
        text.push('{');
        for (key, value) in &self.said {
            if text.len() > 1 {
                text.push(',');
            }
            write_string(key, &mut text);
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        text
    }

    /// Everything said, as read.
    pub(crate) fn json(&self) -> Json<'_> {
        let fields = self.said.iter();
        let read = fields.map(|(key, text)| (key.as_str().into(), Json::parse(text).unwrap_or(Json::Null)));
        Json::Object(read.collect())
    }
}

/// The count at a pointer, if it is one that can be believed.
pub(crate) fn count(json: &Json<'_>, pointer: &str) -> Option<u64> {
    match json.at(pointer).map(Json::count) {
        Some(Count::Said(n)) => Some(n),
        _ => None,
    }
}

/// A part that can be believed: one larger than its whole cannot.
pub(crate) fn within(part: Option<u64>, whole: Option<u64>) -> Option<u64> {
    part.filter(|part| whole.is_none_or(|whole| *part <= whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_a_snapshot_not_a_sum() {
        let mut usage = Snapshot::default();
        let mut out = Vec::new();
        let start = Json::parse(r#"{"in":25,"cached":{"a":1},"out":1,"tier":null}"#).unwrap();
        let end = Json::parse(r#"{"in":null,"out":15}"#).unwrap();
        assert!(usage.take(&start, &mut out));
        assert!(!usage.take(&start, &mut out), "the same again is nothing new");
        assert!(usage.take(&end, &mut out));
        assert_eq!(usage.raw(), r#"{"in":25,"cached":{"a":1},"out":15}"#);
        assert_eq!(out, []);
    }

    #[test]
    fn a_number_that_is_no_count_is_doubted_once() {
        let mut usage = Snapshot::default();
        let mut out = Vec::new();
        for text in [r#"{"in":-5}"#, r#"{"in":1e30,"out":2.5}"#] {
            usage.take(&Json::parse(text).unwrap(), &mut out);
        }
        assert_eq!(out.len(), 1);
        let raw = usage.raw();
        assert_eq!(count(&Json::parse(&raw).unwrap(), "/in"), None);
    }
}
