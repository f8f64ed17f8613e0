//! ChatGPT's export: `conversations.json`, or `conversations-000.json` and so on.
//!
//! A conversation is a `mapping` of nodes with `parent` and a `current_node`. Between two prompts lie
//! several messages: thoughts, calls of tools and their results, the words of the answer. Pictures and files lie
//! beside it in the archive under names that begin with their ids. Read from exports as they were described in
//! public up to 2026-11; nothing but the fields used here is relied on.

use crate::{
    Conversation, Filed, Files, LeftOut, Place, Reason, Source, Takes, Wanted, chatgpt_cites as cites,
    chatgpt_report as report, inside,
    text::{self, clean},
    tree::{self, Node, Reading, Who},
};
use domain::Part;
use serde_json::Value;
use std::collections::HashSet;

/// Longest id of a project.
const PROJECT: usize = 100;

pub(crate) fn read(value: &Value, files: &mut Files<'_>) -> Result<Conversation, Reason> {
    let id =
        text::id(&value["conversation_id"]).or_else(|| text::id(&value["id"])).or_else(|| unnamed(value));
    let id = id.ok_or(Reason::NoId)?;
    let mut left_out = LeftOut::default();
    let fallback = text::model(&value["default_model_slug"]);
    let Some(mapping) = value["mapping"].as_object() else {
        return Err(Reason::NotAConversation);
    };
    let mut reports = HashSet::new();
    let nodes = mapping
        .iter()
        .map(|(id, entry)| node(id, entry, fallback.as_ref(), &mut reports, files, &mut left_out))
        .collect();
    let reading = Reading { current: value["current_node"].as_str(), side_by_side: false };
    let (turns, lanes) = tree::turns(nodes, reading);
    Ok(Conversation {
        source: Source::ChatGpt,
        id,
        title: text::title(&value["title"]),
        created_at: text::time(&value["create_time"]),
        updated_at: text::time(&value["update_time"]),
        archived: value["is_archived"] == true,
        filed: Filed {
            pinned: value["is_starred"] == true || value["pinned_time"].is_number(),
            project: project(value),
            ..Filed::default()
        },
        policy: None,
        lanes,
        turns,
        left_out,
    })
}

/// The project it is in, by its id: an export says nowhere how a project is called.
fn project(value: &Value) -> Option<String> {
    let ids = [&value["conversation_template_id"], &value["gizmo_id"]].into_iter().filter_map(Value::as_str);
    let mut projects = ids.filter(|id| id.starts_with("g-p-") && id.len() <= PROJECT);
    projects.next().map(str::to_owned)
}

/// Older exports give conversations no id. When one was begun and how it is called stay the same in every export.
fn unnamed(value: &Value) -> Option<String> {
    let begun = text::time(&value["create_time"])?;
    Some(format!("{}/{}", begun.0, text::title(&value["title"])))
}

