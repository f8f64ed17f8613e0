//! The checks of a file as we keep them: what they refer to put in, the judge of their case given to them, and what
//! would change an answer with code before it is looked at marked, so that nothing is checked in another sense than it
//! was written.

use super::{
    sets,
    suite::{Load, bad_at, plain},
};
use serde_json::{Map, Value};

/// Beginnings and ends of names that stand for programs.
const PROGRAMS: &[&str] =
    &[".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".rb", ".go", ".sh", ".bat", ".ps1"];

/// Does this name a program? promptfoo would run it for its text; it is not run here, and its code is no text to send.
pub(super) fn is_program(name: &str) -> bool {
    let path = name.strip_prefix("file://").unwrap_or(name);
    // `file.py:function`
    let path = match path.rsplit_once(':') {
        Some((file, function)) if !function.contains(['/', '\\', '.']) && file.len() > 1 => file,
        _ => path,
    };
    let low = path.to_ascii_lowercase();
    name.starts_with("exec:") || PROGRAMS.iter().any(|end| low.ends_with(end))
}

/// What the `options` of a case say of its checks.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Who judges, where a check does not say so itself.
    pub(super) judge: Value,
    /// Why none of its checks can be run here.
    pub(super) prevented: Option<&'static str>,
    /// The score from which on the case passes, whatever of its checks failed.
    pub(super) threshold: Option<f64>,
    /// Stands before each prompt.
    pub(super) prefix: Option<String>,
    /// Stands after each prompt.
    pub(super) suffix: Option<String>,
    /// Whether a variable with a list of values makes several cells; `None` = not said.
    pub(super) expand: Option<bool>,
    /// The checks of all cases are none of this one's.
    pub(super) alone: bool,
    /// What is not used.
    pub(super) unused: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let (judge, unused) = (Value::Null, Vec::new());
        let (prevented, threshold, prefix, suffix, expand) = (None, None, None, None, None);
        Self { judge, prevented, threshold, prefix, suffix, expand, alone: false, unused }
    }
}

impl Options {
    /// Of a case, or of `defaultTest`. An error says what would change what is asked and cannot be kept to.
    pub(super) fn read(written: Option<&Value>) -> Result<Self, String> {
        let mut options = Self::default();
        let set =
            written.and_then(Value::as_object).into_iter().flatten().filter(|(_, value)| !value.is_null());
        for (name, value) in set {
            match name.as_str() {
                "provider" => options.judge = grader(value),
                "transform" | "postprocess" => options.prevented = Some(THROUGH_CODE),
                "rubricPrompt" => options.prevented = options.prevented.or(Some(OWN_WORDS)),
                // An empty one is none, as promptfoo takes it.
                "prefix" => options.prefix = Some(plain(value)).filter(|text| !text.is_empty()),
                "suffix" => options.suffix = Some(plain(value)).filter(|text| !text.is_empty()),
                "disableVarExpansion" => options.expand = Some(value != &Value::Bool(true)),
                "disableDefaultAsserts" => options.alone = value == &Value::Bool(true),
                "transformVars" => {
                    let why = "options.transformVars: code would change its variables, which is not run";
                    return Err(why.to_owned());
                }
                "storeOutputAs" => {
                    let why =
                        "options.storeOutputAs: an answer that goes into other prompts is not supported";
                    return Err(why.to_owned());
                }
                other => options.unused.push(format!("tests: options.{other}")),
            }
        }
        Ok(options)
    }

    /// These, and what is not said in them as in the others.
    pub(super) fn or(self, shared: &Self) -> Self {
        Self {
            judge: if self.judge.is_null() { shared.judge.clone() } else { self.judge },
            prevented: self.prevented.or(shared.prevented),
            threshold: self.threshold.or(shared.threshold),
            prefix: self.prefix.or_else(|| shared.prefix.clone()),
            suffix: self.suffix.or_else(|| shared.suffix.clone()),
            expand: self.expand.or(shared.expand),
            ..self
        }
    }

    /// All checks of a case, with these put on them: as they are, or as one set where a score decides.
    pub(super) fn on_all(&self, mut checks: Vec<Value>) -> Vec<Value> {
        checks.iter_mut().for_each(|check| self.put_on(check));
        match self.threshold {
            Some(threshold) if !checks.is_empty() => {
                vec![serde_json::json!({ "type": "assert-set", "threshold": threshold, "assert": checks })]
            }
            _ => checks,
        }
    }

