//! Which models qualify where the choice is left to us.

use crate::registry::Registry;
use domain::{Endpoint, Meter, PicoUsd, Timestamp};

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
