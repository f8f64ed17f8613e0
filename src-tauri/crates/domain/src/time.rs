//! Points in time and spans, both in milliseconds. Nobody here reads a clock.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The UTC day, `YYYY-MM-DD`, by the proleptic Gregorian calendar.
    pub fn day(self) -> String {
        // Years are counted from March, so that the leap day ends one; eras have 400 of them.
        let days = self.0.div_euclid(86_400_000) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Midnight UTC of `YYYY-MM-DD`; `None` = it is no day since 1970.
    pub fn of_day(day: &str) -> Option<Self> {
        let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&date) {
            return None;
        }
        // Counted from March here too.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days =
            year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date - 1 - 719_468;
        Some(Self(days * 86_400_000))
    }
}

/// A span in milliseconds, measured by a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct Millis(pub u64);

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(Timestamp::of_day("1970-01-01"), Some(Timestamp(0)));
        assert_eq!(Timestamp::of_day("2000-02-29"), Some(Timestamp(951_782_400_000)));
        assert_eq!(Timestamp::of_day("2026-11-21"), Some(Timestamp(1_795_219_200_000)));
        for bad in ["", "2026", "2026-13-01", "2026-11-32", "yesterday", "2026-11-xx"] {
            assert_eq!(Timestamp::of_day(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_moment_has_its_utc_day() {
        for (ms, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000, "2000-02-29"),
            (951_868_799_999, "2000-02-29"),
            (1_795_219_200_000, "2026-11-21"),
            (1_798_761_599_999, "2026-12-31"),
        ] {
            assert_eq!(Timestamp(ms).day(), day);
        }
    }
}
