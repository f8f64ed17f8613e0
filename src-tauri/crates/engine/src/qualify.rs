//! Which models qualify where the choice is left to us, and how the one that was chosen is explained.

use crate::{
    board::ratings::Leaders,
    registry::Registry,
    routing::{Choice, needs},
};
use domain::{Endpoint, Meter, Modality, ModelRef, PicoUsd, Request, Route, Timestamp, Words, say};
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
fn led(registry: &Registry, request: &Request, endpoint: &Endpoint) -> Words {
    let chosen: Vec<&domain::Model> = registry.catalog().model(endpoint.model.as_str()).into_iter().collect();
    match rated(registry, request, &chosen) {
        Some((_, leaders)) => {
            let others = match leaders.models.len() {
                0 | 1 => say!("of the model that leads"),
                n => say!("of the {n} models that lead and cannot be told apart", n),
            };
            let votes = leaders.votes;
            match leaders.topic {
                Some(topic) => say!(
                    "the lowest expected cost {others} by your {votes} votes on {topic},",
                    others,
                    votes,
                    topic
                ),
                None => {
                    say!("the lowest expected cost {others} by your {votes} votes,", others, votes)
                }
            }
        }
        None => say!(
            "with too few votes of yours for a rating, the lowest expected cost among the dearest quarter of recent \
             models that reason,"
        ),
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
) -> Words {
    let name = registry
        .catalog()
        .model(choice.endpoint.model.as_str())
        .map_or_else(|| choice.endpoint.model.to_string(), |model| model.name.clone());
    let provider = registry
        .provider(&choice.endpoint.provider)
        .map_or_else(|| choice.endpoint.provider.to_string(), |known| known.provider.name.clone());
    let endpoints: BTreeSet<_> = route.planned.iter().map(|candidate| &candidate.endpoint).collect();
    let why = match model.model.as_str() {
        "auto/fast" => say!("the quickest to begin"),
        "auto/best" => led(registry, request, &choice.endpoint),
        _ => say!("the lowest expected cost"),
    };
    say!(
        "{model} chose {name} at {provider}: {why} of {count} endpoints that fit ({needed}).",
        model,
        name,
        provider,
        why,
        count = endpoints.len(),
        needed = needed(request)
    )
}

/// What a model had to be able to do.
fn needed(request: &Request) -> Words {
    let needs = needs(request);
    let mut words = say!("reads {tokens} tokens", tokens = ledger::prompt_estimate(request));
    let kinds = needs.input.iter().map(|kind| match kind {
        Modality::Image => say!("reads images"),
        _ => say!("reads files"),
    });
    let able = [
        (needs.tools, say!("calls tools")),
        (needs.structured_output, say!("obeys a JSON schema")),
        (needs.reasoning, say!("reasons")),
    ];
    let able = able.into_iter().filter(|(needed, _)| *needed).map(|(_, word)| word);
    let writes = needs.max_output.map(|tokens| say!("writes {tokens} tokens", tokens));
    for next in kinds.chain(able).chain(writes) {
        words = say!("{words}, {next}", words, next);
    }
    words
}
