//! The user's calendar: where days, weeks and months begin, in local time.

use domain::{ErrorKind, Failure, Timestamp};
use jiff::{Span, ToSpan as _, Unit, Zoned, ZonedRound, civil::Weekday, tz::TimeZone};

/// How long a look back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SpendPeriod {
    /// By the hour.
    Day,
    /// By the day, from Monday.
    Week,
    /// By the day.
    Month,
    /// By the month.
    Year,
    /// Since the first entry, by the month, or by the year where those are too many.
    All,
}

/// A stretch of a period that is drawn as one bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// When it begins.
    pub start: Timestamp,
    /// In full: `1 November`.
    pub name: String,
    /// Under the axis, where there is room.
    pub tick: Option<String>,
}

/// A period of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// `November 2026`.
    pub name: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// Bars, left to right.
    pub steps: Vec<Step>,
}

/// Most months drawn one by one.
const MOST_MONTHS: usize = 36;

fn bad(error: &jiff::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("The clock is out of range ({error})."))
}

/// A moment in local time.
pub(crate) fn local(at: Timestamp) -> Result<Zoned, Failure> {
    let at = jiff::Timestamp::from_millisecond(at.0).map_err(|error| bad(&error))?;
    Ok(at.to_zoned(TimeZone::system()))
}

/// Back from local time.
pub(crate) fn stamp(at: &Zoned) -> Timestamp {
    Timestamp(at.timestamp().as_millisecond())
}

fn plus(at: &Zoned, span: Span) -> Result<Zoned, Failure> {
    at.checked_add(span).map_err(|error| bad(&error))
}

/// Every local day that begins or is under way in `[from, until)`: its name (`2026-11-21`) and its first
/// moment.
pub fn days(from: Timestamp, until: Timestamp) -> Result<Vec<(String, Timestamp)>, Failure> {
    let mut day = local(from)?.start_of_day().map_err(|error| bad(&error))?;
    let mut found = Vec::new();
    while stamp(&day) < until {
        found.push((day.date().to_string(), stamp(&day)));
        day = plus(&day, 1.day())?.start_of_day().map_err(|error| bad(&error))?;
    }
    Ok(found)
}

fn first_of_month(at: &Zoned) -> Result<Zoned, Failure> {
    at.first_of_month().and_then(|day| day.start_of_day()).map_err(|error| bad(&error))
}

fn first_of_year(at: &Zoned) -> Result<Zoned, Failure> {
    at.first_of_year().and_then(|day| day.start_of_day()).map_err(|error| bad(&error))
}

/// The period that lies `back` periods before the one of `now`. `first` is the first entry, for `All`.
pub(crate) fn stretch(
    period: SpendPeriod,
    back: u32,
    now: Timestamp,
    first: Option<Timestamp>,
) -> Result<Stretch, Failure> {
    let today = local(now)?.start_of_day().map_err(|error| bad(&error))?;
    let back = i64::from(back);
    let (start, end, step) = match period {
        SpendPeriod::Day => {
            let start = plus(&today, (-back).days())?;
            let end = plus(&start, 1.day())?;
            (start, end, 1.hour())
        }
        SpendPeriod::Week => {
            let monday = i64::from(today.weekday().to_monday_zero_offset());
            let start = plus(&today, (-monday - 7 * back).days())?;
            let end = plus(&start, 7.days())?;
            (start, end, 1.day())
        }
        SpendPeriod::Month => {
            let start = plus(&first_of_month(&today)?, (-back).months())?;
            let end = plus(&start, 1.month())?;
            (start, end, 1.day())
        }
        SpendPeriod::Year => {
            let start = plus(&first_of_year(&today)?, (-back).years())?;
            let end = plus(&start, 1.year())?;
            (start, end, 1.month())
        }
        SpendPeriod::All => {
            let first = first.map_or_else(|| Ok(today.clone()), local)?;
            let start = first_of_month(&first)?;
            let end = plus(&first_of_month(&today)?, 1.month())?;
            let months = start.until((Unit::Month, &end)).map_err(|error| bad(&error))?.get_months();
            if usize::try_from(months).unwrap_or(0) > MOST_MONTHS {
                let end = plus(&first_of_year(&today)?, 1.year())?;
                (first_of_year(&first)?, end, 1.year())
            } else {
                (start, end, 1.month())
            }
        }
    };
    let name = name(period, &start);
    let (from, until) = (stamp(&start), stamp(&end));
    Ok(Stretch { name, from, until, steps: steps(&start, until, step, stamp(&today))? })
}

