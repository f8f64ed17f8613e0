//! How long a provider asks to wait, in every form providers say it.

use domain::{Headers, Millis, Timestamp};
use std::borrow::Cow;

/// A longer wait is not believed.
const LONGEST: u64 = 31 * 24 * 3_600_000;

/// Reads the response headers. Where several are given the longest counts: asking again too early
/// costs a refusal, too late costs a second.
pub(crate) fn from_headers(headers: &Headers) -> Option<Millis> {
    let ms = |name| headers.get(name).and_then(|v| duration(v.trim(), 1));
    let seconds = headers.get("retry-after").and_then(|v| {
        let v = v.trim();
        duration(v, 1_000).or_else(|| until(v, headers.get("date")?.trim()))
    });
    [ms("retry-after-ms"), ms("x-ms-retry-after-ms"), seconds]
        .into_iter()
        .flatten()
        .max()
        .filter(|&ms| ms <= LONGEST)
        .map(Millis)
}

/// Whether the same request may be sent again, in the words that OpenAI and Anthropic tell their own clients:
/// `x-should-retry`. Whatever is neither yes nor no says nothing.
pub(crate) fn again(headers: &Headers) -> Option<bool> {
    match headers.get("x-should-retry")?.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Headers with a date: where a server gives none, that of the machine's own clock, so that a wait until a date is
/// one from now on.
pub fn dated(headers: &Headers, now: Timestamp) -> Cow<'_, Headers> {
    if headers.get("date").is_some_and(|date| http_date(date.trim()).is_some()) {
        return Cow::Borrowed(headers);
    }
    let mut dated = headers.clone();
    dated.0.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
    dated.push("date", to_http_date(now.0.div_euclid(1_000)));
    Cow::Owned(dated)
}

/// The wait that rate-limit headers announce, where a provider names no other: the reset of the limit that is
/// most used up (OpenAI's and Groq's `x-ratelimit-reset-tokens`, Anthropic's `anthropic-ratelimit-requests-reset`,
/// OpenRouter's `x-ratelimit-reset`). A limit that says nothing of what remains, or nonsense (Azure: -1), is
/// not believed, and one of which a tenth is left was not the one that was hit.
pub(crate) fn from_limits(headers: &Headers) -> Option<Millis> {
    let now = headers.get("date").map(str::trim);
    let mut hit: Option<(u128, u64)> = None;
    for (name, value) in &headers.0 {
        let name = name.to_ascii_lowercase();
        let Some((before, after)) = name.split_once("reset").filter(|_| name.contains("ratelimit")) else {
            continue;
        };
        let count = |word: &str| {
            let value = headers.get(&format!("{before}{word}{after}"))?.trim();
            value.split_once('.').map_or(value, |(whole, _)| whole).parse::<u64>().ok()
        };
        let (Some(left), Some(wait)) = (count("remaining"), reset(value.trim(), now)) else { continue };
        let share = match count("limit") {
            Some(most) if most > 0 => u128::from(left) * 1_000 / u128::from(most),
            _ if left == 0 => 0,
            _ => continue,
        };
        // Of limits used up alike, asking before the last of them lifts is asking in vain.
        let harder = hit.is_none_or(|(least, longest)| share < least || share == least && wait > longest);
        if share < 100 && harder {
            hit = Some((share, wait));
        }
    }
    hit.map(|(_, wait)| wait).filter(|&wait| wait <= LONGEST).map(Millis)
}

/// When a limit lifts, in milliseconds from `now` (an HTTP date): a duration, a number of seconds, seconds or
/// milliseconds of the epoch, or a date.
fn reset(value: &str, now: Option<&str>) -> Option<u64> {
    let from_now = |then: i64| {
        let left = then.checked_sub(http_date(now?)?.checked_mul(1_000)?)?;
        Some(u64::try_from(left).unwrap_or(0))
    };
    if let Some(date) = rfc3339(value) {
        return from_now(date.checked_mul(1_000)?);
    }
    match value.split_once('.').map_or(value, |(whole, _)| whole).parse::<i64>() {
        Ok(millis) if millis >= 100_000_000_000 => from_now(millis),
        Ok(seconds) if seconds >= 1_000_000_000 => from_now(seconds.checked_mul(1_000)?),
        _ => duration(value, 1_000),
    }
}

