//! Which models qualify where the choice is left to us, and how the one that was chosen is explained.

use crate::{
    board::ratings::Leaders,
    registry::Registry,
    routing::{Choice, needs},
};
use domain::{Endpoint, Meter, Modality, ModelRef, PicoUsd, Request, Route, Timestamp};
use std::collections::BTreeSet;

/// The models that lead by the user's votes where such a request is asked; `None` = too few votes, or none of those that
/// lead can be asked.
pub(crate) fn rated<'a, 'r>(
    registry: &'r Registry,
    request: &Request,
    models: &[&'a domain::Model],
) -> Option<(Vec<&'a domain::Model>, &'r Leaders)> {
    let leaders = registry.ratings.leaders(request)?;
    let mut slugs = Vec::new();
    for named in leaders.models.iter().filter_map(|model| ModelRef::parse(model).ok()) {
        slugs.push(named.model.clone());
        // By the name of a provider's own: the model behind it.
        let served = registry.resolve(&named).unwrap_or_default();
        slugs.extend(served.into_iter().map(|endpoint| endpoint.model.to_string()));
    }
    let found: Vec<&domain::Model> = models
        .iter()
        .copied()
        .filter(|model| slugs.iter().any(|slug| *slug == model.slug.as_str()))
        .collect();
    (!found.is_empty()).then_some((found, leaders))
}

/// By what a model counts as one of the best.
fn led(registry: &Registry, request: &Request, endpoint: &Endpoint) -> String {
    let chosen: Vec<&domain::Model> = registry.catalog().model(endpoint.model.as_str()).into_iter().collect();
    match rated(registry, request, &chosen) {
        Some((_, leaders)) => {
            let about = leaders.topic.map_or_else(String::new, |topic| format!(" on {topic}"));
            let others = match leaders.models.len() {
                0 | 1 => "of the model that leads".to_owned(),
                n => format!("of the {n} models that lead and cannot be told apart"),
            };
            format!("the lowest expected cost {others} by your {} votes{about},", leaders.votes)
        }
        None => "with too few votes of yours for a rating, the lowest expected cost among the dearest quarter of recent \
                 models that reason,"
            .to_owned(),
    }
}

/// The models that count as the best while the user has rated none: of those that reason and came out within
/// a year of the newest, the dearest quarter by the list price of a written token. A price is no proof of
/// quality, and the answer says that it stands for it.
pub(crate) fn best<'a>(
    registry: &Registry,
    models: Vec<&'a domain::Model>,
    at: Timestamp,
) -> Vec<&'a domain::Model> {
    let reasoning: Vec<&domain::Model> =
        models.iter().copied().filter(|model| model.capabilities.reasoning).collect();
    let models = if reasoning.is_empty() { models } else { reasoning };
    let newest = models.iter().filter_map(|model| model.released.as_deref()).max().unwrap_or_default();
    let year_before = newest.split_once('-').and_then(|(year, rest)| {
        let year = year.parse::<u32>().ok()?.checked_sub(1)?;
        Some(format!("{year:04}-{rest}"))
    });
    let recent = |model: &&&domain::Model| match (&year_before, &model.released) {
        (Some(since), Some(released)) => released >= since,
        (Some(_), None) => false,
        (None, _) => true,
    };
    let price = |model: &domain::Model| {
        let of = registry.catalog().endpoints(model.slug.as_str()).iter();
        of.filter_map(|endpoint| written(endpoint, at)).min()
    };
    let mut priced: Vec<(PicoUsd, &domain::Model)> =
        models.iter().filter(recent).filter_map(|model| Some((price(model)?, *model))).collect();
    if priced.is_empty() {
        return models;
    }
    priced.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.slug.cmp(&other.slug)));
    let quarter = priced.len().div_ceil(4);
    priced.into_iter().take(quarter).map(|(_, model)| model).collect()
}

/// List price of a written token.
fn written(endpoint: &Endpoint, at: Timestamp) -> Option<PicoUsd> {
    endpoint.prices.as_ref()?.list_price(Meter::Output, at)
}

/// Says which model an `auto/…` name came to, and why.
pub(crate) fn explained(
    registry: &Registry,
    model: &ModelRef,
    request: &Request,
    route: &Route,
    choice: &Choice,
) -> String {
    let name = registry
        .catalog()
        .model(choice.endpoint.model.as_str())
        .map_or_else(|| choice.endpoint.model.to_string(), |model| model.name.clone());
    let provider = registry
        .provider(&choice.endpoint.provider)
        .map_or_else(|| choice.endpoint.provider.to_string(), |known| known.provider.name.clone());
    let endpoints: BTreeSet<_> = route.planned.iter().map(|candidate| &candidate.endpoint).collect();
    let led = led(registry, request, &choice.endpoint);
    let why = match model.model.as_str() {
        "auto/fast" => "the quickest to begin",
        "auto/best" => led.as_str(),
        _ => "the lowest expected cost",
    };
    format!(
        "{model} chose {name} at {provider}: {why} of {} endpoints that fit ({}).",
        endpoints.len(),
        needed(request)
    )
}

/// What a model had to be able to do.
fn needed(request: &Request) -> String {
    let needs = needs(request);
    let mut words = vec![format!("reads {} tokens", ledger::prompt_estimate(request))];
    for kind in &needs.input {
        words.push(match kind {
            Modality::Image => "reads images".to_owned(),
            _ => "reads files".to_owned(),
        });
    }
    let able = [
        (needs.tools, "calls tools"),
        (needs.structured_output, "obeys a JSON schema"),
        (needs.reasoning, "reasons"),
    ];
    words.extend(able.into_iter().filter(|(needed, _)| *needed).map(|(_, word)| word.to_owned()));
    words.extend(needs.max_output.map(|most| format!("writes {most} tokens")));
    words.join(", ")
}
