//! Every prompt with every set of variables, of every model, as often as asked: the cells of an experiment.

use super::{
    asserts::PREVENTED,
    check::Check,
    kinds,
    suite::{Suite, in_order},
    template::{BadTemplate, fill},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Stable over runs of the same suite: a hash of what is asked, of whom, where it stands. 32 hexadecimal digits.
    pub id: String,
    /// A hash of what is sent only (model, settings, prompt, sample): equal requests need to be paid once.
    pub request: String,
    /// Which prompt, by its place.
    pub prompt: usize,
    /// Which model, by its place.
    pub subject: usize,
    /// Which case, by its place.
    pub case: usize,
    /// Which of the samples, from 0.
    pub sample: u32,
    /// The variables' values.
    pub vars: BTreeMap<String, String>,
    /// The prompt with its values.
    pub text: String,
    /// What the answer must be.
    pub checks: Vec<Check>,
    /// The same as written, with the variables' values.
    pub written: Vec<Value>,
}

/// More cells than this are refused: it is a slip more often than a wish.
pub const MOST: usize = 100_000;

/// The cells of a suite, prompts outermost, then cases, samples and models, so that a table fills row by row.
pub fn cells(suite: &Suite) -> Result<Vec<Cell>, String> {
    up_to(MOST, suite)
}

fn up_to(most: usize, suite: &Suite) -> Result<Vec<Cell>, String> {
    let mut cells = Vec::new();
    for (prompt_place, prompt) in suite.prompts.iter().enumerate() {
        for (case_place, case) in suite.cases.iter().enumerate() {
            let at = format!("prompt {}, case {}", prompt_place + 1, case_place + 1);
            for vars in every(&case.vars) {
                let wrong = |error: &dyn std::fmt::Display| format!("{at}: {error}");
                let vars = in_each_other(vars).map_err(|error| wrong(&error))?;
                let prompt = format!("{}{}{}", case.prefix, prompt.text, case.suffix);
                let text = asked(&prompt, &vars).map_err(|error| wrong(&error))?;
                let mut written = Vec::new();
                let mut checks = Vec::new();
                for check in &case.checks {
                    let check = filled(check, &vars, false).map_err(|error| wrong(&error))?;
                    checks.push(Check::read(&check).map_err(|error| wrong(&error))?);
                    written.push(check);
                }
                for sample in 0..suite.samples.max(1) {
                    for (subject_place, subject) in suite.subjects.iter().enumerate() {
                        if !subject.prompts.is_empty()
                            && !subject.prompts.contains(&suite.prompts[prompt_place].label)
                        {
                            continue;
                        }
                        if cells.len() == most {
                            return Err(format!("more than {most} cells"));
                        }
                        let request = request_hash(&subject.model, &subject.settings, &text, sample);
                        let places = format!("{prompt_place}/{case_place}/{subject_place}");
                        let named = serde_json::to_string(&vars).unwrap_or_default();
                        cells.push(Cell {
                            id: hash(&[&request, &places, &named]),
                            request,
                            prompt: prompt_place,
                            subject: subject_place,
                            case: case_place,
                            sample,
                            vars: vars.clone(),
                            text: text.clone(),
                            checks: checks.clone(),
                            written: written.clone(),
                        });
                    }
                }
            }
        }
    }
    Ok(cells)
}

/// Every choice of one value for each variable.
fn every(vars: &BTreeMap<String, Vec<String>>) -> Vec<BTreeMap<String, String>> {
    let mut all = vec![BTreeMap::new()];
    for (name, values) in vars {
        all = all
            .into_iter()
            .flat_map(|chosen: BTreeMap<String, String>| {
                values.iter().map(move |value| {
                    let mut chosen = chosen.clone();
                    chosen.insert(name.clone(), value.clone());
                    chosen
                })
            })
            .take(MOST + 1)
            .collect();
    }
    all
}

