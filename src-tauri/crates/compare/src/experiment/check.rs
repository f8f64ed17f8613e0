//! What an answer must be. The names are promptfoo's, so that its files can be read.

use super::{
    asserts::PREVENTED,
    kinds,
    look::{self, Pattern, said},
    sets::{Score, Set},
    suite::{in_order, plain},
};
use domain::{Millis, PicoUsd};
use serde_json::Value;
use std::borrow::Cow;

/// Changes that `levenshtein` counts to.
const MOST_CHANGES: usize = 1_000;

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
    Regex(Pattern),
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
    /// At most so many characters differ.
    Near {
        value: String,
        most: usize,
    },
    /// A judge is asked, elsewhere.
    Rubric {
        rubric: String,
        judge: String,
    },
    /// Several that count together.
    Set(Box<Set>),
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
                Value::Object(_) | Value::Array(_) => Kind::Equals(in_order(value.clone())),
                _ => Kind::Equals(text()?),
            },
            "starts-with" => Kind::Starts(text()?),
            "ends-with" => Kind::Ends(text()?),
            "regex" => Kind::Regex(Pattern::read(&text()?).map_err(|why| wrong(&why))?),
            "is-json" | "contains-json" => Kind::Json {
                inside: kind == "contains-json",
                schema: schema(value).map_err(|why| wrong(&why))?,
            },
            "number" => Kind::Number {
                value: number(value).ok_or_else(|| wrong("it needs a number as its value"))?,
                tolerance: number(&written["tolerance"]).unwrap_or(0.0).abs(),
            },
            "word-count" => {
                let (least, most) = words(value).ok_or_else(|| wrong("it needs a count, or min and max"))?;
                Kind::Words { least, most }
            }
            "llm-rubric" => match judge(&written["provider"]) {
                Some(Ok(judge)) => Kind::Rubric { rubric: text()?, judge },
                Some(Err(why)) => Kind::NotRun(why.into()),
                None => Kind::NotRun("it names no judge: add “provider: author/model” to the check".into()),
            },
            "levenshtein" => Kind::Near {
                value: text()?,
                most: most_changes(&written["threshold"])
                    .ok_or_else(|| wrong("its threshold must be a count of characters, at most 1000"))?,
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
            "assert-set" if !not => Kind::Set(Box::new(Set::read(written)?)),
            other => match kinds::not_run(other) {
                Some(why) => Kind::NotRun(why.into()),
                None => return Err(BadCheck::Unknown(name.to_owned())),
            },
        };
        Ok(Self { name: name.to_owned(), not, kind })
    }

    /// The checks that a judge decides: this one, or those among its members, in their order.
    pub fn judged_ones(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Rubric { .. } => vec![self],
            Kind::Set(set) => set.members().flat_map(Self::judged_ones).collect(),
            _ => Vec::new(),
        }
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
        Found { passed: Some(passed != self.not), reason: why.to_owned() }
    }

    /// Looks at an answer. What a judge decides is open.
    pub fn run(&self, answer: &Answer<'_>) -> Found {
        self.look(answer, &mut std::iter::empty()).found
    }

    /// Looks at an answer once the judges have spoken: `verdicts` are of [`Check::judged_ones`], in their order.
    pub fn graded(&self, answer: &Answer<'_>, verdicts: Vec<Found>) -> Found {
        self.look(answer, &mut verdicts.into_iter()).found
    }

    pub(super) fn look(&self, answer: &Answer<'_>, verdicts: &mut dyn Iterator<Item = Found>) -> Score {
        let open = |reason: String| Found { passed: None, reason };
        let found = match &self.kind {
            Kind::Set(set) => return set.look(answer, verdicts),
            Kind::NotRun(why) => open(format!("not run: {why}")),
            Kind::Rubric { .. } => verdicts.next().unwrap_or_else(|| open("not judged yet".to_owned())),
            kind => match kind.run(answer) {
                // What is not known neither passes nor passes denied.
                Err(reason) => Found { passed: Some(false), reason },
                Ok((holds, reason)) => Found { passed: Some(holds != self.not), reason },
            },
        };
        found.into()
    }
}

impl Kind {
    /// Whether it holds, and the fact that says so; an error where that is not known.
    fn run(&self, answer: &Answer<'_>) -> Result<(bool, String), String> {
        let text = answer.text;
        Ok(match self {
            Self::Contains { any, fold, values } => look::contains(text, *any, *fold, values),
            Self::Equals(value) => {
                let same = text.trim() == value.trim() || look::same_json(text, value);
                said(same, "equals", "is not", value)
            }
            Self::Starts(value) => said(
                text.trim_start().starts_with(value.as_str()),
                "starts with",
                "does not start with",
                value,
            ),
            Self::Ends(value) => {
                said(text.trim_end().ends_with(value.as_str()), "ends with", "does not end with", value)
            }
            Self::Regex(pattern) => pattern.look(text)?,
            Self::Json { inside, schema } => look::json(text, *inside, schema.as_deref()),
            Self::Number { value, tolerance } => look::nearest(text, *value, *tolerance),
            Self::Words { least, most } => look::words(text, *least, *most),
            Self::Cost(limit) => {
                let cost = answer.cost.ok_or("its cost is not known")?;
                (cost <= *limit, format!("${cost}, at most ${limit} asked for"))
            }
            Self::Latency(limit) => {
                let took = answer.took.ok_or("its time is not known")?;
                (took <= *limit, format!("{} ms, at most {} ms asked for", took.0, limit.0))
            }
            Self::Near { value, most } => look::near(text, value, *most),
            // Told apart before it comes here.
            Self::NotRun(why) => return Err(why.to_string()),
            Self::Rubric { .. } | Self::Set(_) => return Err("it is decided elsewhere".to_owned()),
        })
    }
}

/// The judge's model: a name, or an object with its id, in promptfoo's form or ours; an error says why it is none.
fn judge(written: &Value) -> Option<Result<String, String>> {
    let id =
        written.as_str().or_else(|| written["id"].as_str()).map(str::trim).filter(|id| !id.is_empty())?;
    Some(super::subjects::model(id).map_err(|why| format!("its judge {id:?} {why}")))
}

/// An exact count, or `{min, max}`.
fn words(value: &Value) -> Option<(usize, usize)> {
    let count = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    match value {
        Value::Object(range) => {
            let at = |key: &str| range.get(key).and_then(count);
            Some((at("min").unwrap_or(0), at("max").unwrap_or(usize::MAX)))
        }
        _ => count(value).map(|exact| (exact, exact)),
    }
}

/// How many characters may differ, as promptfoo has it where nothing is said.
fn most_changes(threshold: &Value) -> Option<usize> {
    let most = match threshold {
        Value::Null => 5,
        most => most.as_u64().or_else(|| most.as_str()?.trim().parse().ok())?,
    };
    usize::try_from(most).ok().filter(|most| *most <= MOST_CHANGES)
}

/// The schema of a check: none, an object, or one written as text.
fn schema(value: &Value) -> Result<Option<Box<jsonschema::Validator>>, String> {
    let schema = match value {
        Value::Null => return Ok(None),
        Value::String(text) => {
            serde_saphyr::from_str(text).map_err(|_| "its schema is neither JSON nor YAML".to_owned())?
        }
        other => other.clone(),
    };
    match jsonschema::validator_for(&schema) {
        Ok(validator) => Ok(Some(Box::new(validator))),
        Err(error) => Err(format!("its schema: {error}")),
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
