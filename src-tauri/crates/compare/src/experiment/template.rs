//! `{{name}}` in a prompt: a variable, a part of it (`{{user.name}}`, `{{choices[0]}}`), and filters (`{{x | upper}}`),
//! as far as Nunjucks' are used in prompts. Loops and conditions are not.

use serde_json::Value;
use std::collections::BTreeMap;

/// A prompt that cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A variable without a value.
    #[error("no value for the variable {{{{{0}}}}}; give it one in vars, or write {{{{{0} | default('')}}}}")]
    Missing(String),
    /// Something between the braces that is neither a name nor a filter that we know.
    #[error(
        "{{{{{0}}}}} is neither a variable nor a filter that is supported ({known})",
        known = FILTERS.join(", ")
    )]
    NotAName(String),
    /// A tag: `{% if … %}`.
    #[error("{{%{0}%}}: tags are not supported; write what comes out of them")]
    Tag(String),
}

/// Filters that are understood, by Nunjucks' names.
const FILTERS: &[&str] = &[
    "capitalize",
    "default",
    "dump",
    "first",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "safe",
    "string",
    "trim",
    "upper",
];

/// The parts of a template: text, or what stands between braces.
fn parts(template: &str) -> Result<Vec<(bool, &str)>, BadTemplate> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{#")).chain(rest.find("{%")).min() {
        let (kind, inner) = (&rest[open..open + 2], &rest[open + 2..]);
        let end = match kind {
            "{{" => "}}",
            "{#" => "#}",
            _ => "%}",
        };
        // What is not closed is text.
        let Some(length) = inner.find(end) else {
            parts.push((false, &rest[..open + 2]));
            rest = inner;
            continue;
        };
        let within = &inner[..length];
        let after = &inner[length + 2..];
        match kind {
            "{%" if within.trim_matches('-').trim() == "raw" => {
                let Some((raw, after)) = unraw(after) else { break };
                parts.extend([(false, &rest[..open]), (false, raw)]);
                rest = after;
                continue;
            }
            "{%" => return Err(BadTemplate::Tag(within.chars().take(60).collect())),
            "{#" => parts.push((false, &rest[..open])),
            _ => parts.extend([(false, &rest[..open]), (true, within)]),
        }
        rest = after;
    }
    parts.push((false, rest));
    Ok(parts)
}

/// What stands before `{% endraw %}`, and after it.
fn unraw(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find("{%").map(|at| from + at) {
        let close = open + text[open..].find("%}")?;
        if text[open + 2..close].trim_matches('-').trim() == "endraw" {
            return Some((&text[..open], &text[close + 2..]));
        }
        from = close + 2;
    }
    None
}

/// The template with its values. A value is put in as it is: braces in it are text.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, BadTemplate> {
    let mut out = String::with_capacity(template.len());
    for (is_name, part) in parts(template)? {
        if is_name {
            out.push_str(&text(&evaluated(part, values)?));
        } else {
            out.push_str(part);
        }
    }
    Ok(out)
}

/// A value as it stands in a text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text that is a list or named parts, read; every other one as it is.
fn read(value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    if !text.trim_start().starts_with(['[', '{']) {
        return value;
    }
    serde_json::from_str(text).unwrap_or(value)
}

fn evaluated(written: &str, values: &BTreeMap<String, String>) -> Result<Value, BadTemplate> {
    let written = written.strip_prefix('-').unwrap_or(written);
    let written = written.strip_suffix('-').unwrap_or(written).trim();
    let bad = || BadTemplate::NotAName(written.chars().take(60).collect());
    let mut pieces = split(written, '|').into_iter();
    let name = pieces.next().unwrap_or_default().trim();
    let mut found = looked_up(name, values).ok_or_else(bad)?;
    for filter in pieces {
        let filter = filter.trim();
        let (filter, arguments) = match filter.split_once('(') {
            None => (filter, Vec::new()),
            Some((filter, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(bad)?;
                let read = split(inner, ',').into_iter().map(|word| literal(word.trim()).ok_or_else(bad));
                (filter.trim(), read.collect::<Result<Vec<Value>, _>>()?)
            }
        };
        found = filtered(found, filter, &arguments).ok_or_else(bad)?;
    }
    found.ok_or_else(|| BadTemplate::Missing(name.to_owned()))
}

/// The pieces between signs that stand outside of quotation marks and brackets.
fn split(text: &str, sign: char) -> Vec<&str> {
    let (mut pieces, mut from, mut quote, mut depth) = (Vec::new(), 0, None, 0_i32);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, c) if c == sign && depth == 0 => {
                pieces.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[from..]);
    pieces
}

/// `'text'`, a number, `true`, `false`.
fn literal(text: &str) -> Option<Value> {
    let quoted = |sign: char| text.strip_prefix(sign)?.strip_suffix(sign);
    if let Some(inner) = quoted('\'').or_else(|| quoted('"')) {
        return Some(Value::from(inner.replace("\\n", "\n")));
    }
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_number() || value.is_boolean())
}

