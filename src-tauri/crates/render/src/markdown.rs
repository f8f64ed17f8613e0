//! An answer that grows, rendered again and again.

use crate::{
    clean::{self, SafeHtml},
    document::{self, Raw},
};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// One top-level block of a document: a paragraph, a list, a code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Hash of what is shown; within one document no two blocks share a key, and a block that keeps its
    /// key keeps its HTML. Good for this process only.
    pub key: u64,
    /// The block, ready to be inserted.
    pub html: SafeHtml,
}

/// What changed: the first `keep` blocks stay as they are, the rest is replaced by `blocks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Blocks that stay.
    pub keep: usize,
    /// What follows them.
    pub blocks: Vec<Block>,
}

/// Highlighted code by its hash, so that a list with code blocks in it does not highlight them again with
/// every word that is added to the list.
pub(crate) type Highlighted = HashMap<u64, Arc<str>>;

/// The rendered state of one growing document.
///
/// Each update parses the whole source again, because later text can change earlier text (a reference
/// link gets its definition, a paragraph becomes a table); only blocks that came out differently are
/// cleaned, highlighted and handed out.
#[derive(Debug, Default)]
pub struct Markdown {
    blocks: Vec<Block>,
    highlighted: Highlighted,
}

impl Markdown {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Renders `source`, which is the whole text so far, and says what is new.
    ///
    /// With `open` more is to come: marks that are still open at the end are closed or hidden for display,
    /// and a code block that is still being written stays plain.
    pub fn update(&mut self, source: &str, open: bool) -> Patch {
        let raws = document::raws(source, open);
        let keys = keys(&raws);
        let keep = keys.iter().zip(&self.blocks).take_while(|(key, block)| **key == block.key).count();
        let mut old: HashMap<u64, SafeHtml> =
            self.blocks.drain(keep..).map(|block| (block.key, block.html)).collect();
        let mut highlighted = Highlighted::new();
        for (raw, key) in raws.into_iter().zip(keys).skip(keep) {
            let html = match old.remove(&key) {
                Some(html) => html,
                None => clean::finish(&raw, &self.highlighted, &mut highlighted),
            };
            self.blocks.push(Block { key, html });
        }
        self.highlighted.extend(highlighted);
        if !open {
            self.highlighted = Highlighted::new();
        }
        Patch { keep, blocks: self.blocks.get(keep..).unwrap_or_default().to_vec() }
    }

    /// All blocks as of the last update: what folding every patch gives.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

/// Renders a document that is complete.
pub fn render_whole(source: &str) -> Vec<Block> {
    let mut whole = Markdown::new();
    whole.update(source, false);
    whole.blocks
}

/// Keys are made of everything a block's HTML depends on and nothing else. Equal blocks are told apart by
/// counting them: the window keeps its elements by key and needs them distinct.
fn keys(raws: &[Raw]) -> Vec<u64> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    raws.iter()
        .map(|raw| {
            let mut hasher = DefaultHasher::new();
            raw.hash(&mut hasher);
            let key = hasher.finish();
            let nth = seen.entry(key).or_default();
            *nth += 1;
            if *nth == 1 {
                return key;
            }
            nth.hash(&mut hasher);
            hasher.finish()
        })
        .collect()
}
