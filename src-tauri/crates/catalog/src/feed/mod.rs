//! Public price lists, read at run time: numbers for what the catalogue already knows, and nothing else.
//!
//! A list may change what an endpoint costs. It cannot add a provider, an address, a dialect or a model:
//! there is no way from here to anything but a [`PriceSheet`]. What cannot be read exactly is refused and
//! told, and whether a price is believed is decided elsewhere.

mod flat;
mod genai;
pub(crate) mod node;
mod openrouter;

use crate::{Catalog, CatalogError, bundle, snapshot::bad};
use domain::{Meter, PicoUsd, PriceOrigin, PriceRule, PriceSheet, PriceSource, ProviderId, When};
use node::decimal;

pub(crate) use genai::Condition;
pub(crate) use node::Node;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A public price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name, as in the sources of price sheets.
    pub name: &'static str,
    /// `scheme://host` of its address.
    pub base_url: &'static str,
    /// Path of its address.
    pub path: &'static str,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Genai,
    ModelsDev,
    OpenRouter,
}

impl Feed {
    /// The same list at another host: for tests, which ask nobody outside this machine.
    #[must_use]
    pub fn at(self, base_url: &'static str) -> Self {
        Self { base_url, ..self }
    }
}

/// The lists that are asked, in the order in which they are believed: each for the endpoints whose bundled
/// price comes from it (OpenRouter's for its own endpoints), so that a sheet keeps its tiers and hours.
pub const FEEDS: &[Feed] = &[
    Feed {
        name: "genai-prices",
        base_url: "https://raw.githubusercontent.com",
        path: "/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json",
        format: Format::Genai,
    },
    Feed { name: "models.dev", base_url: "https://models.dev", path: "/api.json", format: Format::ModelsDev },
    Feed {
        name: "OpenRouter",
        base_url: "https://openrouter.ai",
        path: "/api/v1/models",
        format: Format::OpenRouter,
    },
];

/// What a list says of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Who serves.
    pub provider: ProviderId,
    /// The provider's own id of the model, as in the catalogue.
    pub upstream_model: String,
    /// Its prices there.
    pub sheet: PriceSheet,
}

/// What a list held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// Prices that could be read, of endpoints the catalogue has.
    pub quotes: Vec<Quote>,
    /// Endpoint and reason, of prices that could not be read.
    pub refused: Vec<(String, String)>,
}

/// A provider's names in the sources; the same file that `cargo xtask catalog` reads.
#[derive(Deserialize)]
pub(crate) struct Host {
    /// Ours.
    pub id: String,
    #[serde(default)]
    models_dev: Option<String>,
    #[serde(default)]
    genai: Option<String>,
    /// OpenRouter's, where it differs from ours.
    #[serde(default)]
    openrouter: Option<String>,
    #[serde(default)]
    litellm: Vec<String>,
}

