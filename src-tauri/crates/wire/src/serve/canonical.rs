//! Bodies that say the same, as one text.

use super::read;
use crate::json::{Json, write_string};
use std::collections::BTreeMap;

/// The body with the properties of its objects in order and every number as it was written. `None` = it is no JSON, or
/// holds half letters, which cannot be told from one another.
pub fn canonical(body: &[u8]) -> Option<String> {
    let json = Json::parse(read::text_of(body).ok()?).ok()?;
    let mut text = String::with_capacity(body.len());
    write(&json, &mut text);
    (!text.contains('\u{FFFD}')).then_some(text)
}

fn write(value: &Json<'_>, out: &mut String) {
    match value {
        Json::Object(fields) => {
            // Of one name the last counts.
            let sorted: BTreeMap<&str, &Json<'_>> =
                fields.iter().map(|(name, value)| (name.as_ref(), value)).collect();
            out.push('{');
            for (name, value) in sorted {
                write_string(name, out);
                out.push(':');
                write(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for item in items {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => plain.write(out),
    }
}
