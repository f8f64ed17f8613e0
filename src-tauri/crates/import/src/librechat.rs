//! LibreChat's export of a conversation: `messages` in a list, or as a tree of `children`, which newer versions call
//! `messagesTree`.

use crate::{
    Conversation, Filed, LeftOut, Reason, Source, chatgpt_cites as cites,
    text::{self, clean, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;
use std::collections::HashSet;

pub(crate) fn read(value: &Value) -> Result<Conversation, Reason> {
    let id = text::id(&value["conversationId"]).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let options = &value["options"];
    let fallback = [&options["model"], &value["model"], &value["endpoint"]].into_iter().find_map(text::model);
    let system = [&options["promptPrefix"], &options["system"]].into_iter().find_map(Value::as_str);
    let system = system.map(str::trim).filter(|system| !system.is_empty());
    let mut nodes = Vec::new();
    let mut last: Option<(String, i64)> = None;
    let mut known = HashSet::new();
    // Children carry their parent's id; a stack instead of calls, however deep the tree is.
    let messages = messages(value).into_iter().flatten();
    let mut todo: Vec<&Value> = messages.rev().collect();
    while let Some(message) = todo.pop() {
        todo.extend(message["children"].as_array().into_iter().flatten().rev());
        let id = text::id(&message["messageId"]).unwrap_or_else(|| format!("message {}", nodes.len()));
        if !known.insert(id.clone()) {
            continue;
        }
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

/// Text stands there as a string or as an object with a value.
fn words(field: &Value) -> &str {
    field.as_str().or_else(|| field["value"].as_str()).unwrap_or_default()
}

/// Words of a message, without the marks for what they cite.
fn said(text: &str, left_out: &mut LeftOut) -> Option<Part> {
    text::part(&cites::without_written_marks(text), left_out)
}

fn parts(message: &Value, left_out: &mut LeftOut) -> Vec<Part> {
    let mut parts = Vec::new();
    for block in message["content"].as_array().into_iter().flatten() {
        match block["type"].as_str().unwrap_or_default() {
            "text" => parts.extend(said(words(&block["text"]), left_out)),
            "think" => {
                let text = clean(words(&block["think"]), left_out);
                if !text.trim().is_empty() {
                    parts.push(Part::Reasoning { text, signature: None, issuer: "librechat".to_owned() });
                }
            }
            "tool_call" => parts.extend(call(&block["tool_call"], left_out)),
            "error" => {
                let error = &block["error"];
                let told = [words(error), words(&error["message"]), words(&block["text"])];
                let told = told.into_iter().find(|words| !words.trim().is_empty());
                parts.extend(text::part(told.unwrap_or_default(), left_out));
            }
            // What a person said while the answer was being written.
            "steer" => {
                let told = text::part(words(&block["steer"]), left_out);
                parts.extend(told.map(|part| match part {
                    Part::Text { text } => Part::Text { text: format!("[Prompt in between] {text}") },
                    other => other,
                }));
            }
            // What older messages were replaced by for the model.
            "summary" => {
                let listed =
                    block["content"].as_array().into_iter().flatten().map(|part| words(&part["text"]));
                let text =
                    std::iter::once(words(&block["text"])).chain(listed).collect::<Vec<_>>().join("\n\n");
                let text = clean(text.trim(), left_out);
                if !text.is_empty() {
                    parts.push(Part::ServerTool { name: "summary".to_owned(), text });
                }
            }
            // Which of several agents goes on, and what a step is called.
            "" | "agent_update" | "activity_label" => {}
            _ => parts
                .push(said(words(&block["text"]), left_out).unwrap_or_else(|| missing("File", "", left_out))),
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
        parts.extend(said(thought.map_or(words, |(_, words)| words.trim_start_matches('\n')), left_out));
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
    parts.extend(found(message));
    parts
}

/// A call of a tool with what it gave, in the forms of agents, of functions and of assistants.
fn call(call: &Value, left_out: &mut LeftOut) -> Vec<Part> {
    let (function, code) = (&call["function"], &call["code_interpreter"]);
    let named =
        [&call["name"], &function["name"]].into_iter().filter_map(Value::as_str).find(|n| !n.is_empty());
    let name = text::line(named.unwrap_or(if code.is_object() { "code_interpreter" } else { "tool" }), 80);
    let outputs = || code["outputs"].as_array().into_iter().flatten();
    let told = [&call["args"], &function["arguments"], &code["input"], &call["output"], &function["output"]];
    let told = told.into_iter().chain(outputs().map(|output| &output["logs"])).map(|field| match field {
        Value::Null => String::new(),
        Value::Object(_) if field["value"].is_string() => words(field).to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let told: Vec<String> = told.filter(|words| !words.trim().is_empty()).collect();
    let text = clean(told.join("\n\n").trim(), left_out);
    let pictures = outputs().filter(|output| output["type"] == "image").count();
    let pictures: Vec<Part> = (0..pictures).map(|_| missing("Picture", "", left_out)).collect();
    std::iter::once(Part::ServerTool { name, text }).chain(pictures).collect()
}

/// The pages that a search on the web found for it.
fn found(message: &Value) -> Vec<Part> {
    let mut found = Vec::new();
    for search in message["attachments"].as_array().into_iter().flatten().map(|file| &file["web_search"]) {
        for list in ["organic", "topStories"] {
            for page in search[list].as_array().into_iter().flatten() {
                cites::add(&mut found, page["link"].as_str(), page["title"].as_str());
            }
        }
    }
    cites::parts(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    fn told(part: &Part) -> String {
        match part {
            Part::Text { text } => text.clone(),
            Part::Reasoning { text, .. } => format!("({text})"),
            other => format!("{other:?}"),
        }
    }

    fn words_of(parts: &[Part]) -> Vec<String> {
        parts.iter().map(told).collect()
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
        let said: Vec<Vec<String>> = answers.map(|a| a.parts.iter().map(told).collect()).collect();
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

    #[test]
    fn what_tools_and_people_said_in_between_is_kept_in_every_form() {
        let message = json!({ "messageId": "2", "isCreatedByUser": false, "content": [
            { "type": "tool_call", "tool_call": { "name": "web_search", "args": { "query": "cats" }, "output": "Found" } },
            { "type": "tool_call", "tool_call": { "type": "function", "function": {
                "name": "weather", "arguments": "{\"at\":1}", "output": "Rain" } } },
            { "type": "tool_call", "tool_call": { "type": "code_interpreter", "code_interpreter": {
                "input": "print(4)", "outputs": [{ "type": "logs", "logs": "4" }, { "type": "image", "image": {} }] } } },
            { "type": "summary", "text": "Older.", "content": [{ "type": "text", "text": "More." }] },
            { "type": "steer", "steer": "About dogs, please", "steerId": "s" },
            { "type": "activity_label", "activity_label": "Searched the web" },
            { "type": "error", "text": "First error" },
            { "type": "error", "error": { "message": "Second error" } },
            { "type": "text", "text": "It is out \\ue202turn0search0. Really." } ],
            "attachments": [{ "type": "web_search", "web_search": {
                "organic": [{ "title": "A", "link": "https://a.example/" }],
                "topStories": [{ "title": "B", "link": "https://b.example/" }] } }] });
        let mut left_out = LeftOut::default();
        let parts = parts(&message, &mut left_out);
        let tool = |name: &str, text: &str| Part::ServerTool { name: name.to_owned(), text: text.to_owned() };
        let text = |text: &str| Part::Text { text: text.to_owned() };
        let cite = |url: &str, title: &str| Part::Citation {
            url: Some(url.to_owned()),
            title: Some(title.to_owned()),
        };
        assert_eq!(
            parts,
            [
                tool("web_search", "{\"query\":\"cats\"}\n\nFound"),
                tool("weather", "{\"at\":1}\n\nRain"),
                tool("code_interpreter", "print(4)\n\n4"),
                text("[Picture, not imported]"),
                tool("summary", "Older.\n\nMore."),
                text("[Prompt in between] About dogs, please"),
                text("First error"),
                text("Second error"),
                text("It is out. Really."),
                cite("https://a.example/", "A"),
                cite("https://b.example/", "B"),
            ]
        );
        assert_eq!(left_out.attachments, 1);
    }

    #[test]
    fn a_message_that_is_told_twice_is_read_once() {
        let message = |id: &str, user: bool, text: &str| {
            json!({ "messageId": id, "isCreatedByUser": user, "text": text,
            "parentMessageId": if user { "0" } else { "1" } })
        };
        let export = json!({ "conversationId": "c", "messages": [
            message("1", true, "Why?"), message("2", false, "So."), message("2", false, "Again.") ] });
        let read = read(&export).unwrap();
        assert_eq!(read.turns[0].answers.len(), 1);
        assert_eq!(words_of(&read.turns[0].answers[0].parts), ["So."]);
    }

    /// Two levels of JSON for each message: the parser alone goes 62 messages deep.
    #[test]
    fn a_tree_is_read_however_deep_it_is() {
        const MESSAGES: usize = 5_000;
        let mut text = String::new();
        for n in 0..MESSAGES {
            let parent = n.checked_sub(1).map_or("0".to_owned(), |n| format!("m{n}"));
            let (user, said) = (n % 2 == 0, format!("words {n} \\\"]}}[{{\\ud83d"));
            text += &format!(
                "{{\"messageId\":\"m{n}\",\"parentMessageId\":\"{parent}\",\"isCreatedByUser\":{user},\
                 \"text\":\"{said}\",\"args\":{{\"children\":[{{\"n\":1}}]}},\"children\" : [ "
            );
        }
        text += &"]}".repeat(MESSAGES);
        for list in ["messages", "messagesTree"] {
            let export = format!("{{\"conversationId\":\"c\",\"title\":\"T\",\"{list}\":[{text}]}}");
            let read = crate::read(export.as_bytes()).unwrap();
            assert_eq!((read.title.as_str(), read.turns.len()), ("T", MESSAGES / 2));
            for (n, turn) in read.turns.iter().enumerate() {
                let said = |n: usize| format!("words {n} \"]}}[{{\u{fffd}");
                assert_eq!(words_of(&turn.prompt), [said(2 * n)]);
                assert_eq!(words_of(&turn.answers[0].parts), [said(2 * n + 1)]);
            }
        }
        let deep = format!("{{\"conversationId\":\"c\",\"messages\":[{}", "{\"children\":[".repeat(100_000));
        assert_eq!(crate::read(deep.as_bytes()), Err(Reason::Unreadable));
    }
}
