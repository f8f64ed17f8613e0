//! Money is an integer number of pico-dollars. There is no way in from a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// 10⁻¹² US dollars. `i64` spans ± $9.2 million.
///
/// A price of "$x per million tokens" with up to six decimals is a whole number of pico-dollars per
/// token, so multiplying by a token count loses nothing. Serialised as a decimal string of dollars
/// (`"0.000123"`), because pico-dollars pass 2⁵³ at about $9,007.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct PicoUsd(i64);

/// Why a decimal string is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Not digits with at most one point and an optional leading minus.
    #[error("not a decimal number")]
    NotDecimal,
    /// More decimals than a pico-dollar can hold; rounding a price silently would be a lie.
    #[error("more decimals than can be held exactly")]
    Inexact,
    /// Beyond ± $9.2 million.
    #[error("amount out of range")]
    OutOfRange,
}

const DOLLAR_DECIMALS: u32 = 12;
const PER_MILLION_DECIMALS: u32 = 6;

impl PicoUsd {
    /// No money. Not the same as an unknown amount, which is `Option::None`.
    pub const ZERO: Self = Self(0);
    /// One US dollar.
    pub const DOLLAR: Self = Self(1_000_000_000_000);

    /// From pico-dollars.
    pub const fn new(pico: i64) -> Self {
        Self(pico)
    }

    /// In pico-dollars.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Parses dollars, e.g. `"0.0125"`. At most 12 decimals.
    pub fn from_dollars(s: &str) -> Result<Self, BadAmount> {
        decimal(s, DOLLAR_DECIMALS).map(Self)
    }

    /// Parses dollars per million units, e.g. `"0.59"`, to pico-dollars per unit. At most 6 decimals.
    pub fn per_million(s: &str) -> Result<Self, BadAmount> {
        decimal(s, PER_MILLION_DECIMALS).map(Self)
    }

    /// Sum, or `None` past the range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Difference, or `None` past the range.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// This rate times a number of units, or `None` past the range.
    pub fn checked_times(self, units: u64) -> Option<Self> {
        i64::try_from(i128::from(self.0) * i128::from(units)).ok().map(Self)
    }
}

/// `digits[.digits]` scaled by 10^`decimals`, exact or an error.
fn decimal(s: &str, decimals: u32) -> Result<i64, BadAmount> {
    let (negative, digits) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(BadAmount::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(decimals)
        .ok()
        .and_then(|d| d.checked_sub(fraction.len()))
        .ok_or(BadAmount::Inexact)?;
    let mut value: i64 = 0;
    let padded = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
    for digit in padded {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i64::from(digit - b'0')))
            .ok_or(BadAmount::OutOfRange)?;
    }
    Ok(if negative { -value } else { value })
}

impl fmt::Display for PicoUsd {
    /// Dollars with every significant decimal, at least six: `0.000123`, `1.000000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.0.unsigned_abs() / 10u64.pow(12), self.0.unsigned_abs() % 10u64.pow(12));
        let mut digits = format!("{fraction:012}");
        while digits.len() > 6 && digits.ends_with('0') {
            digits.pop();
        }
        write!(f, "{sign}{whole}.{digits}")
    }
}

impl fmt::Debug for PicoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${self}")
    }
}

impl FromStr for PicoUsd {
    type Err = BadAmount;
    fn from_str(s: &str) -> Result<Self, BadAmount> {
        Self::from_dollars(s)
    }
}

impl Serialize for PicoUsd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PicoUsd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_dollars(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_per_million_are_exact_per_token() {
        assert_eq!(PicoUsd::per_million("0.59"), Ok(PicoUsd::new(590_000)));
        assert_eq!(PicoUsd::per_million("0.0375"), Ok(PicoUsd::new(37_500)));
        assert_eq!(PicoUsd::per_million("15"), Ok(PicoUsd::new(15_000_000)));
        assert_eq!(PicoUsd::per_million("0.0000001"), Err(BadAmount::Inexact));
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for bad in ["", ".", "-", "1e5", "NaN", "1.2.3", "+1", " 1", "0x1", "1,5"] {
            assert_eq!(PicoUsd::from_dollars(bad), Err(BadAmount::NotDecimal), "{bad:?}");
        }
        assert_eq!(PicoUsd::from_dollars("99999999999"), Err(BadAmount::OutOfRange));
    }

    #[test]
    fn text_round_trips() {
        for pico in [0, 1, -1, 123_000_000, 1_000_000_000_000, -987_654_321_012_345, i64::MAX] {
            let amount = PicoUsd::new(pico);
            assert_eq!(PicoUsd::from_dollars(&amount.to_string()), Ok(amount));
        }
        assert_eq!(PicoUsd::new(123_000_000).to_string(), "0.000123");
        assert_eq!(PicoUsd::ZERO.to_string(), "0.000000");
    }
}
