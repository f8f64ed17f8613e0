//! List prices, for comparing. What is booked is the ledger's.

use domain::{Meter, PicoUsd, PriceSheet};

/// The rate of a meter for a prompt of this length.
///
/// No clock is read here, so a rule bound to days or hours counts only where it makes the endpoint dearer;
/// a rule for a service tier never counts, because none is asked for.
pub(crate) fn rate(sheet: Option<&PriceSheet>, meter: Meter, prompt_tokens: u64) -> Option<PicoUsd> {
    let mut rate: Option<PicoUsd> = None;
    for rule in sheet.map_or(&[][..], |sheet| &sheet.rules) {
        let when = &rule.when;
        if when.service_tier.is_some() || when.prompt_tokens_gt.is_some_and(|limit| prompt_tokens <= limit) {
            continue;
        }
        let timed =
            when.from.is_some() || when.until.is_some() || when.utc.is_some() || when.weekdays.is_some();
        if let Some(&new) = rule.rates.get(&meter) {
            rate = match rate {
                Some(old) if timed => Some(old.max(new)),
                Some(_) | None => Some(new),
            };
        }
    }
    rate
}

/// Pico-dollars of a whole answer; `None` = a price is missing, which is not free.
pub(crate) fn answer(
    sheet: Option<&PriceSheet>,
    prompt_tokens: u64,
    cached: u64,
    answer_tokens: u64,
) -> Option<i128> {
    let of = |meter| rate(sheet, meter, prompt_tokens);
    let times = |rate: PicoUsd, units: u64| i128::from(rate.get()) * i128::from(units);
    let (input, output) = (of(Meter::Input)?, of(Meter::Output)?);
    let read = of(Meter::InputCacheRead).unwrap_or(input);
    let request = of(Meter::Request).map_or(0, |rate| i128::from(rate.get()));
    Some(
        times(input, prompt_tokens.saturating_sub(cached))
            + times(read, cached)
            + times(output, answer_tokens)
            + request,
    )
}

/// Pico-dollars for sending so many tokens once more in the next turn, from the cache where there is one.
pub(crate) fn follow_ups(sheet: Option<&PriceSheet>, tokens: u64) -> Option<i128> {
    let input = rate(sheet, Meter::Input, tokens)?;
    let read = rate(sheet, Meter::InputCacheRead, tokens).unwrap_or(input);
    Some(i128::from(read.get()) * i128::from(tokens))
}
