//! Prices of ids that the catalogue does not offer: older models, those a provider has retired, dated ones. Whoever
//! names one is answered and billed, so its cost must not be unknown where a source knows it.

use crate::{
    bundle,
    feed::{Condition, Node},
    snapshot::{RuleRow, SourceRow, sheet},
};
use domain::PriceSheet;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::{LazyLock, OnceLock};

/// `data/others/<provider>.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File<'a> {
    source: String,
    checked: String,
    #[serde(borrow)]
    models: Vec<Entry<'a>>,
}

/// Which ids a price is for, and the price; that is read only when it is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(rename = "match", borrow)]
    condition: &'a RawValue,
    #[serde(borrow)]
    rules: &'a RawValue,
}

/// A file with its conditions read, in their order.
struct Read {
    source: String,
    checked: String,
    entries: Vec<(Condition, &'static str)>,
}

/// The files that were asked for, by their place. Programs ask for the same ids all day, and a file has a hundred
/// conditions.
static READ: LazyLock<Vec<OnceLock<Option<Read>>>> =
    LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(bundle::all_others()).collect());

impl Read {
    fn new(text: &'static str) -> Option<Self> {
        let File { source, checked, models } = serde_json::from_str(text).ok()?;
        let read = |entry: Entry<'static>| {
            // What is not JSON holds for nothing.
            let condition = Condition::read(Node::parse(entry.condition.get()).ok()?);
            Some((condition, entry.rules.get()))
        };
        Some(Self { source, checked, entries: models.into_iter().filter_map(read).collect() })
    }
}

/// What this id costs at a provider; `None` = no source says.
pub(crate) fn price(provider: &str, id: &str) -> Option<PriceSheet> {
    let (place, text) = bundle::others(provider)?;
    let file = READ.get(place)?.get_or_init(|| Read::new(text)).as_ref()?;
    let id = id.to_lowercase();
    let (_, rules) = file.entries.iter().find(|(condition, _)| condition.holds(&id).unwrap_or(false))?;
    let rules: Vec<RuleRow<'_>> = serde_json::from_str(rules).ok()?;
    sheet(SourceRow { source: file.source.clone(), checked: file.checked.clone() }, rules).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use crate::Catalog;
    use domain::{Meter, PicoUsd};

    /// The same as [`price`], through the file itself.
    fn scanned(provider: &str, id: &str) -> Option<PriceSheet> {
        let file: File<'_> = serde_json::from_str(bundle::others(provider)?.1).ok()?;
        let id = id.to_lowercase();
        let holds = |entry: &&Entry<'_>| {
            let condition = Node::parse(entry.condition.get()).map(Condition::read);
            condition.and_then(|condition| condition.holds(&id)).unwrap_or(false)
        };
        let rules: Vec<RuleRow<'_>> =
            serde_json::from_str(file.models.iter().find(holds)?.rules.get()).ok()?;
        sheet(SourceRow { source: file.source, checked: file.checked }, rules).ok()
    }

    /// Every text of a condition.
    fn texts(node: Node<'_>, into: &mut Vec<String>) {
        into.extend(node.text().map(std::borrow::Cow::into_owned));
        node.items().unwrap().into_iter().for_each(|part| texts(part, into));
        node.fields().unwrap().into_iter().for_each(|(_, part)| texts(part, into));
    }

    #[test]
    fn every_id_of_every_file_has_the_price_that_stands_there() {
        let catalog = Catalog::bundled().unwrap();
        let mut some = vec![String::new(), "something-else".to_owned()];
        let files: Vec<&str> = catalog.providers().iter().map(|provider| provider.id.as_str()).collect();
        let mut found = 0;
        let mut check = |provider: &str, id: &str| {
            let price = price(provider, id);
            found += usize::from(price.is_some());
            assert_eq!(price, scanned(provider, id), "{id} at {provider}");
        };
        for provider in &files {
            let Some((_, text)) = bundle::others(provider) else { continue };
            let file: File<'_> = serde_json::from_str(text).unwrap();
            let mut ids = Vec::new();
            file.models.iter().for_each(|e| texts(Node::parse(e.condition.get()).unwrap(), &mut ids));
            for (n, id) in ids.iter().enumerate() {
                check(provider, id);
                check(provider, &[format!("{id}-2"), id.to_uppercase(), format!("{id}:free")][n % 3]);
            }
            some.extend(ids.into_iter().step_by(40));
        }
        for provider in &files {
            some.iter().for_each(|id| check(provider, id));
        }
        assert!(found > 500, "{found}");
    }

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
            let Some((_, text)) = bundle::others(provider.id.as_str()) else { continue };
            let file: File<'_> = serde_json::from_str(text).unwrap();
            for entry in file.models {
                let rules: Vec<RuleRow<'_>> = serde_json::from_str(entry.rules.get()).unwrap();
                sheet(SourceRow { source: String::new(), checked: String::new() }, rules).unwrap();
                Condition::read(Node::parse(entry.condition.get()).unwrap()).holds("x").unwrap();
            }
        }
    }
}
