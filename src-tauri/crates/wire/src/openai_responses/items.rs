//! Items of a Responses answer while they are being written, and what their types are to us.

use domain::BlockKind;

/// More parts than any item has.
pub(super) const MAX_PARTS: u64 = 64;

/// An item of the output while it is being written.
pub(super) struct Item {
    pub(super) index: u64,
    /// Its parts, each with its block; those of reasoning share one.
    pub(super) parts: Vec<Written>,
    /// The part of its reasoning that deltas go on with which name none.
    pub(super) section: u64,
    /// What was said to a tool nobody has named yet: a block's opening names it.
    pub(super) held: String,
    /// Something of it was said by a delta.
    pub(super) said: bool,
    pub(super) done: bool,
}

/// What was written of a part: enough to tell whether the whole of it begins so.
pub(super) struct Written {
    pub(super) part: u64,
    pub(super) block: u32,
    pub(super) bytes: usize,
    pub(super) mark: Mark,
}

/// FNV-1a of what was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u64);

impl Mark {
    pub(super) const NONE: Self = Self(0xcbf2_9ce4_8422_2325);

    pub(super) fn and(self, text: &str) -> Self {
        Self(text.bytes().fold(self.0, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

impl Item {
    pub(super) fn written(&self, part: u64) -> Option<&Written> {
        self.parts.iter().find(|written| written.part == part)
    }

    pub(super) fn opened(&mut self, part: u64, block: u32) {
        self.parts.push(Written { part, block, bytes: 0, mark: Mark::NONE });
    }
}

pub(super) fn tool(id: &str, name: &str) -> BlockKind {
    BlockKind::ToolCall { id: id.to_owned(), name: name.to_owned() }
}

pub(super) fn server(name: &str) -> BlockKind {
    BlockKind::ServerTool { name: name.to_owned() }
}

/// Where items of tools at the provider say what was asked of them, or what came of it.
pub(super) const SAID: &[&str] =
    &["arguments", "input", "action", "code", "queries", "query", "revised_prompt", "output", "tools"];

/// The name of a tool at the provider, by the type of an item: its call, its output, or what it can do.
pub(super) fn of_provider(sort: &str) -> Option<&str> {
    let other = sort.ends_with("_output") || sort.starts_with("mcp_") || sort == "program";
    sort.strip_suffix("_call").or(other.then_some(sort))
}

/// The part of an item's reasoning: its summaries and its own words are numbered apart.
pub(super) fn paragraph(place: u64, own: bool) -> u64 {
    place.min(MAX_PARTS / 2 - 1) * 2 + u64::from(own)
}
