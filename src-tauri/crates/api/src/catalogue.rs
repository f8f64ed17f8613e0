//! The Models page: the whole catalogue as a table, one model with its offers, and prices that change.

use crate::{Api, models, types::ModelRow};
use domain::{
    Capabilities, DataPolicy, ErrorKind, Failure, Meter, Modality, Model, ModelRef, PicoUsd, PriceOrigin,
    PriceSheet, ProviderId, Timestamp, When, say,
};
use engine::{Known, PRICE_LISTS, Registry, Tally, UserPrice};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The table.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatalogueView {
    /// Day of the newest bundled source, `YYYY-MM-DD`.
    pub date: String,
    /// Every model, in the order of their slugs; those of servers on this machine first, demo models last.
    pub rows: Vec<CatalogueRow>,
    /// Prices of public lists that wait for the user's word.
    pub waiting: Vec<WaitingPrice>,
}

/// A price that a public list gives and that is not believed without the user's word.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WaitingPrice {
    /// Model at a provider.
    pub reference: ModelRef,
    /// Display name of the model.
    pub name: String,
    /// Display name of the provider.
    pub provider: String,
    /// Price in force; `None` = unknown.
    pub now: Option<PriceView>,
    /// What the list gives.
    pub wanted: PriceView,
    /// Why it waits: `first`, `fell`, `rose` or `unreadable`.
    pub why: String,
}

/// One model.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CatalogueRow {
    /// What lists and chips show of it.
    pub model: ModelRow,
    /// What it reads; empty = unknown.
    pub input: Vec<Modality>,
    /// What it writes; empty = unknown.
    pub output: Vec<Modality>,
    /// What it can do; `None` = unknown.
    pub capabilities: Option<Capabilities>,
    /// Weights are published; `None` = unknown.
    pub open_weights: Option<bool>,
    /// `YYYY-MM` or `YYYY-MM-DD`; `None` = unknown.
    pub knowledge_cutoff: Option<String>,
    /// `YYYY-MM-DD`; `None` = unknown.
    pub released: Option<String>,
    /// Day it is switched off; `None` = none is known.
    pub retires: Option<String>,
    /// Longest answer in tokens; `None` = unknown.
    pub max_completion_tokens: Option<u32>,
    /// Offers of it: endpoints that serve it.
    pub offers: u32,
    /// What its providers promise about data.
    pub policy: DataPromise,
}

/// What the providers of a model promise about data sent to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DataPromise {
    /// It runs on this machine.
    OnDevice,
    /// None of them trains on what is sent.
    NoTraining,
    /// Some promise that, some do not.
    ByOffer,
    /// All may train on what is sent.
    MayTrain,
    /// Nothing was found.
    Unknown,
}

/// One model with its offers.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelDetail {
    /// The row of the table.
    pub row: CatalogueRow,
    /// Endpoints, usable and cheap ones first.
    pub offers: Vec<Offer>,
}

/// One model at one provider.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Offer {
    /// `provider/upstream-model`.
    pub endpoint: String,
    /// Provider id.
    pub provider: ProviderId,
    /// Its display name.
    pub name: String,
    /// The provider's own id of the model.
    pub upstream_model: String,
    /// Requests can be sent there now.
    pub usable: bool,
    /// On this machine.
    pub local: bool,
    /// Context in tokens; `None` = unknown.
    pub context_length: Option<u32>,
    /// Longest answer in tokens; `None` = unknown.
    pub max_completion_tokens: Option<u32>,
    /// What the provider promises about data.
    pub policy: DataPolicy,
    /// Price in force; `None` = unknown.
    pub price: Option<PriceView>,
    /// A price of a public list that waits for the user's word.
    pub waiting: Option<PriceView>,
}

/// A price sheet as it is read.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceView {
    /// What sort of source.
    pub origin: PriceOrigin,
    /// Address or package.
    pub source: String,
    /// Its day, `YYYY-MM-DD`.
    pub checked: String,
    /// Rates with when they hold; later ones replace earlier ones.
    pub tiers: Vec<PriceTier>,
}

/// Rates under a condition.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceTier {
    /// In words; empty = always.
    pub when: String,
    /// What is charged.
    pub rates: Vec<PriceRate>,
}

/// One rate.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PriceRate {
    /// What is counted.
    pub meter: Meter,
    /// Dollars per million tokens, or each.
    pub amount: PicoUsd,
    /// The amount is for each, not for a million.
    pub each: bool,
}

/// Which model.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ModelName {
    /// Reference of a row.
    pub model: ModelRef,
}

