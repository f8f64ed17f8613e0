//! Days, weeks and months of the place this machine is in. The time itself comes from the clock.

use domain::{ErrorKind, Failure, Period, Timestamp};
use jiff::{ToSpan as _, Zoned, tz::TimeZone};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};
use store::Starts;

/// The rules of the system's time zone.
const RULES: &str = "/etc/localtime";

/// How long it is not looked whether those are others now, in milliseconds.
const LOOKS_EVERY: i64 = 1_000;

/// The periods that a moment is in.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// When they began.
    pub starts: Starts,
    /// When the next ones begin.
    pub ends: Starts,
    zone: TimeZone,
}

impl Calendar {
    /// Of the system's time zone. Every request asks, and within a day of a zone the answer is the same.
    pub(crate) fn at(now: Timestamp) -> Result<Self, Failure> {
        static LAST: Mutex<Option<(Source, Timestamp, Calendar)>> = Mutex::new(None);
        let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |known: &Self| known.starts.day <= now && now < known.ends.day;
        if let Some((_, looked, known)) = &*last()
            && fits(known)
            && (looked.0..looked.0 + LOOKS_EVERY).contains(&now.0)
        {
            return Ok(known.clone());
        }
        let Some(source) = Source::now() else { return Self::within(now, zone()) };
        if let Some((from, looked, known)) = &mut *last()
            && *from == source
            && fits(known)
        {
            *looked = now;
            return Ok(known.clone());
        }
        let calendar = Self::within(now, zone())?;
        *last() = Some((source, now, calendar.clone()));
        Ok(calendar)
    }

    fn within(now: Timestamp, zone: TimeZone) -> Result<Self, Failure> {
        let now = jiff::Timestamp::from_millisecond(now.0).map_err(bad)?.to_zoned(zone.clone());
        let day = now.start_of_day().map_err(bad)?;
        let back = i64::from(day.weekday().to_monday_zero_offset());
        let week = midnight(&day.checked_sub(back.days()).map_err(bad)?)?;
        let month = midnight(&day.first_of_month().map_err(bad)?)?;
        let next = |start: &Zoned, span: jiff::Span| start.checked_add(span).map_err(bad);
        let ends = Starts {
            day: stamp(&midnight(&next(&day, 1.day())?)?),
            week: stamp(&midnight(&next(&week, 7.days())?)?),
            month: stamp(&midnight(&next(&month, 1.month())?)?),
        };
        Ok(Self { starts: Starts { day: stamp(&day), week: stamp(&week), month: stamp(&month) }, ends, zone })
    }

    /// The day a period begins anew, as in "22 November".
    pub(crate) fn next(&self, period: Period) -> String {
        jiff::Timestamp::from_millisecond(self.ends.of(period).0)
            .map(|at| at.to_zoned(self.zone.clone()).strftime("%-d %B").to_string())
            .unwrap_or_default()
    }
}

/// The state of the file that holds the rules of the system's time zone: another zone is another file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    link: Option<PathBuf>,
    length: u64,
    modified: SystemTime,
}

impl Source {
    /// `None` = the zone does not come from there.
    fn now() -> Option<Self> {
        if std::env::var_os("TZ").is_some() {
            return None;
        }
        let file = std::fs::metadata(RULES).ok()?;
        Some(Self {
            link: std::fs::read_link(RULES).ok(),
            length: file.len(),
            modified: file.modified().ok()?,
        })
    }
}

/// The system's time zone. Its rules stand in one file; the library looks for their name too, for which it
/// goes through the folder of all zones, and every command line would wait for that.
fn zone() -> TimeZone {
    let local = || {
        // Who sets TZ wants another zone than the machine's.
        let rules = std::env::var_os("TZ").is_none().then(|| std::fs::read(RULES).ok())??;
        TimeZone::tzif("localtime", &rules).ok()
    };
    local().unwrap_or_else(TimeZone::system)
}

/// The first moment of a day: midnight, or what follows it where the clocks skip it.
fn midnight(day: &Zoned) -> Result<Zoned, Failure> {
    day.start_of_day().map_err(bad)
}

fn stamp(at: &Zoned) -> Timestamp {
    Timestamp(at.timestamp().as_millisecond())
}

fn bad(error: jiff::Error) -> Failure {
    Failure::new(ErrorKind::Bug, format!("The clock is out of range ({error})."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, when: &str) -> Calendar {
        let zone = TimeZone::get(zone).unwrap();
        let now: jiff::civil::DateTime = when.parse().unwrap();
        let now = now.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond();
        Calendar::within(Timestamp(now), zone).unwrap()
    }

    fn local(zone: &str, at: Timestamp) -> String {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap();
        at.to_zoned(TimeZone::get(zone).unwrap()).datetime().to_string()
    }

    #[test]
    fn the_zone_is_the_one_the_library_finds() {
        for when in [0, 1_795_269_600_000, 1_774_778_400_000] {
            let (own, theirs) = (
                Calendar::within(Timestamp(when), zone()),
                Calendar::within(Timestamp(when), TimeZone::system()),
            );
            assert_eq!(own.unwrap().starts, theirs.unwrap().starts);
        }
    }

    #[test]
    fn what_was_reckoned_before_is_right_for_every_moment() {
        // Back and forth over midnights, and across the days on which clocks change in many places.
        let hour = 3_600_000;
        for start in [1_774_742_400_000, 1_793_059_200_000] {
            for step in (0..72).chain([3, 30, 1, 71]) {
                let now = Timestamp(start + step * hour);
                let (kept, fresh) = (Calendar::at(now).unwrap(), Calendar::within(now, zone()).unwrap());
                assert_eq!((kept.starts, kept.ends), (fresh.starts, fresh.ends), "{now:?}");
            }
        }
    }

    #[test]
    fn periods_begin_at_local_midnight() {
        let zone = "Asia/Kathmandu";
        let calendar = at(zone, "2026-11-22T00:30:00");
        assert_eq!(local(zone, calendar.starts.day), "2026-11-22T00:00:00");
        assert_eq!(
            local(zone, calendar.starts.week),
            "2026-11-16T00:00:00",
            "a Sunday belongs to the week before"
        );
        assert_eq!(local(zone, calendar.starts.month), "2026-11-01T00:00:00");
        assert_eq!(local(zone, calendar.ends.day), "2026-11-23T00:00:00");
        assert_eq!(local(zone, calendar.ends.week), "2026-11-23T00:00:00");
        assert_eq!(local(zone, calendar.ends.month), "2026-12-01T00:00:00");
        assert_eq!(calendar.next(Period::Month), "1 December");
    }

    #[test]
    fn a_day_may_have_23_hours_or_no_midnight() {
        let hours = |calendar: &Calendar| (calendar.ends.day.0 - calendar.starts.day.0) / 3_600_000;
        assert_eq!(hours(&at("Europe/Berlin", "2026-03-29T12:00:00")), 23);
        assert_eq!(hours(&at("Europe/Berlin", "2026-10-25T12:00:00")), 25);
        // Clocks in Beirut go from 24:00 to 01:00.
        let skipped = at("Asia/Beirut", "2026-03-29T12:00:00");
        assert_eq!(local("Asia/Beirut", skipped.starts.day), "2026-03-29T01:00:00");
        assert_eq!(local("Asia/Beirut", skipped.ends.day), "2026-03-30T00:00:00");
    }
}
