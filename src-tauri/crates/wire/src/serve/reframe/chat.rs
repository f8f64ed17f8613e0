//! Chat Completions: a completion and the chunks of its stream.

use super::{Event, Fields, set, text, without};
use crate::{
    json::Json,
    serve::{ToldUsage, write},
};

/// Words that are said again, not gone on with.
const SAID_AGAIN: &[&str] =
    &["id", "type", "role", "name", "format", "object", "model", "finish_reason", "native_finish_reason"];

/// The chunks of a whole completion.
pub(super) fn events(completion: &Json<'_>, told: ToldUsage, out: &mut Vec<u8>) {
    let mut base = without(completion, &["choices", "usage"]);
    set(&mut base, "object", text("chat.completion.chunk"));
    let mut chunk = |key: &'static str, value: Json<'_>, choices: Vec<Json<'_>>| {
        let mut chunk: Fields<'_> = base.clone();
        chunk.push(("choices".into(), Json::Array(choices)));
        if !key.is_empty() {
            chunk.push((key.into(), value));
        }
        write::sse(None, &Json::Object(chunk).to_text(), out);
    };
    for (said, first) in
        completion.list("choices").iter().flat_map(|choice| [(choice, true), (choice, false)])
    {
        let numbers: Vec<String> = (0..said.at("/message/tool_calls").map_or(0, |calls| calls.items().len()))
            .map(|number| number.to_string())
            .collect();
        let mut choice = without(said, &["message", "finish_reason", "logprobs", "delta"]);
        let mut message = Fields::new();
        let mut reason = Json::Null;
        if first {
            message = said.get("message").map(|message| message.fields().to_vec()).unwrap_or_default();
            for (key, value) in &mut message {
                if let ("tool_calls", Json::Array(calls)) = (key.as_ref(), value) {
                    number(calls, &numbers);
                }
            }
            choice.extend(said.get("logprobs").map(|value| ("logprobs".into(), value.clone())));
        } else {
            reason = said.get("finish_reason").cloned().unwrap_or(Json::Null);
        }
        choice.push(("delta".into(), Json::Object(message)));
        choice.push(("finish_reason".into(), reason));
        chunk("", Json::Null, vec![Json::Object(choice)]);
    }
    if let Some(usage) = completion.get("usage").filter(|_| told != ToldUsage::Never) {
        chunk("usage", usage.clone(), Vec::new());
    }
    write::sse(None, "[DONE]", out);
}

/// Calls in a stream say which they are.
fn number<'a>(calls: &mut [Json<'a>], numbers: &'a [String]) {
    for (call, number) in calls.iter_mut().zip(numbers) {
        if let Json::Object(fields) = call
            && !fields.iter().any(|(key, _)| key == "index")
        {
            fields.insert(0, ("index".into(), Json::Number(number)));
        }
    }
}

/// The completion that chunks make up; `None` if they are none of a completion.
pub(super) fn document(events: &[Event<'_>]) -> Option<String> {
    if let [Event { json, .. }] = events
        && super::is_whole_chat(json)
    {
        return Some(json.to_text());
    }
    let mut all = Fields::new();
    let mut choices: Vec<(u64, Fields<'_>)> = Vec::new();
    for Event { json, .. } in events {
        for (key, value) in without(json, &["choices"]) {
            let told = all.iter().any(|(known, old)| *known == key && !old.is_null());
            if !told || (key == "usage" && !value.is_null()) {
                set(&mut all, key, value);
            } else if let (Some((_, Json::Object(old))), Json::Object(more)) =
                (all.iter_mut().find(|(known, _)| *known == key), value)
            {
                // Some tell the usage in a field of their own.
                more.into_iter().for_each(|(key, value)| set(old, key, value));
            }
        }
        for said in json.list("choices") {
            let number = said.get("index").and_then(Json::index).unwrap_or(0);
            let place = choices.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
                choices.push((number, Fields::new()));
                choices.len() - 1
            });
            let Some((_, choice)) = choices.get_mut(place) else { continue };
            // Some say the whole message again beside each piece of it.
            let again = said.get("delta").is_some();
            for (key, value) in said.fields().iter().filter(|(key, _)| !(again && key == "message")) {
                let key = if key == "delta" { "message" } else { key.as_ref() };
                merge_field(choice, key, value);
            }
        }
    }
    if choices.is_empty() {
        return None;
    }
    choices.sort_by_key(|(number, _)| *number);
    let choices = choices.into_iter().map(|(_, mut choice)| {
        if let Some((_, Json::Object(message))) = choice.iter_mut().find(|(key, _)| key == "message") {
            finished(message);
        }
        Json::Object(choice)
    });
    let choices = choices.collect();
    set(&mut all, "object", text("chat.completion"));
    set(&mut all, "choices", Json::Array(choices));
    Some(Json::Object(all).to_text())
}

/// What a whole message has and a stream's has not, and the other way round.
fn finished(message: &mut Fields<'_>) {
    for key in ["role", "content"] {
        if !message.iter().any(|(known, _)| known == key) {
            let value = if key == "role" { text("assistant") } else { Json::Null };
            message.push((key.into(), value));
        }
    }
    if let Some((_, Json::Array(calls))) = message.iter_mut().find(|(key, _)| key == "tool_calls") {
        for call in calls {
            if let Json::Object(fields) = call {
                fields.retain(|(key, _)| key != "index");
            }
        }
    }
}

fn merge_field<'a>(into: &mut Fields<'a>, key: &str, more: &Json<'a>) {
    let Some(place) = into.iter().position(|(known, old)| known == key && !old.is_null()) else {
        if !more.is_null() || !into.iter().any(|(known, _)| known == key) {
            set(into, key.to_owned(), more.clone());
        }
        return;
    };
    if more.is_null() || more.str() == Some("") {
        return;
    }
    let Some((_, old)) = into.get_mut(place) else { return };
    match (old, more) {
        (Json::Object(old), Json::Object(more)) => {
            more.iter().for_each(|(key, more)| merge_field(old, key, more));
        }
        (Json::Array(old), Json::Array(more)) => more.iter().for_each(|item| merge_item(old, item)),
        (Json::String(old), Json::String(more)) if !SAID_AGAIN.contains(&key) => {
            old.to_mut().push_str(more);
        }
        // Content is a text, or a list of parts that a text goes on with.
        (Json::Array(old), Json::String(_)) => match old.last_mut() {
            Some(Json::Object(last))
                if last.iter().any(|(key, value)| key == "type" && *value == text("text")) =>
            {
                merge_field(last, "text", more);
            }
            _ => old.push(Json::Object(vec![("type".into(), text("text")), ("text".into(), more.clone())])),
        },
        (old @ Json::String(_), Json::Array(more)) => {
            let said = std::mem::replace(old, Json::Null);
            let first = Json::Object(vec![("type".into(), text("text")), ("text".into(), said.clone())]);
            let said = (said.str() != Some("")).then_some(first);
            *old = Json::Array(said.into_iter().chain(more.iter().cloned()).collect());
        }
        (old, more) => *old = more.clone(),
    }
}

/// Items that say which they are go on; others follow.
fn merge_item<'a>(items: &mut Vec<Json<'a>>, item: &Json<'a>) {
    let number = |item: &Json<'_>| item.get("index").and_then(Json::index);
    let known = items.iter_mut().find(|known| number(item).is_some() && number(known) == number(item));
    match (known, item) {
        (Some(Json::Object(known)), Json::Object(more)) => {
            more.iter().for_each(|(key, more)| merge_field(known, key, more));
        }
        _ => items.push(item.clone()),
    }
}