/// A price of the user's own; figures are decimal texts in dollars per million tokens.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetPrice {
    /// Model at a provider.
    pub model: ModelRef,
    /// Prompt.
    pub input: String,
    /// Completion.
    pub output: String,
    /// Prompt read from a cache; `None` = as the prompt.
    pub cache_read: Option<String>,
}

/// The user's word on prices that wait.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DecidePrices {
    /// Of which model; `None` = of all.
    pub model: Option<ModelRef>,
    /// Believe them.
    pub accept: bool,
}

/// What a refresh of the public lists did.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RefreshReport {
    /// One entry a list.
    pub lists: Vec<RefreshedList>,
    /// When.
    pub at: Timestamp,
}

/// What came of one list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RefreshedList {
    /// Its name.
    pub name: String,
    /// Counts; `None` = it could not be had or read.
    pub tally: Option<Tally>,
    /// Why not, and what to do.
    pub failed: Option<String>,
}

pub(crate) async fn catalogue(api: &Api, (): ()) -> Result<CatalogueView, Failure> {
    let marks = models::marks(api).await?;
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    let rows: Vec<CatalogueRow> = models::references(&registry)
        .filter_map(|(reference, _)| Some(row(&registry, models::row(&registry, &marks, &reference, at)?)))
        .collect();
    let waiting = waiting(&registry);
    Ok(CatalogueView { date: registry.catalog().data_date().to_owned(), rows, waiting })
}

fn waiting(registry: &Registry) -> Vec<WaitingPrice> {
    let prices = registry.prices().all();
    let waits = prices.into_iter().filter_map(|(provider, upstream, beside)| {
        let waiting = beside.waiting.as_ref()?;
        let reference = ModelRef { model: upstream.to_owned(), provider: Some(provider.clone()) };
        let endpoint = registry.resolve(&reference).ok()?.into_iter().next()?;
        let model = registry.catalog().model(endpoint.model.as_str());
        Some(WaitingPrice {
            name: model.map_or_else(|| upstream.to_owned(), |model| model.name.clone()),
            provider: registry.provider(provider)?.provider.name.clone(),
            now: endpoint.prices.as_ref().map(price_view),
            wanted: price_view(&waiting.sheet),
            why: waiting.note.clone().unwrap_or_default(),
            reference,
        })
    });
    waits.collect()
}

fn row(registry: &Registry, shown: ModelRow) -> CatalogueRow {
    let reference = &shown.reference;
    let model: Option<&Model> =
        if reference.provider.is_some() { None } else { registry.catalog().model(&reference.model) };
    let endpoints = registry.resolve(reference).unwrap_or_default();
    let providers = endpoints.iter().filter_map(|endpoint| registry.provider(&endpoint.provider));
    CatalogueRow {
        input: model.map(|model| model.input.clone()).unwrap_or_default(),
        output: model.map(|model| model.output.clone()).unwrap_or_default(),
        capabilities: model.map(|model| model.capabilities.clone()),
        open_weights: model.and_then(|model| model.open_weights),
        knowledge_cutoff: model.and_then(|model| model.knowledge_cutoff.clone()),
        released: model.and_then(|model| model.released.clone()),
        retires: model.and_then(|model| model.retires.clone()),
        max_completion_tokens: model.and_then(|model| small(model.max_completion_tokens)),
        offers: u32::try_from(endpoints.len()).unwrap_or(u32::MAX),
        policy: policy(providers),
        model: shown,
    }
}

fn policy<'a>(providers: impl Iterator<Item = &'a Known>) -> DataPromise {
    let here = |known: &&Known| known.provider.local || known.provider.id.as_str() == "demo";
    let said: Vec<Option<bool>> =
        providers.filter(|known| !here(known)).map(|known| known.provider.data_policy.trains).collect();
    match said.as_slice() {
        [] => DataPromise::OnDevice,
        all if all.iter().all(|trains| *trains == Some(false)) => DataPromise::NoTraining,
        all if all.iter().all(|trains| *trains == Some(true)) => DataPromise::MayTrain,
        all if all.iter().all(Option::is_none) => DataPromise::Unknown,
        _ => DataPromise::ByOffer,
    }
}

fn small(count: Option<u64>) -> Option<u32> {
    count.and_then(|count| u32::try_from(count).ok())
}

