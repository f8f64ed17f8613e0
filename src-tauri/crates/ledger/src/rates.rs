//! From a price sheet to one rate a meter.

use crate::when::{self, Malformed, Moment};
use domain::{Meter, PicoUsd, PriceOrigin, PriceSheet, Timestamp};
use std::collections::BTreeMap;

/// The rates in force for a request, as its sheet names them: rules in order, later ones replacing key
/// by key. Fallbacks are not filled in ([`rate`] does that). `prompt_tokens` counts cached tokens too;
/// `service_tier` is the tier that served. Empty when a condition of the sheet cannot be read.
pub fn rates(
    sheet: &PriceSheet,
    prompt_tokens: u64,
    service_tier: Option<&str>,
    at: Timestamp,
) -> BTreeMap<Meter, PicoUsd> {
    resolve(sheet, Moment { prompt_tokens, service_tier, at }).unwrap_or_default()
}

fn resolve(sheet: &PriceSheet, moment: Moment<'_>) -> Result<BTreeMap<Meter, PicoUsd>, Malformed> {
    let mut found = BTreeMap::new();
    for rule in &sheet.rules {
        if when::holds(&rule.when, moment)? {
            found.extend(rule.rates.iter().map(|(meter, rate)| (*meter, *rate)));
        }
    }
    Ok(found)
}

/// The rate of a meter, or of the one it falls back to; `None` = unknown.
pub fn rate(rates: &BTreeMap<Meter, PicoUsd>, meter: Meter) -> Option<PicoUsd> {
    let mut meter = meter;
    loop {
        if let Some(rate) = rates.get(&meter) {
            return Some(*rate);
        }
        meter = fallback(meter)?;
    }
}

/// As the domain documents its meters.
const fn fallback(meter: Meter) -> Option<Meter> {
    match meter {
        Meter::InputCacheRead | Meter::InputCacheWrite5m | Meter::InputImage | Meter::InputAudio => {
            Some(Meter::Input)
        }
        Meter::InputCacheWrite1h => Some(Meter::InputCacheWrite5m),
        Meter::OutputReasoning | Meter::OutputImage | Meter::OutputAudio => Some(Meter::Output),
        Meter::Input | Meter::Output | Meter::Request | Meter::WebSearch => None,
    }
}

/// True when a sheet says that the model costs nothing: it runs on this machine or is a demo, or its
/// prompt and completion rates are given, and no rate of it is other than zero.
pub fn is_free(sheet: &PriceSheet) -> bool {
    let given = |meter| sheet.rules.iter().any(|rule| rule.rates.contains_key(&meter));
    let declared = match sheet.source.origin {
        PriceOrigin::Local | PriceOrigin::Demo | PriceOrigin::NotBilled => true,
        PriceOrigin::Bundled | PriceOrigin::Live | PriceOrigin::User => {
            given(Meter::Input) && given(Meter::Output)
        }
    };
    declared && sheet.rules.iter().all(|rule| rule.rates.values().all(|rate| *rate == PicoUsd::ZERO))
}
