//! A price in the user's own words, and what it comes to in whole pico-dollars.

use crate::prices::refuse;
use domain::{Failure, Meter, PicoUsd, say};
use std::collections::BTreeMap;

/// A price in the user's words: decimal text, dollars per million tokens (per unit for requests and
/// searches), or the same in another currency.
#[derive(Clone, Debug, Default)]
pub struct UserPrice {
    /// Meter → figure.
    pub rates: BTreeMap<Meter, String>,
    /// The currency of the figures, where it is not the dollar.
    pub foreign: Option<Foreign>,
}

/// A currency with the rate of a day.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// Three letters, e.g. `CNY`.
    pub currency: String,
    /// Dollars per unit of it, decimal text.
    pub usd_per_unit: String,
    /// Day of the rate, `YYYY-MM-DD`.
    pub day: String,
}

/// The figures as whole pico-dollars per unit.
pub(crate) fn rates(price: &UserPrice) -> Result<BTreeMap<Meter, PicoUsd>, Failure> {
    let mut found = BTreeMap::new();
    for (meter, text) in &price.rates {
        let read = match meter {
            Meter::Request | Meter::WebSearch => PicoUsd::from_dollars(text),
            _ => PicoUsd::per_million(text),
        };
        let amount = read.map_err(|error| {
            refuse(say!("“{text}” cannot be a price: {error}.", text = format!("{text:.40}"), error))
        })?;
        if amount < PicoUsd::ZERO {
            return Err(refuse(say!(
                "“{text}” cannot be a price: it is below zero.",
                text = format!("{text:.40}")
            )));
        }
        let amount = match &price.foreign {
            Some(foreign) => in_dollars(amount, foreign)?,
            None => amount,
        };
        found.insert(*meter, amount);
    }
    Ok(found)
}

/// A foreign amount at its rate, rounded up to the pico-dollar so that no limit is loosened.
fn in_dollars(amount: PicoUsd, foreign: &Foreign) -> Result<PicoUsd, Failure> {
    const MICRO: i128 = 1_000_000;
    let Foreign { currency, usd_per_unit, day } = foreign;
    let letters = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    let digits = |part: Option<&str>, n: usize| {
        part.is_some_and(|p| p.len() == n && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = day.split('-');
    let is_day = digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2);
    if !letters || !is_day || parts.next().is_some() {
        return Err(refuse(say!(
            "Another currency needs its three letters (CNY), and its rate needs a day (2026-11-20)."
        )));
    }
    // "Per million" is what keeps six decimals: dollars per unit, in millionths.
    let rate = PicoUsd::per_million(usd_per_unit).ok().filter(|rate| *rate > PicoUsd::ZERO);
    let rate = rate.ok_or_else(|| {
        refuse(say!(
            "“{usd_per_unit}” cannot be a rate: give dollars per {currency} with at most six decimals.",
            usd_per_unit = format!("{usd_per_unit:.40}"),
            currency
        ))
    })?;
    let exact = i128::from(amount.get()) * i128::from(rate.get());
    let rounded = (exact + MICRO - 1) / MICRO;
    i64::try_from(rounded).map(PicoUsd::new).map_err(|_| refuse(say!("The price is out of range.")))
}

/// The figures as they were given.
pub(crate) fn said(price: &UserPrice, foreign: &Foreign) -> String {
    let word = |meter: &Meter| {
        serde_json::to_value(meter).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let figures: Vec<String> =
        price.rates.iter().map(|(meter, text)| format!("{} {text}", word(meter))).collect();
    let Foreign { currency, usd_per_unit, day } = foreign;
    format!("{currency} {} at {usd_per_unit} USD on {day}", figures.join(", "))
}
