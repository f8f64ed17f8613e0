//! An experiment as a file: promptfoo's form, and a table with one case a row.

use super::{
    asserts::{self, is_program},
    cases::File,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// One prompt of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is called.
    pub label: String,
    /// Its text, with `{{variables}}`.
    pub text: String,
}

/// One model with its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// What it is called.
    pub label: String,
    /// `MODEL` or `MODEL@PROVIDER`.
    pub model: String,
    /// Settings by their names in requests (`temperature`, `max_tokens`, …).
    pub settings: Map<String, Value>,
    /// Which prompts it is asked, by their labels; empty = all of them.
    pub prompts: Vec<String>,
}

/// One set of variables with what the answer must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// What it is called; may be empty.
    pub label: String,
    /// Each variable with its values; several make several cells.
    pub vars: BTreeMap<String, Vec<String>>,
    /// Checks as written; their texts may have variables.
    pub checks: Vec<Value>,
    /// Stands before every prompt.
    pub prefix: String,
    /// Stands after every prompt.
    pub suffix: String,
}

/// What to ask, of whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// What it is called.
    pub title: String,
    /// The prompts.
    pub prompts: Vec<Prompt>,
    /// The models.
    pub subjects: Vec<Subject>,
    /// The cases; an experiment without any has one, without variables.
    pub cases: Vec<Case>,
    /// How often each is asked.
    pub samples: u32,
    /// What the file says that is not used, for telling.
    pub unused: Vec<String>,
}

impl Suite {
    /// Gives every `llm-rubric` that names no judge this one.
    pub fn judged_by(&mut self, model: &str) {
        let judge = asserts::Options { judge: Value::from(model), ..Default::default() };
        self.cases.iter_mut().flat_map(|case| &mut case.checks).for_each(|check| judge.put_on(check));
    }
}

/// A file that cannot be used, with where and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub struct BadSuite {
    /// The part of the file.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
}

pub(super) fn bad(at: impl Into<String>, why: impl Into<String>) -> BadSuite {
    BadSuite { at: at.into(), why: why.into() }
}

pub(super) fn bad_at(at: &str, why: String) -> BadSuite {
    bad(at, why)
}

/// The files that a suite names; the caller knows where they lie. Errors are the reason, for people.
pub trait Files {
    /// The text of one.
    fn read(&self, name: &str) -> Result<String, String>;

    /// The names that a pattern with `*` means, in their order; hidden ones are none of them.
    fn list(&self, pattern: &str) -> Result<Vec<String>, String>;

    /// The file of this name, or those that a pattern means: at least one.
    fn named(&self, name: &str) -> Result<Vec<String>, String> {
        if !name.contains('*') {
            return Ok(vec![name.to_owned()]);
        }
        let names = self.list(name)?;
        if names.is_empty() { Err("no file is called so".to_owned()) } else { Ok(names) }
    }
}

/// Files without a folder: a pattern means none of them.
impl<F: Fn(&str) -> Result<String, String>> Files for F {
    fn read(&self, name: &str) -> Result<String, String> {
        self(name)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// How a suite's files are read.
pub type Load<'a> = &'a dyn Files;

/// Fields that are read.
const KNOWN: &[&str] = &[
    "title",
    "description",
    "prompts",
    "providers",
    "models",
    "targets",
    "tests",
    "scenarios",
    "defaultTest",
    "samples",
    "repeat",
    "evaluateOptions",
    "assertionTemplates",
];

/// Reads a suite as YAML or JSON.
pub fn from_yaml(text: &str, load: Load<'_>) -> Result<Suite, BadSuite> {
    let root: Value =
        serde_saphyr::from_str(text).map_err(|error| bad("file", first_line(&error.to_string())))?;
    let Value::Object(root) = root else { return Err(bad("file", "it is not a list of named parts")) };
    let mut suite = Suite {
        title: root.get("title").or_else(|| root.get("description")).map(plain).unwrap_or_default(),
        samples: match root.get("samples").or_else(|| root.get("repeat")).or_else(|| repeat(&root)) {
            None => 1,
            Some(value) => value
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| (1..=1_000).contains(n))
                .ok_or_else(|| bad("samples", "a whole number from 1 to 1000 is needed"))?,
        },
        unused: root
            .keys()
            .filter(|key| !KNOWN.contains(&key.as_str()) && !key.starts_with('$'))
            .cloned()
            .collect(),
        ..Suite::default()
    };
    if several(root.get("extensions")).any(|hook| !hook.is_null()) {
        let why = "they are programs that may change what is asked, which are not run; take the lines out";
        return Err(bad("extensions", why));
    }
    for (n, value) in several(root.get("prompts")).enumerate() {
        prompts(value, &format!("prompts[{n}]"), load, &mut suite.prompts)?;
    }
    let mut file = File { root: &root, load, expand: true, unused: &mut suite.unused };
    let subjects = root.get("models").or_else(|| root.get("providers")).or_else(|| root.get("targets"));
    for (n, value) in several(subjects).enumerate() {
        file.subjects(value, &format!("models[{n}]"), &mut suite.subjects)?;
    }
    suite.cases = file.all_cases()?;
    for name in root.get("evaluateOptions").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if name != "repeat" {
            suite.unused.push(format!("evaluateOptions: {name}"));
        }
    }
    if suite.prompts.is_empty() {
        return Err(bad("prompts", "there are none"));
    }
    apart(suite.prompts.iter_mut().map(|prompt| &mut prompt.label));
    apart(suite.subjects.iter_mut().map(|subject| &mut subject.label));
    for (n, subject) in suite.subjects.iter().enumerate() {
        let known = |wanted: &String| suite.prompts.iter().any(|prompt| prompt.label == *wanted);
        if let Some(wanted) = subject.prompts.iter().find(|wanted| !known(wanted)) {
            return Err(bad(format!("models[{n}]"), format!("no prompt has the label {wanted:?}")));
        }
    }
    Ok(suite)
}

