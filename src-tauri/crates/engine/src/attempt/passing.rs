//! What of an answer passes as it came: its bytes go on as they are, but for a key that a provider gives back,
//! whole or in pieces of the text.

use super::{Attempt, reading::Events};
use domain::{ErrorKind, Failure, Secret, StreamEvent};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use transport::{Echo, Tail};

/// Events of which it is not known yet whether a key begins in them.
#[derive(Default)]
pub(super) struct Kept {
    /// The answer passes; of one that does not, nothing is noted.
    on: bool,
    bytes: Vec<u8>,
    /// What they add to each block, in their order.
    texts: Vec<(u32, String)>,
    /// The end of what went on before them, too short to be known for the beginning of a key.
    before: BTreeMap<u32, String>,
}

impl Kept {
    /// For an answer that passes as it comes, or not.
    pub(super) fn new(passes: bool) -> Self {
        Self { on: passes, ..Self::default() }
    }

    /// Notes what the next bytes say.
    pub(super) fn note(&mut self, events: &[StreamEvent], echo: &Echo) {
        if !self.on || echo.is_empty() {
            return;
        }
        for event in events {
            if let StreamEvent::BlockDelta { block, text } = event {
                self.texts.push((*block, text.clone()));
            }
        }
    }

    /// One piece of one block, as most come, in which no key is. Its end is noted as what went on.
    fn is_plain(&mut self, echo: &Echo, last: bool) -> bool {
        let [(block, text)] = self.texts.as_slice() else { return self.texts.is_empty() };
        let before = self.before.entry(*block).or_default();
        let seen = before.len();
        before.push_str(text);
        let plain = echo.places(before, last).is_empty();
        if plain {
            let end = before.len() - echo.end_of(before).len();
            before.drain(..end);
        } else {
            before.truncate(seen);
        }
        plain
    }

