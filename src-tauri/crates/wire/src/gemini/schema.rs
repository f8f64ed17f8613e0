//! JSON Schema brought down to the subset the Gemini API takes (an OpenAPI 3.0 schema object).
//! Source: ai.google.dev/api/caching#Schema, 2026-11.

use crate::notices::Notices;
use domain::say;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Deepest nesting kept, also what ends a schema that refers to itself.
const MAX_DEPTH: u32 = 24;
/// Most nodes written, so that references that fan out end too.
const MAX_NODES: u32 = 5_000;

/// Keys that mean the same on both sides.
const SAME: [&str; 13] = [
    "title",
    "description",
    "nullable",
    "required",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
];
/// String formats the API knows.
const FORMATS: [&str; 6] = ["enum", "date-time", "int32", "int64", "float", "double"];

/// Keys put into the API's own words here.
const PUT: [&str; 9] = ["type", "format", "enum", "const", "anyOf", "oneOf", "allOf", "properties", "items"];
/// Keys that only describe or name, and leaving them out changes nothing that is taken.
const IDLE: [&str; 14] = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
    "$ref",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "strict",
];

/// Keys of a schema that said something this API has no word for.
pub(super) type Lost = BTreeSet<String>;

/// Tells what was lost of the schemas in `what`.
pub(super) fn tell(what: &str, lost: &Lost, notices: &mut Notices) {
    if !lost.is_empty() {
        let keys: Vec<&str> = lost.iter().take(20).map(String::as_str).collect();
        notices.parameter(say!(
            "{what}: this API's schemas have no word for {keys}.",
            what,
            keys = keys.join(", ")
        ));
    }
}

/// The subset of a tool's schema; `None` when nothing is left to say (an object without properties).
pub(super) fn subset(schema: &Value, lost: &mut Lost) -> Option<Value> {
    Subset { root: schema, ordered: false, nodes: 0, lost }.whole()
}

/// [`subset`] of an answer's schema, with the order of its properties: who puts the grounds before the verdict gets
/// another answer than who puts them behind it, and the API reads properties as a set.
pub(super) fn in_order(schema: &Value, lost: &mut Lost) -> Option<Value> {
    Subset { root: schema, ordered: true, nodes: 0, lost }.whole()
}

struct Subset<'a> {
    root: &'a Value,
    ordered: bool,
    nodes: u32,
    lost: &'a mut Lost,
}

impl<'a> Subset<'a> {
    fn whole(mut self) -> Option<Value> {
        let value = self.node(self.root, 0);
        let empty = value.get("type").is_some_and(|t| t == "OBJECT")
            && value.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
        (!empty && value.as_object().is_some_and(|v| !v.is_empty())).then_some(value)
    }