/// A variable or a part of one. The outer `None`: this is no name; the inner one: it has no value.
fn looked_up(path: &str, values: &BTreeMap<String, String>) -> Option<Option<Value>> {
    if let Some(value) = values.get(path) {
        return Some(Some(Value::from(value.as_str())));
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let end = path.find(|c| !is_word(c)).unwrap_or(path.len());
    let (name, mut rest) = path.split_at(end);
    if name.is_empty() {
        return None;
    }
    let mut found = values.get(name).map(|value| Value::from(value.as_str()));
    while !rest.is_empty() {
        let (step, after) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
            (Value::from(&after[..end]), &after[end..])
        } else {
            let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
            (literal(inner.trim())?, after)
        };
        if step.as_str().is_some_and(str::is_empty) {
            return None;
        }
        found = found.map(read).and_then(|value| match &step {
            Value::String(key) => value.get(key).cloned(),
            step => value.get(usize::try_from(step.as_u64()?).ok()?).cloned(),
        });
        rest = after;
    }
    Some(found)
}

/// A value through a filter. The outer `None`: there is no such filter, or not for this.
fn filtered(value: Option<Value>, filter: &str, arguments: &[Value]) -> Option<Option<Value>> {
    let first = arguments.first();
    if filter == "default" || filter == "d" {
        return Some(Some(value.unwrap_or_else(|| first.cloned().unwrap_or_default())));
    }
    if !FILTERS.contains(&filter) {
        return None;
    }
    let Some(value) = value else { return Some(None) };
    let on_text = |change: fn(&str) -> String| Value::from(change(&text(&value)));
    Some(match filter {
        "upper" => Some(on_text(str::to_uppercase)),
        "lower" => Some(on_text(str::to_lowercase)),
        "trim" => Some(on_text(|text| text.trim().to_owned())),
        "capitalize" => Some(on_text(|text| {
            let mut letters = text.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters.flat_map(char::to_lowercase)).collect()
        })),
        "safe" | "string" => Some(value),
        "dump" => Some(Value::from(read(value).to_string())),
        "replace" => {
            let (from, to) = arguments.first().zip(arguments.get(1))?;
            Some(Value::from(text(&value).replace(from.as_str()?, &text(to))))
        }
        _ => match (filter, read(value)) {
            ("length", Value::Array(list)) => Some(Value::from(list.len())),
            ("length", Value::Object(named)) => Some(Value::from(named.len())),
            ("length", value) => Some(Value::from(text(&value).chars().count())),
            ("join", Value::Array(list)) => {
                let between = first.map(text).unwrap_or_default();
                Some(Value::from(list.iter().map(text).collect::<Vec<_>>().join(&between)))
            }
            ("first", Value::Array(list)) => list.first().cloned(),
            ("last", Value::Array(list)) => list.last().cloned(),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let values = BTreeMap::from([("a".to_owned(), "{{b}}".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(fill("x {{a}} {{ b }} {{", &values).unwrap(), "x {{b}} 2 {{");
        assert_eq!(fill("{{c}}", &values), Err(BadTemplate::Missing("c".to_owned())));
        assert_eq!(fill("{% if a %}x{% endif %}", &values), Err(BadTemplate::Tag(" if a ".to_owned())));
        assert_eq!(fill("a {# b {{b}} {%", &values).unwrap(), "a {# b 2 {%");
        assert_eq!(fill("{% raw %}{{a}}{% endraw %}{# no #}{{-b -}}", &values).unwrap(), "{{a}}2");
    }

    #[test]
    fn parts_of_values_and_filters_are_those_of_nunjucks() {
        let values: BTreeMap<String, String> = [
            ("user", r#"{"name": "Ann", "tags": ["a", "b"]}"#),
            ("choices", r#"["one", "two"]"#),
            ("word", " Two WORDS "),
            ("a.b", "dotted"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        for (template, text) in [
            ("{{user.name}}/{{choices[1]}}/{{ user['tags'][0] }}", "Ann/two/a"),
            ("{{a.b}}", "dotted"),
            ("{{word | trim | upper}}|{{ word|trim|capitalize }}", "TWO WORDS|Two words"),
            ("{{ word | dump }}", "\" Two WORDS \""),
            ("{{ user.tags | join(', ') }} {{choices | length}} {{choices|last}}", "a, b 2 two"),
            ("{{ nobody | default('none, | of it') }}{{ user.age | default(\"?\") }}", "none, | of it?"),
            ("{{ user.name | replace('n', 'N') }}", "ANN"),
            ("{{ user }}", r#"{"name": "Ann", "tags": ["a", "b"]}"#),
        ] {
            assert_eq!(fill(template, &values).as_deref(), Ok(text), "{template}");
        }
        for wrong in
            ["{{ word | shout }}", "{{ 1 + 1 }}", "{{ }}", "{{ (a) }}", "{{ word | join }}", "{{ user. }}"]
        {
            assert!(matches!(fill(wrong, &values), Err(BadTemplate::NotAName(_))), "{wrong}");
        }
        for missing in ["{{ user.age }}", "{{ nobody | upper }}", "{{ choices[7] }}", "{{ env.KEY }}"] {
            assert!(matches!(fill(missing, &values), Err(BadTemplate::Missing(_))), "{missing}");
        }
    }
}
