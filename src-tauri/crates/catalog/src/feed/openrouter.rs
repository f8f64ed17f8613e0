//! OpenRouter's own list: decimal texts, dollars per token, per picture, per request.

use super::{Lookup, Rates, complete, node::Node, put, rules};
use domain::{Meter, PicoUsd, PriceRule, When};
use std::collections::BTreeMap;

const KEYS: &[(&str, Meter)] = &[
    ("prompt", Meter::Input),
    ("completion", Meter::Output),
    ("input_cache_read", Meter::InputCacheRead),
    ("input_cache_write", Meter::InputCacheWrite5m),
    ("internal_reasoning", Meter::OutputReasoning),
    ("input_cache_write_1h", Meter::InputCacheWrite1h),
    ("image_token", Meter::InputImage),
    ("image_output", Meter::OutputImage),
    ("audio", Meter::InputAudio),
    ("audio_output", Meter::OutputAudio),
    ("request", Meter::Request),
    ("web_search", Meter::WebSearch),
];

pub(super) fn lookup<'a>(root: &Node<'a>) -> Result<Option<Lookup<'a>>, String> {
    let Some(data) = root.get("data")? else { return Err("no list of models".to_owned()) };
    let mut models: BTreeMap<String, Node<'a>> = BTreeMap::new();
    for model in data.items()? {
        let Some(id) = model.text_of("id")? else { continue };
        if models.insert(id, model).is_some() {
            return Err("a model is listed twice".to_owned());
        }
    }
    Ok(Some(Box::new(move |id| match models.get(id) {
        Some(model) => of_model(*model),
        None => Ok(None),
    })))
}

fn of_model(model: Node<'_>) -> Result<Option<Vec<PriceRule>>, String> {
    let Some(pricing) = model.get("pricing")? else { return Ok(None) };
    if pricing
        .get("discount")?
        .and_then(Node::digits)
        .is_some_and(|d| d.bytes().any(|b| matches!(b, b'1'..=b'9')))
    {
        return Err("a discount, which may end at any time".to_owned());
    }
    let mut found = rules(rates(pricing)?, BTreeMap::new(), &When::default());
    if let Some(overrides) = pricing.get("overrides")? {
        for other in overrides.items()? {
            let when = condition(other)?;
            found.extend(rules(rates(other)?, BTreeMap::new(), &when));
        }
    }
    complete(found)
}

/// Strictly more prompt tokens than so many; hours of the UTC day as `HHMM`.
fn condition(other: Node<'_>) -> Result<When, String> {
    let minutes = |hhmm: u64| u16::try_from(hhmm / 100 * 60 + hhmm % 100).map_err(|_| "a time out of range");
    let mut when = When { prompt_tokens_gt: other.count("min_prompt_tokens")?, ..When::default() };
    if let (Some(start), Some(end)) = (other.count("utc_start")?, other.count("utc_end")?) {
        when.utc = Some((minutes(start)?, minutes(end)?));
    }
    if when == When::default() {
        return Err("a condition that is not understood".to_owned());
    }
    Ok(when)
}

/// What costs nothing extra is stated as zero there and falls back here.
fn rates(pricing: Node<'_>) -> Result<Rates, String> {
    let mut rates = Rates::new();
    for (key, value) in pricing.fields()? {
        let known = KEYS.iter().find(|(name, _)| *name == key);
        if let (Some((_, meter)), Some(digits)) = (known, value.digits()) {
            put(&mut rates, *meter, &digits, 0)?;
        }
    }
    rates.retain(|meter, rate| matches!(meter, Meter::Input | Meter::Output) || *rate > PicoUsd::ZERO);
    Ok(rates)
}
