//! Names that stand twice in one object: of the two its provider might read the other one.

use super::{invalid, object};
use crate::json::Json;
use domain::Failure;
use std::{borrow::Cow, collections::HashSet};

/// Fields that are compared with each other one by one; of more there is a list.
const FEW: usize = 12;

/// The body as an object in which no name stands twice.
pub(in crate::serve) fn unambiguous(text: &str) -> Result<Json<'_>, Failure> {
    let json = object(text)?;
    match twice(&json) {
        None => Ok(json),
        Some(name) => {
            let name: String = name.chars().take(80).collect();
            Err(invalid(&name, format!("“{name}” stands twice in one object of the request.")))
        }
    }
}

/// The first name that does. As deep as bodies are read at all.
fn twice<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    match json {
        Json::Array(items) => items.iter().find_map(twice),
        Json::Object(fields) => again(fields).or_else(|| fields.iter().find_map(|(_, value)| twice(value))),
        _ => None,
    }
}

fn again<'j>(fields: &'j [(Cow<'_, str>, Json<'_>)]) -> Option<&'j str> {
    let mut names = fields.iter().map(|(name, _)| name.as_ref());
    if fields.len() > FEW {
        let mut seen = HashSet::with_capacity(fields.len());
        return names.find(|name| !seen.insert(*name));
    }
    let stood = |at: usize, name: &str| fields[..at].iter().any(|(other, _)| other == name);
    names.enumerate().find(|(at, name)| stood(*at, name)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use crate::serve::{Protocol, embeddings, parse};

    #[test]
    fn a_body_with_a_name_twice_is_refused_and_the_name_told() {
        let many: String = (0..40).map(|n| format!("\"f{n}\":{n},")).collect();
        for (fields, name) in [
            ("\"max_tokens\":90000,\"max_tokens\":10".to_owned(), "max_tokens"),
            ("\"n\":50,\"\\u006e\":1".to_owned(), "n"),
            ("\"reasoning\":{\"effort\":\"low\",\"effort\":\"high\"}".to_owned(), "effort"),
            (format!("{many}\"f7\":1"), "f7"),
            ("\"x\":[1,{\"a\":{\"b\":1,\"b\":2}}]".to_owned(), "b"),
        ] {
            let body = format!(
                "{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}],{fields}}}"
            );
            let failure = parse(Protocol::OpenAiChat, None, false, body.as_bytes()).unwrap_err();
            assert_eq!(failure.upstream.unwrap().param.as_deref(), Some(name), "{body}");
        }
        let same = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"},\
                    {\"role\":\"user\",\"content\":\"x\"}],\"N\":1,\"metadata\":{\"model\":\"m\"}}";
        assert!(parse(Protocol::OpenAiChat, None, false, same.as_bytes()).is_ok());
        assert!(embeddings(None, b"{\"model\":\"m\",\"input\":\"x\",\"input\":\"y\"}").is_err());
    }

    #[test]
    fn a_setting_of_gemini_in_both_spellings_is_refused() {
        let ask = |config: &str| {
            let body = format!(
                "{{\"contents\":[{{\"parts\":[{{\"text\":\"x\"}}]}}],\"generationConfig\":{{{config}}}}}"
            );
            parse(Protocol::Gemini, Some("m"), false, body.as_bytes())
        };
        assert!(ask("\"maxOutputTokens\":50,\"max_output_tokens\":50000").is_err());
        assert!(ask("\"topP\":0.5,\"top_p\":null,\"topK\":1,\"top_k\":2").is_err());
        assert!(ask("\"max_output_tokens\":50,\"topP\":0.5").is_ok());
    }
}
