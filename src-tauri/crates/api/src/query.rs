//! What people type into a search: words, phrases in quotation marks, and facets.
//!
//! `model:`, `provider:`, `tag:`, `folder:`, `has:code`, `vote:won`, `cost:>0.05`, `cost:<1`, `date:2026-11`, `date:>2026-11-01`,
//! `date:2026-11-01..2026-11-08`. Days are local. Anything else with a colon is a word like others.

use crate::calendar;
use domain::{ErrorKind, Failure, PicoUsd, Timestamp, say};
use engine::Find;
use jiff::civil::Date;

/// Reads a search.
///
/// Error `request.invalid` when a facet is not written as it should be, saying how.
pub fn parse(text: &str) -> Result<Find, Failure> {
    let mut find = Find::default();
    for word in words(text) {
        match word {
            Word::Phrase(phrase) => find.terms.push(phrase),
            Word::Plain(plain) => match plain.split_once(':') {
                Some(("model", name)) => find.models.push(named("model", name)?),
                Some(("provider", name)) => find.providers.push(named("provider", name)?),
                Some(("tag", name)) => find.tags.push(named("tag", name)?),
                Some(("folder", name)) => find.folder = Some(named("folder", name)?),
                Some(("has", "code")) => find.code = true,
                Some(("has", _)) => {
                    return Err(invalid(say!("Write has:code; nothing else can be asked for yet.")));
                }
                Some(("vote", "won")) => find.won = true,
                Some(("vote", _)) => {
                    return Err(invalid(say!("Write vote:won for the answers that your votes find best.")));
                }
                Some(("cost", range)) => cost(&mut find, range)?,
                Some(("date", range)) => date(&mut find, range)?,
                _ => find.terms.push(plain),
            },
        }
    }
    Ok(find)
}

enum Word {
    /// As typed; a facet may hold a part in quotation marks.
    Plain(String),
    /// All of it was in quotation marks.
    Phrase(String),
}

fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut phrase) = (false, false);
    let mut end = |word: &mut String, phrase: &mut bool| {
        if !word.trim().is_empty() {
            let word = word.trim().to_owned();
            found.push(if *phrase { Word::Phrase(word) } else { Word::Plain(word) });
        }
        word.clear();
        *phrase = false;
    };
    for c in text.chars() {
        match c {
            '"' | '“' | '”' => {
                phrase |= word.is_empty();
                quoted = !quoted;
                if !quoted && phrase {
                    end(&mut word, &mut phrase);
                }
            }
            c if c.is_whitespace() && !quoted => end(&mut word, &mut phrase),
            c => word.push(c),
        }
    }
    end(&mut word, &mut phrase);
    found
}

fn invalid(message: impl Into<domain::Words>) -> Failure {
    Failure::new(ErrorKind::RequestInvalid, message)
}

fn named(facet: &str, name: &str) -> Result<String, Failure> {
    // A tag may be a sign alone; the name of a model has something to look up.
    let kept = matches!(facet, "tag" | "folder");
    if name.chars().any(char::is_alphanumeric) || (kept && !name.trim().is_empty()) {
        return Ok(name.to_owned());
    }
    let sample = if kept { "work" } else { "gpt-5" };
    Err(invalid(say!("Write a name after {facet}: as in {facet}:{sample}.", facet, sample)))
}

fn cost(find: &mut Find, range: &str) -> Result<(), Failure> {
    let wrong = || invalid(say!("Write a cost in dollars with < or >, as in cost:>0.05."));
    let (more, amount) = match (range.strip_prefix('>'), range.strip_prefix('<')) {
        (Some(amount), _) => (true, amount),
        (_, Some(amount)) => (false, amount),
        _ => return Err(wrong()),
    };
    let (equal, amount) = amount.strip_prefix('=').map_or((false, amount), |amount| (true, amount));
    let amount = PicoUsd::from_dollars(amount.trim_start_matches('$')).map_err(|_| wrong())?;
    let least = PicoUsd::new(1);
    if more {
        find.dearer_than = if equal { amount.checked_sub(least) } else { Some(amount) };
    } else {
        find.cheaper_than = if equal { amount.checked_add(least) } else { Some(amount) };
    }
    Ok(())
}

