//! How long a provider asks to wait, in every form providers say it.

use domain::{Headers, Millis};

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

/// Reads a duration such as `36s`, `36.4s`, `6m0s`, `120ms`, `1h2m`; a bare number counts in seconds.
pub(crate) fn from_duration(text: &str) -> Option<Millis> {
    duration(text.trim(), 1_000).filter(|&ms| ms <= LONGEST).map(Millis)
}

/// Finds "try again in 1.2s", "retry in 36.4s", "retry after 20 seconds" in an error message.
pub(crate) fn from_message(message: &str) -> Option<Millis> {
    let message = message.to_ascii_lowercase();
    ["try again in ", "retry in ", "retry after ", "retry-after "].iter().find_map(|words| {
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

/// Seconds since the epoch of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, IMF-fixdate).
fn http_date(text: &str) -> Option<i64> {
    let rest = text.split_once(", ")?.1;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = i64::try_from(months.iter().position(|&m| m == month)?).ok()? + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.splitn(3, ':').map(|n| n.parse::<i64>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    let known = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !known || !(0..24).contains(&h) || !(0..60).contains(&m) || !(0..=60).contains(&s) {
        return None;
    }
    // Days from the civil calendar, with the year beginning in March so that leap days come last.
    let y = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era_days = 365 * y + y / 4 - y / 100 + y / 400;
    Some((era_days + day_of_year - 719_468) * 86_400 + h * 3_600 + m * 60 + s)
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
