//! An answer that grows, rendered again and again.

use crate::{
    clean::{self, SafeHtml},
    document::{self, Raw, Written},
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
/// Later text can change earlier text: a paragraph becomes a table, a list goes on, a reference link gets its
/// definition. What it cannot change any more, blocks that are complete in a document without definitions, is not
/// parsed again, so that a word costs the same at the end of a long answer as at its beginning. Of the rest only
/// blocks that came out differently are cleaned, highlighted and handed out.
#[derive(Debug, Default)]
pub struct Markdown {
    blocks: Vec<Block>,
    highlighted: Highlighted,
    settled: Settled,
}

/// The beginning of a document that stays as it is.
#[derive(Debug, Default)]
struct Settled {
    text: String,
    /// How many blocks it makes.
    blocks: usize,
    /// How often each of them stands there.
    seen: HashMap<u64, u64>,
    /// Something was defined: any of it may change with every word.
    never: bool,
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
        let rest = self.settled.rest(source).unwrap_or_else(|| {
            self.settled = Settled { never: self.settled.never, ..Settled::default() };
            source
        });
        let Written { raws, settled } = document::written(rest, open);
        let hashes: Vec<u64> = raws.iter().map(hash).collect();
        let keys = self.settled.keys(&hashes);
        let before = self.settled.blocks;
        let same = keys.iter().zip(self.blocks.iter().skip(before));
        let same = same.take_while(|(key, block)| **key == block.key).count();
        let keep = before + same;
        let mut old: HashMap<u64, SafeHtml> =
            self.blocks.drain(keep..).map(|block| (block.key, block.html)).collect();
        let mut highlighted = Highlighted::new();
        for (raw, key) in raws.into_iter().zip(keys).skip(same) {
            let html = match old.remove(&key) {
                Some(html) => html,
                None => clean::finish(&raw, &self.highlighted, &mut highlighted),
            };
            self.blocks.push(Block { key, html });
        }
        self.highlighted.extend(highlighted);
        if let Some((bytes, blocks)) = settled {
            self.settled.take(rest.get(..bytes).unwrap_or(""), hashes.get(..blocks).unwrap_or(&[]));
        }
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

impl Settled {
    /// What follows, or `None` where the whole has to be looked at again.
    fn rest<'a>(&mut self, source: &'a str) -> Option<&'a str> {
        let rest = source.strip_prefix(self.text.as_str())?;
        self.never |= source.len() > document::LONGEST || document::defines(rest);
        (!self.never).then_some(rest)
    }

    fn take(&mut self, text: &str, hashes: &[u64]) {
        self.text.push_str(text);
        self.blocks += hashes.len();
        for hash in hashes {
            *self.seen.entry(*hash).or_default() += 1;
        }
    }

    /// Keys of the blocks that follow. Equal blocks are told apart by counting them: the window keeps its elements
    /// by key and needs them distinct.
    fn keys(&self, hashes: &[u64]) -> Vec<u64> {
        let mut seen: HashMap<u64, u64> = HashMap::new();
        let key = |hash: &u64| {
            let nth = seen.entry(*hash).or_insert_with(|| self.seen.get(hash).copied().unwrap_or(0));
            *nth += 1;
            if *nth == 1 {
                return *hash;
            }
            let mut hasher = DefaultHasher::new();
            (*hash, *nth).hash(&mut hasher);
            hasher.finish()
        };
        hashes.iter().map(key).collect()
    }
}

/// Made of everything a block's HTML depends on and nothing else.
fn hash(raw: &Raw) -> u64 {
    let mut hasher = DefaultHasher::new();
    raw.hash(&mut hasher);
    hasher.finish()
}

/// Renders a document that is complete.
pub fn render_whole(source: &str) -> Vec<Block> {
    let mut whole = Markdown::new();
    whole.update(source, false);
    whole.blocks
}
