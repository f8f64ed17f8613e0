//! The Gemini API: each part of a stream has the form of the whole.

use super::{Event, Fields, append, push, set, without};
use crate::json::Json;

/// The answer that parts make up; `None` if there is none.
pub(super) fn document(events: &[Event<'_>]) -> Option<String> {
    let mut all = Fields::new();
    let mut candidates: Vec<(u64, Fields<'_>, Fields<'_>)> = Vec::new();
    for Event { json, .. } in events {
        for (key, value) in without(json, &["candidates"]) {
            set(&mut all, key, value);
        }
        for said in json.list("candidates") {
            let number = said.get("index").and_then(Json::index).unwrap_or(0);
            let place = candidates.iter().position(|(known, ..)| *known == number).unwrap_or_else(|| {
                candidates.push((number, Fields::new(), Fields::new()));
                candidates.len() - 1
            });
            let Some((_, candidate, content)) = candidates.get_mut(place) else { continue };
            for (key, value) in without(said, &["content"]) {
                set(candidate, key, value);
            }
            let Some(more) = said.get("content") else { continue };
            for (key, value) in without(more, &["parts"]) {
                set(content, key, value);
            }
            more.list("parts").iter().for_each(|part| self::part(content, part));
        }
    }
    if all.is_empty() && candidates.is_empty() {
        return None;
    }
    if !candidates.is_empty() {
        let candidates = candidates.into_iter().map(|(_, mut candidate, content)| {
            candidate.insert(0, ("content".into(), Json::Object(content)));
            Json::Object(candidate)
        });
        let candidates = candidates.collect();
        all.insert(0, ("candidates".into(), Json::Array(candidates)));
    }
    Some(Json::Object(all).to_text())
}

/// One more part; words go on in the part before if nothing else tells the two apart.
fn part<'a>(content: &mut Fields<'a>, part: &Json<'a>) {
    let plain = |part: &Json<'_>| part.fields().iter().all(|(key, _)| key == "text" || key == "thought");
    if let Some((_, Json::Array(parts))) = content.iter_mut().find(|(key, _)| key == "parts")
        && let Some(last) = parts.last_mut()
        && plain(last)
        && plain(part)
        && last.get("thought") == part.get("thought")
        && let (Json::Object(last), Some(text)) = (last, part.get("text"))
    {
        append(last, "text", text);
        return;
    }
    push(content, "parts", part.clone());
}
