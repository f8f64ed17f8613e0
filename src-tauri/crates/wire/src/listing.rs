//! Model lists, in the shapes OpenAI-shaped servers and Ollama give them.

use crate::{
    ListedModel,
    json::{Count, Json},
};
use domain::{ErrorKind, Failure};

/// More entries than any provider has; a longer list is cut.
const MOST: usize = 20_000;

/// Places of the context length, by server: OpenRouter, Groq, Mistral, vLLM, LM Studio, llama.cpp, …
const CONTEXT: &[&str] = &[
    "/context_length",
    "/context_window",
    "/max_context_length",
    "/max_model_len",
    "/top_provider/context_length",
    "/meta/n_ctx_train",
    "/limits/max_context_length",
    "/limits/max_input_tokens",
];

/// Reads `{"data":[…]}`, `{"models":[…]}`, Databricks' `{"endpoints":[…]}` or a bare array.
pub(crate) fn read(body: &[u8]) -> Result<Vec<ListedModel>, Failure> {
    let text = String::from_utf8_lossy(body);
    let unreadable = |why: &str| {
        Failure::new(ErrorKind::StreamMalformed, format!("The provider's model list cannot be read: {why}."))
    };
    let json = Json::parse(text.trim()).map_err(|bad| unreadable(bad.why))?;
    let entries = ["data", "models", "endpoints"].iter().find_map(|k| json.get(k)).unwrap_or(&json);
    let Json::Array(entries) = entries else { return Err(unreadable("it holds no list")) };
    Ok(entries.iter().take(MOST).filter_map(entry).collect())
}

/// Query parameter that asks for the page after this one, in the ways providers number them; `None` when it
/// is the last.
pub fn next_page(body: &[u8]) -> Option<(&'static str, String)> {
    let text = String::from_utf8_lossy(body);
    let json = Json::parse(text.trim()).ok()?;
    let said = |key: &str| json.text(key).filter(|token| !token.is_empty()).map(str::to_owned);
    if matches!(json.get("has_more"), Some(Json::Bool(true))) {
        return Some(("after_id", said("last_id")?));
    }
    said("nextPageToken")
        .map(|token| ("pageToken", token))
        .or_else(|| said("next_page_token").map(|token| ("page_token", token)))
}

fn entry(entry: &Json<'_>) -> Option<ListedModel> {
    if let Some(id) = entry.str() {
        return Some(ListedModel { id: id.to_owned(), ..ListedModel::default() });
    }
    let id = ["id", "model", "name"].iter().find_map(|k| entry.text(k)).filter(|id| !id.is_empty())?;
    let name = ["display_name", "name"].iter().find_map(|k| entry.text(k)).filter(|name| *name != id);
    let context_length = CONTEXT.iter().find_map(|p| match entry.at(p)?.count() {
        Count::Said(n) if n > 0 => Some(n),
        _ => None,
    });
    Some(ListedModel {
        id: id.to_owned(),
        name: name.map(str::to_owned),
        context_length,
        ..ListedModel::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_list() {
        let openrouter = br#"{"data":[{"id":"a/b","name":"B","context_length":128000},{"id":"c/d","top_provider":{"context_length":8192}}]}"#;
        let list = read(openrouter).unwrap();
        assert_eq!(
            list[0],
            ListedModel {
                id: "a/b".into(),
                name: Some("B".into()),
                context_length: Some(128_000),
                ..ListedModel::default()
            }
        );
        assert_eq!(list[1].context_length, Some(8192));
        assert_eq!(read(br#"[{"id":"x","display_name":"X"}]"#).unwrap()[0].name.as_deref(), Some("X"));
        let ollama = br#"{"models":[{"name":"llama3:8b","model":"llama3:8b"}]}"#;
        assert_eq!(read(ollama).unwrap(), [ListedModel { id: "llama3:8b".into(), ..ListedModel::default() }]);
        let databricks = br#"{"endpoints":[{"name":"databricks-claude-sonnet-4","task":"llm/v1/chat"}]}"#;
        assert_eq!(read(databricks).unwrap()[0].id, "databricks-claude-sonnet-4");
        let github = br#"[{"id":"openai/gpt-4.1","name":"GPT","limits":{"max_input_tokens":1048576}}]"#;
        assert_eq!(read(github).unwrap()[0].context_length, Some(1_048_576));
        assert_eq!(read(br#"{"data":[]}"#).unwrap(), []);
        let odd = br#"{"data":[{"id":"x","context_length":-1},{"id":""},7,{"id":null}]}"#;
        assert_eq!(read(odd).unwrap(), [ListedModel { id: "x".into(), ..ListedModel::default() }]);
    }

    #[test]
    fn every_way_of_numbering_pages() {
        for (body, next) in [
            (r#"{"data":[],"has_more":true,"last_id":"m9"}"#, Some(("after_id", "m9"))),
            (r#"{"data":[],"has_more":false,"last_id":"m9"}"#, None),
            (r#"{"data":[],"has_more":true,"last_id":null}"#, None),
            (r#"{"models":[],"nextPageToken":"t"}"#, Some(("pageToken", "t"))),
            (r#"{"models":[],"next_page_token":"u"}"#, Some(("page_token", "u"))),
            (r#"{"models":[],"nextPageToken":""}"#, None),
            (r#"{"data":[]}"#, None),
            ("<html>", None),
        ] {
            let found = next_page(body.as_bytes());
            assert_eq!(found.as_ref().map(|(name, value)| (*name, value.as_str())), next, "{body}");
        }
    }

    #[test]
    fn what_is_no_list_is_a_failure() {
        for body in [&b""[..], b"<html>", b"{}", b"7", b"\xFF"] {
            assert_eq!(read(body).unwrap_err().kind, ErrorKind::StreamMalformed);
        }
    }
}
