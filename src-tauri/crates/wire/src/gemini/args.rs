//! Arguments of a call that arrive in pieces, each at a path such as `$.person.names[0]`.

use serde_json::{Map, Value};

/// Deepest path taken.
const MAX_DEPTH: usize = 64;

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// Puts a value at a path; text is put behind text that is already there. False for a path this version
/// cannot read.
pub(super) fn put(args: &mut Value, path: &str, value: Value) -> bool {
    let Some(steps) = steps(path) else { return false };
    let mut here = args;
    for step in steps {
        here = match step {
            Step::Key(key) => {
                if !here.is_object() {
                    *here = Value::Object(Map::new());
                }
                let Value::Object(object) = here else { return false };
                object.entry(key).or_insert(Value::Null)
            }
            Step::Index(index) => {
                if !here.is_array() {
                    *here = Value::Array(Vec::new());
                }
                let Value::Array(items) = here else { return false };
                // Items come in order. A jump would let a few bytes claim any amount of memory.
                if items.len() == index {
                    items.push(Value::Null);
                }
                let Some(item) = items.get_mut(index) else { return false };
                item
            }
        };
    }
    match (here, value) {
        (Value::String(have), Value::String(more)) => have.push_str(&more),
        (here, value) => *here = value,
    }
    true
}

/// Reads `$.a.b[0]['c d']`.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == MAX_DEPTH {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
            if let Some(quote) = quote {
                let (key, after) = inner[1..].split_once(quote)?;
                steps.push(Step::Key(key));
                rest = after.strip_prefix(']')?;
            } else {
                let (index, after) = inner.split_once(']')?;
                steps.push(Step::Index(index.parse().ok()?));
                rest = after;
            }
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Key(&name[..end]));
            rest = &name[end..];
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pieces_come_together() {
        let mut args = json!({});
        for (path, value) in [
            ("$.location", json!("New ")),
            ("$.location", json!("Delhi")),
            ("$.days[0].n", json!(2)),
            ("$['a b']", json!(true)),
        ] {
            assert!(put(&mut args, path, value), "{path}");
        }
        assert_eq!(args, json!({ "location": "New Delhi", "days": [{ "n": 2 }], "a b": true }));
    }

    #[test]
    fn strange_paths_are_refused() {
        let mut args = json!({});
        let deep = format!("${}", ".a".repeat(100));
        for path in ["$..a", "$[", "$['a", "$[-1]", "$[*]", deep.as_str()] {
            assert!(!put(&mut args, path, json!(1)), "{path}");
        }
        assert_eq!(args, json!({}));
        assert!(!put(&mut args, "$.a[99999]", json!(1)), "no jump claims memory");
    }
}
