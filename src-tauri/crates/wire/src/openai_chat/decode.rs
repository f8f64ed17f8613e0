//! Answers of the chat dialect, streamed or whole.

use super::{CONTENT, tools::Calls};
use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::Json,
    media,
    tally::Tally,
};
use domain::{BlockKind, ErrorKind, Failure, FinishReason, Quirks, StreamEvent};

/// Where providers put usage: OpenAI and most, Groq, Moonshot.
const USAGE: &[&str] = &["/usage", "/x_groq/usage", "/choices/0/usage"];
/// Names of the field with visible reasoning, the same words under each where a server sends several.
const REASONING: &[&str] = &["reasoning_content", "reasoning", "thinking", "reasoning_text"];
/// Those that must go back, as their proof says.
const RETURNED: &[&str] = &["reasoning_content", CONTENT];
/// Most reasoning details kept.
const MAX_DETAILS: usize = 256;
/// Most citations kept.
const MAX_CITATIONS: usize = 1_000;

/// State of one answer.
pub(super) struct Chat {
    usage_paths: Vec<String>,
    started: bool,
    blocks: Blocks,
    calls: Calls,
    reasoning: Option<u32>,
    /// Field the reasoning came in, if it must go back in it.
    reasoning_field: Option<&'static str>,
    details: Details,
    citations: Vec<(Option<String>, Option<String>)>,
    tally: Tally,
    finish: Option<String>,
    /// One document was the whole answer, or `[DONE]` came.
    over: bool,
    failed: Option<Failure>,
}

impl Chat {
    pub(super) fn new(quirks: &Quirks) -> Self {
        Self {
            usage_paths: quirks.usage_paths.clone(),
            started: false,
            blocks: Blocks::default(),
            calls: Calls::default(),
            reasoning: None,
            reasoning_field: None,
            details: Details::default(),
            citations: Vec::new(),
            tally: Tally::default(),
            finish: None,
            over: false,
            failed: None,
        }
    }

    /// Reads usage wherever it may stand; true where some stood.
    fn read_usage(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) -> bool {
        let places = USAGE.iter().copied().chain(self.usage_paths.iter().map(String::as_str));
        let found: Vec<&Json<'_>> = places.filter_map(|place| json.at(place)).collect();
        for usage in &found {
            self.tally.read(usage);
        }
        if !found.is_empty() {
            self.tally.snapshot(out);
        }
        !found.is_empty()
    }

    fn choice(&mut self, choice: &Json<'_>, chunk: bool, out: &mut Vec<StreamEvent>) {
        // A chunk may repeat the whole message so far beside its delta, a whole answer an empty delta
        // beside its message.
        let delta = choice.get("delta").filter(|d| !d.fields().is_empty());
        let message = choice.get("message");
        let content = match (delta, message) {
            (delta, Some(message)) if !chunk || self.blocks.count() == 0 => {
                delta.filter(|_| chunk).or(Some(message))
            }
            (delta, _) => delta,
        };
        match (content, choice.text("text")) {
            // Together repeats the delta's words beside it, as the older completions had them.
            (Some(content), _) => self.message(content, out),
            (None, Some(text)) => self.blocks.flow(BlockKind::Text, text, out),
            (None, None) => {}
        }
        if message.is_some() && !chunk {
            self.over = true;
        }
        if let Some(reason) = choice.text("finish_reason").filter(|r| !r.is_empty()) {
            self.finish = Some(reason.to_owned());
        }
        if let Some(error) = choice.get("error").filter(|e| is_error(e)) {
            self.fail(error);
        }
    }

    fn message(&mut self, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.read_reasoning(message, out);
        match message.get("content") {
            Some(Json::String(text)) => self.blocks.flow(BlockKind::Text, text, out),
            Some(Json::Array(parts)) => parts.iter().for_each(|part| self.part(part, out)),
            // Cloudflare gives structured answers as an object.
            Some(object @ Json::Object(_)) => {
                self.blocks.flow(BlockKind::Text, &object.to_text(), out);
            }
            _ => {}
        }
        if let Some(text) = message.text("refusal") {
            self.blocks.flow(BlockKind::Refusal, text, out);
        }
        for call in message.list("tool_calls") {
            self.calls.delta(call, &mut self.blocks, out);
        }
        if let Some(call) = message.get("function_call") {
            self.calls.delta(call, &mut self.blocks, out);
        }
        for image in message.list("images") {
            self.part(image, out);
        }
        for note in message.list("annotations") {
            let source = note.get("url_citation").unwrap_or(note);
            self.cite(source.text("url"), source.text("title"));
        }
        // Servers that write out every field of their types send an empty one with every answer.
        let spoken =
            |audio: &&Json<'_>| audio.fields().iter().any(|(_, v)| v.str().is_some_and(|s| !s.is_empty()));
        if message.get("audio").filter(spoken).is_some() {
            out.push(StreamEvent::Unknown { name: "audio".into(), bytes: 0 });
        }
    }

