//! Opens, numbers, extends and closes the blocks of one answer.

use domain::{BlockKind, StreamEvent};
use std::collections::BTreeSet;

/// Blocks of one answer. Numbers rise from 0 in order of appearance; every block opened is closed.
#[derive(Default)]
pub(crate) struct Blocks {
    next: u32,
    open: BTreeSet<u32>,
    /// The block that running text goes to, while nothing of another kind comes between.
    flow: Option<(u32, BlockKind)>,
}

impl Blocks {
    /// Opens a block and gives its number.
    pub(crate) fn open(&mut self, kind: BlockKind, out: &mut Vec<StreamEvent>) -> u32 {
        let block = self.next;
        self.next = self.next.saturating_add(1);
        self.open.insert(block);
        out.push(StreamEvent::BlockOpen { block, kind });
        block
    }

    /// Extends a block; empty text is no event.
    pub(crate) fn delta(&self, block: u32, text: &str, out: &mut Vec<StreamEvent>) {
        if !text.is_empty() && self.open.contains(&block) {
            out.push(StreamEvent::BlockDelta { block, text: text.to_owned() });
        }
    }

    /// Closes a block; one that is not open stays closed.
    pub(crate) fn close(&mut self, block: u32, signature: Option<String>, out: &mut Vec<StreamEvent>) {
        if self.open.remove(&block) {
            if self.flow.as_ref().is_some_and(|(b, _)| *b == block) {
                self.flow = None;
            }
            out.push(StreamEvent::BlockClose { block, signature });
        }
    }

    /// Text without a block of its own: goes on in the current block if that is of this kind, and
    /// begins a new one otherwise. Empty text does nothing.
    pub(crate) fn flow(&mut self, kind: BlockKind, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        let block = match &self.flow {
            Some((block, current)) if *current == kind => *block,
            _ => {
                self.end_flow(None, out);
                let block = self.open(kind.clone(), out);
                self.flow = Some((block, kind));
                block
            }
        };
        self.delta(block, text, out);
    }

    /// The kind of the block that running text goes to.
    pub(crate) fn flowing(&self) -> Option<&BlockKind> {
        self.flow.as_ref().map(|(_, kind)| kind)
    }

    /// Closes the block that running text goes to.
    pub(crate) fn end_flow(&mut self, signature: Option<String>, out: &mut Vec<StreamEvent>) {
        if let Some((block, _)) = self.flow.take() {
            self.close(block, signature, out);
        }
    }

    /// A block that is complete at once.
    pub(crate) fn whole(&mut self, kind: BlockKind, text: &str, out: &mut Vec<StreamEvent>) {
        self.end_flow(None, out);
        let block = self.open(kind, out);
        self.delta(block, text, out);
        self.close(block, None, out);
    }

    /// Closes whatever is open, in order of opening.
    pub(crate) fn close_all(&mut self, out: &mut Vec<StreamEvent>) {
        self.flow = None;
        for block in std::mem::take(&mut self.open) {
            out.push(StreamEvent::BlockClose { block, signature: None });
        }
    }

    /// How many blocks there were.
    pub(crate) fn count(&self) -> u32 {
        self.next
    }
}
