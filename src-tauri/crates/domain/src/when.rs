//! Does a price rule hold, and which rates are in force? Dates and hours are those of the UTC calendar, from
//! the timestamp alone. Whoever compares, shows or books a price asks here, so that all say the same.

use crate::{Meter, PicoUsd, PriceSheet, Timestamp, When};
use std::collections::BTreeMap;

const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_DAY: i64 = 86_400_000;

/// The condition cannot be read, so nothing priced under it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl When {
    /// True when every condition of the rule holds, for a prompt of so many tokens, cached ones included, and
    /// the tier that serves, at this moment.
    pub fn holds(
        &self,
        prompt_tokens: u64,
        service_tier: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, Malformed> {
        // Every condition is looked at, so that a malformed one shows whatever the others say.
        let dated = self.date_holds(at)?;
        let hour = match self.utc {
            Some((start, end)) => window_holds(start, end, at)?,
            None => true,
        };
        let day = match &self.weekdays {
            Some(days) if days.iter().any(|d| !(1..=7).contains(d)) => return Err(Malformed),
            Some(days) => days.contains(&weekday(at)),
            None => true,
        };
        let prompt = self.prompt_tokens_gt.is_none_or(|limit| prompt_tokens > limit);
        let tier = self.service_tier.as_ref().is_none_or(|tier| service_tier == Some(tier));
        Ok(dated && hour && day && prompt && tier)
    }

    /// True on the days from `from` on and before `until`.
    pub fn date_holds(&self, at: Timestamp) -> Result<bool, Malformed> {
        let today = at.0.div_euclid(MS_PER_DAY);
        let from = self.from.as_deref().map(day_number).transpose()?;
        let until = self.until.as_deref().map(day_number).transpose()?;
        Ok(from.is_none_or(|day| today >= day) && until.is_none_or(|day| today < day))
    }
}

impl PriceSheet {
    /// The rates in force for a request, as the sheet names them: rules in order, later ones replacing key
    /// by key; what a meter falls back to is not filled in. `prompt_tokens` counts cached tokens too;
    /// `service_tier` is the tier that serves. Empty when a condition of the sheet cannot be read.
    pub fn rates(
        &self,
        prompt_tokens: u64,
        service_tier: Option<&str>,
        at: Timestamp,
    ) -> BTreeMap<Meter, PicoUsd> {
        let mut found = BTreeMap::new();
        for rule in &self.rules {
            match rule.when.holds(prompt_tokens, service_tier, at) {
                Ok(true) => found.extend(rule.rates.iter().map(|(meter, rate)| (*meter, *rate))),
                Ok(false) => {}
                Err(Malformed) => return BTreeMap::new(),
            }
        }
        found
    }

    /// The list price of a meter at this moment: that of a short prompt and no particular tier; `None` = it
    /// has none of its own.
    pub fn list_price(&self, meter: Meter, at: Timestamp) -> Option<PicoUsd> {
        self.rates(1, None, at).get(&meter).copied()
    }
}

/// `[start, end)` in minutes of the day; past midnight when it starts after it ends.
fn window_holds(start: u16, end: u16, at: Timestamp) -> Result<bool, Malformed> {
    if start >= 1440 || end > 1440 {
        return Err(Malformed);
    }
    let minute = at.0.rem_euclid(MS_PER_DAY) / MS_PER_MINUTE;
    let (start, end) = (i64::from(start), i64::from(end));
    Ok(if start <= end { start <= minute && minute < end } else { start <= minute || minute < end })
}

/// 1 = Monday … 7 = Sunday. The first of January 1970 was a Thursday.
fn weekday(at: Timestamp) -> u8 {
    let day = (at.0.div_euclid(MS_PER_DAY) + 3).rem_euclid(7) + 1;
    u8::try_from(day).unwrap_or(u8::MAX)
}

/// `YYYY-MM-DD` as days since the first of January 1970, by the proleptic Gregorian calendar.
pub fn day_number(date: &str) -> Result<i64, Malformed> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(Malformed);
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range].iter().try_fold(0_i64, |value, b| match b {
            b'0'..=b'9' => Ok(value * 10 + i64::from(b - b'0')),
            _ => Err(Malformed),
        })
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return Err(Malformed);
    }
    // Years counted from March put the leap day last, and five months to 153 days.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // From the first of March of year 0 to the first of January 1970 there are 719,468 days.
    Ok(365 * year + leap_days + day_of_year - 719_468)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_from_1890_to_2110_has_the_next_number() {
        let mut expected = day_number("1890-01-01").unwrap();
        assert_eq!(day_number("1970-01-01"), Ok(0));
        assert_eq!(day_number("2000-03-01"), Ok(11_017));
        for year in 1890..=2110 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(day_number(&format!("{year:04}-{month:02}-{day:02}")), Ok(expected));
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_malformed() {
        for bad in ["", "2026-2-01", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "20260101xx"] {
            assert_eq!(day_number(bad), Err(Malformed), "{bad:?}");
        }
        assert!(day_number("2028-02-29").is_ok());
    }

    #[test]
    fn a_window_past_midnight_wraps_and_its_end_is_open() {
        let at =
            |hour: i64, minute: i64| Timestamp((20_000 * 24 + hour) * 3_600_000 + minute * MS_PER_MINUTE);
        let (start, end) = (16 * 60 + 30, 30);
        assert_eq!(window_holds(start, end, at(16, 29)), Ok(false));
        assert_eq!(window_holds(start, end, at(16, 30)), Ok(true));
        assert_eq!(window_holds(start, end, at(0, 29)), Ok(true));
        assert_eq!(window_holds(start, end, at(0, 30)), Ok(false));
        assert_eq!(window_holds(60, 60, at(1, 0)), Ok(false));
        assert_eq!(window_holds(0, 1440, at(23, 59)), Ok(true));
        assert_eq!(window_holds(1440, 10, at(0, 0)), Err(Malformed));
    }

    #[test]
    fn weekdays_count_from_monday() {
        assert_eq!(weekday(Timestamp(0)), 4);
        assert_eq!(weekday(Timestamp(-1)), 3);
        // 2026-10-05 is a Monday.
        let monday = day_number("2026-10-05").unwrap() * MS_PER_DAY;
        assert_eq!(weekday(Timestamp(monday)), 1);
        assert_eq!(weekday(Timestamp(monday - 1)), 7);
    }
}
