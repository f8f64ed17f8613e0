//! Cases as a table: a row a case, a column a variable.

use super::{
    asserts::{Options, is_program},
    kinds,
    suite::{BadSuite, Case, bad},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Reads cases from a table. `__expected`, `__expected1` … are checks, `__description` is a name, `__threshold` the
/// score from which on a case passes, `__prefix` and `__suffix` stand around the prompt; what promptfoo only shows beside a case (`__metric`, `__metadata:…`) is passed
/// over. Every other column that begins with `__` would change what is asked, and is refused.
pub(super) fn cases(text: &str) -> Result<Vec<(Case, Options)>, BadSuite> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|error| bad("row 1", error.to_string()))?.clone();
    let mut cases = Vec::new();
    for (n, row) in reader.records().enumerate() {
        let at = format!("row {}", n + 2);
        let row = row.map_err(|error| bad(at.as_str(), error.to_string()))?;
        let (mut case, mut options) = (Case::default(), Options::default());
        let mut places = BTreeMap::new();
        for (head, value) in heads.iter().zip(&row) {
            match head.trim() {
                "__description" => case.label = value.to_owned(),
                "__threshold" if value.trim().is_empty() => {}
                "__threshold" => {
                    let number = value.trim().parse().ok().filter(|number: &f64| number.is_finite());
                    let wrong = || bad(at.as_str(), "__threshold must be a number");
                    options.threshold = Some(number.ok_or_else(wrong)?);
                }
                "__metric" => {}
                "__prefix" => options.prefix = Some(value.to_owned()).filter(|text| !text.is_empty()),
                "__suffix" => options.suffix = Some(value.to_owned()).filter(|text| !text.is_empty()),
                head if head.starts_with("__metadata:") => {}
                head if is_expected(head) => {
                    if !value.trim().is_empty() {
                        places.insert(head, case.checks.len());
                        case.checks.push(expected(value.trim()));
                    }
                }
                head if of_threshold(head).is_some() => {}
                head if head.starts_with("__") => {
                    return Err(bad("row 1", format!("the column {head:?} is not known")));
                }
                head => drop(case.vars.insert(head.to_owned(), vec![value.to_owned()])),
            }
        }
        for (head, value) in heads.iter().zip(&row).filter(|(_, value)| !value.trim().is_empty()) {
            let of = of_threshold(head.trim()).and_then(|head| places.get(head));
            if let Some(check) = of.and_then(|place| case.checks.get_mut(*place)) {
                let number = serde_json::from_str::<Value>(value.trim()).ok().filter(Value::is_number);
                check["threshold"] =
                    number.ok_or_else(|| bad(at.as_str(), format!("{head} must be a number")))?;
            }
        }
        cases.push((case, options));
    }
    Ok(cases)
}

fn is_expected(head: &str) -> bool {
    head.strip_prefix("__expected").is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
}

/// `__config:__expected2:threshold` belongs to `__expected2`.
fn of_threshold(head: &str) -> Option<&str> {
    head.strip_prefix("__config:")?.strip_suffix(":threshold").filter(|head| is_expected(head))
}

/// `contains: Paris`, `not-similar(0.8): hi`, `is-json`, a program, or the answer itself.
fn expected(written: &str) -> Value {
    for (before, kind) in [
        ("javascript:", "javascript"),
        ("fn:", "javascript"),
        ("eval:", "javascript"),
        ("python:", "python"),
        ("grade:", "llm-rubric"),
    ] {
        if let Some(value) = written.strip_prefix(before) {
            return json!({ "type": kind, "value": value.trim() });
        }
    }
    if written.starts_with("file://") && is_program(written) {
        return json!({ "type": "javascript", "value": written });
    }
    check(written).unwrap_or_else(|| json!({ "type": "equals", "value": written }))
}

