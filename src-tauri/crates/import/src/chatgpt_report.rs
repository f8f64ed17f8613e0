//! Reports of ChatGPT's deep research. No message says them: they stand in the state of the page that shows them, which
//! comes with hidden messages of a tool, as text or in the metadata, and often as both.

use crate::{LeftOut, chatgpt_cites as cites, text};
use domain::Part;
use serde_json::Value;

/// How the text of a message that tells the state begins.
const STATE: &str = "The latest state of the widget is:";

/// A report.
pub(crate) struct Report {
    words: String,
    sources: Vec<Part>,
    /// The message's own text holds it.
    pub in_text: bool,
}

/// The report that a message carries.
pub(crate) fn of(message: &Value) -> Option<Report> {
    let kept = &message["metadata"]["chatgpt_sdk"]["widget_state"];
    let content = &message["content"];
    let told = [&content["parts"][0], &content["text"]].into_iter().filter_map(Value::as_str);
    let told = told.filter_map(|text| text.trim_start().strip_prefix(STATE)).find_map(object);
    let in_text = told.is_some();
    let state = told.or_else(|| value(kept))?;
    let report = value(&state["report_message"]);
    let words = match report.as_ref().unwrap_or(&state["report_message"]) {
        Value::String(words) => words.clone(),
        report => {
            let parts = report["content"]["parts"].as_array().into_iter().flatten();
            let parts = parts.chain([&report["content"]["text"], &report["content"]]);
            parts.filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n")
        }
    };
    let words = cites::without_marks(&words);
    let sources = report.map(|report| cites::citations(&report["metadata"])).unwrap_or_default();
    (!words.trim().is_empty()).then_some(Report { words, sources, in_text })
}

/// An object, or one that is written as text.
fn value(value: &Value) -> Option<Value> {
    if value.is_object() { Some(value.clone()) } else { object(value.as_str()?) }
}

/// The object that a text begins with.
fn object(text: &str) -> Option<Value> {
    let mut values = serde_json::Deserializer::from_str(text.trim_start()).into_iter::<Value>();
    values.next()?.ok().filter(Value::is_object)
}

impl Report {
    /// What tells it from others.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// As parts of an answer.
    pub(crate) fn parts(self, left_out: &mut LeftOut) -> Vec<Part> {
        text::part(&self.words, left_out).into_iter().chain(self.sources).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    fn state() -> Value {
        json!({ "status": "completed", "report_message": {
            "author": { "role": "assistant" },
            "content": { "content_type": "text", "parts": ["# Axolotls\n\nThey smile."] },
            "metadata": { "content_references": [
                { "type": "webpage", "title": "Axo", "url": "https://axo.example/1" }] } } })
    }

    fn hidden(text: &str, metadata: Value) -> Value {
        let mut metadata = metadata;
        metadata["is_visually_hidden_from_conversation"] = true.into();
        json!({ "author": { "role": "tool", "name": "api_tool.widget_state" }, "metadata": metadata,
            "content": { "content_type": "text", "parts": [text] } })
    }

    #[test]
    fn a_report_is_the_answer_once_with_its_sources() {
        let text = format!("{STATE} {}", state());
        let kept = json!({ "chatgpt_sdk": { "widget_state": state().to_string() } });
        let call = json!({ "author": { "role": "assistant" }, "recipient": "api_tool.call_tool",
            "content": { "content_type": "code", "text": "{}" } });
        let said = |messages: &[Value]| {
            let mut mapping = json!({
                "u": { "message": { "author": { "role": "user" }, "content": { "parts": ["Research"] } } },
                "a": { "parent": "u", "message": call } });
            let mut parent = "a".to_owned();
            for (n, message) in messages.iter().enumerate() {
                let id = format!("t{n}");
                mapping[&id] = json!({ "parent": parent, "message": message });
                parent = id;
            }
            let value = json!({ "id": "c", "current_node": parent, "mapping": mapping });
            let read = crate::chatgpt::read(&value, &mut |_| None).unwrap();
            assert_eq!(read.turns.len(), 1);
            (read.turns[0].answers[0].parts[1..].to_vec(), read.left_out.system_messages)
        };
        let words = Part::Text { text: "# Axolotls\n\nThey smile.".to_owned() };
        let cite =
            Part::Citation { url: Some("https://axo.example/1".to_owned()), title: Some("Axo".to_owned()) };
        let report = (vec![words.clone(), cite], 0);
        assert_eq!(said(&[hidden("", kept.clone()), hidden(&text, json!({}))]), report);
        assert_eq!(said(&[hidden("", json!({ "chatgpt_sdk": { "widget_state": state() } }))]), report);
        assert_eq!(said(&[hidden(&text, json!({}))]), report);
        let mut shown = hidden(&text, kept);
        shown["metadata"]["is_visually_hidden_from_conversation"] = false.into();
        assert_eq!(said(&[shown]), report);
        let plain =
            json!({ "chatgpt_sdk": { "widget_state": { "report_message": "# Axolotls\n\nThey smile." } } });
        assert_eq!(said(&[hidden("", plain)]), (vec![words], 0));
        // What is under way has none, and what a person wrote is no state.
        let begun = format!("{STATE} {}", json!({ "status": "running" }));
        assert_eq!(said(&[hidden(&begun, json!({}))]), (vec![], 1));
        assert!(of(&json!({ "content": { "parts": [format!("Is it? {text}")] } })).is_none());
    }
}
