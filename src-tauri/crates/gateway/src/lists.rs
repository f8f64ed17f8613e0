//! What can be asked, and what it has cost: the lists that clients read.

use crate::{
    ask,
    body::Answer,
    path::{self, Manner},
    reply,
};
use domain::{
    Capabilities, ErrorKind, Failure, Modality, Model, ModelRef, PriceSheet, ProviderId, Timestamp,
};
use engine::{Caller, Engine, Known, Listed, Registry, allows};
use hyper::Response;
use std::collections::HashSet;
use wire::serve::{self, Offer, OfferedEndpoint, Offering, Page, Sieve};

/// Every model that this key may ask and that is set up.
pub(crate) fn models(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    query: Option<&str>,
) -> Response<Answer> {
    let page = if manner.openrouter { page(query) } else { Page::ALL };
    let rest = path::query(query).filter(|(name, _)| !["offset", "limit", ""].contains(name));
    let filters: String = rest.map(|(name, value)| format!("{name}={value}&")).collect();
    offered(engine, caller, manner, query, |offers| serve::models(manner.protocol, offers, page, &filters))
}

/// The part of the list that a query names, as OpenRouter's clients do.
fn page(query: Option<&str>) -> Page {
    let number = |name: &str| {
        let mut pairs = path::query(query);
        pairs.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(Page::ALL.limit);
    Page { offset: number("offset").unwrap_or(0), limit }
}

/// How many they are.
pub(crate) fn count(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    query: Option<&str>,
) -> Response<Answer> {
    offered(engine, caller, manner, query, serve::count)
}

/// What the list is to hold. OpenRouter's filters are for its clients: in other makers' lists they mean nothing.
fn sieve(manner: Manner, query: Option<&str>) -> Sieve {
    let pairs = path::query(query).filter(|_| manner.openrouter);
    let read: Vec<(&str, String)> =
        pairs.filter_map(|(name, value)| Some((name, path::value(value)?))).collect();
    Sieve::read(read.iter().map(|(name, value)| (*name, value.as_str())))
}

fn offered(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    query: Option<&str>,
    told: impl FnOnce(&[Offer<'_>]) -> Vec<u8>,
) -> Response<Answer> {
    let (registry, at) = (engine.registry(), engine.clock().now());
    let sieve = sieve(manner, query);
    let serves = |known: &Known| {
        let provider = &known.provider;
        sieve.serves(provider.id.as_str(), &provider.name, provider.data_policy.zdr == Some(true))
    };
    let own = listed(&registry, serves);
    let catalog = registry.catalog();
    let mut offers: Vec<Offer<'_>> = catalog
        .models()
        .filter(|model| allows(&caller.key, model.slug.as_str()))
        .filter_map(|model| {
            // Those who are wanted: a model costs what it costs there.
            let wanted = |known: &Known| known.offered() && serves(known);
            let mut served = catalog
                .endpoints(model.slug.as_str())
                .iter()
                .filter(|endpoint| registry.provider(&endpoint.provider).is_some_and(wanted));
            let first = served.next()?;
            let prices = first.prices.as_ref().or_else(|| served.find_map(|other| other.prices.as_ref()));
            Some(offer(model, prices, at, manner))
        })
        .chain(
            own.iter()
                .filter(|model| allows(&caller.key, model.slug.as_str()))
                .map(|model| offer(model, None, at, manner)),
        )
        .filter(|offer| sieve.keeps(offer))
        .collect();
    sieve.sort(&mut offers);
    let mut response = reply::json(200, told(&offers));
    let unknown = |name: &String| format!("{name}: nobody here can go by this, so it keeps no model out.");
    let untold: Vec<String> = sieve.untold().iter().map(unknown).collect();
    if !untold.is_empty() {
        reply::set(response.headers_mut(), "x-parallax-notices", &ask::listed(&untold));
    }
    response
}

/// Who can be asked for what this key is for: whom else its user has is nobody else's business.
pub(crate) fn providers(engine: &Engine, caller: &Caller) -> Response<Answer> {
    let registry = engine.registry();
    let (catalog, key) = (registry.catalog(), &caller.key);
    let allowed = catalog.models().filter(|model| allows(key, model.slug.as_str()));
    let serving: HashSet<&ProviderId> = allowed
        .flat_map(|model| catalog.endpoints(model.slug.as_str()))
        .map(|endpoint| &endpoint.provider)
        .collect();
    // Of one that lists nothing, or not all, what it may be asked for is in the key's names alone.
    let named = |known: &Known| {
        let start = format!("{}/", known.provider.id);
        key.models.is_empty()
            || key.models.iter().any(|name| {
                name.starts_with(&start)
                    || name.strip_suffix('*').is_some_and(|theirs| start.starts_with(theirs))
            })
    };
    let all: Vec<Offering<'_>> = registry
        .providers()
        .filter(|known| known.offered() && (serving.contains(&known.provider.id) || named(known)))
        .map(|known| Offering {
            name: &known.provider.name,
            slug: known.provider.id.as_str(),
            privacy: known.provider.data_policy.source.as_deref(),
        })
        .collect();
    reply::json(200, serve::providers(&all))
}

fn offer<'a>(model: &'a Model, prices: Option<&'a PriceSheet>, at: Timestamp, manner: Manner) -> Offer<'a> {
    Offer { model, prices, parameters: serve::supported(model), at, openrouter: manner.openrouter }
}

/// Models that only their servers list, under `provider/id`; those of the servers that are wanted.
fn listed(registry: &Registry, wanted: impl Fn(&Known) -> bool) -> Vec<Model> {
    let of = |known: &Known, listed: &Listed| {
        let slug = format!("{}/{}", known.provider.id, listed.id).parse().ok()?;
        Some(Model {
            slug,
            name: listed.id.clone(),
            context_length: listed.context_length,
            max_completion_tokens: None,
            input: vec![Modality::Text],
            output: vec![Modality::Text],
            capabilities: Capabilities::default(),
            open_weights: None,
            knowledge_cutoff: None,
            released: None,
            retires: None,
            checked: None,
        })
    };
    registry
        .providers()
        .filter(|known| known.offered() && wanted(known))
        .flat_map(|known| registry.uncatalogued(known).filter_map(move |listed| of(known, listed)))
        .collect()
}

fn none(name: &str) -> Failure {
    Failure::new(
        ErrorKind::RequestNoModel,
        format!("There is no model “{}” here. See /v1/models.", name.chars().take(80).collect::<String>()),
    )
}

/// One model, by any of its names.
pub(crate) fn model(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    name: &str,
) -> Result<Response<Answer>, Failure> {
    let (registry, at) = (engine.registry(), engine.clock().now());
    let found = engine.named(name)?;
    let own = listed(&registry, |_| true);
    let whole = match &found.provider {
        Some(provider) => format!("{provider}/{}", found.model),
        None => found.model.clone(),
    };
    let model = registry
        .catalog()
        .model(&found.model)
        .or_else(|| own.iter().find(|model| model.slug.as_str() == whole));
    let model = model.filter(|model| allows(&caller.key, model.slug.as_str())).ok_or_else(|| none(name))?;
    let prices = registry
        .catalog()
        .endpoints(model.slug.as_str())
        .iter()
        .find_map(|endpoint| endpoint.prices.as_ref());
    Ok(reply::json(200, serve::model(manner.protocol, &offer(model, prices, at, manner))))
}

/// Who serves a model.
pub(crate) fn endpoints(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    name: &str,
) -> Result<Response<Answer>, Failure> {
    let (registry, at) = (engine.registry(), engine.clock().now());
    let found: ModelRef = engine.named(name)?;
    let model = registry.catalog().model(&found.model);
    let model = model.filter(|model| allows(&caller.key, model.slug.as_str())).ok_or_else(|| none(name))?;
    let parameters = serve::supported(model);
    let offered: Vec<OfferedEndpoint<'_>> = registry
        .catalog()
        .endpoints(model.slug.as_str())
        .iter()
        .filter_map(|endpoint| {
            let known = registry.provider(&endpoint.provider).filter(|known| known.offered())?;
            Some(OfferedEndpoint {
                endpoint,
                provider_name: &known.provider.name,
                tag: known.provider.id.as_str(),
                quantization: None,
                parameters: parameters.clone(),
                status: 0,
                uptime: None,
            })
        })
        .collect();
    Ok(reply::json(200, serve::endpoints(&offer(model, None, at, manner), &offered)))
}
