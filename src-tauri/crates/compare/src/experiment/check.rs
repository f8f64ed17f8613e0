//! What an answer must be. The names are promptfoo's, so that its files can be read.

use super::asserts::PREVENTED;
use domain::{Millis, PicoUsd};
use serde_json::Value;
use std::borrow::Cow;

/// What is known of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its cost; `None` = not known.
    pub cost: Option<PicoUsd>,
    /// From asking to its end; `None` = not known.
    pub took: Option<Millis>,
}

/// A check that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheck {
    /// A kind we do not have. It is never counted as passed.
    #[error("the check {0:?} is not supported")]
    Unknown(String),
    /// Something in it is missing or wrong.
    #[error("the check {kind:?}: {why}")]
    Wrong {
        /// Which kind.
        kind: String,
        /// What is wrong.
        why: String,
    },
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name as written, with `not-`.
    pub name: String,
    not: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Contains {
        any: bool,
        fold: bool,
        values: Vec<String>,
    },
    Equals(String),
    Starts(String),
    Ends(String),
    Regex(Box<regex::Regex>),
    Json {
        inside: bool,
        schema: Option<Box<jsonschema::Validator>>,
    },
    Number {
        value: f64,
        tolerance: f64,
    },
    Words {
        least: usize,
        most: usize,
    },
    Cost(PicoUsd),
    Latency(Millis),
    /// A judge is asked, elsewhere.
    Rubric {
        rubric: String,
        judge: String,
    },
    /// A check of promptfoo's that is not run here, with the reason.
    NotRun(Cow<'static, str>),
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Did the answer pass? `None` = the check is not run here, and counts neither way.
    pub passed: Option<bool>,
    /// Why, in a few words.
    pub reason: String,
}

/// Checks of promptfoo's files that are told and not run, each with the reason.
const NOT_RUN: &[(&str, &[&str])] = &[
    ("code from a file is not run", &["javascript", "python", "ruby", "webhook"]),
    (
        "it needs a judge of another kind than llm-rubric",
        &[
            "model-graded-closedqa",
            "model-graded-factuality",
            "factuality",
            "g-eval",
            "answer-relevance",
            "context-faithfulness",
            "context-recall",
            "context-relevance",
            "select-best",
            "max-score",
            "pi",
            "search-rubric",
        ],
    ),
    (
        "it needs a model for similarity or moderation, which is not asked here",
        &["similar", "classifier", "moderation", "guardrails", "perplexity", "perplexity-score"],
    ),
    (
        "it is not supported here",
        &[
            "rouge-n",
            "bleu",
            "gleu",
            "meteor",
            "levenshtein",
            "is-sql",
            "contains-sql",
            "is-xml",
            "contains-xml",
            "is-html",
            "contains-html",
            "is-refusal",
            "is-valid-openai-tools-call",
            "is-valid-openai-function-call",
            "is-valid-function-call",
            "tool-call-f1",
            "finish-reason",
            "assert-set",
        ],
    ),
];

/// Patterns larger than this when compiled are refused.
const LARGEST_PATTERN: usize = 1 << 20;

