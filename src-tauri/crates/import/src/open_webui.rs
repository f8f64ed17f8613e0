//! Open WebUI's chat export: rows of its `chat` table with a `history` of messages by id.
//!
//! Several models may answer one prompt; they are children of the same message, side by side.

use crate::{
    Conversation, Filed, Files, LeftOut, Place, Reason, Source, Takes, Wanted, chatgpt_cites as cites,
    inside, open_webui_details as details,
    text::{self, clean, missing},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

pub(crate) fn read(value: &Value, files: &mut Files<'_>) -> Result<Conversation, Reason> {
    let chat = if value["chat"].is_object() { &value["chat"] } else { value };
    let id = [&value["id"], &chat["id"]].into_iter().find_map(text::id).ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let system = chat["params"]["system"].as_str().or_else(|| chat["system"].as_str());
    let system = system.map(str::trim).filter(|system| !system.is_empty());
    let mut nodes = Vec::new();
    if let Some(messages) = chat["history"]["messages"].as_object() {
        for (id, message) in messages {
            nodes.push(node(
                id.clone(),
                text::id(&message["parentId"]),
                message,
                system,
                files,
                &mut left_out,
            ));
        }
    } else {
        // Old exports hold the branch that was shown and nothing else.
        let mut parent: Option<String> = None;
        let mut known = HashSet::new();
        for (n, message) in chat["messages"].as_array().into_iter().flatten().enumerate() {
            let id = text::id(&message["id"]).unwrap_or_else(|| format!("message {n}"));
            if !known.insert(id.clone()) {
                continue;
            }
            nodes.push(node(id.clone(), parent.replace(id), message, system, files, &mut left_out));
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
        // A folder is told by an id without a name; one that was saved by itself gives it to the file ([`folder`]).
        filed: Filed::told(value["pinned"] == true, &Value::Null, tags(value, chat).into_iter()),
        policy: None,
        lanes,
        turns,
        left_out,
    })
}

/// The folder that a file holds, by the name it is saved under: `folder-NAME-export-TIME.json`.
pub fn folder(file: &str) -> Option<String> {
    let (name, time) = file.strip_prefix("folder-")?.strip_suffix(".json")?.rsplit_once("-export-")?;
    // Saved again, it has ` (1)` behind the time.
    let time = time.split_once(" (").map_or(time, |(time, _)| time);
    let told = time.len() >= 10 && time.bytes().all(|b| b.is_ascii_digit());
    told.then(|| domain::short_name(name)).flatten()
}

/// Its tags, by the ids that are their names in small letters with `_` for spaces; older files have names.
fn tags<'v>(value: &'v Value, chat: &'v Value) -> Vec<&'v Value> {
    let named = [&value["meta"]["tags"], &chat["tags"]].into_iter().filter_map(Value::as_array);
    let tags = named.flatten().map(|tag| if tag.is_object() { &tag["name"] } else { tag });
    let mut known: Vec<&Value> = Vec::new();
    // Of which a few are kept; nobody has a thousand.
    for tag in tags.take(1_000) {
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
    files: &mut Files<'_>,
    left_out: &mut LeftOut,
) -> Node {
    let user = message["role"] == "user";
    let mut parts = Vec::new();
    match message["role"].as_str() {
        Some("system") => left_out.system_messages = left_out.system_messages.saturating_add(1),
        _ => parts = content(message, user, files, left_out),
    }
    for file in message["files"].as_array().into_iter().flatten() {
        parts.push(attached(file, user, files, left_out));
    }
    let error = error(&message["error"]);
    if let Some(error) = &error {
        parts.extend(text::part(error, left_out).map(|part| match part {
            Part::Text { text } => Part::Text { text: format!("[Error] {text}") },
            other => other,
        }));
    }
    parts.extend(merged(message, left_out).into_iter().flatten());
    Node {
        id,
        parent,
        who: if user { Who::User } else { Who::Model },
        at: text::time(&message["timestamp"]),
        model: if user {
            None
        } else {
            // In an arena `model` is the arena; which one spoke is said beside it.
            ["selectedModelId", "model", "modelName"].iter().find_map(|key| text::model(&message[*key]))
        },
        system: if user { None } else { system.map(str::to_owned) },
        parts,
        cut: message["done"] == false || error.is_some(),
    }
}

/// What went wrong with an answer: words, or an object that has them, or has another that does.
fn error(error: &Value) -> Option<String> {
    let mut told = error;
    // As deep as what a server said of what another server said.
    for _ in 0..4 {
        if let Some(words) = told.as_str() {
            return Some(words.trim().to_owned()).filter(|words| !words.is_empty());
        }
        let mut inner = ["content", "message", "detail", "error"].iter().map(|key| &told[*key]);
        match inner.find(|inner| inner.is_string() || inner.is_object()) {
            Some(inner) => told = inner,
            None => break,
        }
    }
    told.as_object().filter(|told| !told.is_empty()).map(|_| told.to_string())
}

/// What a message says, with the pictures that stand in its words.
fn content(message: &Value, user: bool, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let mut parts = Vec::new();
    match &message["content"] {
        Value::String(words) if user => parts.extend(text::part(words, left_out)),
        Value::String(words) => {
            let said = details::parts(words, files, left_out);
            // Newer versions keep what is not said in words apart from the text.
            if said.iter().all(|part| matches!(part, Part::Text { .. })) {
                parts.extend(beside(&message["output"], files, left_out));
                parts.extend(executed(&message["code_executions"], left_out));
            }
            parts.extend(said);
            parts.extend(sources(message));
        }
        Value::Array(list) => parts.extend(list.iter().filter_map(|item| match item["text"].as_str() {
            Some(words) => text::part(words, left_out),
            None => Some(shown(item, files, left_out)),
        })),
        _ => {}
    }
    parts.into_iter().flat_map(|part| inside::parts(part, files, left_out)).collect()
}

/// A picture in a list of contents, in the two forms that protocols have for it.
fn shown(item: &Value, files: &mut Files<'_>, left_out: &mut LeftOut) -> Part {
    let url = [&item["image_url"]["url"], &item["image_url"]].into_iter().find_map(Value::as_str);
    inside::picture(url.unwrap_or_default(), "", files, left_out)
}

/// A file that came with a message: a picture as it is, any other as the text that was read from it.
fn attached(file: &Value, user: bool, files: &mut Files<'_>, left_out: &mut LeftOut) -> Part {
    let known = &file["file"];
    let named = [&file["name"], &known["filename"], &known["meta"]["name"]];
    let name = named.into_iter().filter_map(Value::as_str).find(|name| !name.trim().is_empty());
    let name = name.unwrap_or_default();
    if file["type"] == "image" || file["url"].as_str().and_then(inside::base64).is_some() {
        return inside::picture(file["url"].as_str().unwrap_or_default(), name, files, left_out);
    }
    // In an answer nothing but a picture is shown.
    let words = known["data"]["content"].as_str().filter(|words| user && !words.trim().is_empty());
    let Some(words) = words else { return missing("File", name, left_out) };
    let words = clean(words, left_out);
    let media_type = known["meta"]["content_type"].as_str().unwrap_or_default();
    let called = text_name(name, media_type);
    let wanted = Wanted { place: Place::Text(&words), name: &called, takes: Takes::All };
    text::file(&wanted, "File", name, files, left_out)
}

/// What to call the text of a file: a document of which only the text is here is a text now, and a page on the web has
/// no folders.
fn text_name(name: &str, media_type: &str) -> String {
    let name = match name.split_once("://") {
        Some((_, address)) => address.trim_end_matches('/').replace('/', "-"),
        None => name.to_owned(),
    };
    let kind = media_type.to_ascii_lowercase();
    let is_text = kind.is_empty()
        || kind.starts_with("text/")
        || ["json", "xml", "yaml", "toml", "javascript", "octet-stream"]
            .iter()
            .any(|word| kind.contains(word));
    // Office documents have `xml` in their names.
    if is_text && !kind.contains("officedocument") { name } else { format!("{name}.txt") }
}

/// An answer that was made of several. It is kept at one of those, and what was asked next was asked after it: so it
/// stands behind that one's own words.
fn merged(message: &Value, left_out: &mut LeftOut) -> Option<[Part; 2]> {
    let words = text::part(message["merged"]["content"].as_str()?, left_out)?;
    Some([Part::Text { text: "[Merged answer]".to_owned() }, words])
}

/// Code that was run for an answer, with what it gave.
fn executed(list: &Value, left_out: &mut LeftOut) -> Vec<Part> {
    let run = |run: &Value| {
        let result = &run["result"];
        let said = [&run["code"], &result["output"], &result["error"]];
        let said: Vec<&str> = said.into_iter().filter_map(Value::as_str).collect();
        let text = clean(said.join("\n\n").trim(), left_out);
        (!text.is_empty()).then(|| Part::ServerTool { name: "code".to_owned(), text })
    };
    list.as_array().into_iter().flatten().filter_map(run).collect()
}

/// Reasoning and calls of tools in the list of what the model gave; its words stand in the text, where the user may
/// have changed them.
fn beside(output: &Value, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let texts = |list: &Value| {
        let items = list.as_array().into_iter().flatten();
        items.filter_map(|item| item["text"].as_str()).collect::<Vec<_>>().join("\n\n")
    };
    let items = || output.as_array().into_iter().flatten();
    let calls = items().filter(|item| item["type"] == "function_call");
    let called: HashMap<&str, &str> =
        calls.filter_map(|call| Some((call["call_id"].as_str()?, call["name"].as_str()?))).collect();
    let mut parts = Vec::new();
    for item in items() {
        match item["type"].as_str().unwrap_or_default() {
            "reasoning" => {
                let said = [&item["summary"], &item["content"]].map(texts);
                let text = clean(said.join("\n\n").trim(), left_out);
                if !text.is_empty() {
                    parts.push(Part::Reasoning { text, signature: None, issuer: "open-webui".to_owned() });
                }
            }
            "function_call" => {
                let text = clean(item["arguments"].as_str().unwrap_or_default(), left_out);
                let name = text::line(item["name"].as_str().unwrap_or("tool"), 80);
                parts.push(Part::ServerTool { name, text });
            }
            "function_call_output" => {
                let name = item["call_id"].as_str().and_then(|id| called.get(id)).unwrap_or(&"tool");
                let words = item["output"].as_str().map_or_else(|| texts(&item["output"]), str::to_owned);
                parts.push(Part::ServerTool { name: text::line(name, 80), text: clean(&words, left_out) });
                let list = item["output"].as_array().into_iter().flatten();
                let pictures = list.filter(|item| item["type"] == "input_image");
                parts.extend(pictures.map(|item| shown(item, files, left_out)));
            }
            _ => {}
        }
    }
    parts
}

/// Pages and documents an answer rests on; of documents without an address only the words of the answer tell.
fn sources(message: &Value) -> Vec<Part> {
    let mut found = Vec::new();
    for list in ["sources", "citations"] {
        for source in message[list].as_array().into_iter().flatten() {
            let title = source["source"]["name"].as_str();
            for place in source["metadata"].as_array().into_iter().flatten() {
                let address = [&place["url"], &place["source"]].into_iter().filter_map(Value::as_str);
                let title = place["title"].as_str().or_else(|| place["name"].as_str()).or(title);
                address.for_each(|url| cites::add(&mut found, Some(url), title));
            }
            cites::add(&mut found, source["source"]["url"].as_str(), title);
        }
    }
    cites::parts(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use serde_json::json;

    fn said(message: &Value) -> Vec<Part> {
        node("m".to_owned(), None, message, None, &mut |_| None, &mut LeftOut::default()).parts
    }

    #[test]
    fn a_folder_saved_by_itself_names_its_file() {
        let named = |file| folder(file).unwrap_or_default();
        assert_eq!(named("folder-My novel-export-1748736000000.json"), "My novel");
        assert_eq!(named("folder-a-export-b-export-1748736000000 (2).json"), "a-export-b");
        for other in [
            "folder-My novel-export-1748736000000.txt",
            "folder--export-1748736000000.json",
            "folder-My novel-export-soon.json",
            "folder-My novel-export-.json",
            "chat-export-1748736000000.json",
        ] {
            assert_eq!(named(other), "", "{other}");
        }
    }

    #[test]
    fn an_answer_made_of_several_stands_behind_the_one_it_is_kept_at() {
        let message = |id: &str, parent: Value, role: &str, words: &str| json!({ "id": id, "parentId": parent, "role": role, "content": words, "timestamp": 1_750_000_000 });
        let mut cats = message("a1", json!("u1"), "assistant", "Cats.");
        cats["model"] = "llama3".into();
        cats["merged"] = json!({ "status": true, "content": "Both." });
        let mut arena = message("a2", json!("u1"), "assistant", "Dogs.");
        arena["model"] = "arena-model".into();
        arena["selectedModelId"] = "mistral".into();
        let value = json!({ "id": "c", "chat": { "history": { "currentId": "a2", "messages": {
            "u1": message("u1", Value::Null, "user", "Which?"), "a1": cats, "a2": arena } } } });
        let read = read(&value, &mut |_| None).unwrap();
        let answers = || read.turns[0].answers.iter();
        let mut lanes: Vec<usize> = answers().map(|answer| answer.lane).collect();
        lanes.sort_unstable();
        assert_eq!(lanes, [0, 1], "side by side");
        let text = |text: &str| Part::Text { text: text.to_owned() };
        let of = |model: Option<&str>| {
            answers().find(|answer| answer.model.as_deref() == model).unwrap().parts.clone()
        };
        assert_eq!(of(Some("llama3")), [text("Cats."), text("[Merged answer]"), text("Both.")]);
        assert_eq!(of(Some("mistral")), [text("Dogs.")]);
    }

    #[test]
    fn code_that_was_run_is_kept_once() {
        let run = json!([{ "code": "1+1", "result": { "output": "2" } }, { "code": "x", "result": { "error": "no x" } }]);
        let mut message = json!({ "role": "assistant", "content": "Two.", "code_executions": run });
        let tool = |text: &str| Part::ServerTool { name: "code".to_owned(), text: text.to_owned() };
        let words = Part::Text { text: "Two.".to_owned() };
        assert_eq!(said(&message), [tool("1+1\n\n2"), tool("x\n\nno x"), words]);
        message["content"] = "".into();
        message["error"] = json!({ "content": "Out of memory." });
        assert_eq!(said(&message).last(), Some(&Part::Text { text: "[Error] Out of memory.".to_owned() }));
        message["error"] = Value::Null;
        message["content"] =
            "<details type=\"code_interpreter\" done=\"true\"><summary>Ran</summary>1+1</details>Two.".into();
        assert_eq!(said(&message).len(), 2);
    }

    /// Newer versions keep what a model gave in a list beside the text.
    #[test]
    fn what_is_not_said_in_words_comes_from_the_list() {
        let message = json!({ "role": "assistant", "content": "It rains.", "output": [
            { "type": "reasoning", "summary": null, "content": [{ "type": "output_text", "text": "Hm" }] },
            { "type": "function_call", "call_id": "1", "name": "sky", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "1", "output": [{ "type": "input_text", "text": "grey" }] },
            { "type": "message", "content": [{ "type": "output_text", "text": "It rained." }] } ],
            "sources": [{ "source": { "name": "A" }, "metadata": [{ "source": "https://a.example" }, { "source": "a.pdf" }] }] });
        let reasoning =
            Part::Reasoning { text: "Hm".to_owned(), signature: None, issuer: "open-webui".to_owned() };
        let tool = |text: &str| Part::ServerTool { name: "sky".to_owned(), text: text.to_owned() };
        let cite = Part::Citation { url: Some("https://a.example".to_owned()), title: Some("A".to_owned()) };
        let words = Part::Text { text: "It rains.".to_owned() };
        assert_eq!(said(&message), [reasoning.clone(), tool("{}"), tool("grey"), words.clone(), cite]);
        let told =
            "<details type=\"reasoning\" done=\"true\"><summary>Thought</summary>&gt; Hm</details>It rains.";
        let mut both = message;
        both["content"] = told.into();
        both["sources"] = Value::Null;
        assert_eq!(said(&both), [reasoning, words], "nothing twice");
    }

    #[test]
    fn what_went_wrong_is_said_in_every_form_and_behind_the_words() {
        let answer = |content: &str, error: Value| {
            let message = json!({ "role": "assistant", "content": content, "error": error, "done": true });
            let node = node("m".to_owned(), None, &message, None, &mut |_| None, &mut LeftOut::default());
            let words = node.parts.into_iter().map(|part| match part {
                Part::Text { text } => text,
                other => format!("{other:?}"),
            });
            (words.collect::<Vec<_>>().join("|"), node.cut)
        };
        for error in [
            json!("No memory."),
            json!({ "content": "No memory." }),
            json!({ "message": " No memory. " }),
            json!({ "detail": "No memory." }),
            json!({ "content": { "message": "No memory." } }),
            json!({ "content": { "error": { "message": "No memory.", "code": 7 } } }),
        ] {
            assert_eq!(answer("", error.clone()), ("[Error] No memory.".to_owned(), true), "{error}");
        }
        assert_eq!(answer("", json!({ "code": 7 })).0, "[Error] {\"code\":7}");
        assert_eq!(answer("Half", json!("Lost.")), ("Half|[Error] Lost.".to_owned(), true));
        for none in [json!(null), json!(false), json!(true), json!(""), json!({})] {
            assert_eq!(answer("Whole", none), ("Whole".to_owned(), false));
        }
    }

    #[test]
    fn a_message_that_is_told_twice_is_read_once() {
        let message = |id: &str, role: &str, text: &str| json!({ "id": id, "role": role, "content": text });
        let value = json!({ "id": "c", "chat": { "messages": [
            message("1", "user", "Why?"), message("2", "assistant", "So."), message("2", "assistant", "Again.") ] } });
        let read = read(&value, &mut |_| None).unwrap();
        assert_eq!((read.turns.len(), read.turns[0].answers.len()), (1, 1));
        assert_eq!(read.turns[0].answers[0].parts, [Part::Text { text: "So.".to_owned() }]);
    }
}