    /// A part of content that is an array (Mistral), or an image.
    fn part(&mut self, part: &Json<'_>, out: &mut Vec<StreamEvent>) {
        match part.text("type") {
            Some("text" | "output_text") | None => {
                let text = part.text("text").or_else(|| part.str()).unwrap_or_default();
                self.blocks.flow(BlockKind::Text, text, out);
            }
            Some("thinking") => {
                self.reasoning_field.get_or_insert(CONTENT);
                match part.get("thinking") {
                    Some(Json::String(text)) => self.reason(text, out),
                    Some(pieces) => {
                        for piece in pieces.items() {
                            self.reason(piece.text("text").unwrap_or_default(), out);
                        }
                    }
                    None => {}
                }
            }
            Some("refusal") => {
                let text = part.text("refusal").unwrap_or_default();
                self.blocks.flow(BlockKind::Refusal, text, out);
            }
            Some("image_url") => {
                let url = part.at("/image_url/url").or_else(|| part.get("image_url")).and_then(Json::str);
                match url.and_then(media::data_url) {
                    Some((media_type, data)) => {
                        self.blocks.whole(BlockKind::Image { media_type: media_type.into() }, data, out);
                    }
                    None => self.cite(url, None),
                }
            }
            Some("reference") => {}
            Some(other) => out.push(StreamEvent::Unknown { name: format!("content part {other}"), bytes: 0 }),
        }
    }

    fn read_reasoning(&mut self, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let said = REASONING
            .iter()
            .find_map(|&field| message.text(field).filter(|text| !text.is_empty()).map(|text| (field, text)));
        if let Some((field, text)) = said {
            self.reasoning_field.get_or_insert(field);
            self.reason(text, out);
        }
        for detail in message.list("reasoning_details") {
            self.details.add(detail);
            if said.is_none() {
                let text = ["text", "summary"].iter().find_map(|k| detail.text(k));
                self.reason(text.unwrap_or_default(), out);
            }
        }
    }

    /// Reasoning keeps its block to the end: its signature may come long after its words.
    fn reason(&mut self, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        let block = match self.reasoning {
            Some(block) => block,
            None => {
                self.blocks.end_flow(None, out);
                let block = self.blocks.open(BlockKind::Reasoning, out);
                self.reasoning = Some(block);
                block
            }
        };
        self.blocks.delta(block, text, out);
    }

    fn cite(&mut self, url: Option<&str>, title: Option<&str>) {
        let source = (url.map(str::to_owned), title.map(str::to_owned));
        let room = self.citations.len() < MAX_CITATIONS;
        match self.citations.iter_mut().find(|(u, _)| u.is_some() && *u == source.0) {
            Some(known) if known.1.is_none() => known.1 = source.1,
            Some(_) => {}
            None if source != (None, None) && room => self.citations.push(source),
            None => {}
        }
    }

    fn fail(&mut self, error: &Json<'_>) {
        self.failed.get_or_insert_with(|| failure::from_json(error));
    }

    fn close(&mut self, out: &mut Vec<StreamEvent>) {
        self.calls.finish(&mut self.blocks, out);
        let proof = self.details.proof();
        if proof.is_some() && self.reasoning.is_none() {
            self.blocks.end_flow(None, out);
            self.reasoning = Some(self.blocks.open(BlockKind::Reasoning, out));
        }
        if let Some(block) = self.reasoning {
            let field = self.reasoning_field.filter(|f| RETURNED.contains(f)).map(str::to_owned);
            self.blocks.close(block, proof.or(field), out);
        }
        for (url, title) in std::mem::take(&mut self.citations) {
            self.blocks.whole(BlockKind::Citation { url, title }, "", out);
        }
        self.blocks.close_all(out);
    }
}

/// An error that says something. Some servers send `"error": false` or `{}` with every chunk.
fn is_error(error: &Json<'_>) -> bool {
    error.str().is_some_and(|words| !words.is_empty()) || !error.fields().is_empty()
}