impl Check {
    /// Reads `{"type": "contains", "value": …, "threshold": …, "tolerance": …}`. A template in the value must have
    /// been filled before.
    pub fn read(written: &Value) -> Result<Self, BadCheck> {
        let name = written["type"].as_str().unwrap_or_default();
        let value = &written["value"];
        let (not, kind) = name.strip_prefix("not-").map_or((false, name), |kind| (true, kind));
        let wrong = |why: &str| BadCheck::Wrong { kind: name.to_owned(), why: why.to_owned() };
        let text = || match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            _ => Err(wrong("it needs a text as its value")),
        };
        let list = || match value {
            Value::Array(values) => Ok(values.iter().map(plain).collect::<Vec<_>>()),
            Value::String(text) => Ok(text.split(',').map(|part| part.trim().to_owned()).collect()),
            _ => Err(wrong("it needs a list as its value")),
        };
        if let Some(why) = written.get(PREVENTED) {
            return Ok(Self { name: name.to_owned(), not, kind: Kind::NotRun(plain(why).into()) });
        }
        let kind = match kind {
            "contains" | "icontains" => {
                Kind::Contains { any: true, fold: kind.starts_with('i'), values: vec![text()?] }
            }
            "contains-any" | "icontains-any" => {
                Kind::Contains { any: true, fold: kind.starts_with('i'), values: list()? }
            }
            "contains-all" | "icontains-all" => {
                Kind::Contains { any: false, fold: kind.starts_with('i'), values: list()? }
            }
            "equals" => match value {
                Value::Object(_) | Value::Array(_) => Kind::Equals(value.to_string()),
                _ => Kind::Equals(text()?),
            },
            "starts-with" => Kind::Starts(text()?),
            "ends-with" => Kind::Ends(text()?),
            "regex" => Kind::Regex(Box::new(
                regex::RegexBuilder::new(&text()?)
                    .size_limit(LARGEST_PATTERN)
                    .build()
                    .map_err(|error| wrong(&format!("{error}")))?,
            )),
            "is-json" | "contains-json" => Kind::Json {
                inside: kind == "contains-json",
                schema: schema(value).map_err(|why| wrong(&why))?,
            },
            "number" => Kind::Number {
                value: number(value).ok_or_else(|| wrong("it needs a number as its value"))?,
                tolerance: number(&written["tolerance"]).unwrap_or(0.0).abs(),
            },
            "word-count" => match value {
                Value::Object(range) => {
                    let at = |key: &str| range.get(key).and_then(Value::as_u64).map(|n| n as usize);
                    Kind::Words { least: at("min").unwrap_or(0), most: at("max").unwrap_or(usize::MAX) }
                }
                _ => {
                    let exact =
                        value.as_u64().ok_or_else(|| wrong("it needs a count, or min and max"))? as usize;
                    Kind::Words { least: exact, most: exact }
                }
            },
            "llm-rubric" => match judge(&written["provider"]) {
                Some(judge) => Kind::Rubric { rubric: text()?, judge },
                None => Kind::NotRun("it names no judge: add “provider: author/model” to the check".into()),
            },
            "cost" => Kind::Cost(
                PicoUsd::from_dollars(&plain(&written["threshold"]))
                    .map_err(|_| wrong("it needs dollars as its threshold"))?,
            ),
            "latency" => Kind::Latency(Millis(
                written["threshold"]
                    .as_u64()
                    .ok_or_else(|| wrong("it needs milliseconds as its threshold"))?,
            )),
            other => match NOT_RUN.iter().find(|(_, names)| names.contains(&other)) {
                Some((why, _)) => Kind::NotRun((*why).into()),
                None => return Err(BadCheck::Unknown(name.to_owned())),
            },
        };
        Ok(Self { name: name.to_owned(), not, kind })
    }

    /// The rubric and the judge's model, as written, of a check that a judge decides; `None` = none does.
    pub fn rubric(&self) -> Option<(&str, &str)> {
        match &self.kind {
            Kind::Rubric { rubric, judge } => Some((rubric, judge)),
            _ => None,
        }
    }

    /// What the judge's word means for this check.
    pub fn judged(&self, passed: bool, why: &str) -> Found {
        let reason = if self.not { format!("not: {why}") } else { why.to_owned() };
        Found { passed: Some(passed != self.not), reason }
    }

    /// Looks at an answer.
    pub fn run(&self, answer: &Answer<'_>) -> Found {
        if let Kind::NotRun(why) = &self.kind {
            return Found { passed: None, reason: format!("not run: {why}") };
        }
        if self.rubric().is_some() {
            return Found { passed: None, reason: "not judged yet".to_owned() };
        }
        let found = self.kind.run(answer);
        match found {
            // What is not known neither passes nor passes denied.
            Err(reason) => Found { passed: Some(false), reason },
            Ok((holds, reason)) => {
                let reason = if self.not { format!("not: {reason}") } else { reason };
                Found { passed: Some(holds != self.not), reason }
            }
        }
    }
}

