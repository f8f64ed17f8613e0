//! ChatGPT's export: `conversations.json`, or `conversations-000.json` and so on.
//!
//! A conversation is a `mapping` of nodes with `parent` and a `current_node`. Between two prompts lie
//! several messages: thoughts, calls of tools and their results, the words of the answer. Read from
//! exports as they were described in public up to 2026-11; nothing but the fields used here is relied on.

use crate::{
    Conversation, LeftOut, Reason, Source,
    text::{self, clean, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;

pub(crate) fn read(value: &Value) -> Result<Conversation, Reason> {
    let id =
        text::id(&value["conversation_id"]).or_else(|| text::id(&value["id"])).or_else(|| unnamed(value));
    let id = id.ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let fallback = text::model(&value["default_model_slug"]);
    let Some(mapping) = value["mapping"].as_object() else {
        return Err(Reason::NotAConversation);
    };
    let nodes = mapping.iter().map(|(id, entry)| node(id, entry, fallback.as_ref(), &mut left_out)).collect();
    let reading = Reading { current: value["current_node"].as_str(), side_by_side: false };
    let (turns, lanes) = tree::turns(nodes, reading);
    Ok(Conversation {
        source: Source::ChatGpt,
        id,
        title: text::title(&value["title"]),
        created_at: text::time(&value["create_time"]),
        updated_at: text::time(&value["update_time"]),
        archived: value["is_archived"] == true,
        lanes,
        turns,
        left_out,
    })
}

/// Older exports give conversations no id. When one was begun and how it is called stay the same in every export.
fn unnamed(value: &Value) -> Option<String> {
    let begun = text::time(&value["create_time"])?;
    Some(format!("{}/{}", begun.0, text::title(&value["title"])))
}

fn node(id: &str, entry: &Value, fallback: Option<&String>, left_out: &mut LeftOut) -> Node {
    let message = &entry["message"];
    let role = message["author"]["role"].as_str().unwrap_or("system");
    let metadata = &message["metadata"];
    let hidden = metadata["is_visually_hidden_from_conversation"] == true;
    let mut parts = Vec::new();
    if !message.is_null() {
        if role == "system" || hidden {
            if says_something(&message["content"]) {
                left_out.system_messages = left_out.system_messages.saturating_add(1);
            }
        } else {
            parts = content(message, role, left_out);
            if role == "user" {
                parts.extend(attachments(metadata, &message["content"], left_out));
            }
        }
    }
    let who = if role == "user" { Who::User } else { Who::Model };
    let model = text::model(&metadata["model_slug"]).or_else(|| fallback.cloned());
    Node {
        id: id.to_owned(),
        parent: entry["parent"].as_str().map(str::to_owned),
        who,
        at: text::time(&message["create_time"]),
        model: (role == "assistant").then_some(model).flatten(),
        system: None,
        parts,
        cut: message["status"] == "in_progress",
    }
}

fn says_something(content: &Value) -> bool {
    let parts = content["parts"].as_array().into_iter().flatten();
    let text = content["text"].as_str().into_iter();
    parts.filter_map(Value::as_str).chain(text).any(|text| !text.trim().is_empty())
}

fn content(message: &Value, role: &str, left_out: &mut LeftOut) -> Vec<Part> {
    let content = &message["content"];
    let kind = content["content_type"].as_str().unwrap_or("text");
    let recipient = message["recipient"].as_str().unwrap_or("all");
    match kind {
        "thoughts" => content["thoughts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|thought| {
                let summary = thought["summary"].as_str().unwrap_or_default();
                let words = thought["content"].as_str().unwrap_or_default();
                let text = clean(&[summary, words].join("\n\n"), left_out).trim().to_owned();
                (!text.is_empty()).then(|| Part::Reasoning {
                    text,
                    signature: None,
                    issuer: "chatgpt".to_owned(),
                })
            })
            .collect(),
        "reasoning_recap" | "model_editable_context" | "user_editable_context" => Vec::new(),
        // Code for a tool is the model's work, not its answer.
        "code" => tool(recipient, content["text"].as_str().unwrap_or_default(), left_out),
        "execution_output" | "system_error" | "tether_browsing_display" | "tether_quote" => {
            let result = content["text"].as_str().or_else(|| content["result"].as_str()).unwrap_or_default();
            tool(message["author"]["name"].as_str().unwrap_or(kind), result, left_out)
        }
        _ => {
            let mut parts = Vec::new();
            let listed = content["parts"].as_array().into_iter().flatten();
            let plain = content["text"].as_str().map(|text| Value::String(text.to_owned()));
            for part in listed.cloned().chain(plain) {
                parts.extend(piece(&part, left_out));
            }
            if role == "tool" || (role == "assistant" && recipient != "all") {
                let name = if role == "tool" {
                    message["author"]["name"].as_str().unwrap_or("tool")
                } else {
                    recipient
                };
                return parts.into_iter().map(|part| as_tool(name, part)).collect();
            }
            parts
        }
    }
}

fn piece(part: &Value, left_out: &mut LeftOut) -> Option<Part> {
    if let Some(words) = part.as_str() {
        return text::part(&without_marks(words), left_out);
    }
    let kind = part["content_type"].as_str().unwrap_or_default();
    if let Some(words) = part["text"].as_str() {
        return text::part(words, left_out);
    }
    let name = part["asset_pointer"].as_str().unwrap_or_default();
    match kind {
        "image_asset_pointer" => Some(missing("Picture", name, left_out)),
        "" => None,
        _ => Some(missing("Recording or file", name, left_out)),
    }
}

/// Files that came with a prompt; pictures already stand among its parts.
fn attachments(metadata: &Value, content: &Value, left_out: &mut LeftOut) -> Vec<Part> {
    let pictures = content["parts"].as_array().into_iter().flatten().filter(|part| part.is_object()).count();
    let files = metadata["attachments"].as_array().into_iter().flatten();
    files
        .skip(pictures)
        .map(|file| missing("File", file["name"].as_str().unwrap_or_default(), left_out))
        .collect()
}

fn tool(name: &str, words: &str, left_out: &mut LeftOut) -> Vec<Part> {
    text::part(words, left_out).map(|part| as_tool(name, part)).into_iter().collect()
}

fn as_tool(name: &str, part: Part) -> Part {
    match part {
        Part::Text { text } => Part::ServerTool { name: text::line(name, 80), text },
        other => other,
    }
}

/// Without the marks that stand for citations: private characters around names of results that are not in
/// the text.
fn without_marks(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(start) = rest.find('\u{e200}') {
        out.push_str(&rest[..start]);
        rest = match rest[start..].find('\u{e201}') {
            Some(end) => &rest[start + end + '\u{e201}'.len_utf8()..],
            None => &rest[start + '\u{e200}'.len_utf8()..],
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn an_old_export_without_ids_is_told_apart_by_when_and_what() {
        let talk = |at: f64, title: &str| {
            json!({ "title": title, "create_time": at, "mapping": { "a": { "id": "a", "message": {
                "author": { "role": "user" }, "content": { "content_type": "text", "parts": ["Hi"] } } } } })
        };
        let id = |value: Value| read(&value).unwrap().id;
        assert_eq!(id(talk(1.7e9, "One")), id(talk(1.7e9, "One")));
        assert_ne!(id(talk(1.7e9, "One")), id(talk(1.7e9, "Two")));
        assert_ne!(id(talk(1.7e9, "One")), id(talk(1.6e9, "One")));
        assert!(read(&json!({ "title": "One", "mapping": {} })).is_err());
    }
}