impl Protocol for Chat {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        let json = doc.json;
        let status = json.at("/base_resp/status_code").and_then(Json::word);
        let refused = status.is_some_and(|code| code != "0");
        // Groq names what stopped a stream beside its last chunk.
        let stopped = json.at("/x_groq/error").filter(|error| is_error(error));
        if let Some(error) = stopped {
            self.fail(&Json::Object(vec![("error".into(), error.clone())]));
        }
        let mut known = doc.name == "error"
            || refused
            || json.get("error").is_some_and(is_error)
            || json.text("object") == Some("error");
        if known {
            self.fail(json);
        }
        let text = |key| json.text(key).filter(|t| !t.is_empty()).map(str::to_owned);
        // A first chunk with nothing but filter results names neither response nor model.
        if !self.started && (text("model").is_some() || !json.list("choices").is_empty()) {
            self.started = true;
            out.push(StreamEvent::Started { response_id: text("id"), model: text("model") });
        }
        if let Some(choices) = json.get("choices") {
            known = true;
            let chunk = json.text("object").is_some_and(|o| o != "chat.completion" && o != "text_completion");
            let first =
                choices.items().iter().find(|c| c.get("index").and_then(Json::index).unwrap_or(0) == 0);
            if let Some(choice) = first {
                self.choice(choice, chunk, out);
            }
        }
        for url in json.list("citations") {
            self.cite(url.str().or_else(|| url.text("url")), url.text("title"));
        }
        for source in json.list("search_results") {
            self.cite(source.text("url"), source.text("title"));
        }
        self.tally.around(json);
        known |= self.read_usage(json, out);
        if !known {
            let name = if doc.name.is_empty() { json.text("object").unwrap_or("event") } else { doc.name };
            out.push(StreamEvent::Unknown { name: name.chars().take(80).collect(), bytes: doc.bytes });
        }
    }

    fn done(&mut self) {
        self.over = true;
    }

    fn after_done(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.read_usage(json, out);
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        self.close(out);
        self.tally.finish(out);
        let raw = self.finish.take();
        let reason = raw.as_deref().map(|raw| match reason(raw) {
            // Some servers say "stop" whether the model is done or waits for its tools.
            FinishReason::Stop if self.calls.any() => FinishReason::ToolCalls,
            reason => reason,
        });
        let failed = self.failed.take().or_else(|| {
            (reason == Some(FinishReason::Error)).then(|| {
                let words = raw.as_deref().unwrap_or_default();
                let said = format!("The provider failed while answering ({words}). Try again.");
                Failure::new(ErrorKind::UpstreamInternal, said)
            })
        });
        if let Some(failure) = failed {
            out.push(StreamEvent::Finish { reason: FinishReason::Error, raw });
            return Ending::Failed(failure);
        }
        if reason.is_none() && !self.over {
            return Ending::Truncated;
        }
        out.push(StreamEvent::Finish { reason: reason.unwrap_or(FinishReason::Other), raw });
        Ending::Complete
    }
}

/// One meaning for everyone's words. What is not known is not success.
fn reason(raw: &str) -> FinishReason {
    let raw = raw.to_ascii_lowercase();
    // Google's endpoint of this form adds its own word: `content_filter: RECITATION`.
    match raw.split(':').next().unwrap_or_default().trim() {
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" => FinishReason::Stop,
        "length" | "max_tokens" | "model_length" | "max_output_tokens" | "model_context_window_exceeded" => {
            FinishReason::Length
        }
        "tool_calls" | "function_call" | "tool_use" | "tool_call" => FinishReason::ToolCalls,
        "content_filter" | "content_filtered" | "sensitive" | "safety" | "refusal" => {
            FinishReason::ContentFilter
        }
        "pause_turn" => FinishReason::Pause,
        "error"
        | "network_error"
        | "insufficient_system_resource"
        | "server_error"
        | "timeout"
        | "abort"
        | "function_call_filter" => FinishReason::Error,
        spoiled if spoiled.starts_with("malformed_") => FinishReason::Error,
        _ => FinishReason::Other,
    }
}

/// `reasoning_details` (OpenRouter and gateways like it): they must go back exactly as they came, so
/// the pieces of a stream are joined into the objects they are pieces of.
#[derive(Default)]
struct Details {
    parts: Vec<Vec<(String, String)>>,
}

fn field<'a>(detail: &'a [(String, String)], key: &str) -> Option<&'a str> {
    detail.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

/// Fields of a detail that are increments; of all others the last value counts.
const GROWING: &[&str] = &["text", "summary", "data"];

impl Details {
    fn add(&mut self, detail: &Json<'_>) {
        let fresh: Vec<(String, String)> =
            detail.fields().iter().map(|(k, v)| (k.to_string(), v.to_text())).collect();
        let place = self
            .parts
            .iter()
            .rposition(|part| ["index", "type"].iter().all(|key| field(part, key) == field(&fresh, key)));
        // Without an index nothing says that two pieces are one.
        let Some(place) = place.filter(|_| detail.get("index").is_some()) else {
            if self.parts.len() < MAX_DETAILS {
                self.parts.push(fresh);
            }
            return;
        };
        let part = &mut self.parts[place];
        for (key, value) in fresh {
            match part.iter_mut().find(|(k, _)| *k == key) {
                Some((_, old))
                    if GROWING.contains(&key.as_str()) && old.ends_with('"') && value.starts_with('"') =>
                {
                    old.pop();
                    old.push_str(&value[1..]);
                }
                Some((_, old)) if value != "null" => *old = value,
                Some(_) => {}
                None => part.push((key, value)),
            }
        }
    }

    /// The details as JSON text, if there is anything in them that proves something.
    fn proof(&self) -> Option<String> {
        let proves = |(key, value): &(String, String)| {
            matches!(key.as_str(), "signature" | "data" | "id") && value.len() > 2 && value != "null"
        };
        if !self.parts.iter().flatten().any(proves) {
            return None;
        }
        let objects: Vec<String> = self
            .parts
            .iter()
            .map(|part| {
                let fields: Vec<String> =
                    part.iter().map(|(k, v)| format!("{}:{v}", Json::String(k.into()).to_text())).collect();
                format!("{{{}}}", fields.join(","))
            })
            .collect();
        Some(format!("[{}]", objects.join(",")))
    }
}