impl Kind {
    fn run(&self, answer: &Answer<'_>) -> Result<(bool, String), String> {
        let text = answer.text;
        Ok(match self {
            Self::Contains { any, fold, values } => contains(text, *any, *fold, values),
            Self::Equals(value) => {
                (text.trim() == value.trim() || same_json(text, value), format!("equals {}", short(value)))
            }
            Self::Starts(value) => {
                (text.trim_start().starts_with(value.as_str()), format!("starts with {}", short(value)))
            }
            Self::Ends(value) => {
                (text.trim_end().ends_with(value.as_str()), format!("ends with {}", short(value)))
            }
            Self::Regex(pattern) => match pattern.find(text) {
                Some(hit) => (true, format!("matches {}", short(hit.as_str()))),
                None => (false, format!("nothing matches {}", short(pattern.as_str()))),
            },
            Self::Json { inside, schema } => json(text, *inside, schema.as_deref()),
            Self::Number { value, tolerance } => nearest(text, *value, *tolerance),
            Self::Words { least, most } => {
                let count = text.split_whitespace().count();
                ((*least..=*most).contains(&count), format!("{count} words"))
            }
            Self::Cost(limit) => {
                let cost = answer.cost.ok_or("its cost is not known")?;
                (cost <= *limit, format!("${cost}"))
            }
            // Told apart before it comes here.
            Self::NotRun(why) => return Err(why.to_string()),
            Self::Rubric { .. } => return Err("a judge decides it".to_owned()),
            Self::Latency(limit) => {
                let took = answer.took.ok_or("its time is not known")?;
                (took <= *limit, format!("{} ms", took.0))
            }
        })
    }
}

/// The judge's model: a name, or an object with its id, in promptfoo's form or ours.
fn judge(written: &Value) -> Option<String> {
    let id =
        written.as_str().or_else(|| written["id"].as_str()).map(str::trim).filter(|id| !id.is_empty())?;
    super::suite::model(id)
}

/// The schema of a check: none, an object, or one written as text.
fn schema(value: &Value) -> Result<Option<Box<jsonschema::Validator>>, String> {
    let schema = match value {
        Value::Null => return Ok(None),
        Value::String(text) => serde_json::from_str(text)
            .map_err(|_| "its schema is not JSON (files are not read here)".to_owned())?,
        other => other.clone(),
    };
    match jsonschema::validator_for(&schema) {
        Ok(validator) => Ok(Some(Box::new(validator))),
        Err(error) => Err(format!("its schema: {error}")),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut:?}…") } else { format!("{cut:?}") }
}

fn contains(text: &str, any: bool, fold: bool, values: &[String]) -> (bool, String) {
    let text = if fold { text.to_lowercase() } else { text.to_owned() };
    let missing: Vec<&String> = values
        .iter()
        .filter(|value| {
            let value = if fold { value.to_lowercase() } else { (*value).clone() };
            !text.contains(&value)
        })
        .collect();
    let holds = if any { missing.len() < values.len() } else { missing.is_empty() };
    if holds {
        return (true, format!("contains {}", short(&values.join(", "))));
    }
    let names: Vec<&str> = missing.into_iter().map(String::as_str).collect();
    (false, format!("does not contain {}", short(&names.join(", "))))
}

fn same_json(text: &str, value: &str) -> bool {
    let read =
        |text: &str| serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array());
    matches!((read(text), read(value)), (Some(a), Some(b)) if a == b)
}