/// Reads a duration such as `36s`, `36.4s`, `6m0s`, `120ms`, `1h2m`; a bare number counts in seconds.
pub(crate) fn from_duration(text: &str) -> Option<Millis> {
    duration(text.trim(), 1_000).filter(|&ms| ms <= LONGEST).map(Millis)
}

/// Words before a wait in an error message.
const LEADS: [&str; 9] = [
    "try again in ",
    "try again after ",
    "retry in ",
    "retry after ",
    "retry-after ",
    "reset in ",
    "resets in ",
    "reset after ",
    "wait ",
];

/// Finds "try again in 1.2s", "retry in 36.4s", "retry after 20 seconds", "wait 42 seconds" in an error
/// message.
pub(crate) fn from_message(message: &str) -> Option<Millis> {
    let message = message.to_ascii_lowercase();
    LEADS.iter().find_map(|words| {
        let rest = &message[message.find(words)? + words.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == ' '));
        let rest = rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ' ']);
        // The sentence goes on: take the longest run of words that is a duration.
        let words: Vec<&str> = rest.split(' ').collect();
        (1..=words.len().min(4))
            .rev()
            .find_map(|n| {
                let text = words[..n].concat();
                let text = text.trim_end_matches('.');
                text.ends_with(|c: char| c.is_ascii_alphabetic()).then(|| duration(text, 1_000)).flatten()
            })
            .filter(|&ms| ms <= LONGEST)
            .map(Millis)
    })
}

/// One or more `number unit` in a row, in milliseconds, rounded up. A number without a unit counts in
/// `bare` milliseconds. No floats: a wait must not depend on rounding modes.
fn duration(mut text: &str, bare: u64) -> Option<u64> {
    let mut total: u64 = 0;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(end);
        let unit = match unit {
            "" if rest.is_empty() => bare,
            "ms" | "millisecond" | "milliseconds" => 1,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(times(number, unit)?)?;
        text = rest;
    }
    Some(total)
}

/// Decimal number times a whole one, rounded up.
fn times(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(9)];
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let digits = format!("{whole}{fraction}").parse::<u128>().ok()?;
    u64::try_from(digits.checked_mul(u128::from(unit))?.div_ceil(scale)).ok()
}

/// Milliseconds from one HTTP date to another, 0 if it is past.
fn until(then: &str, now: &str) -> Option<u64> {
    let seconds = http_date(then)?.checked_sub(http_date(now)?)?;
    Some(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000))
}

/// Seconds since the epoch of an HTTP date in any of its three forms (RFC 9110, 5.6.7): `Sun, 06 Nov 1994
/// 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str) -> Option<i64> {
    match text.split_once(", ") {
        Some((_, rest)) if rest.contains('-') => {
            let (date, clock) = rest.split_once(' ')?;
            let mut parts = date.splitn(3, '-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            // Two digits: of the years of this century, which all that is still to come lies in.
            let year = if year.len() == 2 { 2_000 + year.parse::<i64>().ok()? } else { year.parse().ok()? };
            moment(day, month, year, clock.split(' ').next()?)
        }
        Some((_, rest)) => {
            let mut words = rest.split(' ');
            let (day, month) = (words.next()?, words.next()?);
            moment(day, month, words.next()?.parse().ok()?, words.next()?)
        }
        None => {
            let mut words = text.split_ascii_whitespace().skip(1);
            let (month, day, clock) = (words.next()?, words.next()?, words.next()?);
            moment(day, month, words.next()?.parse().ok()?, clock)
        }
    }
}

