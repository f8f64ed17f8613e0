//! An experiment as a file: promptfoo's form, and a table with one case a row.

use super::{
    asserts::{self, Options, Source, is_program},
    table,
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

/// Reads a file that the suite names; the caller knows where files are.
pub type Load<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Fields that are read.
const KNOWN: &[&str] = &[
    "title",
    "description",
    "prompts",
    "providers",
    "models",
    "targets",
    "tests",
    "defaultTest",
    "samples",
    "repeat",
    "evaluateOptions",
    "assertionTemplates",
];

/// Parts of a case that are read.
const CASE: &[&str] = &["description", "label", "vars", "assert", "checks", "options", "threshold"];

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
    for (n, value) in several(root.get("prompts")).enumerate() {
        prompts(value, &format!("prompts[{n}]"), load, &mut suite.prompts)?;
    }
    let subjects = root.get("models").or_else(|| root.get("providers")).or_else(|| root.get("targets"));
    for (n, value) in several(subjects).enumerate() {
        suite.subjects.push(subject(value, &format!("models[{n}]"), &mut suite.unused)?);
    }
    for name in root.get("evaluateOptions").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if name != "repeat" {
            suite.unused.push(format!("evaluateOptions: {name}"));
        }
    }
    suite.cases = all_cases(&root, load, &mut suite.unused)?;
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

/// Every case, each with what `defaultTest` says of all of them.
fn all_cases(
    root: &Map<String, Value>,
    load: Load<'_>,
    unused: &mut Vec<String>,
) -> Result<Vec<Case>, BadSuite> {
    let mut file = File { root, load, unused };
    let (shared, options) = match root.get("defaultTest") {
        None => Default::default(),
        Some(value) => file.case(value, "defaultTest")?,
    };
    let mut cases = Vec::new();
    for (n, value) in several(root.get("tests")).enumerate() {
        let at = format!("tests[{n}]");
        match value.as_str() {
            None => cases.push(file.case(value, &at)?),
            Some(named) => cases.extend(file.cases_of(named, &at)?),
        }
    }
    if cases.is_empty() {
        cases.push(Default::default());
    }
    let whole = |(mut case, own): (Case, Options)| {
        for (name, values) in &shared.vars {
            case.vars.entry(name.clone()).or_insert_with(|| values.clone());
        }
        case.checks.splice(0..0, shared.checks.iter().cloned());
        case.checks = own.or(&options).on_all(case.checks);
        case
    };
    Ok(cases.into_iter().map(whole).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One value, or each of a list.
fn several(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    list.iter()
}

fn file_name(text: &str) -> Option<&str> {
    text.strip_prefix("file://").or_else(|| {
        let path = !text.contains(['\n', ' ', '{'])
            && [".txt", ".md", ".json", ".jsonl", ".csv", ".yaml", ".yml"]
                .iter()
                .any(|end| text.ends_with(end));
        path.then_some(text)
    })
}

fn prompts(value: &Value, at: &str, load: Load<'_>, into: &mut Vec<Prompt>) -> Result<(), BadSuite> {
    let (label, text) = match value {
        Value::Object(named) => {
            let text = named.get("raw").or_else(|| named.get("text")).or_else(|| named.get("id"));
            let text = text.ok_or_else(|| bad(at, "it has no text (raw)"))?;
            (named.get("label").map(plain), plain(text))
        }
        _ => (None, plain(value)),
    };
    if is_program(&text) && !text.contains(char::is_whitespace) {
        return Err(bad(at, format!("{text:?} names a program, which is not run")));
    }
    let Some(name) = file_name(&text) else {
        into.push(Prompt { label: label.unwrap_or_else(|| head(&text)), text: messages(text) });
        return Ok(());
    };
    let read = load(name).map_err(|why| bad(at, format!("{name}: {why}")))?;
    let parts: Vec<&str> =
        if name.ends_with(".txt") { read.split("\n---\n").collect() } else { vec![read.as_str()] };
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let label = label.clone().unwrap_or_else(|| head(part));
        into.push(Prompt { label, text: messages(part.to_owned()) });
    }
    Ok(())
}

/// A list of messages as YAML becomes one as JSON; every other text stays as it is.
fn messages(text: String) -> String {
    if !text.trim_start().starts_with("- role:") {
        return text;
    }
    let list = serde_saphyr::from_str::<Value>(&text).ok().filter(Value::is_array);
    list.map_or(text, |list| list.to_string())
}

/// The beginning of a text, as a name.
fn head(text: &str) -> String {
    let line = first_line(text.trim());
    let cut: String = line.chars().take(60).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}

fn subject(value: &Value, at: &str, unused: &mut Vec<String>) -> Result<Subject, BadSuite> {
    let nothing = Map::new();
    let (id, said) = match value {
        Value::String(id) => (id.clone(), &nothing),
        Value::Object(named) => match named.get("id").or_else(|| named.get("model")) {
            Some(id) => (plain(id), named),
            // {"openai:gpt-5": {"config": {…}}}
            None => {
                let (id, inner) = named.iter().next().ok_or_else(|| bad(at, "it is empty"))?;
                (id.clone(), inner.as_object().unwrap_or(&nothing))
            }
        },
        _ => return Err(bad(at, "it is neither a name nor has an id")),
    };
    for key in said.keys() {
        let what = format!("models: {key}");
        if !["id", "model", "label", "config", "params", "prompts"].contains(&key.as_str())
            && !unused.contains(&what)
        {
            unused.push(what);
        }
    }
    let model = model(&id).ok_or_else(|| bad(at, format!("{id:?} names a program, not a model")))?;
    let settings = said.get("config").or_else(|| said.get("params")).and_then(Value::as_object);
    Ok(Subject {
        label: said.get("label").map_or_else(|| model.clone(), plain),
        model,
        settings: settings.cloned().unwrap_or_default(),
        prompts: several(said.get("prompts")).map(plain).collect(),
    })
}

/// `openai:chat:gpt-5` and the like as `gpt-5@openai`; other names as they are.
pub(super) fn model(id: &str) -> Option<String> {
    if ["file://", "exec:", "python:", "http:", "https:", "webhook", "golang:"]
        .iter()
        .any(|start| id.starts_with(start))
    {
        return None;
    }
    let Some((provider, rest)) = id.split_once(':') else { return Some(id.to_owned()) };
    if provider.contains(['/', '@']) {
        return Some(id.to_owned());
    }
    let name = match rest.split_once(':') {
        Some(("chat" | "completion" | "messages" | "responses" | "completions", name)) => name,
        _ => rest,
    };
    Some(format!("{name}@{provider}"))
}

/// The file that is read, for what its cases refer to.
struct File<'a> {
    root: &'a Map<String, Value>,
    load: Load<'a>,
    unused: &'a mut Vec<String>,
}

