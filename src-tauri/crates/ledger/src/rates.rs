//! From a price sheet to one rate a meter.

use domain::{Meter, PicoUsd, PriceOrigin, PriceSheet, Timestamp};
use std::collections::BTreeMap;

/// The rates in force for a request: [`PriceSheet::rates`]. Fallbacks are not filled in ([`rate`] does that).
pub fn rates(
    sheet: &PriceSheet,
    prompt_tokens: u64,
    service_tier: Option<&str>,
    at: Timestamp,
) -> BTreeMap<Meter, PicoUsd> {
    sheet.rates(prompt_tokens, service_tier, at)
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

/// Tiers that cost more than the ordinary one wherever there are such: a sheet's ordinary rates are not theirs.
/// OpenAI's `priority`, Anthropic's `fast` and its inference in the `us` alone (platform.claude.com, pricing, read
/// 2026-11-22).
const DEARER: &[&str] = &["priority", "fast", "us"];

/// False for a tier that is dearer than the ordinary one and that no rule of the sheet names: then its price is unknown.
pub(crate) fn covers_tier(sheet: &PriceSheet, tier: Option<&str>) -> bool {
    tier.is_none_or(|tier| {
        !DEARER.contains(&tier)
            || sheet.rules.iter().any(|rule| rule.when.service_tier.as_deref() == Some(tier))
    })
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