fn date(find: &mut Find, range: &str) -> Result<(), Failure> {
    if let Some((from, until)) = range.split_once("..") {
        find.from = Some(span(from)?.0);
        find.until = Some(span(until)?.1);
    } else if let Some(day) = range.strip_prefix(">=") {
        find.from = Some(span(day)?.0);
    } else if let Some(day) = range.strip_prefix("<=") {
        find.until = Some(span(day)?.1);
    } else if let Some(day) = range.strip_prefix('>') {
        find.from = Some(span(day)?.1);
    } else if let Some(day) = range.strip_prefix('<') {
        find.until = Some(span(day)?.0);
    } else {
        let (from, until) = span(range)?;
        (find.from, find.until) = (Some(from), Some(until));
    }
    Ok(())
}

/// A year, a month or a day: its first moment, and that of the next.
fn span(text: &str) -> Result<(Timestamp, Timestamp), Failure> {
    let wrong = || invalid(say!("Write a date as 2026, 2026-11 or 2026-11-21, as in date:2026-11."));
    let number = |text: &str, digits: usize| -> Result<i16, Failure> {
        let right = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        if right { text.parse().map_err(|_| wrong()) } else { Err(wrong()) }
    };
    let mut pieces = text.split('-');
    let year = number(pieces.next().unwrap_or_default(), 4)?;
    let mut rest =
        || pieces.next().map(|piece| number(piece, 2)?.try_into().map_err(|_| wrong())).transpose();
    let (month, day): (Option<i8>, Option<i8>) = (rest()?, rest()?);
    if pieces.next().is_some() {
        return Err(wrong());
    }
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).map_err(|_| wrong())?;
    let next = match (month, day) {
        (_, Some(_)) => first.tomorrow(),
        (Some(_), None) => first.checked_add(jiff::Span::new().months(1)),
        (None, None) => first.checked_add(jiff::Span::new().years(1)),
    };
    Ok((calendar::midnight(first)?, calendar::midnight(next.map_err(|_| wrong())?)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn words_phrases_and_facets_are_told_apart() {
        let find = parse(
            r#"std::vec "two words" model:gpt-5 model:"claude sonnet" has:code vote:won cost:>0.05 cost:<=1 http://x "#,
        );
        let find = find.unwrap();
        assert_eq!(find.terms, ["std::vec", "two words", "http://x"]);
        assert_eq!(find.models, ["gpt-5", "claude sonnet"]);
        assert!(find.code && find.won);
        assert_eq!(find.dearer_than, Some(PicoUsd::new(50_000_000_000)));
        assert_eq!(find.cheaper_than, Some(PicoUsd::new(1_000_000_000_001)));
        let kept = parse(r#"tag:sql tag:"to read" folder:Work C++"#).unwrap();
        assert_eq!(
            (&kept.tags[..], &kept.terms[..]),
            (&["sql".into(), "to read".into()][..], &["C++".into()][..])
        );
        assert_eq!(kept.folder.as_deref(), Some("Work"));
        assert!(parse("  \" \" ").unwrap().is_empty());
        assert_eq!(parse("\"open").unwrap().terms, ["open"]);
    }

    #[test]
    fn days_are_spans() {
        let day = parse("date:2026-11-21").unwrap();
        let length = |find: &Find| (find.until.unwrap().0 - find.from.unwrap().0) / 3_600_000;
        assert!((23..=25).contains(&length(&day)));
        assert!((27 * 24..=32 * 24).contains(&length(&parse("date:2026-02").unwrap())));
        assert_eq!(parse("date:2026-11-21..2026-11-21").unwrap(), day);
        assert_eq!(parse("date:<2026-11-21").unwrap().until, day.from);
        assert_eq!(parse("date:>2026-11-21").unwrap().from, day.until);
        for wrong in [
            "date:",
            "date:yesterday",
            "date:2026-13",
            "date:26-1-1",
            "cost:5",
            "cost:>x",
            "has:image",
            "vote:lost",
            "model:",
            "tag:",
            "folder:",
        ] {
            assert_eq!(parse(wrong).unwrap_err().kind, ErrorKind::RequestInvalid, "{wrong}");
        }
    }
}
