//! The Messages API: a message and the events of its stream.

use super::{Event, Fields, append, field, owned, push, set, text, without};
use crate::{json::Json, serve::write};

/// The events of a whole message.
pub(super) fn events(message: &Json<'_>, out: &mut Vec<u8>) {
    let mut start = message.fields().to_vec();
    set(&mut start, "content", Json::Array(Vec::new()));
    set(&mut start, "stop_reason", Json::Null);
    set(&mut start, "stop_sequence", Json::Null);
    event("message_start", None, vec![("message", Json::Object(start))], out);
    for (index, content) in message.list("content").iter().enumerate() {
        block(index, content, out);
    }
    let mut delta = Fields::new();
    for key in ["stop_reason", "stop_sequence", "stop_details", "container"] {
        if let Some(value) = field(message, key) {
            delta.push((key.into(), value.clone()));
        }
    }
    let usage = message.get("usage").cloned().unwrap_or(Json::Object(Vec::new()));
    event("message_delta", None, vec![("delta", Json::Object(delta)), ("usage", usage)], out);
    event("message_stop", None, Vec::new(), out);
}

fn block(index: usize, content: &Json<'_>, out: &mut Vec<u8>) {
    let mut start = content.fields().to_vec();
    let mut deltas: Vec<(&str, &'static str, Json<'_>)> = Vec::new();
    let mut take = |key: &'static str, sort: &'static str, start: &mut Fields<'_>| {
        if let Some(words) = content.text(key) {
            set(start, key, text(""));
            deltas.push((sort, key, owned(words)));
        }
    };
    match content.text("type").unwrap_or_default() {
        "text" => {
            take("text", "text_delta", &mut start);
            let notes = content.list("citations");
            if !notes.is_empty() {
                set(&mut start, "citations", Json::Array(Vec::new()));
            }
            deltas.extend(notes.iter().map(|note| ("citations_delta", "citation", note.clone())));
        }
        "thinking" => {
            take("thinking", "thinking_delta", &mut start);
            take("signature", "signature_delta", &mut start);
        }
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            if let Some(input) = content.get("input") {
                set(&mut start, "input", Json::Object(Vec::new()));
                deltas.push(("input_json_delta", "partial_json", owned(input.to_text())));
            }
        }
        _ => {}
    }
    event("content_block_start", Some(index), vec![("content_block", Json::Object(start))], out);
    for (sort, key, value) in deltas {
        let delta = Json::Object(vec![("type".into(), text(sort)), (key.into(), value)]);
        event("content_block_delta", Some(index), vec![("delta", delta)], out);
    }
    event("content_block_stop", Some(index), Vec::new(), out);
}

fn event(name: &str, index: Option<usize>, fields: Vec<(&'static str, Json<'_>)>, out: &mut Vec<u8>) {
    let index = index.map(|index| index.to_string());
    let mut all: Fields<'_> = vec![("type".into(), text(name))];
    all.extend(index.as_deref().map(|index| ("index".into(), Json::Number(index))));
    all.extend(fields.into_iter().map(|(key, value)| (key.into(), value)));
    write::sse(Some(name), &Json::Object(all).to_text(), out);
}

/// The message that events make up; `None` if they are none of a message.
pub(super) fn document(events: &[Event<'_>]) -> Option<String> {
    if let [Event { name: "message", json }] = events {
        return Some(json.to_text());
    }
    let inputs = inputs(events);
    let mut message = Fields::new();
    let mut blocks: Vec<(u64, Fields<'_>)> = Vec::new();
    for Event { name, json } in events {
        match *name {
            "message_start" => {
                let said = json.get("message")?;
                if message.is_empty() {
                    message = said.fields().to_vec();
                } else {
                    count(&mut message, said.get("usage"));
                }
            }
            "content_block_start" => {
                blocks.push((index(json), json.get("content_block")?.fields().to_vec()));
            }
            "content_block_delta" => {
                let of = index(json);
                if let (Some(delta), Some((_, block))) =
                    (json.get("delta"), blocks.iter_mut().rev().find(|(index, _)| *index == of))
                {
                    self::delta(delta, block);
                }
            }
            "message_delta" => {
                for (key, value) in json.get("delta").map(Json::fields).unwrap_or_default() {
                    set(&mut message, key.clone(), value.clone());
                }
                count(&mut message, json.get("usage"));
                for (key, value) in without(json, &["type", "delta", "usage"]) {
                    set(&mut message, key, value);
                }
            }
            _ => {}
        }
    }
    if message.is_empty() {
        return None;
    }
    for ((_, block), input) in blocks.iter_mut().zip(&inputs).filter(|(_, input)| !input.is_empty()) {
        // Half of an object, where the answer came to its limit, is kept under a name.
        let value = Json::parse(input).ok().filter(Json::is_object);
        let value = value.unwrap_or_else(|| Json::Object(vec![("arguments".into(), text(input))]));
        set(block, "input", value);
    }
    let content = blocks.into_iter().map(|(_, block)| Json::Object(block)).collect();
    set(&mut message, "content", Json::Array(content));
    Some(Json::Object(message).to_text())
}

/// The inputs of tools, one for each block that begins, in their order; empty for one that has none.
fn inputs(events: &[Event<'_>]) -> Vec<String> {
    let mut inputs: Vec<(u64, String)> = Vec::new();
    for Event { name, json } in events {
        match *name {
            "content_block_start" => inputs.push((index(json), String::new())),
            "content_block_delta" => {
                let of = index(json);
                let open = inputs.iter_mut().rev().find(|(index, _)| *index == of);
                if let (Some((_, input)), Some(piece)) =
                    (open, json.at("/delta/partial_json").and_then(Json::str))
                {
                    input.push_str(piece);
                }
            }
            _ => {}
        }
    }
    inputs.into_iter().map(|(_, input)| input).collect()
}

fn delta<'a>(delta: &Json<'a>, block: &mut Fields<'a>) {
    for (key, value) in delta.fields() {
        match key.as_ref() {
            "type" | "partial_json" => {}
            "citation" => push(block, "citations", value.clone()),
            _ => append(block, key, value),
        }
    }
}

/// Newer counts stand in place of older ones.
fn count<'a>(message: &mut Fields<'a>, usage: Option<&Json<'a>>) {
    let Some(usage) = usage else { return };
    let old = message.iter().rev().find(|(key, _)| key == "usage");
    let mut all = old.map(|(_, old)| old.fields().to_vec()).unwrap_or_default();
    for (key, value) in usage.fields().iter().filter(|(_, value)| !value.is_null()) {
        set(&mut all, key.clone(), value.clone());
    }
    set(message, "usage", Json::Object(all));
}

fn index(json: &Json<'_>) -> u64 {
    json.get("index").and_then(Json::index).unwrap_or(0)
}