fn repeat(root: &Map<String, Value>) -> Option<&Value> {
    root.get("evaluateOptions")?.get("repeat")
}

/// Labels tell prompts and models apart: the second of the same name is `name (2)`.
fn apart<'a>(labels: impl Iterator<Item = &'a mut String>) {
    let mut seen = BTreeSet::new();
    for label in labels {
        let first = label.clone();
        let mut n = 1;
        while !seen.insert(label.clone()) {
            n += 1;
            *label = format!("{first} ({n})");
        }
    }
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| in_order(value.clone()), str::to_owned)
}

/// A value as text with its parts in the order of their names, however they were written: earlier runs are found by
/// what was asked.
pub(super) fn in_order(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

/// One value, or each of a list.
pub(super) fn several(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    list.iter()
}

pub(super) fn file_name(text: &str) -> Option<&str> {
    text.strip_prefix("file://").or_else(|| {
        let path = !text.contains(['\n', ' ', '{'])
            && [".txt", ".md", ".json", ".jsonl", ".csv", ".yaml", ".yml", ".j2"]
                .iter()
                .any(|end| text.ends_with(end));
        path.then_some(text)
    })
}

fn prompts(value: &Value, at: &str, load: Load<'_>, into: &mut Vec<Prompt>) -> Result<(), BadSuite> {
    let (label, text) = match value {
        Value::Object(named) => (named.get("label").map(plain), worded(named, at)?),
        _ => (None, plain(value)),
    };
    let around = |part: &str| value.get("config").and_then(|config| config.get(part)).map(plain);
    let (before, after) = (around("prefix").unwrap_or_default(), around("suffix").unwrap_or_default());
    let mut add = |label: Option<String>, text: String| {
        let label = label.unwrap_or_else(|| head(&text));
        into.push(Prompt { label, text: format!("{before}{}{after}", messages(text)) });
    };
    if is_program(&text) && !text.contains(char::is_whitespace) {
        let why = format!("{text:?} names a program, which is not run; write the prompt that it makes");
        return Err(bad(at, why));
    }
    let Some(name) = file_name(&text) else {
        add(label, text);
        return Ok(());
    };
    for name in load.named(name).map_err(|why| bad(at, format!("{name}: {why}")))? {
        if is_program(&name) {
            return Err(bad(at, format!("{name:?} is a program, which is not run")));
        }
        let wrong = |why: String| bad(at, format!("{name}: {why}"));
        let read = load.read(&name).map_err(wrong)?;
        for (own, part) in parts(&name, &read).map_err(wrong)? {
            add(own.or_else(|| label.clone()), part);
        }
    }
    Ok(())
}

/// The text of a prompt that is written as named parts.
fn worded(named: &Map<String, Value>, at: &str) -> Result<String, BadSuite> {
    let text = named.get("raw").or_else(|| named.get("text")).or_else(|| named.get("id"));
    let text = text.map(plain).ok_or_else(|| bad(at, "it has no text (raw)"))?;
    for (name, value) in named.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "raw" | "text" | "id" | "label" | "display" => {}
            "config" => {
                let own = |name: &&String| !["prefix", "suffix"].contains(&name.as_str());
                if let Some(name) = value.as_object().into_iter().flat_map(Map::keys).find(own) {
                    let why = "settings of one prompt are not supported; give them to the models";
                    return Err(bad(at, format!("config.{name}: {why}")));
                }
            }
            other => {
                let why = "it is no part of a prompt that is read; its text goes under raw, or into a file";
                return Err(bad(at, format!("{other}: {why}")));
            }
        }
    }
    Ok(text)
}

/// The prompts of a file, each with a label of its own where the file says one.
fn parts(name: &str, text: &str) -> Result<Vec<(Option<String>, String)>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found: Vec<(Option<String>, String)> = Vec::new();
    if name.ends_with(".csv") {
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
        let heads = reader.headers().map_err(|error| error.to_string())?.clone();
        let place = |wanted: &str| heads.iter().position(|head| head.trim() == wanted);
        let prompt = place("prompt").ok_or("it has no column “prompt”")?;
        for row in reader.records() {
            let row = row.map_err(|error| error.to_string())?;
            let label = place("label").and_then(|label| row.get(label)).filter(|label| !label.is_empty());
            found.push((label.map(str::to_owned), row.get(prompt).unwrap_or_default().to_owned()));
        }
    } else if name.ends_with(".jsonl") {
        found.extend(text.lines().map(|line| (None, line.to_owned())));
    } else if name.ends_with(".txt") {
        // A file that a Windows editor wrote has other ends of lines.
        found.extend(text.replace("\r\n", "\n").split("\n---\n").map(|part| (None, part.to_owned())));
    } else {
        found.push((None, text.to_owned()));
    }
    for (_, text) in &mut found {
        *text = text.trim().to_owned();
    }
    found.retain(|(_, text)| !text.is_empty());
    Ok(found)
}

/// A list of messages as YAML becomes one as JSON; every other text stays as it is.
fn messages(text: String) -> String {
    if !text.trim_start().starts_with("- role:") {
        return text;
    }
    let list = serde_saphyr::from_str::<Value>(&text).ok().filter(Value::is_array);
    list.map_or(text, in_order)
}

/// The beginning of a text, as a name.
fn head(text: &str) -> String {
    let line = first_line(text.trim());
    let cut: String = line.chars().take(60).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
