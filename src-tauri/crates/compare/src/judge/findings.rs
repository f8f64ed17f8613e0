//! What answers agree on, where they contradict each other, what one alone says and what none does, with the places in
//! the answers.

use super::{Unreadable, fields, object, place, unreadable, words};
use crate::text::MASK;
use domain::say;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;

/// Which way a finding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// More than one answer says it, and none against it.
    Consensus,
    /// Answers say different things of it.
    Contradiction,
    /// One answer alone says it.
    Unique,
    /// The question asks for it, and no answer says it.
    Missing,
}

/// One thing a judge found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which way.
    pub kind: FindingKind,
    /// What, in the judge's words.
    pub statement: String,
    /// Where it stands in the answers.
    pub quotes: Vec<Quote>,
}

/// Words of an answer, as the judge quotes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which answer, from 0.
    pub answer: usize,
    /// The words.
    pub text: String,
    /// Bytes of the answer where they stand; `None` = they do not stand there.
    pub at: Option<Range<usize>>,
}

/// Most findings of a reply, and most quotes of a finding.
const MOST: (usize, usize) = (60, 32);

/// Longest name that a mask stands for, in letters.
const NAME: usize = 40;

/// Reads a reply about answers that were shown in the order they have.
///
/// # Errors
///
/// Whatever is not one JSON object with exactly the four lists, each entry a statement with quotes of known answers.
pub fn read_findings(reply: &str, answers: &[&str]) -> Result<Vec<Finding>, Unreadable> {
    let reply = object(reply)?;
    let lists = fields(&reply, ["consensus", "contradictions", "unique", "missing"])?;
    let kinds =
        [FindingKind::Consensus, FindingKind::Contradiction, FindingKind::Unique, FindingKind::Missing];
    let mut found = Vec::new();
    for (list, kind) in lists.into_iter().zip(kinds) {
        let list = list.as_array().ok_or_else(|| unreadable(say!("one of the four is not a list")))?;
        for entry in list {
            found.push(finding(entry, kind, answers)?);
        }
    }
    if found.len() > MOST.0 {
        return Err(unreadable(say!("it lists more than {most} findings", most = MOST.0)));
    }
    Ok(found)
}

fn finding(entry: &Value, kind: FindingKind, answers: &[&str]) -> Result<Finding, Unreadable> {
    let entry = entry.as_object().ok_or_else(|| unreadable(say!("a finding is not an object")))?;
    if kind == FindingKind::Missing {
        let [statement] = fields(entry, ["statement"])?;
        return Ok(Finding { kind, statement: words(statement, "a statement")?, quotes: Vec::new() });
    }
    let [statement, quotes] = fields(entry, ["statement", "quotes"])?;
    let quotes = quotes.as_array().filter(|quotes| !quotes.is_empty() && quotes.len() <= MOST.1);
    let quotes = quotes.ok_or_else(|| unreadable(say!("a finding quotes no answer")))?;
    let quotes = quotes.iter().map(|quote| {
        let quote = quote.as_object().ok_or_else(|| unreadable(say!("a quote is not an object")))?;
        let [named, text] = fields(quote, ["answer", "quote"])?;
        let answer = place(named, answers.len())?;
        let text = words(text, "a quote")?;
        Ok(Quote { answer, at: locate(&text, answers[answer]), text })
    });
    let quotes = quotes.collect::<Result<Vec<_>, _>>()?;
    let speak = quotes.iter().map(|quote| quote.answer).collect::<std::collections::BTreeSet<_>>().len();
    match (kind, speak) {
        (FindingKind::Unique, 1) => {}
        (FindingKind::Unique, _) => {
            return Err(unreadable(say!("what one answer alone says is quoted from several")));
        }
        (_, 1) => return Err(unreadable(say!("a consensus or contradiction is quoted from one answer"))),
        _ => {}
    }
    Ok(Finding { kind, statement: words(statement, "a statement")?, quotes })
}

/// Where words stand in a text: as they are, else by their letters and digits alone, whatever stands between them. A
/// name that was masked stands for anything short.
pub fn locate(quote: &str, text: &str) -> Option<Range<usize>> {
    if let Some(at) = text.find(quote) {
        return Some(at..at + quote.len());
    }
    let bare = |text: &str| -> Vec<(char, usize, usize)> {
        text.char_indices()
            .filter(|(_, c)| c.is_alphanumeric())
            .flat_map(|(at, c)| c.to_lowercase().map(move |lower| (lower, at, at + c.len_utf8())))
            .collect()
    };
    let text = bare(text);
    let pieces: Vec<Vec<char>> = quote
        .split(MASK)
        .map(|piece| bare(piece).into_iter().map(|(c, ..)| c).collect::<Vec<_>>())
        .filter(|piece| !piece.is_empty())
        .collect();
    let stands = |piece: &[char], from: usize| -> bool {
        text.len() >= from + piece.len() && piece.iter().zip(&text[from..]).all(|(a, (b, ..))| a == b)
    };
    let first = pieces.first()?;
    (0..text.len()).filter(|from| stands(first, *from)).find_map(|from| {
        let mut end = from + first.len();
        for piece in &pieces[1..] {
            let next = (end..text.len().min(end + NAME)).find(|next| stands(piece, *next))?;
            end = next + piece.len();
        }
        Some(text[from].1..text[end - 1].2)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn quotes_are_found_through_marks_and_masks() {
        let text = "The **return period** is 14 days,\n says GPT-5, in *all* shops.";
        let at = |quote: &str| locate(quote, text).map(|at| &text[at]);
        assert_eq!(at("14 days"), Some("14 days"));
        assert_eq!(
            at("The return period is 14 days, says"),
            Some("The **return period** is 14 days,\n says")
        );
        assert_eq!(at(&format!("days, says {MASK}, in all")), Some("days,\n says GPT-5, in *all"));
        assert_eq!(at("30 days"), None);
        assert_eq!(at("…"), None);
        assert_eq!(locate("ß", "STRASSE ß"), Some(8..10));
    }

    #[test]
    fn findings_are_read_strictly() {
        let answers = ["Fourteen days. Shops pay.", "Fourteen days. You pay."];
        let good = json!({
            "consensus": [{"statement": "14 days", "quotes": [
                {"answer": "A", "quote": "Fourteen days"}, {"answer": "B", "quote": "fourteen  days"}]}],
            "contradictions": [{"statement": "who pays", "quotes": [
                {"answer": "A", "quote": "Shops pay."}, {"answer": "B", "quote": "You pay."}]}],
            "unique": [{"statement": "x", "quotes": [{"answer": "B", "quote": "not there"}]}],
            "missing": [{"statement": "what of opened goods"}],
        });
        let found = read_findings(&good.to_string(), &answers).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].quotes[1].at, Some(0..13));
        assert_eq!(found[2].quotes[0].at, None, "what an answer does not say has no place in it");
        let broken: [(&str, Value); 5] = [
            ("/missing", json!([{"statement": "x", "quotes": []}])),
            ("/unique", good["consensus"].clone()),
            ("/consensus", good["unique"].clone()),
            ("/consensus", json!([{"statement": "x", "quotes": [{"answer": "D", "quote": "x"}]}])),
            ("/unique", json!("none")),
        ];
        for (place, value) in broken {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = value;
            assert!(read_findings(&bad.to_string(), &answers).is_err(), "{bad}");
        }
    }
}
