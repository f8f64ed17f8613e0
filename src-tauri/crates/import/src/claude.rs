//! Claude's export: `conversations.json`, a list of conversations with their `chat_messages`.
//!
//! Read from exports as they were described in public up to 2026-11. Messages come in order; where they
//! name a parent there are branches.

use crate::{
    Conversation, Filed, Files, LeftOut, Place, Reason, Source, Takes, Wanted, chatgpt_cites as cites,
    text::{self, clean, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;
use std::collections::HashSet;

pub(crate) fn read(value: &Value, files: &mut Files<'_>) -> Result<Conversation, Reason> {
    let id = text::id(&value["uuid"]).or_else(|| text::id(&value["id"])).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let model = text::model(&value["model"]);
    let mut known = HashSet::new();
    let mut messages: Vec<&Value> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for (n, message) in value["chat_messages"].as_array().into_iter().flatten().enumerate() {
        let id = text::id(&message["uuid"]).unwrap_or_else(|| format!("message {n}"));
        // Of one that is told twice the first is kept.
        if known.insert(id.clone()) {
            messages.push(message);
            ids.push(id);
        }
    }
    let branches = messages
        .iter()
        .any(|message| message["parent_message_uuid"].as_str().is_some_and(|parent| known.contains(parent)));
    let nodes = messages
        .iter()
        .enumerate()
        .map(|(n, message)| {
            let before = n.checked_sub(1).map(|n| ids[n].clone());
            let parent = if branches { text::id(&message["parent_message_uuid"]) } else { before };
            let user = matches!(message["sender"].as_str(), Some("human" | "user"));
            Node {
                id: ids[n].clone(),
                parent,
                who: if user { Who::User } else { Who::Model },
                at: text::time(&message["created_at"]),
                model: if user {
                    None
                } else {
                    text::model(&message["model"])
                        .or_else(|| model.clone())
                        .or_else(|| Some("claude".to_owned()))
                },
                system: None,
                parts: parts(message, user, files, &mut left_out),
                cut: message["stop_reason"] == "user_canceled",
            }
        })
        .collect();
    let last = text::id(&value["current_leaf_message_uuid"]).or_else(|| ids.last().cloned());
    let (turns, lanes) = tree::turns(nodes, Reading { current: last.as_deref(), side_by_side: false });
    Ok(Conversation {
        source: Source::Claude,
        id,
        title: text::title(&value["name"]),
        created_at: text::time(&value["created_at"]),
        updated_at: text::time(&value["updated_at"]),
        archived: false,
        // Its own archives say neither; what is saved from its pages does.
        filed: Filed::told(value["is_starred"] == true, &value["project"]["name"], [].iter()),
        policy: None,
        lanes,
        turns,
        left_out,
    })
}

fn parts(message: &Value, user: bool, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let blocks = || message["content"].as_array().into_iter().flatten();
    let mut parts: Vec<Part> = blocks().filter_map(|block| part(block, left_out)).collect();
    let mut found = Vec::new();
    for citation in blocks().filter_map(|block| block["citations"].as_array()).flatten() {
        let source = if citation["details"].is_object() { &citation["details"] } else { citation };
        cites::add(&mut found, source["url"].as_str(), source["title"].as_str());
    }
    if parts.is_empty() {
        parts.extend(text::part(message["text"].as_str().unwrap_or_default(), left_out));
    }
    for file in message["attachments"].as_array().into_iter().flatten() {
        let name = file["file_name"].as_str().unwrap_or_default();
        match file["extracted_content"].as_str().filter(|words| !words.trim().is_empty()) {
            // Pasted text and documents come as their words, which are part of what was said.
            Some(words) => {
                let heading = if name.is_empty() { "Attached text" } else { name };
                let words = clean(words, left_out);
                parts.push(Part::Text { text: format!("[{}]\n\n{words}", text::line(heading, 120)) });
            }
            None => parts.push(missing("File", name, left_out)),
        }
    }
    for list in ["files", "files_v2"] {
        for file in message[list].as_array().into_iter().flatten() {
            let name = file["file_name"].as_str().unwrap_or_default();
            let id = file["file_uuid"].as_str().or_else(|| file["uuid"].as_str());
            // Nothing but an id of this form is looked for among the other files of an archive.
            let id = id.filter(|id| id.parse::<uuid::Uuid>().is_ok()).unwrap_or_default();
            let takes = if user { Takes::All } else { Takes::Pictures };
            let wanted = Wanted { place: Place::Beside(id), name, takes };
            parts.push(text::file(&wanted, "File", name, files, left_out));
        }
        if !message[list].as_array().is_none_or(Vec::is_empty) {
            break;
        }
    }
    parts.extend(cites::parts(found));
    parts
}

fn part(block: &Value, left_out: &mut LeftOut) -> Option<Part> {
    match block["type"].as_str().unwrap_or_default() {
        "text" => text::part(block["text"].as_str().unwrap_or_default(), left_out),
        "thinking" => {
            let text = clean(block["thinking"].as_str().unwrap_or_default(), left_out);
            (!text.trim().is_empty()).then(|| Part::Reasoning {
                text,
                signature: None,
                issuer: "claude".to_owned(),
            })
        }
        "tool_use" => {
            let name = text::line(block["name"].as_str().unwrap_or("tool"), 80);
            let input = block["input"].to_string();
            Some(Part::ServerTool { name, text: clean(&input, left_out) })
        }
        "tool_result" => {
            let name = text::line(block["name"].as_str().unwrap_or("tool"), 80);
            let words: Vec<&str> = match &block["content"] {
                Value::String(text) => vec![text.as_str()],
                // Pages that were found and not read have a title and an address alone.
                Value::Array(list) => list
                    .iter()
                    .flat_map(|item| match item["text"].as_str() {
                        Some(words) => vec![words],
                        // So have files that were made: a name and a place.
                        None => {
                            let keys = ["title", "url", "name", "file_path"];
                            keys.iter().filter_map(|key| item[*key].as_str()).collect()
                        }
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let text = clean(&words.join("\n\n"), left_out);
            (!text.trim().is_empty()).then_some(Part::ServerTool { name, text })
        }
        "image" | "document" => {
            Some(missing("File", block["file_name"].as_str().unwrap_or_default(), left_out))
        }
        // What newer blocks say in words is kept as words; marks of time and of budgets say nothing.
        _ => text::part(block["text"].as_str().unwrap_or_default(), left_out),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_keeps_what_it_rests_on() {
        let cited = |source: Value| json!({ "type": "text", "text": "It is.", "citations": [source] });
        let message = json!({ "content": [
            { "type": "tool_result", "name": "web_search", "content": [
                { "type": "knowledge", "title": "A page", "url": "https://a.example/x" }] },
            { "type": "tool_result", "name": "present_files", "content": [
                { "type": "local_resource", "name": "a.docx", "file_path": "/mnt/outputs/a.docx" }] },
            { "type": "token_budget" },
            cited(json!({ "uuid": "1", "details": { "type": "web_search_citation", "url": "https://a.example/x" } })),
            cited(json!({ "url": "https://b.example/y", "title": "B" })),
            { "type": "voice_note", "text": "Spoken." },
        ] });
        let parts = parts(&message, false, &mut |_| None, &mut LeftOut::default());
        let text = |text: &str| Part::Text { text: text.to_owned() };
        let cite = |url: &str, title: Option<&str>| Part::Citation {
            url: Some(url.to_owned()),
            title: title.map(str::to_owned),
        };
        let made = "a.docx\n\n/mnt/outputs/a.docx".to_owned();
        let found = "A page\n\nhttps://a.example/x".to_owned();
        assert_eq!(
            parts,
            [
                Part::ServerTool { name: "web_search".to_owned(), text: found },
                Part::ServerTool { name: "present_files".to_owned(), text: made },
                text("It is."),
                text("It is."),
                text("Spoken."),
                cite("https://a.example/x", None),
                cite("https://b.example/y", Some("B")),
            ]
        );
    }

    #[test]
    fn a_message_that_is_told_twice_is_read_once() {
        let message =
            |id: &str, sender: &str, text: &str| json!({ "uuid": id, "sender": sender, "text": text });
        let value = json!({ "uuid": "c", "chat_messages": [
            message("1", "human", "Why?"), message("2", "assistant", "So."), message("2", "assistant", "Again."),
            message("3", "human", "And?"), message("4", "assistant", "Thus.") ] });
        let read = read(&value, &mut |_| None).unwrap();
        let said: Vec<&[Part]> = read.turns.iter().map(|turn| turn.answers[0].parts.as_slice()).collect();
        let text = |text: &str| [Part::Text { text: text.to_owned() }];
        assert_eq!(said, [text("So."), text("Thus.")]);
    }
}
