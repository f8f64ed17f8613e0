//! The shape of a model's line (what `data/*.json` say of it), and its way into the domain's nouns.

use crate::CatalogError;
use domain::{
    Capabilities, Endpoint, EndpointId, Meter, Modality, Model, ModelSlug, PicoUsd, PriceOrigin, PriceRule,
    PriceSheet, PriceSource, ProviderId, Timestamp, When,
};
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap};

/// A model with everything that serves it, as the build joined them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row<'a> {
    #[serde(borrow)]
    model: ModelRow<'a>,
    #[serde(borrow)]
    served: Vec<EndpointRow<'a>>,
}

/// One line of `data/models.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRow<'a> {
    slug: ModelSlug,
    name: String,
    #[serde(default)]
    context: Option<u64>,
    #[serde(default)]
    longest: Option<u64>,
    input: Vec<Modality>,
    output: Vec<Modality>,
    #[serde(default)]
    tools: bool,
    #[serde(default)]
    schema: bool,
    #[serde(default)]
    reasoning: bool,
    #[serde(default)]
    temperature: Option<bool>,
    #[serde(default)]
    weights: Option<bool>,
    #[serde(default)]
    cutoff: Option<String>,
    #[serde(default)]
    released: Option<String>,
    #[serde(default)]
    retires: Option<String>,
    #[serde(borrow)]
    checked: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRow {
    pub source: String,
    pub checked: String,
}

/// One line of `data/endpoints/<provider>.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointRow<'a> {
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    /// Upstream ids that name the same thing (dated snapshots of an undated id).
    #[serde(default, borrow)]
    also: Vec<Cow<'a, str>>,
    #[serde(default)]
    context: Option<u64>,
    #[serde(default)]
    longest: Option<u64>,
    /// Absent when the price is unknown.
    #[serde(default)]
    source: Option<SourceRow>,
    #[serde(default, borrow)]
    rules: Vec<RuleRow<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleRow<'a> {
    #[serde(default)]
    when: When,
    /// Dollars per million tokens.
    #[serde(default, borrow)]
    mtok: BTreeMap<Meter, Cow<'a, str>>,
    /// Dollars per unit (requests, searches).
    #[serde(default, borrow)]
    unit: BTreeMap<Meter, Cow<'a, str>>,
}

impl ModelRow<'_> {
    /// The domain's model, or what is wrong with the line.
    fn model(self) -> Result<Model, CatalogError> {
        let checked = Timestamp::of_day(&self.checked)
            .ok_or_else(|| bad("models", format!("{}: {:?} is not a day", self.slug, self.checked)))?;
        Ok(Model {
            slug: self.slug,
            name: self.name,
            context_length: self.context,
            max_completion_tokens: self.longest,
            input: self.input,
            output: self.output,
            capabilities: Capabilities {
                tools: self.tools,
                structured_output: self.schema,
                reasoning: self.reasoning,
                temperature: self.temperature,
            },
            open_weights: self.weights,
            knowledge_cutoff: self.cutoff,
            released: self.released,
            retires: self.retires,
            checked: Some(checked),
        })
    }
}

/// A model and what serves it.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) model: Model,
    /// Endpoints to be listed, by provider and then in the order of the provider's file.
    pub(crate) listed: Vec<Endpoint>,
    /// The same endpoints under their dated ids: found by name, not listed.
    pub(crate) pinned: Vec<Endpoint>,
}

/// Reads one model's line.
pub(crate) fn served(text: &str) -> Result<Served, CatalogError> {
    let row: Row<'_> = serde_json::from_str(text).map_err(|error| bad("models", error.to_string()))?;
    let mut served = Served {
        model: row.model.model()?,
        listed: Vec::with_capacity(row.served.len()),
        pinned: Vec::new(),
    };
    for row in row.served {
        let wrong = |reason: &str| bad(&row.provider, format!("{}: {reason}", row.id));
        let prices = match row.source {
            None => None,
            Some(source) => Some(sheet(source, row.rules).map_err(|reason| wrong(&reason))?),
        };
        let provider = ProviderId::from(&*row.provider);
        let at = |upstream: &str| Endpoint {
            id: EndpointId::new(format!("{provider}/{upstream}")),
            provider: provider.clone(),
            model: served.model.slug.clone(),
            upstream_model: upstream.to_owned(),
            context_length: row.context,
            max_completion_tokens: row.longest,
            prices: prices.clone(),
        };
        served.pinned.extend(row.also.iter().map(|id| at(id)));
        served.listed.push(at(&row.id));
    }
    Ok(served)
}

/// A sheet of the snapshot, or what is wrong with its rules.
pub(crate) fn sheet(source: SourceRow, rules: Vec<RuleRow<'_>>) -> Result<PriceSheet, String> {
    let rules = rules.into_iter().map(rule).collect::<Result<Vec<_>, _>>()?;
    if rules.is_empty() {
        return Err("a price sheet without a rule".to_owned());
    }
    let SourceRow { source, checked } = source;
    Ok(PriceSheet { source: PriceSource { origin: PriceOrigin::Bundled, source, checked }, rules })
}

fn rule(row: RuleRow<'_>) -> Result<PriceRule, String> {
    let wrong = |meter: Meter, text: &str, why: String| format!("{meter:?} {text:?}: {why}");
    let mut rates = BTreeMap::new();
    for (meter, text) in row.mtok {
        let rate = PicoUsd::per_million(&text).map_err(|error| wrong(meter, &text, error.to_string()))?;
        rates.insert(meter, rate);
    }
    for (meter, text) in row.unit {
        let rate = PicoUsd::from_dollars(&text).map_err(|error| wrong(meter, &text, error.to_string()))?;
        rates.insert(meter, rate);
    }
    match rates.iter().find(|(_, rate)| **rate < PicoUsd::ZERO) {
        Some((meter, _)) => Err(format!("{meter:?} is negative")),
        None => Ok(PriceRule { when: row.when, rates }),
    }
}

pub(crate) fn bad(file: &str, reason: String) -> CatalogError {
    CatalogError::Data { file: file.to_owned(), reason }
}