impl Host {
    /// Does one of the sources call it so? `genai` calls two providers `google`, so ids of ours go first.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        [&self.openrouter, &self.models_dev, &self.genai]
            .into_iter()
            .flatten()
            .chain(&self.litellm)
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A price in the making.
pub(crate) type Rates = BTreeMap<Meter, PicoUsd>;

/// Reads a list. `checked` is the day it was fetched, `YYYY-MM-DD`. An error means that the whole of it is
/// not what it should be (no JSON, an object that names one thing twice); nothing of it is then used.
pub fn read(feed: &Feed, body: &[u8], catalog: &Catalog, checked: &str) -> Result<Quotes, CatalogError> {
    let wrong = |reason: String| bad(feed.name, reason);
    let text = std::str::from_utf8(body).map_err(|error| wrong(error.to_string()))?;
    let root = Node::parse(text).map_err(wrong)?;
    let hosts: Vec<Host> =
        serde_json::from_str(bundle::HOSTS).map_err(|error| bad("hosts", error.to_string()))?;
    let mut found = Quotes::default();
    for host in &hosts {
        let lookup = match feed.format {
            Format::Genai => genai::lookup(&root, host.genai.as_deref()),
            Format::ModelsDev => flat::lookup(&root, host.models_dev.as_deref()),
            Format::OpenRouter if host.id == OPENROUTER => openrouter::lookup(&root),
            Format::OpenRouter => Ok(None),
        };
        let Some(lookup) = lookup.map_err(wrong)? else { continue };
        let endpoints = catalog.of_provider(&host.id);
        for endpoint in endpoints.filter(|endpoint| is_for(feed.format, endpoint.prices.as_ref())) {
            let rules = match lookup(&endpoint.upstream_model) {
                Ok(Some(rules)) => with_hour(rules, endpoint.prices.as_ref()),
                Ok(None) => continue,
                Err(reason) => {
                    found.refused.push((endpoint.id.to_string(), reason));
                    continue;
                }
            };
            let source = format!("{} ({}{})", feed.name, feed.base_url, feed.path);
            let source = PriceSource { origin: PriceOrigin::Live, source, checked: checked.to_owned() };
            found.quotes.push(Quote {
                provider: endpoint.provider.clone(),
                upstream_model: endpoint.upstream_model.clone(),
                sheet: PriceSheet { source, rules },
            });
        }
    }
    Ok(found)
}

/// The provider whose own list is one of the feeds.
const OPENROUTER: &str = "openrouter";

/// A list speaks for what came from it; what has no price yet may get one from any.
fn is_for(format: Format, bundled: Option<&PriceSheet>) -> bool {
    let Some(sheet) = bundled else { return true };
    let name = sheet.source.source.split(" (").next().unwrap_or_default();
    match format {
        Format::Genai => name == "genai-prices",
        // The third source has the same flat form, and is not published anywhere by itself.
        Format::ModelsDev => matches!(name, "models.dev" | "pi-ai"),
        Format::OpenRouter => true,
    }
}

/// Most lists name no price for a prompt that is kept for an hour, and without one it would be booked at that of five
/// minutes. Where the bundled sheet has one and the list has none, it is twice the input's as in the bundled ones, as
/// long as the usual write costs five quarters of it.
fn with_hour(mut rules: Vec<PriceRule>, bundled: Option<&PriceSheet>) -> Vec<PriceRule> {
    let named =
        |rules: &[PriceRule]| rules.iter().any(|rule| rule.rates.contains_key(&Meter::InputCacheWrite1h));
    if bundled.is_none_or(|sheet| !named(&sheet.rules)) || named(&rules) {
        return rules;
    }
    for PriceRule { rates, .. } in &mut rules {
        let rate = |meter| rates.get(&meter).map(|rate| rate.get());
        if let (Some(input), Some(write)) = (rate(Meter::Input), rate(Meter::InputCacheWrite5m))
            && write.checked_mul(4) == input.checked_mul(5)
            && let Some(hour) = input.checked_mul(2)
        {
            rates.insert(Meter::InputCacheWrite1h, PicoUsd::new(hour));
        }
    }
    rules
}

/// Finds an endpoint's rules by its upstream id: none, or what is wrong with them.
pub(crate) type Lookup<'a> = Box<dyn Fn(&str) -> Result<Option<Vec<PriceRule>>, String> + 'a>;

/// Puts one figure into `rates`: `digits` dollars per ten to the power of `per` units.
pub(crate) fn put(rates: &mut Rates, meter: Meter, digits: &str, per: u32) -> Result<(), String> {
    let rate = decimal(digits, 12 - per).map_err(|why| format!("{meter:?} {digits:.40}: {why}"))?;
    if rate < 0 {
        return Err(format!("{meter:?} {digits:.40}: negative"));
    }
    rates.insert(meter, PicoUsd::new(rate));
    Ok(())
}

/// A base rule, and one for each length of prompt above which other rates apply.
pub(crate) fn rules(base: Rates, tiers: BTreeMap<u64, Rates>, when: &When) -> Vec<PriceRule> {
    let mut rules = Vec::new();
    if !base.is_empty() {
        rules.push(PriceRule { when: when.clone(), rates: base });
    }
    for (above, rates) in tiers {
        rules.push(PriceRule { when: When { prompt_tokens_gt: Some(above), ..when.clone() }, rates });
    }
    rules
}

/// A sheet says something only with a prompt and a completion price.
pub(crate) fn complete(rules: Vec<PriceRule>) -> Result<Option<Vec<PriceRule>>, String> {
    let has = |meter| rules.iter().any(|rule| rule.rates.contains_key(&meter));
    if rules.is_empty() {
        return Ok(None);
    }
    if !has(Meter::Input) || !has(Meter::Output) {
        return Err("no price for prompt or completion".to_owned());
    }
    Ok(Some(rules))
}

#[cfg(test)]
mod tests;