/// A prompt with its values. In a list of messages they are put into each message's text, so that a quotation mark in a
/// value is one in the text.
fn asked(template: &str, vars: &BTreeMap<String, String>) -> Result<String, BadTemplate> {
    let list = serde_json::from_str::<Value>(template.trim()).ok();
    let Some(Value::Array(mut list)) = list.filter(|list| list[0].get("role").is_some()) else {
        return fill(template, vars);
    };
    for message in &mut list {
        match message.get_mut("content") {
            Some(Value::String(text)) => *text = fill(text, vars)?,
            Some(Value::Array(parts)) => {
                for part in parts {
                    if let Some(Value::String(text)) = part.get_mut("text") {
                        *text = fill(text, vars)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(in_order(Value::Array(list)))
}

/// Values that name other variables, with theirs put in once. One that is no template of them is text.
fn in_each_other(vars: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, BadTemplate> {
    if !vars.values().any(|value| value.contains("{{")) {
        return Ok(vars);
    }
    let put = |value: &String| match fill(value, &vars) {
        Err(BadTemplate::TooLong(name)) => Err(BadTemplate::TooLong(name)),
        filled => Ok(filled.unwrap_or_else(|_| value.clone())),
    };
    vars.iter().map(|(name, value)| Ok((name.clone(), put(value)?))).collect()
}

/// Variables put into the texts of a check. A check that is not run stays as it is; so do patterns and schemas that
/// are no templates, for they have braces of their own.
fn filled(written: &Value, vars: &BTreeMap<String, String>, braces: bool) -> Result<Value, BadTemplate> {
    let kind = written["type"].as_str().map(|kind| kind.strip_prefix("not-").unwrap_or(kind));
    if written.get(PREVENTED).is_some() || kind.is_some_and(|kind| kinds::not_run(kind).is_some()) {
        return Ok(written.clone());
    }
    let braces = braces || kind.is_some_and(|kind| ["regex", "is-json", "contains-json"].contains(&kind));
    Ok(match written {
        Value::String(text) => match fill(text, vars) {
            Ok(text) => Value::String(text),
            Err(error) if !braces || matches!(error, BadTemplate::TooLong(_)) => return Err(error),
            Err(_) => written.clone(),
        },
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| filled(value, vars, braces)).collect::<Result<_, _>>()?)
        }
        Value::Object(named) => {
            let filled = named.iter().map(|(key, value)| Ok((key.clone(), filled(value, vars, braces)?)));
            Value::Object(filled.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// What is equal for equal requests: 32 hexadecimal digits.
pub fn request_hash(model: &str, settings: &Map<String, Value>, text: &str, sample: u32) -> String {
    hash(&[model, &ordered(settings), text, &sample.to_string()])
}

/// Settings in the order of their names, however deep, whatever order they were written in.
fn ordered(settings: &Map<String, Value>) -> String {
    in_order(Value::Object(settings.clone()))
}

/// SHA-256 over the parts, each with its length before it; the first 32 digits.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Result<String, String> {
        Err("no such file".to_owned())
    }

    #[test]
    fn no_more_cells_are_made_than_allowed() {
        let models: Vec<String> = (0..50).map(|n| format!("m{n}")).collect();
        let text = format!("{{prompts: [a, b], models: [{}], samples: 3}}", models.join(", "));
        let suite = super::super::from_yaml(&text, &nothing).unwrap();
        assert_eq!(up_to(300, &suite).unwrap().len(), 300);
        assert_eq!(up_to(299, &suite).unwrap_err(), "more than 299 cells");
        assert_eq!(up_to(0, &suite).unwrap_err(), "more than 0 cells");
    }

    #[test]
    fn equal_settings_are_one_request_however_they_are_written() {
        let hashed = |json: &str| request_hash("m", &serde_json::from_str(json).unwrap(), "x", 0);
        let one = hashed(r#"{ "body": { "a": [{ "x": 1, "y": 2 }], "b": null }, "effort": "low" }"#);
        assert_eq!(one, hashed(r#"{ "effort": "low", "body": { "b": null, "a": [{ "y": 2, "x": 1 }] } }"#));
        assert_ne!(one, hashed(r#"{ "effort": "low", "body": { "b": null, "a": [{ "y": 1, "x": 2 }] } }"#));
    }

    #[test]
    fn what_is_asked_is_the_same_text_however_its_parts_are_ordered() {
        let asked = |suite: &str| {
            let suite = super::super::from_yaml(suite, &nothing).unwrap();
            cells(&suite).unwrap().into_iter().map(|cell| cell.text).collect::<Vec<_>>()
        };
        let one = r#"{ prompts: ['[{"role":"user","content":"{{a | dump}} {{a}}"}]'], models: [m],
            tests: [{ vars: { a: { y: 1, x: { d: 2, c: 3 } } } }] }"#;
        let other = r#"{ prompts: ['[{"content":"{{a | dump}} {{a}}","role":"user"}]'], models: [m],
            tests: [{ vars: { a: { x: { c: 3, d: 2 }, y: 1 } } }] }"#;
        assert_eq!(asked(one), asked(other));
    }

    #[test]
    fn values_in_each_other_grow_to_a_bound() {
        let grown = format!("{{{{b{}}}}}", " | replace('a', 'aaaaaaaaaa')".repeat(20));
        let text = serde_json::json!({
            "prompts": ["{{a}}"],
            "models": ["m"],
            "tests": [{ "vars": { "a": grown, "b": "a" } }],
        });
        let suite = super::super::from_yaml(&text.to_string(), &nothing).unwrap();
        assert!(cells(&suite).unwrap_err().contains("more than 16 MB"));
    }
}
