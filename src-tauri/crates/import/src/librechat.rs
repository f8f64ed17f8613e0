//! LibreChat's export of a conversation: messages in a list, or as a tree of `children`.

use crate::{
    Conversation, Filed, LeftOut, Reason, Source,
    text::{self, clean, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;

pub(crate) fn read(value: &Value) -> Result<Conversation, Reason> {
    let id = text::id(&value["conversationId"]).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let options = &value["options"];
    let fallback = [&options["model"], &value["model"], &value["endpoint"]].into_iter().find_map(text::model);
    let system = [&options["promptPrefix"], &options["system"]].into_iter().find_map(Value::as_str);
    let system = system.map(str::trim).filter(|system| !system.is_empty());
    let mut nodes = Vec::new();
    let mut last: Option<(String, i64)> = None;
    // Children carry their parent's id; a stack instead of calls, however deep the tree is.
    let messages = messages(value).into_iter().flatten();
    let mut todo: Vec<&Value> = messages.rev().collect();
    while let Some(message) = todo.pop() {
        todo.extend(message["children"].as_array().into_iter().flatten().rev());
        let id = text::id(&message["messageId"]).unwrap_or_else(|| format!("message {}", nodes.len()));
        let user = message["isCreatedByUser"] == true
            || (message["isCreatedByUser"].is_null() && message["sender"] == "User");
        let at = text::time(&message["createdAt"]);
        let newest = at.map_or(i64::MIN, |at| at.0);
        if last.as_ref().is_none_or(|(_, time)| newest >= *time) {
            last = Some((id.clone(), newest));
        }
        let named = [&message["model"], &message["sender"]].into_iter().find_map(text::model);
        nodes.push(Node {
            id,
            parent: text::id(&message["parentMessageId"]),
            who: if user { Who::User } else { Who::Model },
            at,
            model: if user {
                None
            } else {
                text::model(&message["model"]).or_else(|| fallback.clone()).or(named)
            },
            system: if user { None } else { system.map(str::to_owned) },
            parts: parts(message, &mut left_out),
            cut: message["unfinished"] == true,
        });
    }
    let current = last.map(|(id, _)| id);
    let created = nodes.iter().filter_map(|node| node.at).min();
    let updated = nodes.iter().filter_map(|node| node.at).max();
    let (turns, lanes) = tree::turns(nodes, Reading { current: current.as_deref(), side_by_side: true });
    Ok(Conversation {
        source: Source::LibreChat,
        id,
        title: text::title(&value["title"]),
        created_at: text::time(&value["createdAt"]).or(created),
        updated_at: text::time(&value["updatedAt"]).or(updated),
        archived: value["isArchived"] == true,
        // Bookmarks are tags; its export leaves them out, a dump of its database does not.
        filed: Filed::told(false, &Value::Null, value["tags"].as_array().into_iter().flatten()),
        policy: None,
        lanes,
        turns,
        left_out,
    })
}

/// Its messages: `messagesTree` in an export with branches one under the other, else `messages`.
pub(crate) fn messages(value: &Value) -> Option<&Vec<Value>> {
    value["messages"].as_array().or_else(|| value["messagesTree"].as_array())
}

fn parts(message: &Value, left_out: &mut LeftOut) -> Vec<Part> {
    let mut parts = Vec::new();
    for block in message["content"].as_array().into_iter().flatten() {
        // Text stands there as a string or as an object with a value.
        let words = |field: &Value| {
            field.as_str().or_else(|| field["value"].as_str()).map(str::to_owned).unwrap_or_default()
        };
        match block["type"].as_str().unwrap_or_default() {
            "text" => parts.extend(text::part(&words(&block["text"]), left_out)),
            "think" => {
                let text = clean(&words(&block["think"]), left_out);
                if !text.trim().is_empty() {
                    parts.push(Part::Reasoning { text, signature: None, issuer: "librechat".to_owned() });
                }
            }
            "tool_call" => {
                let call = &block["tool_call"];
                let name = text::line(call["name"].as_str().unwrap_or("tool"), 80);
                let text = [words(&call["args"]), words(&call["output"])].join("\n\n");
                parts.push(Part::ServerTool { name, text: clean(text.trim(), left_out) });
            }
            "error" => parts.extend(text::part(&words(&block["error"]), left_out)),
            "" => {}
            _ => parts.push(missing("File", "", left_out)),
        }
    }
    if parts.is_empty() {
        parts.extend(text::part(message["text"].as_str().unwrap_or_default(), left_out));
    }
    for file in message["files"].as_array().into_iter().flatten() {
        parts.push(missing("File", file["filename"].as_str().unwrap_or_default(), left_out));
    }
    parts
}
