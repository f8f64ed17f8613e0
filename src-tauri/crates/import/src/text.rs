//! Words as they come from files: without what cannot be seen, and times in the forms people write them.

use crate::{Files, LeftOut, Wanted};
use domain::{Part, Timestamp};
use serde_json::Value;
use std::borrow::Cow;

/// Longest title.
const TITLE: usize = 200;
/// Longest name of a model.
const MODEL: usize = 200;

/// What makes a black flag that of England, Scotland or Wales: letters of the tag block, all in one picture.
const FLAGS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// Text without characters that are not to be seen and could hide instructions: the tag block of Unicode but in the
/// flags that there are, control characters but for line breaks and tabs. Line breaks become one kind.
pub(crate) fn clean(text: &str, left_out: &mut LeftOut) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{1f3f4}' => {
                out.push(c);
                let rest = chars.clone().take(6).collect::<String>();
                if let Some(flag) = FLAGS.iter().find(|flag| **flag == rest) {
                    out.push_str(flag);
                    chars.nth(5);
                }
            }
            '\u{e0000}'..='\u{e007f}' => hidden(left_out),
            c if c.is_control() => hidden(left_out),
            c => out.push(c),
        }
    }
    out
}

const fn hidden(left_out: &mut LeftOut) {
    left_out.hidden_characters = left_out.hidden_characters.saturating_add(1);
}

/// A text part, if there is anything in it.
pub(crate) fn part(text: &str, left_out: &mut LeftOut) -> Option<Part> {
    let text = clean(text, left_out);
    (!text.trim().is_empty()).then_some(Part::Text { text })
}

/// A note in place of something that does not come along.
pub(crate) fn missing(what: &str, name: &str, left_out: &mut LeftOut) -> Part {
    left_out.attachments = left_out.attachments.saturating_add(1);
    let name = line(name, 120);
    let text = if name.is_empty() {
        format!("[{what}, not imported]")
    } else {
        format!("[{what}, not imported: {name}]")
    };
    Part::Text { text }
}

/// Bytes of a note behind what it says, at most: names are cut.
const LONGEST_NOTE: usize = 600;

/// A text without such notes.
pub fn without_notes(text: &str) -> Cow<'_, str> {
    const SAYS: &str = ", not imported";
    let mut out = String::new();
    let mut rest = text;
    while let Some(says) = rest.find(SAYS) {
        let after = &rest[says + SAYS.len()..];
        // What it is, in words, behind a bracket; its name may follow.
        let begin = rest[..says]
            .rfind('[')
            .filter(|begin| rest[begin + 1..says].chars().all(|c| c.is_ascii_alphabetic() || c == ' '));
        let near = &after.as_bytes()[..after.len().min(LONGEST_NOTE)];
        let end = match after.starts_with(": ") {
            true => near.iter().position(|byte| *byte == b']'),
            false => after.starts_with(']').then_some(0),
        };
        match (begin, end) {
            (Some(begin), Some(end)) => {
                out.push_str(&rest[..begin]);
                rest = &after[end + 1..];
            }
            _ => {
                out.push_str(&rest[..says + SAYS.len()]);
                rest = after;
            }
        }
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A file, or a note in its place. `what` and `called` are for the note.
pub(crate) fn file(
    wanted: &Wanted<'_>,
    what: &str,
    called: &str,
    files: &mut Files<'_>,
    left_out: &mut LeftOut,
) -> Part {
    let found = if wanted.place.is_nowhere() { None } else { files(wanted) };
    found.map_or_else(|| missing(what, called, left_out), Part::Attachment)
}

/// One line of at most `most` characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let mut none = LeftOut::default();
    let words = clean(text, &mut none);
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > most {
            break;
        }
    }
    if line.chars().count() > most {
        line = line.chars().take(most.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

/// A title on one line.
pub(crate) fn title(value: &Value) -> String {
    line(value.as_str().unwrap_or_default(), TITLE)
}

/// A model's name on one line; `None` = none is said.
pub(crate) fn model(value: &Value) -> Option<String> {
    let name = line(value.as_str()?, MODEL);
    (!name.is_empty()).then_some(name)
}

/// An id as text: some programs write numbers.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A time: seconds or milliseconds since 1970 as a number, or RFC 3339 text.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            // Seconds until the year 5138, milliseconds from 1973 on.
            let millis = if number.abs() < 1e11 { number * 1_000.0 } else { number };
            #[allow(clippy::cast_possible_truncation, reason = "the range was looked at")]
            (millis.is_finite() && millis.abs() < 2.5e14).then_some(Timestamp(millis.round() as i64))
        }
        Value::String(text) => rfc3339(text),
        _ => None,
    }
}