    fn node(&mut self, schema: &Value, depth: u32) -> Value {
        self.nodes += 1;
        let mut out = Map::new();
        let Value::Object(schema) = schema else { return Value::Object(out) };
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            self.lose("deep nesting");
            return Value::Object(out);
        }
        self.losses(schema);
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|r| self.resolve(r)) {
            let Value::Object(mut target) = self.node(target, depth + 1) else { return Value::Object(out) };
            if let Some(words) = schema.get("description") {
                target.insert("description".into(), words.clone());
            }
            return Value::Object(target);
        }
        for key in SAME {
            if let Some(value) = schema.get(key) {
                out.insert(key.into(), value.clone());
            }
        }
        self.kind(schema, &mut out);
        self.choices(schema, &mut out, depth);
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let properties: Map<String, Value> =
                properties.iter().map(|(name, value)| (name.clone(), self.node(value, depth + 1))).collect();
            if !properties.is_empty() {
                merge(&mut out, "properties".into(), Value::Object(properties));
            }
            out.entry("type").or_insert_with(|| "OBJECT".into());
        }
        // A property that must be there must be described.
        let known = out.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(Value::Array(required)) = out.get_mut("required") {
            required.retain(|name| name.as_str().is_some_and(|name| known.contains_key(name)));
            if required.is_empty() {
                out.shift_remove("required");
            }
        }
        if self.ordered && known.len() > 1 {
            out.insert("propertyOrdering".into(), known.keys().cloned().collect());
        }
        if let Some(items) = schema.get("items") {
            let items = if items.is_array() { &items[0] } else { items };
            out.insert("items".into(), self.node(items, depth + 1));
            out.entry("type").or_insert_with(|| "ARRAY".into());
        }
        if out.get("type").is_some_and(|t| t == "ARRAY") && !out.contains_key("items") {
            // The API demands a type.
            self.lose("items of any type");
            out.insert("items".into(), Value::Object(Map::from_iter([("type".into(), "STRING".into())])));
        }
        Value::Object(out)
    }

    fn lose(&mut self, key: &str) {
        if self.lost.len() < 64 {
            self.lost.insert(key.chars().take(60).collect());
        }
    }

    /// Notes the keys that nothing here puts into the API's words.
    fn losses(&mut self, schema: &Map<String, Value>) {
        for (key, value) in schema {
            let known = |list: &[&str]| list.contains(&key.as_str());
            // What is allowed anyway is not lost.
            let open = key == "additionalProperties" && *value == Value::Bool(true);
            if !open && !known(&SAME) && !known(&PUT) && !known(&IDLE) && !key.starts_with("x-") {
                self.lose(key);
            }
        }
        let target = schema.get("$ref").and_then(Value::as_str);
        if target.is_some_and(|target| self.resolve(target).is_none()) {
            self.lose("$ref");
        }
        if schema.get("items").is_some_and(|items| items.as_array().is_some_and(|list| list.len() > 1)) {
            self.lose("items");
        }
    }

    /// Type, `null` among several types, format and enumerations.
    fn kind(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>) {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if types.len() > 1 && types.contains(&"null") {
            out.insert("nullable".into(), true.into());
        }
        let real: Vec<&str> = types.into_iter().filter(|t| *t != "null").collect();
        if let [one] = real.as_slice() {
            out.insert("type".into(), one.to_ascii_uppercase().into());
        } else if real.len() > 1 {
            let any = real.iter().map(|t| serde_json::json!({ "type": t.to_ascii_uppercase() })).collect();
            out.insert("anyOf".into(), Value::Array(any));
        }
        match schema.get("format") {
            Some(format) if FORMATS.iter().any(|known| *format == **known) => {
                out.insert("format".into(), format.clone());
            }
            Some(_) => self.lose("format"),
            None => {}
        }
        let constant = schema.get("const").map(|value| vec![value.clone()]);
        let (key, values) = match schema.get("enum").and_then(Value::as_array).cloned() {
            Some(values) => ("enum", values),
            None => ("const", constant.unwrap_or_default()),
        };
        let nothing = values.iter().any(Value::is_null);
        let values: Vec<Value> = values.into_iter().filter(|value| !value.is_null()).collect();
        // Enumerations are of words only; half of one would forbid what is allowed.
        if values.is_empty() || !values.iter().all(Value::is_string) {
            if !values.is_empty() {
                self.lose(key);
            }
            return;
        }
        if nothing {
            out.insert("nullable".into(), true.into());
        }
        out.insert("enum".into(), Value::Array(values));
        out.insert("type".into(), "STRING".into());
    }

    fn choices(&mut self, schema: &Map<String, Value>, out: &mut Map<String, Value>, depth: u32) {
        let list = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key).and_then(Value::as_array));
        if let Some(list) = list {
            let null = |value: &Value| value.get("type").is_some_and(|t| t == "null");
            if list.iter().any(null) {
                out.insert("nullable".into(), true.into());
            }
            let mut real: Vec<Value> =
                list.iter().filter(|v| !null(v)).map(|v| self.node(v, depth + 1)).collect();
            if real.len() == 1
                && let Some(Value::Object(only)) = real.pop()
            {
                for (key, value) in only {
                    out.entry(key).or_insert(value);
                }
            } else if !real.is_empty() {
                out.insert("anyOf".into(), Value::Array(real));
            }
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(part) = self.node(part, depth + 1) {
                for (key, value) in part {
                    merge(out, key, value);
                }
            }
        }
    }

    /// `#/$defs/Name`, a JSON pointer within the same schema.
    fn resolve(&self, reference: &str) -> Option<&'a Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }
}