fn node(
    id: &str,
    entry: &Value,
    fallback: Option<&String>,
    reports: &mut HashSet<String>,
    files: &mut Files<'_>,
    left_out: &mut LeftOut,
) -> Node {
    let message = &entry["message"];
    let role = message["author"]["role"].as_str().unwrap_or("system");
    let metadata = &message["metadata"];
    let hidden = metadata["is_visually_hidden_from_conversation"] == true;
    let mut parts = Vec::new();
    if !message.is_null() {
        let report = (role != "user").then(|| report::of(message)).flatten();
        let in_text = report.as_ref().is_some_and(|report| report.in_text);
        if role == "system" || hidden || in_text {
            if report.is_none() && says_something(&message["content"]) {
                left_out.system_messages = left_out.system_messages.saturating_add(1);
            }
        } else {
            parts = content(message, role, files, left_out);
            match role {
                "user" => parts.extend(attachments(message, files, left_out)),
                "assistant" => parts.extend(cites::citations(metadata)),
                _ => {}
            }
        }
        // The same report comes with several messages.
        if let Some(report) = report.filter(|report| reports.insert(report.words().to_owned())) {
            parts.extend(report.parts(left_out));
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
    // What a person told of themselves, and what was kept of them.
    let fields = ["text", "user_profile", "user_instructions", "model_set_context"];
    let text = fields.into_iter().filter_map(|field| content[field].as_str());
    parts.filter_map(Value::as_str).chain(text).any(|text| !text.trim().is_empty())
}

fn content(message: &Value, role: &str, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
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
        "reasoning_recap" => Vec::new(),
        "model_editable_context" | "user_editable_context" => {
            if says_something(content) {
                left_out.system_messages = left_out.system_messages.saturating_add(1);
            }
            Vec::new()
        }
        // Code for a tool is the model's work, not its answer.
        "code" => tool(recipient, content["text"].as_str().unwrap_or_default(), left_out),
        "execution_output"
        | "system_error"
        | "tether_browsing_display"
        | "tether_quote"
        | "sonic_webpage"
        | "citable_code_output" => {
            let name = message["author"]["name"].as_str().unwrap_or(kind);
            let mut parts = tool(name, &result(content), left_out);
            parts.extend(plots(message, files, left_out).into_iter().map(|part| as_tool(name, part)));
            parts
        }
        _ => {
            let mut parts = Vec::new();
            let listed = content["parts"].as_array().into_iter().flatten();
            let plain = content["text"].as_str().map(|text| Value::String(text.to_owned()));
            // What a computer in use showed.
            let seen = content.get("screenshot").cloned();
            for part in listed.cloned().chain(plain).chain(seen) {
                let inner = recorded(&part);
                if inner.is_empty() {
                    parts.extend(piece(&part, message, files, left_out));
                } else {
                    parts.extend(inner.into_iter().filter_map(|part| piece(part, message, files, left_out)));
                }
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

/// What a tool gave: of a page its title and address, what was read or found, and what was said of that.
fn result(content: &Value) -> String {
    let told = |keys: &[&str]| {
        let mut told = keys.iter().filter_map(|key| content[*key].as_str());
        told.find(|words| !words.trim().is_empty())
    };
    let said = [&["title"][..], &["url"], &["text", "result", "output_str", "snippet"], &["summary"]];
    let said: Vec<&str> = said.into_iter().filter_map(told).collect();
    cites::without_marks(&said.join("\n\n"))
}

/// The pictures that code drew. They are named beside what it printed.
fn plots(message: &Value, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let given = message["metadata"]["aggregate_result"]["messages"].as_array().into_iter().flatten();
    let mut seen = HashSet::new();
    let pictures = given.filter_map(|given| given["image_url"].as_str()).filter(|url| seen.insert(*url));
    let mut picture = |url| {
        if inside::base64(url).is_some() {
            return inside::picture(url, "", files, left_out);
        }
        let wanted = Wanted { place: Place::Beside(asset(url)), name: "", takes: Takes::Pictures };
        text::file(&wanted, "Picture", url, files, left_out)
    };
    pictures.map(&mut picture).collect()
}

/// What lies in a part that holds what was said and seen in a call: the recording of each and the pictures.
fn recorded(part: &Value) -> Vec<&Value> {
    let recordings = [&part["audio_asset_pointer"], &part["video_container_asset_pointer"]];
    let pictures = part["frames_asset_pointers"].as_array().into_iter().flatten();
    recordings.into_iter().chain(pictures).filter(|part| part["asset_pointer"].is_string()).collect()
}

fn piece(part: &Value, message: &Value, files: &mut Files<'_>, left_out: &mut LeftOut) -> Option<Part> {
    if let Some(words) = part.as_str() {
        return text::part(&cites::without_marks(words), left_out);
    }
    let kind = part["content_type"].as_str().unwrap_or_default();
    if let Some(words) = part["text"].as_str() {
        return text::part(words, left_out);
    }
    let pointer = part["asset_pointer"].as_str().unwrap_or_default();
    let what = match kind {
        "image_asset_pointer" => "Picture",
        "" => return None,
        _ => "Recording or file",
    };
    let id = asset(pointer);
    let listed = message["metadata"]["attachments"].as_array().into_iter().flatten();
    let name = listed.filter(|file| file["id"] == id).find_map(|file| file["name"].as_str());
    let takes = match what {
        _ if message["author"]["role"] != "user" => Takes::Pictures,
        "Picture" => Takes::All,
        _ => Takes::Recordings,
    };
    let wanted = Wanted { place: Place::Beside(id), name: name.unwrap_or_default(), takes };
    Some(text::file(&wanted, what, pointer, files, left_out))
}

/// The id in `file-service://file-abc`, `sediment://file_00ff` or `sediment://…#file_00ff#p_0.jpg`; empty = none. No
/// other entry of an archive can be named.
fn asset(pointer: &str) -> &str {
    let path = pointer.split_once("://").map_or(pointer, |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default();
    path.split('#').find(|step| step.starts_with("file-") || step.starts_with("file_")).unwrap_or_default()
}

/// Files that came with a prompt; pictures already stand among its parts.
fn attachments(message: &Value, files: &mut Files<'_>, left_out: &mut LeftOut) -> Vec<Part> {
    let parts = message["content"]["parts"].as_array().into_iter().flatten();
    let shown: Vec<&str> = parts.filter_map(|part| part["asset_pointer"].as_str()).collect();
    let stands = |id: &str| shown.iter().any(|pointer| asset(pointer) == id);
    let listed = message["metadata"]["attachments"].as_array().into_iter().flatten();
    let (named, nameless): (Vec<&Value>, Vec<&Value>) =
        listed.partition(|file| file["id"].as_str().is_some_and(|id| !id.is_empty()));
    let pictures = named.iter().filter(|file| stands(asset(file["id"].as_str().unwrap_or_default()))).count();
    let rest = named.into_iter().filter(|file| !stands(asset(file["id"].as_str().unwrap_or_default())));
    // Old exports give no ids: as many of them as there are pictures are the pictures.
    let nameless = nameless.into_iter().skip(shown.len().saturating_sub(pictures));
    rest.chain(nameless)
        .map(|file| {
            let name = file["name"].as_str().unwrap_or_default();
            let place = Place::Beside(asset(file["id"].as_str().unwrap_or_default()));
            let wanted = Wanted { place, name, takes: Takes::All };
            text::file(&wanted, "File", name, files, left_out)
        })
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
        let id = |value: Value| read(&value, &mut |_| None).unwrap().id;
        assert_eq!(id(talk(1.7e9, "One")), id(talk(1.7e9, "One")));
        assert_ne!(id(talk(1.7e9, "One")), id(talk(1.7e9, "Two")));
        assert_ne!(id(talk(1.7e9, "One")), id(talk(1.6e9, "One")));
        assert!(read(&json!({ "title": "One", "mapping": {} }), &mut |_| None).is_err());
    }

    #[test]
    fn a_project_is_known_by_its_id_and_a_model_of_ones_own_is_none() {
        let long = format!("g-p-{}", "0".repeat(PROJECT));
        for (field, id, project) in [
            ("conversation_template_id", "g-p-68a1", Some("g-p-68a1")),
            ("gizmo_id", "g-p-68a1", Some("g-p-68a1")),
            ("gizmo_id", "g-68a1", None),
            ("gizmo_id", long.as_str(), None),
        ] {
            assert_eq!(super::project(&json!({ field: id })).as_deref(), project, "{id}");
        }
    }

    #[test]
    fn what_tools_gave_is_kept_in_every_form() {
        let said = |content: Value| {
            let value = json!({ "id": "c", "mapping": {
                "u": { "message": { "author": { "role": "user" }, "content": { "parts": ["Look"] } } },
                "t": { "parent": "u", "message": { "author": { "role": "tool", "name": "api" }, "content": content } },
            } });
            read(&value, &mut |_| None).unwrap().turns[0].answers[0].parts.clone()
        };
        let tool = |text: &str| Part::ServerTool { name: "api".into(), text: text.into() };
        assert_eq!(said(json!({ "content_type": "citable_code_output", "output_str": "42" })), [tool("42")]);
        assert_eq!(
            said(json!({ "content_type": "tether_browsing_display", "result": "A page" })),
            [tool("A page")]
        );
        let quote = json!({ "content_type": "tether_quote", "title": "A page", "url": "https://a.example", "text": "Words" });
        assert_eq!(said(quote), [tool("A page\n\nhttps://a.example\n\nWords")]);
        let page = json!({ "content_type": "sonic_webpage", "title": "A page", "url": "https://a.example", "snippet": "S",
            "text": "Words" });
        assert_eq!(said(page), [tool("A page\n\nhttps://a.example\n\nWords")]);
        let found = json!({ "content_type": "tether_browsing_display", "result": "", "summary": "Of it" });
        assert_eq!(said(found), [tool("Of it")]);
        let screen = json!({ "content_type": "computer_output", "screenshot": {
            "content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1" } });
        assert_eq!(said(screen), [tool("[Picture, not imported: sediment://file_1]")]);
    }

    #[test]
    fn files_are_asked_for_by_their_ids_alone() {
        for (pointer, id) in [
            ("file-service://file-abc", "file-abc"),
            ("sediment://file_00ff?shared=1", "file_00ff"),
            ("sediment://0a1b#file_77#p_0.jpg", "file_77"),
            ("file-abc", "file-abc"),
            ("file-service://user.json", ""),
            ("../../etc/passwd", ""),
            ("", ""),
        ] {
            assert_eq!(asset(pointer), id, "{pointer}");
        }
        let picture = |id: &str| json!({ "content_type": "image_asset_pointer", "asset_pointer": id });
        let value = json!({ "id": "c", "mapping": {
            "u": { "message": { "author": { "role": "user" }, "content": { "content_type": "multimodal_text",
                "parts": [picture("sediment://file_1"), "Look"] }, "metadata": { "attachments": [
                { "id": "file_1", "name": "cat.png" }, { "id": "file_2", "name": "notes.pdf" } ] } } },
            "t": { "parent": "u", "message": { "author": { "role": "tool", "name": "dalle" }, "content": {
                "content_type": "multimodal_text", "parts": [picture("file-service://file-3")] } } },
            "a": { "parent": "t", "message": { "author": { "role": "assistant" }, "content": {
                "content_type": "text", "parts": ["Done."] } } },
        } });
        let mut asked = Vec::new();
        let mut files = |wanted: &Wanted<'_>| {
            let Place::Beside(id) = wanted.place else { return None };
            asked.push(format!("{id} {} {:?}", wanted.name, wanted.takes));
            None
        };
        let conversation = read(&value, &mut files).unwrap();
        asked.sort();
        assert_eq!(asked, ["file-3  Pictures", "file_1 cat.png All", "file_2 notes.pdf All"]);
        assert_eq!(conversation.left_out.attachments, 3);
    }

    #[test]
    fn what_code_drew_comes_with_what_it_printed() {
        let image = |url: &str| json!({ "message_type": "image", "image_url": url });
        let value = json!({ "id": "c", "mapping": {
            "u": { "message": { "author": { "role": "user" }, "content": { "parts": ["Plot"] } } },
            "t": { "parent": "u", "message": { "author": { "role": "tool", "name": "python" },
                "content": { "content_type": "execution_output", "text": "<Figure>" },
                "metadata": { "aggregate_result": { "messages": [
                    { "message_type": "stream", "text": "x" }, image("file-service://file-plot1"),
                    image("file-service://file-plot1") ] } } } },
        } });
        let mut asked = Vec::new();
        let mut files = |wanted: &Wanted<'_>| {
            asked.push(format!("{:?} {:?}", wanted.place, wanted.takes));
            None
        };
        let read = read(&value, &mut files).unwrap();
        assert_eq!(asked, ["Beside(\"file-plot1\") Pictures"]);
        let tool = |text: &str| Part::ServerTool { name: "python".into(), text: text.into() };
        let note = tool("[Picture, not imported: file-service://file-plot1]");
        assert_eq!(read.turns[0].answers[0].parts, [tool("<Figure>"), note]);
    }

    #[test]
    fn what_a_person_told_of_themselves_is_counted() {
        let context = |hidden: bool| {
            json!({ "id": "c", "mapping": {
                "s": { "message": { "author": { "role": "user" },
                    "metadata": { "is_visually_hidden_from_conversation": hidden },
                    "content": { "content_type": "user_editable_context", "user_profile": "I am Bob" } } },
                "u": { "parent": "s", "message": { "author": { "role": "user" }, "content": { "parts": ["Hi"] } } },
            } })
        };
        for hidden in [true, false] {
            let read = read(&context(hidden), &mut |_| None).unwrap();
            assert_eq!((read.turns.len(), read.left_out.system_messages), (1, 1));
        }
    }
}