/// A check by its name; `None` = these are words of an answer.
fn check(written: &str) -> Option<Value> {
    let (not, rest) = written.strip_prefix("not-").map_or(("", written), |rest| ("not-", rest));
    let (name, rest) = kinds::named(rest)?;
    let (threshold, rest) = match rest.strip_prefix('(') {
        None => (None, rest),
        Some(rest) => {
            let (number, rest) = rest.split_once(')')?;
            (Some(serde_json::from_str::<Value>(number.trim()).ok().filter(Value::is_number)?), rest)
        }
    };
    let value = match rest.strip_prefix(':') {
        Some(value) => Some(value.trim()),
        None if rest.is_empty() => None,
        None => return None,
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
    let mut check = json!({ "type": format!("{not}{name}") });
    match (name, value) {
        ("cost" | "latency", value) => {
            check["threshold"] = threshold.or_else(|| value.map(json)).unwrap_or_default();
            return Some(check);
        }
        ("contains-any" | "contains-all" | "icontains-any" | "icontains-all", Some(value)) => {
            check["value"] = value.split(',').map(|part| Value::from(part.trim())).collect();
        }
        ("word-count", Some(value)) => check["value"] = json(value),
        ("is-json" | "contains-json", None) => {}
        (_, Some(value)) => check["value"] = Value::from(value),
        // A check without what it looks for is a word; one that is not run anyway says so.
        (_, None) if kinds::not_run(name).is_some() => {}
        (_, None) => return None,
    }
    if let Some(threshold) = threshold {
        check["threshold"] = threshold;
    }
    Some(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_a_check_or_the_answer() {
        for (written, check) in [
            ("Paris", json!({ "type": "equals", "value": "Paris" })),
            ("costly: yes", json!({ "type": "equals", "value": "costly: yes" })),
            ("contains", json!({ "type": "equals", "value": "contains" })),
            ("contains: Paris", json!({ "type": "contains", "value": "Paris" })),
            ("not-contains-any: a, b", json!({ "type": "not-contains-any", "value": ["a", "b"] })),
            ("similar(0.8): hi", json!({ "type": "similar", "value": "hi", "threshold": 0.8 })),
            ("similar:cosine(0.8): hi", json!({ "type": "similar:cosine", "value": "hi", "threshold": 0.8 })),
            ("levenshtein(5): hi", json!({ "type": "levenshtein", "value": "hi", "threshold": 5 })),
            ("contains(x): hi", json!({ "type": "equals", "value": "contains(x): hi" })),
            ("is-json", json!({ "type": "is-json" })),
            ("is-refusal", json!({ "type": "is-refusal" })),
            ("latency(900)", json!({ "type": "latency", "threshold": 900 })),
            ("cost: 0.01", json!({ "type": "cost", "threshold": 0.01 })),
            ("word-count: {\"max\": 5}", json!({ "type": "word-count", "value": { "max": 5 } })),
            ("number: 42", json!({ "type": "number", "value": "42" })),
            ("grade: is kind", json!({ "type": "llm-rubric", "value": "is kind" })),
            ("fn: output.length > 3", json!({ "type": "javascript", "value": "output.length > 3" })),
            ("file://check.py:grade", json!({ "type": "javascript", "value": "file://check.py:grade" })),
        ] {
            assert_eq!(expected(written), check, "{written}");
        }
    }

    #[test]
    fn columns_that_would_change_what_is_asked_are_refused() {
        assert!(cases("a,__metric,__metadata:x\n1,m,2\n").is_ok());
        let own = cases("a,__expected2,__config:__expected2:threshold\n1,levenshtein: x,2\n2,,9\n").unwrap();
        assert_eq!((&own[0].0.checks[0]["threshold"], own[1].0.checks.len()), (&json!(2), 0));
        let around = &cases("a,__prefix,__suffix\n1,x,y\n").unwrap()[0].1;
        assert_eq!((around.prefix.as_deref(), around.suffix.as_deref()), (Some("x"), Some("y")));
        let empty = &cases("a,__prefix,__suffix\n1,,\" \"\n").unwrap()[0].1;
        assert_eq!(
            (&empty.prefix, empty.suffix.as_deref()),
            (&None, Some(" ")),
            "an empty cell says nothing"
        );
        assert_eq!(cases("a,__threshold\n1,0.5\n2,\n").unwrap()[0].1.threshold, Some(0.5));
        for text in ["a,__provider\n1,x\n", "a,__threshold\n1,much\n", "a,b\n1\n"] {
            assert!(cases(text).is_err(), "{text}");
        }
    }
}