    /// The bytes without keys; `None` = a key is in them that could not be found there. `last`: nothing follows.
    fn cleared(&mut self, echo: &Echo, last: bool) -> Option<Vec<u8>> {
        if self.is_plain(echo, last) {
            self.texts.clear();
            return Some(std::mem::take(&mut self.bytes));
        }
        let mut clean: Vec<Option<String>> = vec![None; self.texts.len()];
        let blocks: BTreeSet<u32> = self.texts.iter().map(|(block, _)| *block).collect();
        for block in blocks {
            let before = self.before.remove(&block).unwrap_or_default();
            let of = |place: &usize| self.texts.get(*place).is_some_and(|(of, _)| *of == block);
            let places: Vec<usize> = (0..self.texts.len()).filter(of).collect();
            let texts: Vec<&str> =
                places.iter().filter_map(|p| Some(self.texts.get(*p)?.1.as_str())).collect();
            let whole = format!("{before}{}", texts.concat());
            let mut keys = echo.places(&whole, last);
            let mut start = before.len();
            for text in &texts {
                // One that is whole in a piece is found in the bytes as well.
                let inside = start..start + text.len();
                keys.retain(|key| {
                    key.start < inside.start || key.end > inside.end || !echo.is_key(&whole, key)
                });
                start = inside.end;
            }
            let mut start = before.len();
            for (place, text) in places.iter().zip(&texts) {
                let new = without(&whole, start..start + text.len(), &keys, before.len());
                if let Some(slot) = clean.get_mut(*place).filter(|_| new != *text) {
                    *slot = Some(new);
                }
                start += text.len();
            }
            self.before.insert(block, echo.end_of(&whole).to_owned());
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        let texts = std::mem::take(&mut self.texts);
        if clean.iter().all(Option::is_none) {
            return Some(bytes);
        }
        let mut from = 0;
        for ((_, was), new) in texts.into_iter().zip(clean) {
            let was = serde_json::to_string(&was).ok()?;
            match (value(&bytes, from, was.as_bytes()), new) {
                // Those that stay are passed over, so that none of them is taken for one that does not.
                (Some(at), None) => from = at + was.len(),
                (None, None) => {}
                (at, Some(new)) => {
                    let (at, new) = (at?, serde_json::to_string(&new).ok()?);
                    bytes.splice(at..at + was.len(), new.bytes());
                    from = at + new.len();
                }
            }
        }
        Some(bytes)
    }
}

/// A piece of a text with a mark where a key began, and nothing where it went on. What is in front of `first` has
/// gone on already.
fn without(whole: &str, piece: Range<usize>, keys: &[Range<usize>], first: usize) -> String {
    let mut out = String::new();
    let mut at = piece.start;
    for key in keys.iter().filter(|key| key.end > piece.start && key.start < piece.end) {
        out.push_str(whole.get(at..key.start.max(at)).unwrap_or_default());
        if piece.contains(&key.start.max(first)) {
            out.push_str(transport::MARK);
        }
        at = key.end.min(piece.end);
    }
    out.push_str(whole.get(at..piece.end).unwrap_or_default());
    out
}

/// Names under which the four protocols put the text of an answer into a piece of it.
const TEXTS: &[&str] = &[
    "content",
    "text",
    "delta",
    "arguments",
    "partial_json",
    "thinking",
    "reasoning",
    "reasoning_content",
    "refusal",
    "input",
];

/// Where, from here on, a quoted text stands as a piece of an answer. Its id may be the same letter.
fn value(bytes: &[u8], from: usize, quoted: &[u8]) -> Option<usize> {
    let mut places = bytes.get(from..)?.windows(quoted.len()).enumerate();
    let text = |at: usize| {
        let front = bytes.get(..at).unwrap_or_default().trim_ascii_end();
        let name = front.strip_suffix(b":").map(<[u8]>::trim_ascii_end);
        name.is_some_and(|name| TEXTS.iter().any(|text| name.ends_with(format!("\"{text}\"").as_bytes())))
    };
    places.find(|(at, window)| *window == quoted && text(from + at)).map(|(at, _)| from + at)
}

impl Attempt<'_> {
    /// Hands on whole events as they came. One that ends like the beginning of a key waits for the next.
    pub(super) async fn pass(
        &mut self,
        bytes: Vec<u8>,
        last: bool,
        out: &mut impl Events,
    ) -> Result<(), Failure> {
        if self.kept.bytes.is_empty() {
            self.kept.bytes = bytes;
        } else {
            self.kept.bytes.extend(bytes);
        }
        if self.kept.bytes.is_empty() || (!last && self.tails.values().any(Tail::holds)) {
            return Ok(());
        }
        let Some(bytes) = self.kept.cleared(&self.echo, last) else {
            return Err(Failure::new(
                ErrorKind::StreamMalformed,
                format!(
                    "{} gave back the key that it was sent, in pieces, so the rest of its answer is left out. \
                     Look whether its address is the right one, and make a new key.",
                    self.plan.known.provider.name
                ),
            ));
        };
        let bytes = {
            let text = String::from_utf8_lossy(&bytes);
            let echoed = |secret: &Secret| !secret.is_empty() && text.contains(secret.expose());
            let clean = self.scrub.iter().any(echoed).then(|| self.clean(text.clone().into_owned()));
            // Its letters may be escaped as no other writer of JSON would.
            let clean = self.echo.without_escaped(clean.as_deref().unwrap_or(&text)).or(clean);
            clean.map_or(bytes, String::into_bytes)
        };
        out.bytes(bytes).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const KEY: &str = "canary-0123456789-abcdefgh";

    fn event(text: &str) -> String {
        format!(
            "data: {}\n\n",
            serde_json::json!({ "choices": [{ "delta": { "content": text } }], "id": "c" })
        )
    }

    /// Passes texts on as an attempt does, but for keys that are whole in one; what came out, as text and bytes.
    fn passed(pieces: &[&str]) -> (String, String) {
        let echo = Echo::new(&[Secret::new(KEY)]);
        let (mut kept, mut tail, mut out) = (Kept::new(true), Tail::default(), Vec::new());
        for piece in pieces {
            kept.note(&[StreamEvent::BlockDelta { block: 0, text: (*piece).to_owned() }], &echo);
            kept.bytes.extend(event(piece).into_bytes());
            let _ = echo.push(&mut tail, piece);
            if !tail.holds() {
                out.extend(kept.cleared(&echo, false).unwrap());
            }
        }
        out.extend(kept.cleared(&echo, true).unwrap());
        let out = String::from_utf8(out).unwrap();
        let said = out.split("data: ").skip(1).map(|data| {
            let json: serde_json::Value = serde_json::from_str(data).unwrap();
            json["choices"][0]["delta"]["content"].as_str().unwrap().to_owned()
        });
        (said.collect(), out)
    }

    #[test]
    fn a_key_is_gone_wherever_the_events_are_cut() {
        let text = format!("You sent “{KEY}”, \"that\" is {KEY}{KEY} and cana 😀.");
        for first in 0..=text.len() {
            let Some((one, rest)) = text.split_at_checked(first) else { continue };
            for second in 0..=rest.len() {
                let Some((two, three)) = rest.split_at_checked(second) else { continue };
                let said = passed(&[one, two, three]).0.replace(KEY, transport::MARK);
                let left = said.replace(transport::MARK, "");
                assert!(!left.contains("canary") && !left.contains("abcdefgh"), "{first}, {second}: {said}");
                assert!(said.starts_with("You sent “") && said.ends_with(" and cana 😀."), "{said}");
            }
        }
        let single: Vec<String> = text.chars().map(String::from).collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        let (said, _) = passed(&single);
        assert!(!said.contains("canary") && !said.contains("abcdefgh"), "{said}");
        let (said, _) = passed(&["It is ", "canary-0123456789-abc"]);
        assert_eq!(said, "It is [key]", "one that breaks off does not go on either");
    }

    #[test]
    fn everything_else_passes_byte_for_byte() {
        let pieces = ["naïve ", "can", "ary", " bird \"", "canary-0", "\n", "日本"];
        let (_, out) = passed(&pieces);
        assert_eq!(out, pieces.map(event).concat());
    }
}
