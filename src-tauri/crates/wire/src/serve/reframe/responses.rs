//! The Responses API: a response and the events of its stream.

use super::{Event, Fields, set, text, without};
use crate::{json::Json, serve::write};

/// The response that events end with; `None` if there is none.
pub(super) fn document(events: &[Event<'_>]) -> Option<String> {
    if let [Event { json, .. }] = events
        && json.get("output").is_some()
    {
        return Some(json.to_text());
    }
    let last = |event: &&Event<'_>| {
        matches!(event.name, "response.completed" | "response.incomplete" | "response.failed")
    };
    let response = events.iter().rev().find(last)?.json.get("response")?;
    let mut all = response.fields().to_vec();
    if response.list("output").is_empty() {
        // Some say the items once, where each ends.
        let done = events.iter().filter(|event| event.name == "response.output_item.done");
        let items = done.filter_map(|event| event.json.get("item").cloned()).collect();
        set(&mut all, "output", Json::Array(items));
    }
    Some(Json::Object(all).to_text())
}

/// The events of a whole response.
pub(super) fn events(response: &Json<'_>, out: &mut Vec<u8>) {
    let mut page = Page { sequence: 0, out };
    let mut begun = response.fields().to_vec();
    set(&mut begun, "status", text("in_progress"));
    set(&mut begun, "output", Json::Array(Vec::new()));
    set(&mut begun, "usage", Json::Null);
    let begun = Json::Object(begun);
    for name in ["response.created", "response.in_progress"] {
        page.event(name, &[], vec![("response", begun.clone())]);
    }
    for (number, item) in response.list("output").iter().enumerate() {
        page.item(number, item);
    }
    let name = match response.text("status") {
        Some("incomplete") => "response.incomplete",
        Some("failed") => "response.failed",
        _ => "response.completed",
    };
    page.event(name, &[], vec![("response", response.clone())]);
}

struct Page<'o> {
    sequence: u64,
    out: &'o mut Vec<u8>,
}

impl Page<'_> {
    fn event(&mut self, name: &str, places: &[(&'static str, usize)], fields: Vec<(&'static str, Json<'_>)>) {
        let sequence = self.sequence.to_string();
        self.sequence += 1;
        let places: Vec<(&str, String)> =
            places.iter().map(|(key, place)| (*key, place.to_string())).collect();
        let mut all: Fields<'_> =
            vec![("type".into(), text(name)), ("sequence_number".into(), Json::Number(&sequence))];
        all.extend(places.iter().map(|(key, place)| ((*key).into(), Json::Number(place))));
        all.extend(fields.into_iter().map(|(key, value)| (key.into(), value)));
        write::sse(Some(name), &Json::Object(all).to_text(), self.out);
    }

    fn item(&mut self, number: usize, item: &Json<'_>) {
        let at = [("output_index", number)];
        let sort = item.text("type").unwrap_or_default();
        let empty: &[(&'static str, bool)] = match sort {
            "message" => &[("content", true)],
            "reasoning" => &[("summary", true), ("content", true)],
            "function_call" => &[("arguments", false)],
            _ => &[],
        };
        let mut begun = item.fields().to_vec();
        for (key, list) in empty {
            if item.get(key).is_some() {
                set(&mut begun, *key, if *list { Json::Array(Vec::new()) } else { text("") });
            }
        }
        if item.get("status").is_some() && !empty.is_empty() {
            set(&mut begun, "status", text("in_progress"));
        }
        self.event("response.output_item.added", &at, vec![("item", Json::Object(begun))]);
        let id = item.get("id").cloned().unwrap_or(text(""));
        for (place, part) in item.list("content").iter().enumerate() {
            let at = [("output_index", number), ("content_index", place)];
            match part.text("type").unwrap_or_default() {
                "output_text" => self.part(&id, &at, part, "content_part", "output_text", "text"),
                "refusal" => self.part(&id, &at, part, "content_part", "refusal", "refusal"),
                "reasoning_text" => self.part(&id, &at, part, "content_part", "reasoning_text", "text"),
                _ => {}
            }
        }
        for (place, part) in item.list("summary").iter().enumerate() {
            let at = [("output_index", number), ("summary_index", place)];
            self.part(&id, &at, part, "reasoning_summary_part", "reasoning_summary_text", "text");
        }
        if sort == "function_call" {
            let arguments = item.get("arguments").cloned().unwrap_or(text(""));
            let name = "response.function_call_arguments";
            let fields = |key| vec![("item_id", id.clone()), (key, arguments.clone())];
            self.event(&format!("{name}.delta"), &at, fields("delta"));
            self.event(&format!("{name}.done"), &at, fields("arguments"));
        }
        self.event("response.output_item.done", &at, vec![("item", item.clone())]);
    }

    /// One part of an item, from its beginning to its end.
    fn part(
        &mut self,
        id: &Json<'_>,
        at: &[(&'static str, usize)],
        part: &Json<'_>,
        frame: &str,
        words: &str,
        key: &'static str,
    ) {
        let mut begun = without(part, &["annotations", "logprobs"]);
        set(&mut begun, key, text(""));
        if part.get("annotations").is_some() {
            begun.push(("annotations".into(), Json::Array(Vec::new())));
        }
        let fields = |name, value| vec![("item_id", id.clone()), (name, value)];
        self.event(&format!("response.{frame}.added"), at, fields("part", Json::Object(begun)));
        let said = part.get(key).cloned().unwrap_or(text(""));
        self.event(&format!("response.{words}.delta"), at, fields("delta", said.clone()));
        for (place, note) in part.list("annotations").iter().enumerate() {
            let mut at = at.to_vec();
            at.push(("annotation_index", place));
            self.event("response.output_text.annotation.added", &at, fields("annotation", note.clone()));
        }
        self.event(&format!("response.{words}.done"), at, fields(key, said));
        self.event(&format!("response.{frame}.done"), at, fields("part", part.clone()));
    }
}