fn merge(out: &mut Map<String, Value>, key: String, value: Value) {
    match (out.get_mut(&key), value) {
        (Some(Value::Object(have)), Value::Object(more)) => have.extend(more),
        (Some(Value::Array(have)), Value::Array(more)) => have.extend(more),
        (Some(_), _) => {}
        (None, value) => {
            out.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_api_knows_stays_and_the_rest_goes() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "additionalProperties": false, "required": ["city", "gone"],
            "properties": {
                "city": { "type": "string", "description": "Where", "format": "uri", "examples": ["Rome"] },
                "unit": { "enum": ["c", "f"] },
                "kind": { "const": "now" },
                "either": { "enum": ["a", 1] },
                "perhaps": { "enum": ["a", null] },
                "open": { "type": "object", "additionalProperties": true, "properties": { "x": {} } },
                "level": { "type": "integer", "enum": [1, 2] },
                "days": { "type": ["integer", "null"], "exclusiveMinimum": 0, "minimum": 1 },
                "tags": { "type": "array" },
                "at": { "oneOf": [{ "type": "string", "format": "date-time" }, { "type": "null" }] },
            },
        });
        let mut lost = Lost::default();
        assert_eq!(
            subset(&schema, &mut lost),
            Some(json!({
                "type": "OBJECT", "required": ["city"],
                "properties": {
                    "city": { "type": "STRING", "description": "Where" },
                    "unit": { "type": "STRING", "enum": ["c", "f"] },
                    "kind": { "type": "STRING", "enum": ["now"] },
                    "either": {},
                    "perhaps": { "type": "STRING", "enum": ["a"], "nullable": true },
                    "open": { "type": "OBJECT", "properties": { "x": {} } },
                    "level": { "type": "INTEGER" },
                    "days": { "type": "INTEGER", "nullable": true, "minimum": 1 },
                    "tags": { "type": "ARRAY", "items": { "type": "STRING" } },
                    "at": { "type": "STRING", "format": "date-time", "nullable": true },
                },
            }))
        );
        let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
        assert_eq!(lost, ["additionalProperties", "enum", "exclusiveMinimum", "format", "items of any type"]);
    }

    #[test]
    fn references_are_put_in_place_and_circles_end() {
        let schema = json!({
            "type": "object",
            "properties": { "point": { "$ref": "#/$defs/Point", "description": "Here" } },
            "$defs": { "Point": { "type": "object", "properties": { "x": { "type": "number" } } } },
        });
        assert_eq!(
            subset(&schema, &mut Lost::default()).unwrap()["properties"]["point"],
            json!({ "type": "OBJECT", "description": "Here", "properties": { "x": { "type": "NUMBER" } } })
        );
        let circle = json!({
            "type": "object",
            "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#" }, "c": { "$ref": "#" } },
        });
        assert!(subset(&circle, &mut Lost::default()).unwrap().to_string().len() < 1_000_000);
    }

    #[test]
    fn what_a_schema_is_made_of_is_put_together() {
        let schema = json!({
            "type": "object", "required": ["b", "a"], "properties": { "a": { "type": "string" } },
            "allOf": [{ "properties": { "c": {}, "b": {} }, "required": ["c"] }],
        });
        assert_eq!(
            in_order(&schema, &mut Lost::default()),
            Some(json!({
                "type": "OBJECT", "required": ["b", "a", "c"], "propertyOrdering": ["c", "b", "a"],
                "properties": { "a": { "type": "STRING" }, "b": {}, "c": {} },
            }))
        );
    }

    #[test]
    fn an_object_without_properties_says_nothing() {
        for empty in
            [json!({}), json!({ "type": "object" }), json!({ "type": "object", "properties": {} }), json!(7)]
        {
            assert_eq!(subset(&empty, &mut Lost::default()), None, "{empty}");
        }
    }
}
