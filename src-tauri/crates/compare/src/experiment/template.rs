//! `{{name}}` in a prompt: a variable, a part of it (`{{user.name}}`, `{{choices[0]}}`), and filters (`{{x | upper}}`),
//! as far as Nunjucks' are used in prompts. Loops and conditions are not.

use super::suite::in_order;
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
        "{{{{{0}}}}} is neither a variable nor a filter that is supported ({known}; replace takes two arguments, default \
         and join at most one, the others none)",
        known = FILTERS.join(", ")
    )]
    NotAName(String),
    /// A tag: `{% if … %}`.
    #[error("{{%{0}%}}: tags are not supported; write what comes out of them")]
    Tag(String),
    /// A sign for taking white space away where Nunjucks has none.
    #[error(
        "{{%{0}%}}: white space beside raw is not taken away; write it without the - and without the white space"
    )]
    Dash(String),
    /// A value or a filter's result that nobody could be sent.
    #[error("{{{{{0}}}}} makes a text of more than 16 MB; shorten its value or take filters out")]
    TooLong(String),
}

/// Bytes that values may make of a text: more than any model reads.
const MOST: usize = 16_000_000;

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
        let (before, within, after) = (&rest[..open], &inner[..length], &inner[length + 2..]);
        if kind == "{%" {
            if within.trim_matches('-').trim() != "raw" {
                return Err(BadTemplate::Tag(short(within)));
            }
            without_dash(within)?;
            let Some((raw, after)) = unraw(after)? else { break };
            parts.extend([(false, before), (false, raw)]);
            rest = after;
            continue;
        }
        // A `-` beside the braces takes away the white space on its side.
        let (before, within) = match within.strip_prefix('-') {
            Some(within) => (before.trim_end_matches(is_space), within),
            None => (before, within),
        };
        let (within, after) = match within.strip_suffix('-') {
            Some(within) => (within, after.trim_start_matches(is_space)),
            None => (within, after),
        };
        parts.push((false, before));
        if kind == "{{" {
            parts.push((true, within));
        }
        rest = after;
    }
    parts.push((false, rest));
    Ok(parts)
}

/// White space as JavaScript's `\s` has it, which Nunjucks goes by.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace() && c != '\u{85}'
}

/// The beginning of what stands between braces, for telling.
fn short(within: &str) -> String {
    within.chars().take(60).collect()
}

/// Nunjucks trims nothing within `raw`, and what it does outside of it changes by the version.
fn without_dash(tag: &str) -> Result<(), BadTemplate> {
    if tag.starts_with('-') || tag.ends_with('-') { Err(BadTemplate::Dash(short(tag))) } else { Ok(()) }
}

/// What stands before `{% endraw %}`, and after it; `None` = it is missing.
fn unraw(text: &str) -> Result<Option<(&str, &str)>, BadTemplate> {
    let mut from = 0;
    while let Some(open) = text[from..].find("{%").map(|at| from + at) {
        let Some(close) = text[open..].find("%}").map(|at| open + at) else { break };
        let tag = &text[open + 2..close];
        if tag.trim_matches('-').trim() == "endraw" {
            without_dash(tag)?;
            return Ok(Some((&text[..open], &text[close + 2..])));
        }
        from = close + 2;
    }
    Ok(None)
}

