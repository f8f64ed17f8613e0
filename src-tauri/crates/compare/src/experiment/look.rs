//! What a check sees in a text: whether it holds, and the fact that says so. A fact reads the same whether the check
//! wanted it or its contrary.

use serde_json::Value;

/// Patterns larger than this when compiled are refused.
const LARGEST_PATTERN: usize = 1 << 20;
/// Steps back that a pattern with look-around may take on one answer.
const MOST_STEPS: usize = 1_000_000;

/// A pattern. One that looks around itself or refers back takes another machine, which may take too long.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Plain(Box<regex::Regex>),
    Around(Box<fancy_regex::Regex>),
}

impl Pattern {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let plain = regex::RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
        let first = match plain {
            Ok(pattern) => return Ok(Self::Plain(Box::new(pattern))),
            Err(error) => error,
        };
        let around = fancy_regex::RegexBuilder::new(text)
            .delegate_size_limit(LARGEST_PATTERN)
            .backtrack_limit(MOST_STEPS)
            .build();
        around.map(|pattern| Self::Around(Box::new(pattern))).map_err(|_| first.to_string())
    }

    /// Whether it matches, with the hit; an error where that takes too long to find out.
    pub(super) fn look(&self, text: &str) -> Result<(bool, String), String> {
        let (hit, written) = match self {
            Self::Plain(pattern) => (pattern.find(text).map(|hit| hit.as_str()), pattern.as_str()),
            Self::Around(pattern) => {
                let hit = pattern.find(text);
                let hit = hit.map_err(|_| "the pattern takes too long on this answer".to_owned())?;
                (hit.map(|hit| hit.as_str()), pattern.as_str())
            }
        };
        Ok(match hit {
            Some(hit) => (true, format!("matches {}", short(hit))),
            None => (false, format!("nothing matches {}", short(written))),
        })
    }
}

pub(super) fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut:?}…") } else { format!("{cut:?}") }
}

/// `is`, or `is not`.
pub(super) fn said(holds: bool, yes: &str, no: &str, value: &str) -> (bool, String) {
    (holds, format!("{} {}", if holds { yes } else { no }, short(value)))
}

pub(super) fn contains(text: &str, any: bool, fold: bool, values: &[String]) -> (bool, String) {
    let text = if fold { text.to_lowercase() } else { text.to_owned() };
    let (there, missing): (Vec<&String>, Vec<&String>) = values.iter().partition(|value| {
        if fold { text.contains(&value.to_lowercase()) } else { text.contains(value.as_str()) }
    });
    let joined =
        |list: Vec<&String>| short(&list.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    let holds = if any { !there.is_empty() } else { missing.is_empty() };
    match holds {
        true => (true, format!("contains {}", joined(there))),
        false if any && values.len() > 1 => (false, format!("contains none of {}", joined(missing))),
        false => (false, format!("does not contain {}", joined(missing))),
    }
}

/// Whether at most `most` characters have to be put in, taken out or changed to make one text of the other.
pub(super) fn near(text: &str, value: &str, most: usize) -> (bool, String) {
    match changes(text, value, most) {
        Some(1) => (true, format!("1 character differs, at most {most} asked for")),
        Some(count) => (true, format!("{count} characters differ, at most {most} asked for")),
        None => (false, format!("more than {most} characters differ from {}", short(value))),
    }
}

/// The Levenshtein distance, up to `most`. Only cells so near the diagonal can lead there.
fn changes(left: &str, right: &str, most: usize) -> Option<usize> {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    let far = most + 1;
    let mut row: Vec<usize> = (0..=right.len()).map(|at| at.min(far)).collect();
    for (i, a) in left.iter().enumerate() {
        let (from, to) = (i.saturating_sub(most), (i + most + 1).min(right.len()));
        let mut corner = row[from];
        row[from] = if from == 0 { (i + 1).min(far) } else { far };
        for j in from..to {
            let change = corner + usize::from(*a != right[j]);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1).min(far);
        }
        if to < right.len() {
            row[to + 1] = far;
        }
        if row[from..=to].iter().all(|count| *count > most) {
            return None;
        }
    }
    row.last().copied().filter(|count| *count <= most)
}

