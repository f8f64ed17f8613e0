//! models.dev: dollars per million tokens, with tiers by the prompt's length.

use super::{Lookup, Rates, complete, node::Node, put, rules};
use domain::{Meter, PicoUsd, PriceRule, When};
use std::collections::BTreeMap;

const KEYS: &[(&str, Meter)] = &[
    ("input", Meter::Input),
    ("output", Meter::Output),
    ("cache_read", Meter::InputCacheRead),
    ("cache_write", Meter::InputCacheWrite5m),
    ("reasoning", Meter::OutputReasoning),
    ("input_audio", Meter::InputAudio),
    ("output_audio", Meter::OutputAudio),
];

pub(super) fn lookup<'a>(root: &Node<'a>, host: Option<&str>) -> Result<Option<Lookup<'a>>, String> {
    let Some(host) = host else { return Ok(None) };
    let Some(provider) = root.get(host)? else { return Ok(None) };
    let Some(models) = provider.get("models")? else { return Ok(None) };
    let models: BTreeMap<String, Node<'a>> =
        models.fields()?.into_iter().map(|(id, model)| (id.into_owned(), model)).collect();
    Ok(Some(Box::new(move |id| match models.get(id) {
        Some(model) => of_model(*model),
        None => Ok(None),
    })))
}

fn of_model(model: Node<'_>) -> Result<Option<Vec<PriceRule>>, String> {
    let Some(cost) = model.get("cost")? else { return Ok(None) };
    let base = rates(cost)?;
    let mut tiers: BTreeMap<u64, Rates> = BTreeMap::new();
    if let Some(list) = cost.get("tiers")? {
        for tier in list.items()? {
            let above = match tier.get("tier")? {
                Some(tier) => tier.count("size")?,
                None => None,
            };
            tiers.insert(above.ok_or("a tier without a start")?, rates(tier)?);
        }
    }
    if tiers.is_empty()
        && let Some(long) = cost.get("context_over_200k")?
    {
        tiers.insert(200_000, rates(long)?);
    }
    complete(rules(base, tiers, &When::default()))
}

/// A cache price of zero means "none stated" there, and falls back to the input's.
fn rates(cost: Node<'_>) -> Result<Rates, String> {
    let mut rates = Rates::new();
    for (key, value) in cost.fields()? {
        let known = KEYS.iter().find(|(name, _)| *name == key);
        if let (Some((_, meter)), Some(digits)) = (known, value.digits()) {
            put(&mut rates, *meter, &digits, 6)?;
        }
    }
    rates.retain(|meter, rate| matches!(meter, Meter::Input | Meter::Output) || *rate > PicoUsd::ZERO);
    Ok(rates)
}