pub(crate) async fn detail(api: &Api, wanted: ModelName) -> Result<ModelDetail, Failure> {
    let marks = models::marks(api).await?;
    let (registry, at) = (api.engine.registry(), api.engine.clock().now());
    let shown = models::row(&registry, &marks, &wanted.model, at).ok_or_else(|| {
        Failure::new(
            ErrorKind::RequestNoModel,
            say!("“{model}” is no longer in the catalogue.", model = wanted.model),
        )
    })?;
    let mut offers: Vec<(Option<PicoUsd>, Offer)> = registry
        .resolve(&wanted.model)?
        .into_iter()
        .filter_map(|endpoint| {
            let known = registry.provider(&endpoint.provider)?;
            let beside = registry.prices().beside(&endpoint.provider, &endpoint.upstream_model);
            let dearness = models::rate(&endpoint, Meter::Input, at);
            let offer = Offer {
                name: known.provider.name.clone(),
                usable: known.offered(),
                local: known.provider.local,
                context_length: small(endpoint.context_length),
                max_completion_tokens: small(endpoint.max_completion_tokens),
                policy: known.provider.data_policy.clone(),
                price: endpoint.prices.as_ref().map(price_view),
                waiting: beside.and_then(|b| b.waiting.as_ref()).map(|waiting| price_view(&waiting.sheet)),
                endpoint: endpoint.id.to_string(),
                provider: endpoint.provider,
                upstream_model: endpoint.upstream_model,
            };
            Some((dearness, offer))
        })
        .collect();
    offers.sort_by_key(|(dearness, offer)| (!offer.usable, dearness.is_none(), *dearness));
    let offers = offers.into_iter().map(|(_, offer)| offer).collect();
    Ok(ModelDetail { row: row(&registry, shown), offers })
}

fn price_view(sheet: &PriceSheet) -> PriceView {
    let tiers = sheet.rules.iter().map(|rule| PriceTier {
        when: condition(&rule.when),
        rates: rule
            .rates
            .iter()
            .filter_map(|(meter, rate)| {
                let each = matches!(meter, Meter::Request | Meter::WebSearch);
                let amount = if each { *rate } else { rate.checked_times(1_000_000)? };
                Some(PriceRate { meter: *meter, amount, each })
            })
            .collect(),
    });
    PriceView {
        origin: sheet.source.origin,
        source: sheet.source.source.clone(),
        checked: sheet.source.checked.clone(),
        tiers: tiers.collect(),
    }
}

/// When a rule holds, in words; empty = always.
pub fn condition(when: &When) -> String {
    let hhmm = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let parts = [
        when.prompt_tokens_gt.map(|above| format!("above {above} prompt tokens")),
        when.service_tier.as_ref().map(|tier| format!("tier {tier}")),
        when.from.as_ref().map(|day| format!("from {day}")),
        when.until.as_ref().map(|day| format!("before {day}")),
        when.utc.map(|(start, end)| format!("{} to {} UTC", hhmm(start), hhmm(end))),
        when.weekdays.as_ref().map(|days| {
            let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
            let names: Vec<&str> =
                days.iter().filter_map(|day| names.get(usize::from(day.checked_sub(1)?)).copied()).collect();
            names.join(" ")
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

pub(crate) async fn set_price(api: &Api, wanted: SetPrice) -> Result<ModelDetail, Failure> {
    let mut rates = BTreeMap::from([(Meter::Input, wanted.input), (Meter::Output, wanted.output)]);
    rates.extend(wanted.cache_read.map(|figure| (Meter::InputCacheRead, figure)));
    api.engine.set_price(&wanted.model, &UserPrice { rates, foreign: None }).await?;
    detail(api, ModelName { model: wanted.model }).await
}

pub(crate) async fn reset_price(api: &Api, wanted: ModelName) -> Result<ModelDetail, Failure> {
    api.engine.reset_price(&wanted.model).await?;
    detail(api, wanted).await
}

pub(crate) async fn decide(api: &Api, wanted: DecidePrices) -> Result<u32, Failure> {
    api.engine.decide_prices(wanted.model.as_ref(), wanted.accept).await
}

pub(crate) async fn refresh(api: &Api, (): ()) -> Result<RefreshReport, Failure> {
    let done = api.engine.refresh_prices(PRICE_LISTS).await?;
    let lists = done.into_iter().map(|list| {
        let (tally, failed) = match list.result {
            Ok(tally) => (Some(tally), None),
            Err(failure) => (None, Some(failure.message)),
        };
        RefreshedList { name: list.name.to_owned(), tally, failed }
    });
    Ok(RefreshReport { lists: lists.collect(), at: api.engine.clock().now() })
}