fn name(period: SpendPeriod, start: &Zoned) -> String {
    match period {
        SpendPeriod::Day => start.strftime("%-d %B %Y").to_string(),
        SpendPeriod::Week => start.strftime("Week of %-d %B %Y").to_string(),
        SpendPeriod::Month => start.strftime("%B %Y").to_string(),
        SpendPeriod::Year => start.strftime("%Y").to_string(),
        SpendPeriod::All => start.strftime("Since %B %Y").to_string(),
    }
}

fn steps(start: &Zoned, until: Timestamp, step: Span, today: Timestamp) -> Result<Vec<Step>, Failure> {
    let mut found = Vec::new();
    for n in 0_i64.. {
        let at = plus(start, step.checked_mul(n).map_err(|error| bad(&error))?)?;
        if stamp(&at) >= until {
            break;
        }
        let (name, tick) = if step.get_hours() > 0 {
            let tick = (at.hour() % 3 == 0).then(|| at.strftime("%H:%M").to_string());
            (at.strftime("%-d %B, %H:%M").to_string(), tick)
        } else if step.get_days() > 0 {
            let week = until.0.saturating_sub(stamp(start).0) < 9 * 86_400_000;
            (at.strftime("%-d %B").to_string(), day_tick(&at, week, stamp(&at) == today))
        } else if step.get_months() > 0 {
            let tick = if at.month() == 1 || n == 0 { "%b %Y" } else { "%b" };
            (at.strftime("%B %Y").to_string(), Some(at.strftime(tick).to_string()))
        } else {
            let year = at.strftime("%Y").to_string();
            (year.clone(), Some(year))
        };
        found.push(Step { start: stamp(&at), name, tick });
    }
    Ok(found)
}

fn day_tick(at: &Zoned, week: bool, today: bool) -> Option<String> {
    if today {
        return Some("Today".to_owned());
    }
    if week {
        return Some(at.strftime("%a %-d").to_string());
    }
    match at.day() {
        1 => Some(at.strftime("%-d %b").to_string()),
        day if day % 5 == 0 => Some(day.to_string()),
        _ => None,
    }
}

fn number(day: Weekday) -> u8 {
    u8::try_from(day.to_monday_one_offset()).unwrap_or(1)
}

/// 1 = Monday … 7 = Sunday.
pub(crate) fn weekday_of(at: Timestamp) -> Result<u8, Failure> {
    Ok(number(local(at)?.weekday()))
}

/// The last `count` days before today, oldest first, with their weekdays.
pub(crate) fn days_before(now: Timestamp, count: usize) -> Result<Vec<(Timestamp, u8)>, Failure> {
    let today = local(now)?.date();
    let mut found = Vec::new();
    let mut date = today;
    for _ in 0..count {
        date = date.yesterday().map_err(|error| bad(&error))?;
        let start = date.to_zoned(TimeZone::system()).map_err(|error| bad(&error))?;
        found.push((stamp(&start), number(date.weekday())));
    }
    found.reverse();
    Ok(found)
}

/// The days after today until the month ends, with their weekdays.
pub(crate) fn rest_of_month(now: Timestamp) -> Result<Vec<(Timestamp, u8)>, Failure> {
    let today = local(now)?.date();
    let mut found = Vec::new();
    let mut date = today.tomorrow().map_err(|error| bad(&error))?;
    while date.month() == today.month() {
        let start = date.to_zoned(TimeZone::system()).map_err(|error| bad(&error))?;
        found.push((stamp(&start), number(date.weekday())));
        date = date.tomorrow().map_err(|error| bad(&error))?;
    }
    Ok(found)
}

/// `30 November`.
pub(crate) fn last_of_month(now: Timestamp) -> Result<String, Failure> {
    Ok(local(now)?.date().last_of_month().strftime("%-d %B").to_string())
}