/// `2024-05-06T07:08:09.123Z`, with an offset or without one (UTC), with a space for the T.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let sign = |at: usize, allowed: &[u8]| text.as_bytes().get(at).is_some_and(|b| allowed.contains(b));
    if !(sign(4, b"-") && sign(7, b"-") && sign(10, b"Tt ") && sign(13, b":") && sign(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits: String = fraction.chars().take_while(char::is_ascii_digit).collect();
        millis = format!("{digits:0<3}").get(..3)?.parse().ok()?;
        rest = &fraction[digits.len()..];
    }
    let offset = match rest {
        "" | "Z" | "z" => 0,
        _ => {
            let (sign, rest) = match rest.split_at_checked(1)? {
                ("+", rest) => (1, rest),
                ("-", rest) => (-1, rest),
                _ => return None,
            };
            let digits: String = rest.chars().filter(|c| *c != ':').collect();
            let hours: i64 = digits.get(..2)?.parse().ok()?;
            let minutes: i64 = digits.get(2..4).unwrap_or("00").parse().ok()?;
            sign * (hours * 60 + minutes)
        }
    };
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset;
    Some(Timestamp((minutes * 60 + second) * 1_000 + millis))
}

/// Days since 1970-01-01 of a Gregorian date. Years are counted from March, so that the leap day ends one.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_the_forms_programs_write() {
        let expected = Some(Timestamp(1_714_979_289_123));
        for text in [
            "2024-05-06T07:08:09.123Z",
            "2024-05-06T07:08:09.123456+00:00",
            "2024-05-06 09:08:09.123+02:00",
            "2024-05-06T02:08:09.123999-0500",
            "2024-05-06T07:08:09.123",
        ] {
            assert_eq!(rfc3339(text), expected, "{text}");
        }
        assert_eq!(time(&json!(1_714_979_289.123_4)), expected);
        assert_eq!(time(&json!(1_714_979_289_123_i64)), expected);
        assert_eq!(rfc3339("1969-12-31T23:59:59Z"), Some(Timestamp(-1_000)));
        for text in ["", "yesterday", "2024-13-01T00:00:00Z", "2024-05-06T07:08:09é", "2024-05-06T07:08:09+x"]
        {
            assert_eq!(rfc3339(text), None, "{text}");
        }
        assert_eq!(time(&json!(1e300)), None);
    }

    #[test]
    fn notes_in_place_of_files_are_told_from_words() {
        let note = |what, name| match missing(what, name, &mut LeftOut::default()) {
            Part::Text { text } => text,
            other => format!("{other:?}"),
        };
        let notes = [note("Picture", "x y.png"), note("File", ""), note("Recording or file", "1.wav")];
        let text = format!("a {} b{}c{}", notes[0], notes[1], notes[2]);
        assert_eq!(without_notes(&text), "a  bc");
        for words in ["fine, not imported goods", "[so, not imported", "[2 words, not imported]", "", "[]"] {
            assert_eq!(without_notes(words), words);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_counted_and_gone() {
        let mut left_out = LeftOut::default();
        assert_eq!(clean("a\u{e0041}\u{7}b\r\nc\rd\te\u{0}", &mut left_out), "ab\nc\nd\te");
        assert_eq!(left_out.hidden_characters, 3);
        let flag = |tags: &str| format!("\u{1f3f4}{tags}!");
        for tags in FLAGS {
            assert_eq!(clean(&flag(tags), &mut left_out), flag(tags));
        }
        assert_eq!(left_out.hidden_characters, 3, "a flag hides nothing");
        assert_eq!(clean(&flag(&FLAGS[0].repeat(2)), &mut left_out), flag(FLAGS[0]));
        assert_eq!(clean(&flag("\u{e0061}\u{e0062}\u{e007f}"), &mut left_out), flag(""));
        assert_eq!(left_out.hidden_characters, 12);
        assert_eq!(line("  a \n b\u{1b}[2J  ", 200), "a b[2J");
        assert_eq!(line(&"word ".repeat(100), 20).chars().count(), 20);
    }
}
