//! The cases of a file: its own, those of files it names, and those of scenarios.

use super::{
    asserts::{self, Options, Source, is_program},
    matrix::MOST,
    suite::{BadSuite, Case, Load, bad, file_name, first_line, plain, several},
    table,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Parts of a case that are read, or say nothing of what is asked.
const CASE: &[&str] = &[
    "description",
    "label",
    "vars",
    "assert",
    "checks",
    "options",
    "threshold",
    "metadata",
    "assertScoringFunction",
];

/// Parts of a case that would change what is asked, with why they cannot be kept to.
const REFUSED: &[(&str, &str)] = &[
    ("provider", "a case that asks a model of its own is not supported; name the model among the providers"),
    ("providers", "a case for some of the models is not supported; put it into a file of its own"),
    ("prompts", "a case for some of the prompts is not supported; put it into a file of its own"),
    ("providerOutput", "an answer given beforehand is not looked at; take the line out and it is asked for"),
];

/// The file that is read, for what its parts refer to.
pub(super) struct File<'a> {
    pub(super) root: &'a Map<String, Value>,
    pub(super) load: Load<'a>,
    /// Whether a list makes several cells of a case that does not say so itself.
    pub(super) expand: bool,
    pub(super) unused: &'a mut Vec<String>,
}

/// What is said of an entry of `scenarios` that is none.
const NO_SCENARIO: &str = "it is no scenario, which is named parts: config and tests";

type Read = (Case, Options);

