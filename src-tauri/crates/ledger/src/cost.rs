//! Usage times rates. Every token is on exactly one meter, so that nothing is billed twice.

use crate::rates::{covers_tier, is_free, rate, rates};
use domain::{
    Basis, Cost, CostLine, InputUsage, Meter, OutputUsage, PicoUsd, PriceSheet, Timestamp, Usage, UsageSource,
};
use std::collections::BTreeMap;

/// What an attempt cost. `at` is when its request was sent: the price of that moment counts, for good.
///
/// In order: the provider's own figure, if above zero, or zero where the sheet says the model is free
/// (a provider's zero alone proves nothing); else usage times rates; else unknown. With a figure of the
/// provider's, `lines` still hold our own computation, so that a difference can be seen. Unknown are:
/// usage or a needed rate that is missing, a dearer tier that the sheet does not name, parts that exceed their total, a sheet that cannot be read, a
/// negative rate, an amount beyond the range.
pub fn cost(usage: &Usage, sheet: Option<&PriceSheet>, at: Timestamp) -> Cost {
    let lines = sheet.and_then(|sheet| bill(usage, sheet, at));
    if let Some(total) = usage.reported_cost.filter(|reported| is_believable(*reported, sheet)) {
        let lines = lines.unwrap_or_default();
        return Cost { total: Some(total), lines, basis: Basis::Reported, at_most: None };
    }
    let total = lines.as_deref().and_then(sum);
    match (total, lines) {
        (Some(total), Some(lines)) => {
            let basis = match usage.source {
                UsageSource::Reported => Basis::Computed,
                // Where every rate is zero the amount does not rest on the count.
                UsageSource::Estimated if sheet.is_some_and(is_free) => Basis::Computed,
                UsageSource::Estimated => Basis::Estimated,
            };
            Cost { total: Some(total), lines, basis, at_most: None }
        }
        _ => Cost::unknown(),
    }
}

fn is_believable(reported: PicoUsd, sheet: Option<&PriceSheet>) -> bool {
    reported > PicoUsd::ZERO || (reported == PicoUsd::ZERO && sheet.is_some_and(is_free))
}

fn sum(lines: &[CostLine]) -> Option<PicoUsd> {
    lines.iter().try_fold(PicoUsd::ZERO, |total, line| total.checked_add(line.amount))
}

/// The lines of the bill; `None` = it cannot be drawn up.
fn bill(usage: &Usage, sheet: &PriceSheet, at: Timestamp) -> Option<Vec<CostLine>> {
    let free = is_free(sheet);
    if !free && !covers_tier(sheet, usage.service_tier.as_deref()) {
        return None;
    }
    // Who bills other counts than it reports bills them plainly: the parts are of the counts.
    let (input_usage, output_usage) = match usage.billed {
        Some(billed) => (
            InputUsage { total: Some(billed.input), ..InputUsage::default() },
            OutputUsage { total: Some(billed.output), ..OutputUsage::default() },
        ),
        None => (usage.input.clone(), usage.output.clone()),
    };
    let (input, output) = match (input_usage.total, output_usage.total) {
        (Some(input), Some(output)) => (input, output),
        // Nothing times anything is nothing: a model that is free needs no count.
        (input, output) if free => (input.unwrap_or(0), output.unwrap_or(0)),
        _ => return None,
    };
    let rates = rates(sheet, input, usage.service_tier.as_deref(), at);
    let mut units = Vec::new();
    split_input(&mut units, input, &input_usage, &rates, free)?;
    split_output(&mut units, output, &output_usage, &rates, free)?;
    units.push((Meter::WebSearch, usage.web_searches.unwrap_or(0)));
    // A price per request is an addition; sheets without one charge none.
    units.push((Meter::Request, u64::from(rates.contains_key(&Meter::Request))));
    units
        .into_iter()
        .filter(|(_, units)| *units > 0)
        .map(|(meter, units)| {
            let rate = rate(&rates, meter).or(free.then_some(PicoUsd::ZERO))?;
            let amount = rate.checked_times(units).filter(|_| rate >= PicoUsd::ZERO)?;
            Some(CostLine { meter, units, rate, amount })
        })
        .collect()
}

type Units = Vec<(Meter, u64)>;

/// Prompt tokens on disjoint meters, or `None` when the parts exceed the total.
///
/// A cache and a modality are two ways to look at the same tokens: a cached picture is in both counts.
/// Pictures and sound are therefore taken apart only where they have a price of their own.
fn split_input(
    units: &mut Units,
    total: u64,
    usage: &InputUsage,
    rates: &BTreeMap<Meter, PicoUsd>,
    free: bool,
) -> Option<()> {
    let plain = rates.get(&Meter::Input);
    let apart = |meter| rates.get(&meter).is_some_and(|rate| Some(rate) != plain);
    let mut parts = vec![
        (Meter::InputCacheRead, usage.cache_read.unwrap_or(0)),
        (Meter::InputCacheWrite5m, usage.cache_write_5m.unwrap_or(0)),
        (Meter::InputCacheWrite1h, usage.cache_write_1h.unwrap_or(0)),
    ];
    for (meter, count) in [(Meter::InputImage, usage.image), (Meter::InputAudio, usage.audio)] {
        if apart(meter) {
            parts.push((meter, count.unwrap_or(0)));
        }
    }
    take_apart(units, Meter::Input, total, parts, free)
}

/// Completion tokens on disjoint meters, or `None` when the parts exceed the total.
fn split_output(
    units: &mut Units,
    total: u64,
    usage: &OutputUsage,
    rates: &BTreeMap<Meter, PicoUsd>,
    free: bool,
) -> Option<()> {
    let plain = rates.get(&Meter::Output);
    let apart = |meter| rates.get(&meter).is_some_and(|rate| Some(rate) != plain);
    let mut parts = vec![(Meter::OutputReasoning, usage.reasoning.unwrap_or(0))];
    for (meter, count) in [(Meter::OutputImage, usage.image), (Meter::OutputAudio, usage.audio)] {
        if apart(meter) {
            parts.push((meter, count.unwrap_or(0)));
        }
    }
    take_apart(units, Meter::Output, total, parts, free)
}

fn take_apart(units: &mut Units, whole: Meter, total: u64, parts: Units, free: bool) -> Option<()> {
    let inside = parts.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count));
    match inside.and_then(|inside| total.checked_sub(inside)) {
        Some(rest) => {
            units.push((whole, rest));
            units.extend(parts);
        }
        // Counts that contradict each other cannot be priced, unless every price is zero.
        None if free => units.push((whole, total)),
        None => return None,
    }
    Some(())
}
