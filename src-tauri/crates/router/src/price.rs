//! List prices, for comparing. What is booked is the ledger's, by the same rates.

use domain::{Meter, PicoUsd, PriceSheet, Timestamp};

/// The rates in force for a prompt of one length at one moment. A rule for a service tier never counts,
/// because none is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) input: Option<PicoUsd>,
    /// Of a prompt token out of a cache.
    read: Option<PicoUsd>,
    pub(crate) output: Option<PicoUsd>,
    pub(crate) request: Option<PicoUsd>,
}

impl Rates {
    /// Nothing is known where there is no sheet, or one that cannot be read.
    pub(crate) fn of(sheet: Option<&PriceSheet>, prompt_tokens: u64, at: Timestamp) -> Self {
        let mut rates = Self::default();
        for rule in sheet.map_or(&[][..], |sheet| &sheet.rules) {
            match rule.when.holds(prompt_tokens, None, at) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(_) => return Self::default(),
            }
            let new = |meter| rule.rates.get(&meter).copied();
            rates.input = new(Meter::Input).or(rates.input);
            rates.read = new(Meter::InputCacheRead).or(rates.read);
            rates.output = new(Meter::Output).or(rates.output);
            rates.request = new(Meter::Request).or(rates.request);
        }
        rates
    }

    /// Pico-dollars of a whole answer; `None` = a price is missing, which is not free.
    pub(crate) fn answer(&self, prompt_tokens: u64, cached: u64, answer_tokens: u64) -> Option<i128> {
        let (input, output) = (self.input?, self.output?);
        let read = self.read.unwrap_or(input);
        let request = self.request.map_or(0, |rate| i128::from(rate.get()));
        Some(
            times(input, prompt_tokens.saturating_sub(cached))
                + times(read, cached)
                + times(output, answer_tokens)
                + request,
        )
    }

    /// Pico-dollars for sending so many tokens once more in the next turn, from the cache where there is one.
    pub(crate) fn follow_up(&self, tokens: u64) -> Option<i128> {
        Some(times(self.read.or(self.input)?, tokens)).filter(|_| self.input.is_some())
    }
}

fn times(rate: PicoUsd, units: u64) -> i128 {
    i128::from(rate.get()) * i128::from(units)
}
