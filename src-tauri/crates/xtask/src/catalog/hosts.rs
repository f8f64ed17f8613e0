//! Which provider of ours is which in each source: `data/hosts.json`, one line a provider.

use super::literal::{self, Node};
use anyhow::{Context, Result};
use std::path::Path;

/// One provider's ids in the sources; `None` = that source does not have it.
pub(crate) struct Host {
    /// Our id.
    pub(crate) id: String,
    pub(crate) models_dev: Option<String>,
    pub(crate) genai: Option<String>,
    pub(crate) pi: Option<String>,
    /// LiteLLM's `litellm_provider`s.
    pub(crate) litellm: Vec<String>,
    /// Author of its models where their ids name none: it serves its own.
    pub(crate) author: Option<String>,
}

/// Reads the list.
pub(crate) fn read(path: &Path) -> Result<Vec<Host>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let list = literal::parse(&bytes, 0).with_context(|| path.display().to_string())?;
    let host = |node: &Node| {
        let text = |key: &str| node.text(key).map(str::to_owned);
        let litellm = node.get("litellm").map(Node::items).unwrap_or_default();
        Ok(Host {
            id: text("id").context("a host without an id")?,
            models_dev: text("models_dev"),
            genai: text("genai"),
            pi: text("pi"),
            litellm: litellm.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
            author: text("author"),
        })
    };
    list.items().iter().map(host).collect()
}