/// The template with its values. A value is put in as it is: braces in it are text.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, BadTemplate> {
    let mut out = String::with_capacity(template.len());
    for (is_name, part) in parts(template)? {
        if is_name {
            let put = text(&evaluated(part, values)?);
            if put.len() > MOST.saturating_sub(out.len()) {
                return Err(BadTemplate::TooLong(short(part.trim())));
            }
            out.push_str(&put);
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
    let written = written.trim();
    let bad = || BadTemplate::NotAName(short(written));
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
        found = filtered(found, filter, &arguments).map_err(|unfit| match unfit {
            Unfit::Unknown => bad(),
            Unfit::TooLong => BadTemplate::TooLong(short(written)),
        })?;
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

/// Why a filter makes nothing of a value.
enum Unfit {
    /// There is no such filter, or not for this value, or not with these arguments.
    Unknown,
    /// It would make too much of it.
    TooLong,
}

/// Is this many bytes few enough? Asked before they are put together.
fn bounded(bytes: usize) -> Result<(), Unfit> {
    if bytes > MOST { Err(Unfit::TooLong) } else { Ok(()) }
}

/// A value through a filter; `None` = it has none.
fn filtered(value: Option<Value>, filter: &str, arguments: &[Value]) -> Result<Option<Value>, Unfit> {
    let known = match filter {
        "default" | "d" | "join" => arguments.len() <= 1,
        "replace" => arguments.len() == 2,
        _ => FILTERS.contains(&filter) && arguments.is_empty(),
    };
    if !known {
        return Err(Unfit::Unknown);
    }
    let first = arguments.first();
    if filter == "default" || filter == "d" {
        return Ok(Some(value.unwrap_or_else(|| first.cloned().unwrap_or_default())));
    }
    let Some(value) = value else { return Ok(None) };
    let on_text = |change: fn(&str) -> String| {
        let text = text(&value);
        // A letter becomes at most three of the other case.
        bounded(text.len())?;
        let changed = change(&text);
        bounded(changed.len())?;
        Ok(Some(Value::from(changed)))
    };
    match filter {
        "upper" => on_text(str::to_uppercase),
        "lower" => on_text(str::to_lowercase),
        "trim" => on_text(|text| text.trim().to_owned()),
        "capitalize" => on_text(|text| {
            let mut letters = text.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters.flat_map(char::to_lowercase)).collect()
        }),
        "safe" | "string" => Ok(Some(value)),
        "dump" => {
            let value = read(value);
            bounded(value.as_str().map_or(0, quoted_length))?;
            let dumped = in_order(value);
            bounded(dumped.len())?;
            Ok(Some(Value::from(dumped)))
        }
        "replace" => replaced(&text(&value), arguments),
        "join" => match read(value) {
            Value::Array(list) => joined(&list, &first.map(text).unwrap_or_default()),
            _ => Err(Unfit::Unknown),
        },
        _ => match (filter, read(value)) {
            ("length", Value::Array(list)) => Ok(Some(Value::from(list.len()))),
            ("length", Value::Object(named)) => Ok(Some(Value::from(named.len()))),
            ("length", value) => Ok(Some(Value::from(text(&value).chars().count()))),
            ("first", Value::Array(list)) => Ok(list.first().cloned()),
            ("last", Value::Array(list)) => Ok(list.last().cloned()),
            _ => Err(Unfit::Unknown),
        },
    }
}

/// A text with another in the place of each `from`.
fn replaced(within: &str, arguments: &[Value]) -> Result<Option<Value>, Unfit> {
    let [Value::String(from), to] = arguments else { return Err(Unfit::Unknown) };
    let to = text(to);
    let times = within.matches(from.as_str()).count();
    bounded((within.len() - times * from.len()).saturating_add(times.saturating_mul(to.len())))?;
    Ok(Some(Value::from(within.replace(from.as_str(), &to))))
}

/// The texts of a list with another between each two.
fn joined(list: &[Value], between: &str) -> Result<Option<Value>, Unfit> {
    let texts: Vec<String> = list.iter().map(text).collect();
    let gaps = between.len().saturating_mul(texts.len().saturating_sub(1));
    bounded(texts.iter().map(String::len).sum::<usize>().saturating_add(gaps))?;
    Ok(Some(Value::from(texts.join(between))))
}

/// The bytes of a text as JSON, with its quotation marks.
fn quoted_length(text: &str) -> usize {
    let length = |c: char| match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        c => c.len_utf8(),
    };
    2 + text.chars().map(length).sum::<usize>()
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
    fn white_space_goes_on_the_side_of_a_dash() {
        let values = BTreeMap::from([("b".to_owned(), " 2 ".to_owned())]);
        for (template, text) in [
            ("x \n {{- b }} y", "x 2  y"),
            ("x {{ b -}} \n\t y", "x  2 y"),
            ("x {{- b -}} {{- b -}} y", "x 2  2 y"),
            ("x {#- not this -#} y", "xy"),
            ("x {# nor this #} {{-b}}", "x  2 "),
            ("x\u{85}{{-b}}\u{a0}", "x\u{85} 2 \u{a0}"),
        ] {
            assert_eq!(fill(template, &values).as_deref(), Ok(text), "{template:?}");
        }
        for raw in [
            "a {%- raw %}{{b}}{% endraw %}",
            "{% raw -%} b{% endraw %}",
            "{% raw %}b {%- endraw %}",
            "{% raw %}b{% endraw -%} c",
        ] {
            let error = fill(raw, &values).unwrap_err();
            assert!(
                matches!(error, BadTemplate::Dash(_)) && error.to_string().contains("without the -"),
                "{raw}"
            );
        }
    }

    #[test]
    fn a_filter_has_as_many_arguments_as_are_heeded() {
        let values = BTreeMap::from([("a".to_owned(), "[\"x\", \"y\"]".to_owned())]);
        for (template, so) in [
            ("{{ a | join }}", true),
            ("{{ a | join('-') }}", true),
            ("{{ a | join('-', 'name') }}", false),
            ("{{ c | default('n') }}", true),
            ("{{ c | default('n', true) }}", false),
            ("{{ c | d('n', true) }}", false),
            ("{{ a | replace('x') }}", false),
            ("{{ a | replace('x', 'z') }}", true),
            ("{{ a | replace('x', 'z', 1) }}", false),
            ("{{ a | dump(2) }}", false),
            ("{{ a | first(1) | upper }}", false),
            ("{{ c | upper(1) }}", false),
        ] {
            let filled = fill(template, &values);
            assert_eq!(filled.is_ok(), so, "{template}: {filled:?}");
            assert!(so || matches!(filled, Err(BadTemplate::NotAName(_))), "{template}: {filled:?}");
        }
    }

    #[test]
    fn filters_grow_a_text_to_a_bound() {
        let list = serde_json::to_string(&vec![""; 20_001]).unwrap();
        let long = "x".repeat(1_000_000);
        let values: BTreeMap<String, String> =
            [("a", "a\"\\\n\u{1}é"), ("list", list.as_str()), ("long", long.as_str())]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let times = |filter: &str, n: usize| format!("{{{{ a{} }}}}", format!(" | {filter}").repeat(n));
        assert_eq!(
            fill(&times("replace('a', 'aaaaaaaaaa')", 3), &values).unwrap().matches('a').count(),
            1000
        );
        let wide = |n: usize| format!("{{{{ list | join('{}') }}}}", "-".repeat(n));
        for template in [
            times("replace('a', 'aaaaaaaaaa')", 20),
            times("replace('', 'aaaaaaaaaa')", 20),
            times("dump", 40),
            wide(801),
            "{{long}}".repeat(17),
        ] {
            let found = fill(&template, &values).map(|text| text.len());
            assert!(matches!(found, Err(BadTemplate::TooLong(_))), "{found:?}");
        }
        assert_eq!(fill(&wide(800), &values).unwrap().len(), 16_000_000);
        assert_eq!(fill("{{long}}", &values).unwrap().len(), 1_000_000);
        assert_eq!(quoted_length(&values["a"]), Value::from(values["a"].as_str()).to_string().len());
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