pub(super) fn words(text: &str, least: usize, most: usize) -> (bool, String) {
    let count = text.split_whitespace().count();
    let wanted = match (least, most) {
        (0, usize::MAX) => "any number".to_owned(),
        (least, usize::MAX) => format!("at least {least}"),
        (0, most) => format!("at most {most}"),
        (least, most) if least == most => format!("{least}"),
        (least, most) => format!("{least} to {most}"),
    };
    let noun = if count == 1 { "word" } else { "words" };
    ((least..=most).contains(&count), format!("{count} {noun}, {wanted} asked for"))
}

pub(super) fn same_json(text: &str, value: &str) -> bool {
    let read =
        |text: &str| serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array());
    matches!((read(text), read(value)), (Some(a), Some(b)) if a == b)
}

/// The whole text as JSON, or the first value in it (also in a fence).
pub(super) fn json(text: &str, inside: bool, schema: Option<&jsonschema::Validator>) -> (bool, String) {
    let value = if inside {
        text.char_indices()
            .filter(|(_, c)| matches!(c, '{' | '['))
            .take(64)
            .find_map(|(at, _)| {
                serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>().next()?.ok()
            })
            .ok_or_else(|| "no JSON in it".to_owned())
    } else {
        serde_json::from_str(text.trim()).map_err(|error| format!("not JSON: {error}"))
    };
    match (value, schema) {
        (Err(reason), _) => (false, reason),
        (Ok(_), None) => (true, "is JSON".to_owned()),
        (Ok(value), Some(schema)) => match schema.iter_errors(&value).next() {
            None => (true, "fits the schema".to_owned()),
            Some(error) => {
                let at = error.instance_path().to_string();
                let at = if at.is_empty() { "/".to_owned() } else { at };
                (false, short(&format!("{at}: {error}")))
            }
        },
    }
}

/// The number of the text nearest to `value`. Commas between thousands are read over; a percent sign is a sign.
pub(super) fn nearest(text: &str, value: f64, tolerance: f64) -> (bool, String) {
    let mut best: Option<f64> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || matches!(bytes[at], b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            at += 1;
        }
        let sign = text[..from].ends_with('-') && !text[..from - 1].ends_with(|c: char| c.is_alphanumeric())
            || text[..from].ends_with('−');
        if let Ok(read) = text[from..at].replace(',', "").parse::<f64>() {
            let read = if sign { -read } else { read };
            if best.is_none_or(|best| (read - value).abs() < (best - value).abs()) {
                best = Some(read);
            }
        }
    }
    match best {
        None => (false, "no number in it".to_owned()),
        Some(found) => {
            // The last digit of a sum of floats is noise, not an error of the model.
            let holds = (found - value).abs() <= tolerance + 1e-12 * value.abs();
            (holds, format!("nearest number {found}, {value} ± {tolerance} wanted"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::changes;

    /// By the definition, all cells.
    fn slow(left: &str, right: &str) -> usize {
        let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
        for i in 0..=left.len() {
            for j in 0..=right.len() {
                table[i][j] = match (i, j) {
                    (0, n) | (n, 0) => n,
                    _ => (table[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]))
                        .min(table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1),
                };
            }
        }
        table[left.len()][right.len()]
    }

    #[test]
    fn changed_characters_are_counted_up_to_a_bound() {
        let texts = [
            "",
            "a",
            "kitten",
            "sitting",
            "sit",
            "kettle",
            "flaw",
            "lawn",
            "änderung",
            "anderungen",
            "aaaaaaaa",
        ];
        for left in texts {
            for right in texts {
                let count = slow(left, right);
                for most in 0..12 {
                    let found = changes(left, right, most);
                    assert_eq!(found, (count <= most).then_some(count), "{left} {right} {most}");
                }
            }
        }
    }
}