fn moment(day: &str, month: &str, year: i64, clock: &str) -> Option<i64> {
    let day: i64 = day.parse().ok()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = i64::try_from(months.iter().position(|&m| m == month)?).ok()? + 1;
    let mut clock = clock.splitn(3, ':').map(|n| n.parse::<i64>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    let known = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !known || !(0..24).contains(&h) || !(0..60).contains(&m) || !(0..=60).contains(&s) {
        return None;
    }
    Some(days(year, month, day) * 86_400 + h * 3_600 + m * 60 + s)
}

/// A moment as [`http_date`] reads it. Seconds before the epoch become its first.
fn to_http_date(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (day, clock) = (seconds / 86_400, seconds % 86_400);
    // The 400 years of an era are all alike; the year begins in March, so that leap days come last.
    let since = day + 719_468;
    let of_era = since % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + since / 146_097 * 400 + i64::from(month >= 10);
    const NAMES: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let name =
        |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
    let (weekday, month) = (name(&DAYS, day % 7).unwrap_or("Thu"), name(&NAMES, month).unwrap_or("Jan"));
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{weekday}, {date:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Days from the epoch to a day of the civil calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that leap days come last.
    let y = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era_days = 365 * y + y / 4 - y / 100 + y / 400;
    era_days + day_of_year - 719_468
}

/// Seconds since the epoch of `2026-11-20T10:00:00Z` (RFC 3339), fractions dropped, offsets minded.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-').map(|n| n.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone);
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut clock = clock.splitn(3, ':').map(|n| n.parse::<i64>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    let known = (1..=31).contains(&day) && (1..=12).contains(&month) && (1970..=9999).contains(&year);
    if !known || !(0..24).contains(&h) || !(0..60).contains(&m) || !(0..=60).contains(&s) {
        return None;
    }
    let offset = match zone.split_once(':').map(|(h, m)| (h.parse::<i64>(), m.parse::<i64>())) {
        None if zone.eq_ignore_ascii_case("z") => 0,
        Some((Ok(h), Ok(m))) if (-23..=23).contains(&h) && (0..60).contains(&m) => {
            h * 3_600 + if zone.starts_with('-') { -m * 60 } else { m * 60 }
        }
        _ => return None,
    };
    Some(days(year, month, day) * 86_400 + h * 3_600 + m * 60 + s - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> Headers {
        Headers(list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn every_form_of_the_header() {
        for (list, ms) in [
            (&[("Retry-After", "7")][..], Some(7_000)),
            (&[("retry-after", "1.5")], Some(1_500)),
            (&[("retry-after-ms", "250")], Some(250)),
            (&[("x-ms-retry-after-ms", "12.5")], Some(13)),
            (&[("retry-after", "1"), ("retry-after-ms", "0")], Some(1_000)),
            (&[("retry-after", "2m59.56s")], Some(179_560)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "99999999999999999999999")], None),
            (&[("retry-after", "40000000")], None),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (
                &[
                    ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"),
                    ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
                ],
                Some(30_000),
            ),
            (
                &[
                    ("retry-after", "Sat, 01 Mar 2025 00:00:00 GMT"),
                    ("date", "Fri, 28 Feb 2025 23:59:59 GMT"),
                ],
                Some(1_000),
            ),
            (&[], None),
        ] {
            assert_eq!(from_headers(&headers(list)).map(|m| m.0), ms, "{list:?}");
        }
    }

    #[test]
    fn http_dates_count_from_the_epoch() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        for other in ["Thursday, 29-Feb-24 00:00:00 GMT", "Thu Feb 29 00:00:00 2024"] {
            assert_eq!(http_date(other), Some(1_709_164_800), "{other}");
        }
        assert_eq!(http_date("Sat Nov  6 08:49:37 2027"), Some(1_825_490_977));
        for bad in ["", "soon", "Thu Feb", "Thu, 29-Feb 00:00:00 GMT", "Thu, 29 Smarch 2024 00:00:00 GMT"] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn without_a_date_of_the_server_the_own_clock_counts() {
        for seconds in [0, 59, 951_782_399, 951_782_400, 1_709_164_800, 1_795_168_770, 4_107_542_400] {
            assert_eq!(http_date(&to_http_date(seconds)), Some(seconds), "{}", to_http_date(seconds));
        }
        assert_eq!(to_http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        let now = Timestamp(1_795_168_770_250);
        let said = headers(&[("retry-after", "Fri, 20 Nov 2026 10:00:00 GMT")]);
        assert_eq!(from_headers(&dated(&said, now)), Some(Millis(30_000)));
        let own = headers(&[
            ("retry-after", "Fri, 20 Nov 2026 10:00:00 GMT"),
            ("date", "Fri, 20 Nov 2026 09:59:50 GMT"),
        ]);
        assert_eq!(from_headers(&dated(&own, now)), Some(Millis(10_000)), "the server's clock, not ours");
        let junk = headers(&[("retry-after", "Fri, 20 Nov 2026 10:00:00 GMT"), ("date", "today")]);
        assert_eq!(from_headers(&dated(&junk, now)), Some(Millis(30_000)));
    }

    #[test]
    fn a_limit_that_is_used_up_says_when_it_lifts() {
        let date = ("date", "Fri, 20 Nov 2026 09:59:30 GMT");
        for (list, ms) in [
            // Groq: requests by the day, tokens by the minute; the tokens were hit.
            (
                &[
                    ("x-ratelimit-limit-requests", "14400"),
                    ("x-ratelimit-remaining-requests", "14399"),
                    ("x-ratelimit-reset-requests", "6m0s"),
                    ("x-ratelimit-limit-tokens", "6000"),
                    ("x-ratelimit-remaining-tokens", "12"),
                    ("x-ratelimit-reset-tokens", "6.84s"),
                ][..],
                Some(6_840),
            ),
            // Anthropic: a date.
            (
                &[
                    date,
                    ("anthropic-ratelimit-input-tokens-limit", "20000"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                    ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T10:00:00Z"),
                ],
                Some(30_000),
            ),
            // OpenRouter: milliseconds of the epoch.
            (
                &[
                    date,
                    ("X-RateLimit-Limit", "20"),
                    ("X-RateLimit-Remaining", "0"),
                    ("X-RateLimit-Reset", "1795168800000"),
                ],
                Some(30_000),
            ),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], Some(12_000)),
            // Azure: a count below nothing.
            (&[("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "0")], None),
            // Nothing was hit.
            (
                &[
                    ("x-ratelimit-limit-tokens", "100"),
                    ("x-ratelimit-remaining-tokens", "50"),
                    ("x-ratelimit-reset-tokens", "1s"),
                ],
                None,
            ),
            (
                &[
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "2026-11-20T10:00:00Z"),
                ],
                None,
            ),
            (&[("x-ratelimit-reset-tokens", "5s")], None),
            (&[("retry-after", "5")], None),
        ] {
            assert_eq!(from_limits(&headers(list)).map(|m| m.0), ms, "{list:?}");
        }
        assert_eq!(rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(rfc3339("2024-02-29T12:30:00.25+02:30"), Some(1_709_200_800));
        assert_eq!(rfc3339("2024-02-29T12:30:00-02:30"), Some(1_709_218_800));
        for bad in ["2024-02-29", "2024-13-01T00:00:00Z", "T", "2024-02-29T12:30Z", "x-y-zT1:2:3Z"] {
            assert_eq!(rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn waits_named_in_words() {
        for (message, ms) in [
            ("Please try again in 1.2s. Visit https://x", Some(1_200)),
            ("Please try again in 6m0s.", Some(360_000)),
            ("Please retry in 36.4s.", Some(36_400)),
            ("Please retry after 20 seconds, thank you", Some(20_000)),
            ("Please retry after 1 minute", Some(60_000)),
            ("try again in 120ms", Some(120)),
            ("Please try again in 1m2.5s", Some(62_500)),
            ("Please wait 42 seconds before retrying.", Some(42_000)),
            ("request reached max request: 3, please try again after 1 seconds", Some(1_000)),
            ("Your quota will reset after 18h31m10s.", Some(66_670_000)),
            ("Too many requests, please wait before trying again.", None),
            ("try again in a moment", None),
            ("try again in 5", None),
            ("Please try again later", None),
        ] {
            assert_eq!(from_message(message).map(|m| m.0), ms, "{message}");
        }
        assert_eq!(from_duration("36s"), Some(Millis(36_000)));
        assert_eq!(from_duration("1h2m3s"), Some(Millis(3_723_000)));
        assert_eq!(from_duration("PT5S"), None);
    }
}