impl File<'_> {
    /// Every case, each with what `defaultTest` says of all of them.
    pub(super) fn all_cases(&mut self) -> Result<Vec<Case>, BadSuite> {
        let at = "defaultTest";
        let written = match self.root.get(at) {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(Value::String(named)) if is_program(named) => return Err(program(at, named)),
            Some(Value::String(named)) => self.listed(named.strip_prefix("file://").unwrap_or(named), at)?,
            Some(value) => value.clone(),
        };
        let shared = self.case(&written, at)?;
        self.expand = shared.1.expand.unwrap_or(true);
        let root = self.root;
        let mut cases = Vec::new();
        for (n, value) in several(root.get("tests")).enumerate() {
            self.cases(value, &format!("tests[{n}]"), &mut cases)?;
        }
        for (n, value) in several(root.get("scenarios").filter(|value| !value.is_null())).enumerate() {
            self.scenario(value, &format!("scenarios[{n}]"), &mut cases)?;
        }
        if cases.is_empty() {
            if root.contains_key("redteam") {
                let why =
                    "attacks are not made here; write the file of them with `promptfoo redteam generate`";
                return Err(bad("redteam", why));
            }
            cases.push(Read::default());
        }
        // What a case says of lists goes for those of `defaultTest` too.
        let expand = self.expand;
        let differs = |own: &Options| own.expand.is_some_and(|own| own != expand);
        let mut otherwise = BTreeMap::new();
        if cases.iter().any(|(_, own)| differs(own)) {
            let named = self.whole(&written, at)?;
            otherwise = self.values(&named, !expand, at)?;
        }
        let whole = |(mut case, own): Read| {
            for (name, values) in if differs(&own) { &otherwise } else { &shared.0.vars } {
                case.vars.entry(name.clone()).or_insert_with(|| values.clone());
            }
            if !own.alone {
                case.checks.splice(0..0, shared.0.checks.iter().cloned());
            }
            let options = own.or(&shared.1);
            case.prefix = options.prefix.clone().unwrap_or_default();
            case.suffix = options.suffix.clone().unwrap_or_default();
            case.checks = options.on_all(case.checks);
            case
        };
        Ok(cases.into_iter().map(whole).collect())
    }

    /// A case, or those of the files that a name or pattern means.
    fn cases(&mut self, value: &Value, at: &str, into: &mut Vec<Read>) -> Result<(), BadSuite> {
        let Some(named) = value.as_str() else {
            into.push(self.case(value, at)?);
            return Ok(());
        };
        if named.contains("://") && !named.starts_with("file://") {
            let why =
                format!("{named:?}: nothing is fetched for cases; save them as a .csv, .json or .yaml file");
            return Err(bad(at, why));
        }
        if is_program(named) {
            return Err(program(at, named));
        }
        let name =
            file_name(named).ok_or_else(|| bad(at, format!("{named:?} is neither a case nor a file")))?;
        for name in self.named(name, at)? {
            if name.ends_with(".csv") {
                let text = self.load.read(&name).map_err(|why| bad(at, format!("{name}: {why}")))?;
                let read = table::cases(&text);
                let read = read.map_err(|error| bad(format!("{name}, {}", error.at), error.why))?;
                for (n, (mut case, options)) in read.into_iter().enumerate() {
                    let at = format!("{name}, row {}", n + 2);
                    for (name, values) in &mut case.vars {
                        if let Some(file) = values.first().filter(|cell| cell.starts_with("file://")) {
                            *values = self.spread(name, &Value::from(file.as_str()), self.expand, &at)?;
                        }
                    }
                    into.push((case, options));
                }
                continue;
            }
            let list = self.listed(&name, at)?;
            for (n, value) in several(Some(&list)).enumerate() {
                into.push(self.case(value, &format!("{name}[{n}]"))?);
            }
        }
        Ok(())
    }

    /// Every set of variables of a scenario with every one of its cases.
    fn scenario(&mut self, value: &Value, at: &str, into: &mut Vec<Read>) -> Result<(), BadSuite> {
        if let Some(named) = value.as_str() {
            if is_program(named) {
                return Err(program(at, named));
            }
            let list = self.listed(named.strip_prefix("file://").unwrap_or(named), at)?;
            for (n, value) in several(Some(&list)).enumerate() {
                let at = format!("{named}[{n}]");
                if !value.is_object() {
                    return Err(bad(at, NO_SCENARIO));
                }
                self.scenario(value, &at, into)?;
            }
            return Ok(());
        }
        if !value.is_object() {
            return Err(bad(at, NO_SCENARIO));
        }
        let nothing = Value::Object(Map::new());
        let mut parts = [Vec::new(), Vec::new()];
        for (part, name) in parts.iter_mut().zip(["config", "tests"]) {
            for value in several(value.get(name)) {
                match value.as_str() {
                    None => part.push(value.clone()),
                    Some(named) if is_program(named) => return Err(program(at, named)),
                    Some(named) => {
                        let list = self.listed(named.strip_prefix("file://").unwrap_or(named), at)?;
                        part.extend(several(Some(&list)).cloned());
                    }
                }
            }
            if part.is_empty() {
                part.push(nothing.clone());
            }
        }
        if parts[0].len().saturating_mul(parts[1].len()).saturating_add(into.len()) > MOST {
            let (config, tests) = (parts[0].len(), parts[1].len());
            let why =
                format!("{config} of config with {tests} tests make more than {MOST} cases; take some out");
            return Err(bad(at, why));
        }
        for data in &parts[0] {
            for test in &parts[1] {
                let (data, test) = (self.whole(data, at)?, self.whole(test, at)?);
                into.push(self.case(&both(&data, &test), at)?);
            }
        }
        Ok(())
    }

    /// A case as written, its variables by their names.
    fn whole(&mut self, value: &Value, at: &str) -> Result<Map<String, Value>, BadSuite> {
        let mut named = value.as_object().ok_or_else(|| bad(at, "it is not a list of named parts"))?.clone();
        if let Some(vars) = named.get("vars") {
            let vars = self.vars(vars, at)?;
            named.insert("vars".to_owned(), Value::Object(vars));
        }
        Ok(named)
    }

    pub(super) fn case(&mut self, value: &Value, at: &str) -> Result<Read, BadSuite> {
        let named = self.whole(value, at)?;
        if let Some(path) = named.get("path").filter(|_| !named.contains_key("vars")) {
            return Err(program(at, &plain(path)));
        }
        let set = |key: &str| named.get(key).is_some_and(|value| !value.is_null());
        if let Some((key, why)) = REFUSED.iter().find(|(key, _)| set(key)) {
            return Err(bad(at, format!("{key}: {why}")));
        }
        let mut options = Options::read(named.get("options")).map_err(|why| bad(at, why))?;
        if set("assertScoringFunction") {
            options.prevented = Some("its score comes from code, which is not run");
        }
        for key in named.keys().filter(|key| !CASE.contains(&key.as_str())) {
            options.unused.push(format!("tests: {key}"));
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
        case.vars = self.values(&named, options.expand.unwrap_or(self.expand), at)?;
        Ok((case, options))
    }

    /// The variables of a case, each with its values.
    fn values(
        &self,
        case: &Map<String, Value>,
        expand: bool,
        at: &str,
    ) -> Result<BTreeMap<String, Vec<String>>, BadSuite> {
        let vars = case.get("vars").and_then(Value::as_object).into_iter().flatten();
        vars.map(|(name, value)| Ok((name.clone(), self.spread(name, value, expand, at)?))).collect()
    }

    /// The values of a variable; without `expand` it is one.
    fn spread(&self, name: &str, value: &Value, expand: bool, at: &str) -> Result<Vec<String>, BadSuite> {
        let values = match value {
            // A list of texts or figures is a case each; one of lists or named parts is one value, for templates.
            Value::Array(list) if expand && !list.first().is_some_and(is_deep) => {
                let mut values = Vec::new();
                for value in list {
                    values.extend(self.variable(value, at)?);
                }
                values
            }
            value => self.variable(value, at)?,
        };
        if !expand && values.len() > 1 {
            let why = "several files are several values, which options.disableVarExpansion forbids; name one";
            return Err(bad(at, format!("{name}: {why}")));
        }
        Ok(values)
    }

    /// The file of a name, or those of a pattern. A pattern may mean programs; their code is no text to send either.
    fn named(&self, name: &str, at: &str) -> Result<Vec<String>, BadSuite> {
        let names = self.load.named(name).map_err(|why| bad(at, format!("{name}: {why}")))?;
        match names.iter().find(|name| is_program(name)) {
            Some(found) => Err(program(at, found)),
            None => Ok(names),
        }
    }

    /// Named values, or those of the files that are named.
    fn vars(&mut self, written: &Value, at: &str) -> Result<Map<String, Value>, BadSuite> {
        let mut vars = Map::new();
        for part in several(Some(written)) {
            match part {
                Value::Object(named) => vars.extend(named.clone()),
                Value::String(named) if is_program(named) => return Err(program(at, named)),
                Value::String(named) => {
                    let name = named.strip_prefix("file://").unwrap_or(named);
                    for name in self.named(name, at)? {
                        let listed = self.listed(&name, at)?;
                        let named = listed.as_object();
                        vars.extend(
                            named.ok_or_else(|| bad(name, "its variables are not named values"))?.clone(),
                        );
                    }
                }
                Value::Null => {}
                _ => return Err(bad(at, "vars are not named values")),
            }
        }
        Ok(vars)
    }

    /// A value; a pattern of files is several.
    fn variable(&self, value: &Value, at: &str) -> Result<Vec<String>, BadSuite> {
        if value.is_null() {
            return Ok(vec![String::new()]);
        }
        let text = plain(value);
        let Some(path) = text.strip_prefix("file://") else {
            // As promptfoo does: the line's end of a block of YAML is none of the value.
            return Ok(vec![text.strip_suffix('\n').unwrap_or(&text).to_owned()]);
        };
        if is_program(path) {
            return Err(program(at, path));
        }
        let names = self.named(path, at)?;
        let wrong = |path: &str, why: String| bad(at, format!("{path}: {why}"));
        let read = |name: &String| {
            if name.ends_with(".yaml") || name.ends_with(".yml") {
                return self.listed(name, at).map(|value| plain(&value));
            }
            self.load.read(name).map(|text| text.trim().to_owned()).map_err(|why| wrong(name, why))
        };
        names.iter().map(read).collect()
    }

    /// The values of a file by its ending: one a line, JSON, or YAML.
    pub(super) fn listed(&self, name: &str, at: &str) -> Result<Value, BadSuite> {
        let text = self.load.read(name).map_err(|why| bad(at, format!("{name}: {why}")))?;
        let text = text.trim_start_matches('\u{feff}');
        if name.ends_with(".jsonl") {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let read = |(n, line): (usize, &str)| {
                serde_json::from_str(line)
                    .map_err(|error| bad(format!("{name}, line {}", n + 1), error.to_string()))
            };
            return lines.map(read).collect::<Result<Vec<Value>, _>>().map(Value::Array);
        }
        let read = if name.ends_with(".json") {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))
        };
        read.map_err(|why| bad(name, why))
    }
}

pub(super) fn program(at: &str, name: &str) -> BadSuite {
    bad(at, format!("{name:?} names a program, which is not run; write what it makes into a file"))
}

fn is_deep(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// A case with what its scenario says of it; the case's own word is the last.
fn both(data: &Map<String, Value>, test: &Map<String, Value>) -> Value {
    let mut whole = data.clone();
    for (name, value) in test {
        let before = whole.shift_remove(name);
        let value = match (name.as_str(), before, value) {
            ("vars" | "options", Some(Value::Object(mut before)), Value::Object(value)) => {
                before.extend(value.clone());
                Value::Object(before)
            }
            ("assert", Some(Value::Array(mut before)), Value::Array(value)) => {
                before.extend(value.iter().cloned());
                Value::Array(before)
            }
            (_, _, value) => value.clone(),
        };
        whole.insert(name.clone(), value);
    }
    Value::Object(whole)
}

#[cfg(test)]
#[path = "cases_tests.rs"]
mod tests;