/// `November`.
pub(crate) fn month_name(now: Timestamp) -> Result<String, Failure> {
    Ok(local(now)?.strftime("%B").to_string())
}

/// `October to the 21st`.
pub(crate) fn month_before_name(now: Timestamp) -> Result<String, Failure> {
    let before = plus(&local(now)?, (-1).month())?;
    let ordinal = match before.day() {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    Ok(format!("{} to the {}{ordinal}", before.strftime("%B"), before.day()))
}

/// Local midnight and the first of the month.
pub(crate) fn periods(now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let today = local(now)?.start_of_day().map_err(|error| bad(&error))?;
    Ok((stamp(&today), stamp(&first_of_month(&today)?)))
}

/// The same moment of the month before, or the last moment of a shorter month; and that month's start.
pub(crate) fn month_before(now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let now = local(now)?;
    let before = plus(&now, (-1).month())?;
    Ok((stamp(&first_of_month(&before)?), stamp(&before)))
}

/// Rounds to the minute, for names of files.
pub(crate) fn minute(at: Timestamp) -> Result<Zoned, Failure> {
    local(at)?.round(ZonedRound::new().smallest(Unit::Minute)).map_err(|error| bad(&error))
}

/// The first moment of a day, local time.
pub(crate) fn midnight(day: jiff::civil::Date) -> Result<Timestamp, Failure> {
    day.to_zoned(TimeZone::system()).map(|start| stamp(&start)).map_err(|error| bad(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21 November 2026, 14:30 local time, a Saturday.
    fn now() -> Timestamp {
        let at = jiff::civil::date(2026, 11, 21).at(14, 30, 0, 0).to_zoned(TimeZone::system()).unwrap();
        stamp(&at)
    }

    #[test]
    fn a_month_has_a_bar_a_day() {
        let month = stretch(SpendPeriod::Month, 0, now(), None).unwrap();
        assert_eq!((month.name.as_str(), month.steps.len()), ("November 2026", 30));
        let ticks: Vec<&str> = month.steps.iter().filter_map(|step| step.tick.as_deref()).collect();
        assert_eq!(ticks, ["1 Nov", "5", "10", "15", "20", "Today", "25", "30"]);
        let before = stretch(SpendPeriod::Month, 9, now(), None).unwrap();
        assert_eq!((before.name.as_str(), before.steps.len()), ("February 2026", 28));
        assert_eq!(before.steps[0].start, before.from);
    }

    #[test]
    fn other_periods_have_bars_of_their_own() {
        let count = |period, back| {
            let found = stretch(period, back, now(), None).unwrap();
            (found.name, found.steps.len())
        };
        assert_eq!(count(SpendPeriod::Week, 0), ("Week of 16 November 2026".to_owned(), 7));
        assert_eq!(count(SpendPeriod::Week, 3), ("Week of 26 October 2026".to_owned(), 7));
        assert_eq!(count(SpendPeriod::Year, 1), ("2025".to_owned(), 12));
        assert_eq!(count(SpendPeriod::Day, 1), ("20 November 2026".to_owned(), 24));
        let first = |year| {
            let first = jiff::civil::date(year, 3, 9).to_zoned(TimeZone::system()).unwrap();
            stretch(SpendPeriod::All, 0, now(), Some(stamp(&first))).unwrap()
        };
        assert_eq!(first(2026).steps.len(), 9);
        assert_eq!(first(2025).name, "Since March 2025");
        assert_eq!(first(2020).steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().len(), 7);
    }

    #[test]
    fn a_forecast_has_the_days_that_are_left() {
        let rest = rest_of_month(now()).unwrap();
        assert_eq!((rest.len(), rest[0].1), (9, 7), "from Sunday the 22nd");
        let before = days_before(now(), 56).unwrap();
        assert_eq!((before.len(), before[55].1), (56, 5), "to Friday the 20th");
        assert!(before.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(month_before_name(now()).unwrap(), "October to the 21st");
        assert_eq!(last_of_month(now()).unwrap(), "30 November");
    }

    #[test]
    fn days_are_whole_and_without_gaps() {
        let found = days(Timestamp(now().0 - 3 * 86_400_000), now()).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]);
    }
}
