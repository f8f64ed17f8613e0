//! What something would cost: a request that is not sent yet, and a month on another model.

use crate::{
    cost::cost,
    rates::{is_free, rate, rates as resolved},
};
use domain::{InputUsage, Meter, OutputUsage, PicoUsd, PriceSheet, Timestamp, Usage, UsageSource};

/// What a request will likely use, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Prompt.
    pub input: u64,
    /// Of it, what is likely read from a cache.
    pub cached: u64,
    /// A short answer.
    pub output_low: u64,
    /// A long one.
    pub output_high: u64,
}

/// From a short answer and a warm cache to a long answer and a cold one; `None` = the price is unknown.
pub fn estimate(expected: Expected, sheet: Option<&PriceSheet>, at: Timestamp) -> Option<(PicoUsd, PicoUsd)> {
    let of = |cached: u64, output: u64| {
        let usage = Usage {
            input: InputUsage {
                total: Some(expected.input),
                cache_read: (cached > 0).then(|| cached.min(expected.input)),
                ..InputUsage::default()
            },
            output: OutputUsage { total: Some(output), ..OutputUsage::default() },
            source: UsageSource::Estimated,
            ..Usage::default()
        };
        cost(&usage, sheet, at).total
    };
    Some((of(expected.cached, expected.output_low)?, of(0, expected.output_high)?))
}

/// Answers enough to speak of a habit.
const FEWEST: usize = 5;

/// How long one's answers are: eight in ten lie between. `None` = there are too few to say.
pub fn usual_lengths(mut lengths: Vec<u64>) -> Option<(u64, u64)> {
    if lengths.len() < FEWEST {
        return None;
    }
    lengths.sort_unstable();
    let last = lengths.len() - 1;
    Some((*lengths.get(last / 10)?, *lengths.get(last - last / 10)?))
}

/// Tokens of many answers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Requests.
    pub requests: u64,
    /// Prompt tokens, cached ones included.
    pub input: u64,
    /// Of them read from a cache.
    pub cache_read: u64,
    /// Written to a cache for five minutes.
    pub cache_write_5m: u64,
    /// Written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Completion tokens.
    pub output: u64,
}

/// What the same tokens cost by another sheet, at the rates for a prompt of average length. `None` = a
/// rate is unknown, or the parts exceed their total.
pub fn priced_on(volume: Volume, sheet: &PriceSheet, at: Timestamp) -> Option<PicoUsd> {
    if is_free(sheet) {
        return Some(PicoUsd::ZERO);
    }
    let average = volume.input.checked_div(volume.requests).unwrap_or(0);
    let rates = resolved(sheet, average, None, at);
    let cached = volume.cache_read.checked_add(volume.cache_write_5m)?.checked_add(volume.cache_write_1h)?;
    let requests = if rates.contains_key(&Meter::Request) { volume.requests } else { 0 };
    let parts = [
        (Meter::Input, volume.input.checked_sub(cached)?),
        (Meter::InputCacheRead, volume.cache_read),
        (Meter::InputCacheWrite5m, volume.cache_write_5m),
        (Meter::InputCacheWrite1h, volume.cache_write_1h),
        (Meter::Output, volume.output),
        (Meter::Request, requests),
    ];
    parts.into_iter().filter(|(_, units)| *units > 0).try_fold(PicoUsd::ZERO, |sum, (meter, units)| {
        let rate = rate(&rates, meter).filter(|rate| *rate >= PicoUsd::ZERO)?;
        sum.checked_add(rate.checked_times(units)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{PriceOrigin, PriceRule, PriceSource, When};

    /// $3 in, $0.30 from the cache, $3.75 into it, $15 out; above 200,000 tokens twice that.
    fn sheet() -> PriceSheet {
        let rates = |times: u64| {
            [(Meter::Input, 3), (Meter::Output, 15)]
                .into_iter()
                .map(|(meter, dollars)| {
                    (meter, PicoUsd::new(dollars * 1_000_000).checked_times(times).unwrap())
                })
                .chain([(Meter::InputCacheRead, PicoUsd::new(300_000).checked_times(times).unwrap())])
                .collect()
        };
        PriceSheet {
            source: PriceSource {
                origin: PriceOrigin::User,
                source: "test".to_owned(),
                checked: "2026-11-01".to_owned(),
            },
            rules: vec![
                PriceRule { when: When::default(), rates: rates(1) },
                PriceRule {
                    when: When { prompt_tokens_gt: Some(200_000), ..When::default() },
                    rates: rates(2),
                },
            ],
        }
    }

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    #[test]
    fn an_estimate_goes_from_a_warm_cache_to_a_cold_one() {
        let expected = Expected { input: 1_000, cached: 800, output_low: 100, output_high: 500 };
        let (low, high) = estimate(expected, Some(&sheet()), NOW).unwrap();
        // 200 × 3 + 800 × 0.3 + 100 × 15 and 1,000 × 3 + 500 × 15, in millionths.
        assert_eq!(low.to_string(), "0.002340");
        assert_eq!(high.to_string(), "0.010500");
        assert_eq!(estimate(expected, None, NOW), None, "an unknown price is not free");
    }

    #[test]
    fn habits_need_a_few_answers_and_leave_the_odd_ones_out() {
        assert_eq!(usual_lengths(vec![10, 20, 30, 40]), None);
        assert_eq!(usual_lengths((1..=101).rev().collect()), Some((11, 91)));
        assert_eq!(usual_lengths(vec![7; 5]), Some((7, 7)));
    }

    #[test]
    fn the_same_tokens_by_another_sheet() {
        let volume =
            Volume { requests: 10, input: 10_000, cache_read: 4_000, output: 2_000, ..Volume::default() };
        // 6,000 × 3 + 4,000 × 0.3 + 2,000 × 15, in millionths.
        assert_eq!(priced_on(volume, &sheet(), NOW).unwrap().to_string(), "0.049200");
        // Ten prompts of 300,000 are long ones, ten thousand of 300 are not.
        let long = Volume { requests: 10, input: 3_000_000, ..Volume::default() };
        let short = Volume { requests: 10_000, ..long };
        assert_eq!(priced_on(long, &sheet(), NOW).unwrap().to_string(), "18.000000");
        assert_eq!(priced_on(short, &sheet(), NOW).unwrap().to_string(), "9.000000");
        let broken = Volume { cache_read: 10_001, ..volume };
        assert_eq!(priced_on(broken, &sheet(), NOW), None);
    }
}
