//! The most a request may cost, held back before it is sent.

use crate::rates::{covers_tier, is_free};
use domain::{MalformedPrice, Meter, PicoUsd, PriceSheet, Timestamp, When};
use std::collections::BTreeMap;

const MS_PER_DAY: i64 = 86_400_000;

/// What a prompt token may cost at most: it may be written to a cache. The last counts where there is sound.
const INPUT: &[Meter] = &[
    Meter::Input,
    Meter::InputCacheRead,
    Meter::InputCacheWrite5m,
    Meter::InputCacheWrite1h,
    Meter::InputImage,
    Meter::InputAudio,
];
/// What a completion token may cost at most. Sound, the last, has to be asked for.
const OUTPUT: &[Meter] = &[Meter::Output, Meter::OutputReasoning, Meter::OutputImage, Meter::OutputAudio];

/// What a request may ask for besides words: only programs that ask through the gateway do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Besides<'a> {
    /// Sound, in or out.
    pub sound: bool,
    /// Searches at most that the provider makes by itself.
    pub searches: u64,
    /// The tier it names, in its provider's word.
    pub tier: Option<&'a str>,
}

/// The dearest a request can become: every token at the dearest rate that may apply to it, whatever tier,
/// hour, service tier or cache it ends up with. `None` = the price is unknown.
pub fn hold(
    prompt_tokens_upper: u64,
    max_output_tokens: u64,
    sheet: Option<&PriceSheet>,
    at: Timestamp,
) -> Option<PicoUsd> {
    Dearest::of(sheet?, prompt_tokens_upper, at)?.worst(prompt_tokens_upper, max_output_tokens)
}

/// The highest rates that may apply to a request, in pico-dollars per unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dearest {
    input: PicoUsd,
    output: PicoUsd,
    /// Whatever it says: the fee for a request, and for the searches it may make.
    request: PicoUsd,
}

impl Dearest {
    /// Of a sheet, for a prompt of at most so many tokens; `None` = the price is unknown.
    pub fn of(sheet: &PriceSheet, prompt_tokens_upper: u64, at: Timestamp) -> Option<Self> {
        Self::with(sheet, prompt_tokens_upper, at, Besides::default())
    }

    /// The same for what a request asks for besides words. A search whose price is not stated is of unknown price.
    fn with(
        sheet: &PriceSheet,
        prompt_tokens_upper: u64,
        at: Timestamp,
        besides: Besides<'_>,
    ) -> Option<Self> {
        if is_free(sheet) {
            return Some(Self { input: PicoUsd::ZERO, output: PicoUsd::ZERO, request: PicoUsd::ZERO });
        }
        let dearest = |meters: &[Meter]| dearest(sheet, meters, prompt_tokens_upper, at).ok().flatten();
        let priced = is_given(sheet, Meter::Input) && is_given(sheet, Meter::Output);
        if !priced || !covers_tier(sheet, besides.tier) {
            return None;
        }
        let but_sound = |meters: &'static [Meter]| match meters.split_last() {
            Some((_, words)) if !besides.sound => words,
            _ => meters,
        };
        let searches = match besides.searches {
            0 => PicoUsd::ZERO,
            count => dearest(&[Meter::WebSearch])?.checked_times(count)?,
        };
        Some(Self {
            input: dearest(but_sound(INPUT))?,
            output: dearest(but_sound(OUTPUT))?,
            request: dearest(&[Meter::Request]).unwrap_or(PicoUsd::ZERO).checked_add(searches)?,
        })
    }

    /// Of several sheets, of which it is not settled which one counts: a price that waits to be confirmed
    /// must not make a hold smaller. `None` = there is none, or a price is unknown.
    pub fn of_any<'a>(
        sheets: impl IntoIterator<Item = &'a PriceSheet>,
        prompt_tokens_upper: u64,
        at: Timestamp,
        besides: Besides<'_>,
    ) -> Option<Self> {
        let all: Option<Vec<Self>> =
            sheets.into_iter().map(|sheet| Self::with(sheet, prompt_tokens_upper, at, besides)).collect();
        all?.into_iter().reduce(|a, b| Self {
            input: a.input.max(b.input),
            output: a.output.max(b.output),
            request: a.request.max(b.request),
        })
    }

    /// The same rate for every token: what the user says an unknown price is at most.
    pub const fn flat(per_token: PicoUsd) -> Self {
        Self { input: per_token, output: per_token, request: PicoUsd::ZERO }
    }

    /// The most so many tokens can cost; `None` = beyond the range.
    pub fn worst(&self, prompt_tokens: u64, output_tokens: u64) -> Option<PicoUsd> {
        let input = self.input.checked_times(prompt_tokens)?;
        let output = self.output.checked_times(output_tokens)?;
        input.checked_add(output)?.checked_add(self.request)
    }

    /// The longest answer that so much money is sure to pay for; `None` = not even the prompt.
    pub fn affordable(&self, prompt_tokens: u64, money: PicoUsd) -> Option<u64> {
        let left = money.checked_sub(self.worst(prompt_tokens, 0)?)?.get();
        let left = u64::try_from(left).ok()?;
        Some(
            u64::try_from(self.output.get()).ok().and_then(|rate| left.checked_div(rate)).unwrap_or(u64::MAX),
        )
    }
}

fn is_given(sheet: &PriceSheet, meter: Meter) -> bool {
    sheet.rules.iter().any(|rule| rule.rates.contains_key(&meter))
}

/// The highest rate that may be in force for any of `meters`. A rule that may apply adds its rates; one
/// that is sure to apply puts an end to those of the rules before it. Only days are certain, and within
/// one day of margin (a request may end after midnight): hours and the tier that serves are not.
fn dearest(
    sheet: &PriceSheet,
    meters: &[Meter],
    prompt_tokens: u64,
    at: Timestamp,
) -> Result<Option<PicoUsd>, MalformedPrice> {
    let tomorrow = Timestamp(at.0.saturating_add(MS_PER_DAY));
    let mut highest: BTreeMap<Meter, PicoUsd> = BTreeMap::new();
    for rule in &sheet.rules {
        let (today, later) = (rule.when.date_holds(at)?, rule.when.date_holds(tomorrow)?);
        let in_reach = rule.when.prompt_tokens_gt.is_none_or(|limit| prompt_tokens > limit);
        if !in_reach || !(today || later) {
            continue;
        }
        let dates_alone = When { from: None, until: None, ..rule.when.clone() } == When::default();
        let certain = dates_alone && today && later;
        for (meter, rate) in rule.rates.iter().filter(|(meter, _)| meters.contains(meter)) {
            let entry = highest.entry(*meter).or_insert(*rate);
            *entry = if certain { *rate } else { (*entry).max(*rate) };
        }
    }
    Ok(highest.into_values().max().filter(|rate| *rate >= PicoUsd::ZERO))
}
