//! LibreChat's export of a conversation: `messages` in a list, or as a tree of `children`, which newer versions call
//! `messagesTree`.

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
            // Which of several agents goes on.
            "" | "agent_update" => {}
            _ => parts.push(missing("File", "", left_out)),
        }
    }
    if parts.is_empty() {
        let words = message["text"].as_str().unwrap_or_default();
        // Older versions put the reasoning into the text.
        let thought = words.strip_prefix(":::thinking\n").and_then(|after| after.split_once("\n:::"));
        if let Some((thought, _)) = thought {
            let text = clean(thought.trim(), left_out);
            parts.push(Part::Reasoning { text, signature: None, issuer: "librechat".to_owned() });
        }
        parts
            .extend(text::part(thought.map_or(words, |(_, words)| words.trim_start_matches('\n')), left_out));
    }
    for file in message["files"].as_array().into_iter().flatten() {
        parts.push(missing("File", file["filename"].as_str().unwrap_or_default(), left_out));
    }
    // Files that tools made; what they found stands there as well, without a name.
    for file in message["attachments"].as_array().into_iter().flatten() {
        if let Some(name) = file["filename"].as_str() {
            parts.push(missing("File", name, left_out));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    fn words(part: &Part) -> String {
        match part {
            Part::Text { text } => text.clone(),
            Part::Reasoning { text, .. } => format!("({text})"),
            other => format!("{other:?}"),
        }
    }

    /// As newer versions write a tree of answers.
    #[test]
    fn a_tree_of_the_other_name_is_read_too() {
        let answer = |id: &str, text: &str| {
            json!({ "messageId": id, "parentMessageId": "1", "sender": "GPT", "isCreatedByUser": false, "text": text,
                "children": [], "content": null })
        };
        let export = json!({ "conversationId": "c", "endpoint": "openAI", "title": "T", "recursive": true,
            "messagesTree": [{ "messageId": "1", "sender": "User", "isCreatedByUser": true, "text": "Why?",
                "children": [answer("2", "So."), answer("3", ":::thinking\nHm\n:::\n\nBecause.")] }] });
        let read = crate::read(export.to_string().as_bytes()).unwrap();
        assert_eq!(read.turns.len(), 1);
        let answers = read.turns[0].answers.iter();
        let said: Vec<Vec<String>> = answers.map(|a| a.parts.iter().map(words).collect()).collect();
        assert_eq!(said, [vec!["So."], vec!["(Hm)", "Because."]]);
    }

    #[test]
    fn only_files_are_told_to_be_missing() {
        let message = json!({ "messageId": "2", "sender": "GPT", "isCreatedByUser": false,
            "content": [{ "type": "agent_update", "agent_update": { "index": 0 } }, { "type": "text", "text": "Here." }],
            "attachments": [{ "filename": "plot.png" }, { "type": "web_search", "web_search": {} }] });
        let mut left_out = LeftOut::default();
        assert_eq!(parts(&message, &mut left_out).len(), 2);
        assert_eq!(left_out.attachments, 1);
    }
}
