//! Open WebUI's chat export: rows of its `chat` table with a `history` of messages by id.
//!
//! Several models may answer one prompt; they are children of the same message, side by side.

use crate::{
    Conversation, Filed, LeftOut, Reason, Source,
    text::{self, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;

pub(crate) fn read(value: &Value) -> Result<Conversation, Reason> {
    let chat = if value["chat"].is_object() { &value["chat"] } else { value };
    let id = [&value["id"], &chat["id"]].into_iter().find_map(text::id).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let system = chat["params"]["system"].as_str().or_else(|| chat["system"].as_str());
    let system = system.map(str::trim).filter(|system| !system.is_empty());
    let mut nodes = Vec::new();
    if let Some(messages) = chat["history"]["messages"].as_object() {
        for (id, message) in messages {
            nodes.push(node(id.clone(), text::id(&message["parentId"]), message, system, &mut left_out));
        }
    } else {
        // Old exports hold the branch that was shown and nothing else.
        let mut parent: Option<String> = None;
        for (n, message) in chat["messages"].as_array().into_iter().flatten().enumerate() {
            let id = text::id(&message["id"]).unwrap_or_else(|| format!("message {n}"));
            nodes.push(node(id.clone(), parent.replace(id), message, system, &mut left_out));
        }
    }
    let current = text::id(&chat["history"]["currentId"]);
    let (turns, lanes) = tree::turns(nodes, Reading { current: current.as_deref(), side_by_side: true });
    let first = |values: [&Value; 2]| values.into_iter().find_map(text::time);
    Ok(Conversation {
        source: Source::OpenWebUi,
        id,
        title: text::title(if value["title"].is_string() { &value["title"] } else { &chat["title"] }),
        created_at: first([&value["created_at"], &chat["timestamp"]]),
        updated_at: first([&value["updated_at"], &chat["timestamp"]]),
        archived: value["archived"] == true,
        // A folder is told by an id without a name.
        filed: Filed::told(value["pinned"] == true, &Value::Null, tags(value, chat).into_iter()),
        policy: None,
        lanes,
        turns,
        left_out,
    })
}

/// Its tags, by the ids that are their names in small letters with `_` for spaces; older files have names.
fn tags<'v>(value: &'v Value, chat: &'v Value) -> Vec<&'v Value> {
    let named = [&value["meta"]["tags"], &chat["tags"]].into_iter().filter_map(Value::as_array);
    let tags = named.flatten().map(|tag| if tag.is_object() { &tag["name"] } else { tag });
    let mut known: Vec<&Value> = Vec::new();
    for tag in tags {
        if !known.contains(&tag) {
            known.push(tag);
        }
    }
    known
}

fn node(
    id: String,
    parent: Option<String>,
    message: &Value,
    system: Option<&str>,
    left_out: &mut LeftOut,
) -> Node {
    let user = message["role"] == "user";
    let mut parts = Vec::new();
    match message["role"].as_str() {
        Some("system") => left_out.system_messages = left_out.system_messages.saturating_add(1),
        _ => match &message["content"] {
            Value::String(words) => parts.extend(text::part(words, left_out)),
            Value::Array(list) => parts.extend(list.iter().filter_map(|item| match item["text"].as_str() {
                Some(words) => text::part(words, left_out),
                None => Some(missing("Picture", "", left_out)),
            })),
            _ => {}
        },
    }
    for file in message["files"].as_array().into_iter().flatten() {
        let name = file["name"].as_str().or_else(|| file["file"]["filename"].as_str());
        let what = if file["type"] == "image" { "Picture" } else { "File" };
        parts.push(missing(what, name.unwrap_or_default(), left_out));
    }
    if let Some(error) = message["error"]["content"].as_str().filter(|_| parts.is_empty()) {
        parts.extend(text::part(error, left_out).map(|part| match part {
            Part::Text { text } => Part::Text { text: format!("[Error] {text}") },
            other => other,
        }));
    }
    Node {
        id,
        parent,
        who: if user { Who::User } else { Who::Model },
        at: text::time(&message["timestamp"]),
        model: if user {
            None
        } else {
            text::model(&message["model"]).or_else(|| text::model(&message["modelName"]))
        },
        system: if user { None } else { system.map(str::to_owned) },
        parts,
        cut: message["done"] == false,
    }
}
