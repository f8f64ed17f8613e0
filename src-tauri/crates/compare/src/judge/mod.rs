//! What a judge model is asked about several answers, and what its reply means.
//!
//! A reply is data and nothing else: it is read strictly, and whatever is not exactly what was asked for is an error.
//! Answers have letters by the place they are shown in, and are shown in two orders, so that what a judge thinks of a
//! place can be told from what it thinks of an answer.

mod findings;
mod prompts;
mod scores;

pub use findings::{Finding, FindingKind, Quote, locate, read_findings};
pub use prompts::{Asked, Merge, findings_prompt, graded_prompt, merge_prompt, score_prompt};
pub use scores::{Criterion, Decision, Graded, Scores, decide, orders, read_graded, read_scores, shift};

use domain::{Words, say};
use serde_json::Value;

/// Points of a criterion go from 1 to this.
pub const MOST_POINTS: u8 = 5;
/// Most criteria of a rubric.
pub const MOST_CRITERIA: usize = 8;

/// A reply that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", &**.0)]
pub struct Unreadable(pub Words);

fn unreadable(why: Words) -> Unreadable {
    Unreadable(why)
}

/// The letter of a place, `A` the first. Places beyond `Z` are numbered.
pub fn letter(place: usize) -> String {
    let letter = u32::try_from(place).ok().and_then(|place| char::from_u32(u32::from('A') + place));
    letter.filter(char::is_ascii_uppercase).map_or_else(|| (place + 1).to_string(), String::from)
}

/// The place a letter stands for, of so many.
fn place(word: &Value, of: usize) -> Result<usize, Unreadable> {
    let word = word.as_str().ok_or_else(|| unreadable(say!("an answer is not named by its letter")))?;
    (0..of)
        .find(|n| letter(*n) == word)
        .ok_or_else(|| unreadable(say!("there is no answer {word}", word = format!("{word:?}"))))
}

/// The one JSON object of a reply, alone or in one code fence.
fn object(reply: &str) -> Result<serde_json::Map<String, Value>, Unreadable> {
    let text = reply.trim();
    let fenced = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")).map(|rest| {
        let rest = rest.strip_prefix("json").unwrap_or(rest);
        rest.trim()
    });
    match serde_json::from_str(fenced.unwrap_or(text)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(unreadable(say!("it is not a JSON object"))),
        Err(error) => Err(unreadable(say!("it is not JSON ({error})", error))),
    }
}

/// The fields of an object, each known and there.
fn fields<'a, const N: usize>(
    object: &'a serde_json::Map<String, Value>,
    names: [&str; N],
) -> Result<[&'a Value; N], Unreadable> {
    if let Some(other) = object.keys().find(|key| !names.contains(&key.as_str())) {
        return Err(unreadable(say!("it has an unknown field {other}", other = format!("{other:?}"))));
    }
    let mut found = [&Value::Null; N];
    for (place, name) in found.iter_mut().zip(names) {
        *place = object
            .get(name)
            .ok_or_else(|| unreadable(say!("the field {name} is missing", name = format!("{name:?}"))))?;
    }
    Ok(found)
}

/// A text that says something.
fn words(value: &Value, what: &str) -> Result<String, Unreadable> {
    match value.as_str().map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(unreadable(say!("{what} is not a text", what))),
    }
}