impl File<'_> {
    fn case(&mut self, value: &Value, at: &str) -> Result<(Case, Options), BadSuite> {
        let Value::Object(named) = value else { return Err(bad(at, "it is not a list of named parts")) };
        let mut options = Options::read(named.get("options"));
        for key in named.keys() {
            if !CASE.contains(&key.as_str()) {
                options.unused.push(format!("tests: {key}"));
            }
        }
        options.threshold = match named.get("threshold") {
            None | Some(Value::Null) => None,
            Some(value) => {
                Some(super::check::number(value).ok_or_else(|| bad(at, "its threshold must be a number"))?)
            }
        };
        let mut case = Case {
            label: named.get("description").or_else(|| named.get("label")).map(plain).unwrap_or_default(),
            ..Case::default()
        };
        for written in several(named.get("assert").or_else(|| named.get("checks"))) {
            let source = Source { root: self.root, load: self.load };
            case.checks.extend(asserts::check(written, &source, at, &mut options.unused)?);
        }
        for what in options.unused.drain(..) {
            if !self.unused.contains(&what) {
                self.unused.push(what);
            }
        }
        if let Some(vars) = named.get("vars") {
            let vars = vars.as_object().ok_or_else(|| bad(at, "vars are not named values"))?;
            for (name, value) in vars {
                let values = several(Some(value)).map(|value| self.variable(value, at));
                case.vars.insert(name.clone(), values.collect::<Result<_, _>>()?);
            }
        }
        Ok((case, options))
    }

    fn variable(&self, value: &Value, at: &str) -> Result<String, BadSuite> {
        let text = plain(value);
        match text.strip_prefix("file://") {
            Some(path) if is_program(path) => {
                Err(bad(at, format!("{path}: it is a program, which is not run")))
            }
            Some(path) => (self.load)(path).map_err(|why| bad(at, format!("{path}: {why}"))),
            None => Ok(text),
        }
    }

    fn cases_of(&mut self, named: &str, at: &str) -> Result<Vec<(Case, Options)>, BadSuite> {
        if is_program(named) {
            return Err(bad(at, format!("{named:?} names a program, which is not run")));
        }
        let name =
            file_name(named).ok_or_else(|| bad(at, format!("{named:?} is neither a case nor a file")))?;
        let text = (self.load)(name).map_err(|why| bad(at, format!("{name}: {why}")))?;
        if name.ends_with(".csv") {
            return table::cases(&text).map_err(|error| bad(format!("{name}, {}", error.at), error.why));
        }
        let list = listed(name, &text).map_err(|(place, why)| bad(format!("{name}{place}"), why))?;
        several(Some(&list)).enumerate().map(|(n, value)| self.case(value, &format!("{name}[{n}]"))).collect()
    }
}

/// The values of a file of cases by its ending: one a line, JSON, or YAML. Errors with the place in it and why.
fn listed(name: &str, text: &str) -> Result<Value, (String, String)> {
    let text = text.trim_start_matches('\u{feff}');
    if name.ends_with(".jsonl") {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = |(n, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| (format!(", line {}", n + 1), error.to_string()))
        };
        return lines.map(read).collect::<Result<Vec<Value>, _>>().map(Value::Array);
    }
    let read = if name.ends_with(".json") {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))
    };
    read.map_err(|why| (String::new(), why))
}

#[cfg(test)]
#[path = "suite_tests.rs"]
mod tests;