    /// Puts them on a check that does not say otherwise.
    pub(super) fn put_on(&self, check: &mut Value) {
        let Some(check) = check.as_object_mut() else { return };
        let kind = check.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind == SET {
            let members = check.get_mut("assert").and_then(Value::as_array_mut);
            members.into_iter().flatten().for_each(|member| self.put_on(member));
            return;
        }
        let judged = kind.ends_with("llm-rubric");
        if judged && !check.contains_key("provider") && !self.judge.is_null() {
            check.insert("provider".to_owned(), self.judge.clone());
        }
        if let Some(why) = self.prevented.filter(|why| judged || *why != OWN_WORDS)
            && !check.contains_key(PREVENTED)
        {
            check.insert(PREVENTED.to_owned(), Value::from(why));
        }
    }
}

/// Checks that count together.
const SET: &str = "assert-set";
/// Sets within sets that are followed.
const DEEPEST: u32 = 8;
/// Stands in a check that is not run, with the reason.
pub(super) const PREVENTED: &str = "not_run";
const THROUGH_CODE: &str = "the answer would go through code first, which is not run";
const OWN_WORDS: &str = "its judge is asked in words of its own";

/// The judge as a check names it: of `{text: …}` or `{id: …}` the name.
fn grader(value: &Value) -> Value {
    value.get("text").cloned().unwrap_or_else(|| value.clone())
}

/// The file that checks stand in.
pub(super) struct Source<'a> {
    pub(super) root: &'a Map<String, Value>,
    pub(super) load: Load<'a>,
}

/// A check with what it refers to; `None` = it counts nothing, which `unused` says.
pub(super) fn check(
    written: &Value,
    source: &Source<'_>,
    at: &str,
    unused: &mut Vec<String>,
) -> Result<Option<Value>, super::suite::BadSuite> {
    read(written, source, at, unused, DEEPEST)
}

fn read(
    written: &Value,
    source: &Source<'_>,
    at: &str,
    unused: &mut Vec<String>,
    deeper: u32,
) -> Result<Option<Value>, super::suite::BadSuite> {
    let mut check = referred(written, source.root, at)?;
    if sets::weight(&check) == Some(0.0) {
        let kind = check["type"].as_str().unwrap_or_default();
        unused.push(format!("tests: {kind} with weight 0, which decides nothing"));
        return Ok(None);
    }
    let Some(named) = check.as_object_mut() else { return Ok(Some(check)) };
    let kind = named.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == SET {
        let deeper = deeper.checked_sub(1).ok_or_else(|| bad_at(at, "sets within sets".to_owned()))?;
        let Some(Value::Array(members)) = named.get("assert").cloned() else {
            return Err(bad_at(at, "a set has no list of checks (assert)".to_owned()));
        };
        let mut kept = Vec::new();
        for member in &members {
            kept.extend(read(member, source, at, unused, deeper)?);
        }
        if kept.is_empty() && !members.is_empty() {
            return Ok(None);
        }
        named.insert("assert".to_owned(), Value::Array(kept));
        return Ok(Some(check));
    }
    if let Some(judge) = named.get("provider").map(grader) {
        named.insert("provider".to_owned(), judge);
    }
    if ["transform", "contextTransform"].iter().any(|name| named.get(*name).is_some_and(|v| !v.is_null())) {
        named.insert(PREVENTED.to_owned(), Value::from(THROUGH_CODE));
    }
    if named.get("rubricPrompt").is_some_and(|value| !value.is_null()) {
        named.insert(PREVENTED.to_owned(), Value::from(OWN_WORDS));
    }
    let file = named.get("value").and_then(Value::as_str).filter(|value| value.starts_with("file://"));
    if let Some(name) = file.map(str::to_owned) {
        if is_program(&name) {
            named.insert(PREVENTED.to_owned(), Value::from("code from a file is not run"));
        } else {
            let path = name.trim_start_matches("file://");
            let text = source.load.read(path).map_err(|why| bad_at(at, format!("{path}: {why}")))?;
            let value = if kind.ends_with("-json") {
                serde_saphyr::from_str(&text).map_err(|_| bad_at(at, format!("{path}: it is no schema")))?
            } else {
                Value::from(text.trim_end())
            };
            named.insert("value".to_owned(), value);
        }
    }
    Ok(Some(check))
}

/// A check, or the one that its `$ref` leads to in the same file.
fn referred(written: &Value, root: &Map<String, Value>, at: &str) -> Result<Value, super::suite::BadSuite> {
    let mut check = written.clone();
    // A reference may lead to another one; one that leads to itself ends somewhere.
    for _ in 0..8 {
        let Some(path) = check.get("$ref").and_then(Value::as_str) else { break };
        let mut found: Option<&Value> = None;
        for part in path.strip_prefix("#/").unwrap_or_default().split('/') {
            found = match found {
                None => root.get(part),
                Some(Value::Object(named)) => named.get(part),
                Some(_) => None,
            };
            if found.is_none() {
                break;
            }
        }
        check = found.cloned().ok_or_else(|| bad_at(at, format!("{path:?} leads nowhere in this file")))?;
    }
    Ok(check)
}
