//! `{{name}}` in a prompt.

use std::collections::BTreeMap;

/// A prompt that cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// A variable without a value.
    #[error("no value for the variable {{{{{0}}}}}")]
    Missing(String),
    /// Something between the braces that is more than a name.
    #[error("{{{{{0}}}}} is more than a variable's name; filters are not supported")]
    NotAName(String),
    /// A tag: `{% if … %}`.
    #[error("{{%{0}%}}: tags are not supported")]
    Tag(String),
}

/// The parts of a template: text, or a name.
fn parts(template: &str) -> Result<Vec<(bool, &str)>, BadTemplate> {
    if let Some((_, tag)) = template.split_once("{%")
        && let Some((tag, _)) = tag.split_once("%}")
    {
        return Err(BadTemplate::Tag(tag.chars().take(60).collect()));
    }
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let Some(length) = rest[open + 2..].find("}}") else { break };
        let name = rest[open + 2..open + 2 + length].trim();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Err(BadTemplate::NotAName(name.chars().take(60).collect()));
        }
        parts.push((false, &rest[..open]));
        parts.push((true, name));
        rest = &rest[open + 2 + length + 2..];
    }
    parts.push((false, rest));
    Ok(parts)
}

/// The names a template asks for.
pub fn names(template: &str) -> Result<Vec<&str>, BadTemplate> {
    let mut found: Vec<&str> =
        parts(template)?.into_iter().filter(|(is_name, _)| *is_name).map(|(_, name)| name).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The template with its values. A value is put in as it is: braces in it are text.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, BadTemplate> {
    let mut out = String::with_capacity(template.len());
    for (is_name, part) in parts(template)? {
        if is_name {
            out.push_str(values.get(part).ok_or_else(|| BadTemplate::Missing(part.to_owned()))?);
        } else {
            out.push_str(part);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let values = BTreeMap::from([("a".to_owned(), "{{b}}".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(fill("x {{a}} {{ b }} {{", &values).unwrap(), "x {{b}} 2 {{");
        assert_eq!(fill("{{c}}", &values), Err(BadTemplate::Missing("c".to_owned())));
        assert_eq!(fill("{{a | upper}}", &values), Err(BadTemplate::NotAName("a | upper".to_owned())));
        assert_eq!(fill("{% if a %}x{% endif %}", &values), Err(BadTemplate::Tag(" if a ".to_owned())));
        assert_eq!(names("{{b}}{{a}}{{b}}").unwrap(), ["a", "b"]);
    }
}
