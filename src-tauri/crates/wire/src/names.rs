//! Names of tools: the client's own, and ours for those that a dialect does not take.
//!
//! A name is part of what a program says, and comes back in its answer. So a name that does not fit is replaced on the
//! way out wherever it stands, and put back in what comes. The same name has the same replacement in every request that
//! names the same tools before it, so that a conversation which goes on is the same text for a prompt cache: only where
//! the replacements of two names fall together does the order decide.

use crate::{Decoder, Dialect, Ending};
use domain::{BlockKind, Part, Request, StreamEvent, ToolChoice};
use std::collections::{HashMap, HashSet};

/// What a dialect takes for the name of a tool, besides letters and digits.
#[derive(Clone, Copy, Debug)]
pub struct NameRule {
    /// Signs that may stand in it.
    pub(crate) signs: &'static [u8],
    /// Its most bytes.
    pub(crate) most: usize,
    /// It begins with a letter or `_`.
    pub(crate) word: bool,
}

/// Letters, digits, `_` and `-`, so many at most.
pub(crate) const fn plain(most: usize) -> Option<NameRule> {
    Some(NameRule { signs: b"_-", most, word: false })
}

/// The beginning of FNV-1a, and its step.
pub(crate) const HASH: u64 = 0xcbf2_9ce4_8422_2325;
pub(crate) fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

impl NameRule {
    fn takes(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || self.signs.contains(&byte)
    }

    fn begins(&self, byte: u8) -> bool {
        !self.word || byte.is_ascii_alphabetic() || byte == b'_'
    }

    fn fits(&self, name: &str) -> bool {
        name.len() <= self.most
            && name.bytes().all(|byte| self.takes(byte))
            && name.bytes().next().is_none_or(|first| self.begins(first))
    }

    /// As much of the name as can be read, and a mark made of the whole of it that tells it from others.
    fn made(&self, name: &str, times: u32) -> String {
        let hash = name.bytes().chain(times.to_le_bytes()).fold(HASH, mix);
        let mark = format!("_{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff));
        let as_taken = |c: char| match u8::try_from(c) {
            Ok(byte) if self.takes(byte) => c,
            _ => '_',
        };
        let first = name.bytes().next().filter(|first| !self.begins(*first)).map(|_| '_');
        let letters = first.into_iter().chain(name.chars().map(as_taken));
        let mut made: String = letters.take(self.most.saturating_sub(mark.len())).collect();
        made.push_str(&mark);
        made
    }
}

/// The names of a request that its dialect does not take, each with the one that stands for it. A request can have as
/// many as fit into it, so they are looked up and not searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolNames {
    ours: HashMap<String, String>,
    theirs: HashMap<String, String>,
}

impl ToolNames {
    /// Those of this request; `None` = all of them can be sent.
    pub fn of(dialect: &dyn Dialect, request: &Request) -> Option<Self> {
        let rule = dialect.tool_names()?;
        if names(request).all(|name| rule.fits(name)) {
            return None;
        }
        let mut used: HashSet<String> =
            names(request).filter(|name| rule.fits(name)).map(str::to_owned).collect();
        let mut made = Self { ours: HashMap::new(), theirs: HashMap::new() };
        for name in names(request).filter(|name| !rule.fits(name)) {
            if made.ours.contains_key(name) {
                continue;
            }
            let mut all = (0..u32::MAX).map(|times| rule.made(name, times));
            if let Some(ours) = all.find(|ours| used.insert(ours.clone())) {
                made.theirs.insert(ours.clone(), name.to_owned());
                made.ours.insert(name.to_owned(), ours);
            }
        }
        Some(made)
    }

    /// The request with names that can be sent.
    pub fn put(&self, request: &Request) -> Request {
        let mut request = request.clone();
        let rename = |name: &mut String| {
            if let Some(ours) = self.ours.get(name) {
                name.clone_from(ours);
            }
        };
        request.tools.iter_mut().for_each(|tool| rename(&mut tool.name));
        if let Some(ToolChoice::Named { name }) = &mut request.tool_choice {
            rename(name);
        }
        for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
            if let Part::ToolCall { name, .. } | Part::ToolResult { name, .. } = part {
                rename(name);
            }
        }
        request
    }

    /// A decoder of the answer, in whose events the client's names stand.
    pub fn reading(self, decoder: Box<dyn Decoder>) -> Box<dyn Decoder> {
        Box::new(Reading { names: self, decoder })
    }

    fn put_back(&self, events: &mut [StreamEvent]) {
        for event in events {
            if let StreamEvent::BlockOpen { kind: BlockKind::ToolCall { name, .. }, .. } = event
                && let Some(theirs) = self.theirs.get(name)
            {
                name.clone_from(theirs);
            }
        }
    }
}

/// Every name of a tool in the request. A result may be of a call that nobody knows: it has none.
fn names(request: &Request) -> impl Iterator<Item = &str> {
    let chosen = match &request.tool_choice {
        Some(ToolChoice::Named { name }) => Some(name.as_str()),
        _ => None,
    };
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let said = parts.filter_map(|part| match part {
        Part::ToolCall { name, .. } | Part::ToolResult { name, .. } => Some(name.as_str()),
        _ => None,
    });
    let tools = request.tools.iter().map(|tool| tool.name.as_str());
    tools.chain(chosen).chain(said).filter(|name| !name.is_empty())
}

struct Reading {
    names: ToolNames,
    decoder: Box<dyn Decoder>,
}

impl Decoder for Reading {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) {
        let before = out.len();
        self.decoder.push(bytes, out);
        self.names.put_back(out.get_mut(before..).unwrap_or_default());
    }

    fn ended(&self) -> bool {
        self.decoder.ended()
    }

    fn finish(self: Box<Self>, out: &mut Vec<StreamEvent>) -> Ending {
        let before = out.len();
        let ending = self.decoder.finish(out);
        self.names.put_back(out.get_mut(before..).unwrap_or_default());
        ending
    }
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
