//! Prices of ids that the catalogue does not offer: older models, those a provider has retired, dated ones. Whoever
//! names one is answered and billed, so its cost must not be unknown where a source knows it.

use crate::{
    bundle,
    feed::{Node, id_matches},
    snapshot::{RuleRow, SourceRow, sheet},
};
use domain::PriceSheet;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `data/others/<provider>.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File<'a> {
    source: String,
    checked: String,
    #[serde(borrow)]
    models: Vec<Entry<'a>>,
}

/// Which ids a price is for, and the price; read only as far as it is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(rename = "match", borrow)]
    condition: &'a RawValue,
    #[serde(borrow)]
    rules: &'a RawValue,
}

/// What this id costs at a provider; `None` = no source says.
pub(crate) fn price(provider: &str, id: &str) -> Option<PriceSheet> {
    let file: File<'_> = serde_json::from_str(bundle::others(provider)?).ok()?;
    let id = id.to_lowercase();
    let holds = |entry: &&Entry<'_>| {
        let condition = Node::parse(entry.condition.get());
        condition.and_then(|condition| id_matches(condition, &id)).unwrap_or(false)
    };
    let entry = file.models.iter().find(holds)?;
    let rules: Vec<RuleRow<'_>> = serde_json::from_str(entry.rules.get()).ok()?;
    sheet(SourceRow { source: file.source, checked: file.checked }, rules).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use crate::Catalog;
    use domain::{Meter, PicoUsd};

    fn input(provider: &str, id: &str) -> Option<PicoUsd> {
        price(provider, id)?.rules.first()?.rates.get(&Meter::Input).copied()
    }

    #[test]
    fn what_is_offered_no_longer_keeps_its_price() {
        // By hand from genai-prices 0.2.3: dollars per million tokens.
        assert_eq!(input("anthropic", "claude-sonnet-4-20250514"), Some(PicoUsd::new(3_000_000)));
        assert_eq!(input("anthropic", "claude-3-haiku-20240307"), Some(PicoUsd::new(250_000)));
        assert_eq!(input("openai", "gpt-4-vision-preview"), Some(PicoUsd::new(10_000_000)));
        assert_eq!(input("anthropic", "something-else"), None);
        assert_eq!(input("nobody", "gpt-4"), None);
    }

    #[test]
    fn every_price_can_be_read() {
        for provider in Catalog::bundled().unwrap().providers() {
            let Some(text) = bundle::others(provider.id.as_str()) else { continue };
            let file: File<'_> = serde_json::from_str(text).unwrap();
            for entry in file.models {
                let rules: Vec<RuleRow<'_>> = serde_json::from_str(entry.rules.get()).unwrap();
                sheet(SourceRow { source: String::new(), checked: String::new() }, rules).unwrap();
                id_matches(Node::parse(entry.condition.get()).unwrap(), "x").unwrap();
            }
        }
    }
}
