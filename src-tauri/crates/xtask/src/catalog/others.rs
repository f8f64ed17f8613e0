//! Prices of what is not offered.

use super::{
    hosts::Host,
    literal::Node,
    models::{NOT_CHAT, genai_models, lite_id, today},
    prices::{self, Sheet},
    sources::Sources,
};
use anyhow::{Context, Result};

/// Prices of ids by the conditions of the source that has some: a model that is offered no longer may still be
/// asked for by its name, and is billed. OpenRouter's own list tells its prices with each answer.
pub(super) fn of(sources: &Sources, host: &Host) -> Result<Vec<(Node, Sheet)>> {
    let mut found = Vec::new();
    if host.id == "openrouter" {
        return Ok(found);
    }
    for model in host.genai.as_deref().map(|g| genai_models(sources, g)).unwrap_or_default() {
        let id = model.text("id").unwrap_or_default();
        let clause = model.get("match").context("a model without a match")?;
        if NOT_CHAT.iter().any(|word| id.contains(word)) {
            continue;
        }
        let mut sheet = prices::genai(model)?;
        let lite = sources.litellm.entries().iter().find(|(key, entry)| {
            let of_host = entry.text("litellm_provider").is_some_and(|p| host.litellm.iter().any(|l| l == p));
            of_host && lite_id(key) == id
        });
        if let Some((_, lite)) = lite {
            prices::weekdays(&mut sheet, lite);
        }
        if sheet.usable(today(), false) {
            found.push((clause.clone(), sheet));
        }
    }
    Ok(found)
}
