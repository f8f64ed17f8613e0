//! What can be asked, and what it has cost: the lists that clients read.

use crate::{
    body::Answer,
    path::{self, Manner},
    reply,
};
use domain::{Capabilities, ErrorKind, Failure, Modality, Model, ModelRef, PriceSheet, Timestamp};
use engine::{AppSpending, Caller, Engine, Known, Listed, Registry, allows};
use hyper::Response;
use wire::serve::{self, KeyInfo, Offer, OfferedEndpoint, Page};

/// Every model that this key may ask and that is set up.
pub(crate) fn models(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    query: Option<&str>,
) -> Response<Answer> {
    let page = if manner.openrouter { page(query) } else { Page::ALL };
    offered(engine, caller, manner, |offers| serve::models(manner.protocol, offers, page))
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
pub(crate) fn count(engine: &Engine, caller: &Caller, manner: Manner) -> Response<Answer> {
    offered(engine, caller, manner, serve::count)
}

fn offered(
    engine: &Engine,
    caller: &Caller,
    manner: Manner,
    told: impl FnOnce(&[Offer<'_>]) -> Vec<u8>,
) -> Response<Answer> {
    let (registry, at) = (engine.registry(), engine.clock().now());
    let own = listed(&registry);
    let catalog = registry.catalog();
    let offers: Vec<Offer<'_>> = catalog
        .models()
        .filter(|model| allows(&caller.key, model.slug.as_str()))
        .filter_map(|model| {
            let mut served = catalog
                .endpoints(model.slug.as_str())
                .iter()
                .filter(|endpoint| registry.provider(&endpoint.provider).is_some_and(Known::offered));
            let first = served.next()?;
            let prices = first.prices.as_ref().or_else(|| served.find_map(|other| other.prices.as_ref()));
            Some(offer(model, prices, at, manner))
        })
        .chain(
            own.iter()
                .filter(|model| allows(&caller.key, model.slug.as_str()))
                .map(|model| offer(model, None, at, manner)),
        )
        .collect();
    reply::json(200, told(&offers))
}

fn offer<'a>(model: &'a Model, prices: Option<&'a PriceSheet>, at: Timestamp, manner: Manner) -> Offer<'a> {
    Offer { model, prices, parameters: serve::supported(model), at, openrouter: manner.openrouter }
}

/// Models that only their servers list, under `provider/id`.
fn listed(registry: &Registry) -> Vec<Model> {
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
        .filter(|known| known.offered())
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
    let own = listed(&registry);
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

/// What the key may spend and has spent.
pub(crate) async fn key(engine: &Engine, caller: &Caller) -> Result<Response<Answer>, Failure> {
    let AppSpending { limit, left, period, ever, day, week, month } =
        engine.app_spending(&caller.key.name).await?;
    let expires = caller.key.expires_at.map(engine::utc);
    Ok(reply::json(
        200,
        serve::key(&KeyInfo {
            label: &caller.key.name,
            limit,
            limit_remaining: left,
            limit_reset: period.map(|period| match period {
                domain::Period::Day => "daily",
                domain::Period::Week => "weekly",
                domain::Period::Month => "monthly",
            }),
            usage: ever,
            usage_daily: day,
            usage_weekly: week,
            usage_monthly: month,
            expires_at: expires.as_deref(),
            requests_per_minute: caller.key.requests_per_minute,
        }),
    ))
}

/// The same as a balance.
pub(crate) async fn credits(engine: &Engine, caller: &Caller) -> Result<Response<Answer>, Failure> {
    let spending = engine.app_spending(&caller.key.name).await?;
    Ok(reply::json(200, serve::credits(spending.limit, spending.ever)))
}
