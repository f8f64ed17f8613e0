//! Prices as whole pico-dollars per unit, read from the digits of the source.

use anyhow::{Context, Result, bail};

/// Decimals that a price per million tokens may have: one pico-dollar a token is $0.000001 a million.
pub(crate) const PER_MILLION: u32 = 6;
/// Decimals of a price per thousand.
pub(crate) const PER_THOUSAND: u32 = 9;
/// Decimals of a price per unit.
pub(crate) const PER_UNIT: u32 = 12;

/// `digits` (with an exponent or without) times 10^`places`, exactly, or an error.
pub(crate) fn scaled(digits: &str, places: u32) -> Result<i64> {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().context("a bad exponent")?),
        None => (digits, 0),
    };
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        bail!("{digits:?} is not a number");
    }
    let significant = all.trim_end_matches('0');
    let dropped = i64::try_from(all.len() - significant.len())?;
    let shift = i64::from(places) + exponent - i64::try_from(fraction.len())? + dropped;
    let value: i64 = if significant.is_empty() { 0 } else { significant.parse().context("out of range")? };
    if value == 0 {
        return Ok(0);
    }
    let shift = u32::try_from(shift).ok().context("more decimals than can be held exactly")?;
    let factor = 10i64.checked_pow(shift).context("out of range")?;
    let value = value.checked_mul(factor).context("out of range")?;
    Ok(if negative { -value } else { value })
}

/// The reverse of `scaled`, without an exponent: the shortest text.
pub(crate) fn text(value: i64, places: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let unit = 10u64.pow(places);
    let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{rest:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_exactly() {
        assert_eq!(scaled("0.59", PER_MILLION).unwrap(), 590_000);
        assert_eq!(scaled("3e-07", PER_UNIT).unwrap(), 300_000);
        assert_eq!(scaled("1.25E-7", PER_UNIT).unwrap(), 125_000);
        assert_eq!(scaled("10", PER_THOUSAND).unwrap(), 10_000_000_000);
        assert_eq!(scaled("1e6", 0).unwrap(), 1_000_000);
        assert_eq!(scaled("0.000", PER_MILLION).unwrap(), 0);
        assert_eq!(scaled("-1.50", PER_MILLION).unwrap(), -1_500_000);
    }

    #[test]
    fn float_noise_is_refused_not_rounded() {
        for noise in ["0.18000000000000002", "0.08333333333333334", "1e-13", "1e30", "NaN", ""] {
            assert!(scaled(noise, PER_MILLION).is_err(), "{noise}");
        }
    }

    #[test]
    fn text_round_trips() {
        for value in [0, 1, 590_000, 15_000_000, -37_500, i64::from(i32::MAX)] {
            assert_eq!(scaled(&text(value, PER_MILLION), PER_MILLION).unwrap(), value);
        }
        assert_eq!(text(10_000_000_000, PER_UNIT), "0.01");
    }
}