/// The whole text as JSON, or the first value in it (also in a fence).
fn json(text: &str, inside: bool, schema: Option<&jsonschema::Validator>) -> (bool, String) {
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
fn nearest(text: &str, value: f64, tolerance: f64) -> (bool, String) {
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
    use super::*;
    use serde_json::json;

    fn run(check: Value, text: &str) -> Found {
        Check::read(&check).unwrap().run(&Answer { text, cost: None, took: Some(Millis(900)) })
    }

    #[test]
    fn each_check_passes_and_fails_with_its_reason() {
        for (check, good, bad) in [
            (json!({"type": "contains", "value": "Paris"}), "It is Paris.", "It is paris."),
            (json!({"type": "icontains", "value": "Paris"}), "it is PARIS", "Lyon"),
            (json!({"type": "not-contains", "value": "sorry"}), "Yes", "I am sorry"),
            (json!({"type": "contains-all", "value": ["a1", "b2"]}), "b2 a1", "a1"),
            (json!({"type": "contains-any", "value": "a1, b2"}), "b2", "c3"),
            (json!({"type": "equals", "value": "yes"}), " yes\n", "yes."),
            (json!({"type": "equals", "value": {"a": [1, 2]}}), "{ \"a\" : [1,2] }", "{\"a\":[2,1]}"),
            (json!({"type": "starts-with", "value": "Dear"}), "Dear all", "Oh Dear"),
            (json!({"type": "ends-with", "value": "now."}), "Go now.\n", "now. Go"),
            (json!({"type": "regex", "value": "\\b20\\d\\d-W\\d\\d\\b"}), "in 2026-W47", "in W47"),
            (json!({"type": "is-json"}), "[1]", "here: [1]"),
            (json!({"type": "contains-json"}), "here:\n```json\n{\"a\":1}\n```", "none {a}"),
            (
                json!({"type": "is-json", "value": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}),
                "{\"n\": 3}",
                "{\"n\": \"3\"}",
            ),
            (json!({"type": "number", "value": 1234.5, "tolerance": 0.1}), "about 1,234.56 in all", "12,345"),
            (json!({"type": "number", "value": -3}), "x = -3", "pages 2-3"),
            (json!({"type": "word-count", "value": {"max": 3}}), "one two three", "one two three four"),
            (json!({"type": "latency", "threshold": 900}), "any", ""),
        ] {
            let found = run(check.clone(), good);
            assert!(found.passed == Some(true), "{check}: {}", found.reason);
            if !bad.is_empty() {
                let found = run(check.clone(), bad);
                assert!(
                    found.passed == Some(false) && !found.reason.is_empty(),
                    "{check} on {bad}: {}",
                    found.reason
                );
            }
        }
    }

    #[test]
    fn an_unknown_cost_never_passes() {
        for kind in ["cost", "not-cost"] {
            let found = run(json!({"type": kind, "threshold": 0.01}), "any");
            assert!(found.passed == Some(false) && found.reason.contains("not known"), "{kind}");
        }
        let check = Check::read(&json!({"type": "cost", "threshold": 0.002})).unwrap();
        let at = |pico| check.run(&Answer { text: "", cost: Some(PicoUsd::new(pico)), took: None }).passed;
        assert_eq!((at(2_000_000_000), at(2_000_000_001)), (Some(true), Some(false)));
    }

    #[test]
    fn what_we_do_not_have_is_said() {
        assert!(matches!(
            Check::read(&json!({"type": "smells-good", "value": "good"})),
            Err(BadCheck::Unknown(_))
        ));
        let check =
            Check::read(&json!({"type": "not-llm-rubric", "value": "is rude", "provider": "openai:chat:m"}));
        let check = check.unwrap();
        assert_eq!(check.rubric(), Some(("is rude", "m@openai")));
        assert_eq!(check.judged(true, "It is.").passed, Some(false));
        assert_eq!(check.run(&Answer { text: "", cost: None, took: None }).passed, None);
        for kind in ["llm-rubric", "javascript", "not-similar"] {
            let found = run(json!({"type": kind, "value": "output.length"}), "any");
            assert!(found.passed.is_none() && found.reason.starts_with("not run: "), "{kind}: {found:?}");
        }
        assert!(matches!(Check::read(&json!({"type": "regex", "value": "("})), Err(BadCheck::Wrong { .. })));
        assert!(matches!(
            Check::read(&json!({"type": "is-json", "value": {"type": 3}})),
            Err(BadCheck::Wrong { .. })
        ));
    }
}
