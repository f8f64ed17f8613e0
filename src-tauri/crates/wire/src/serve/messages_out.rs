//! Answers in the words of the Messages API.

use super::{
    Told, Write, errors,
    fold::Folded,
    seal,
    steps::{Step, Steps},
    write,
};
use domain::{BlockKind, Failure, FinishReason, PicoUsd, StreamEvent, Usage};
use serde_json::{Map, Value, json};

/// One stream of events.
pub(super) struct Events {
    steps: Steps,
    page: Page,
}

/// What is written.
struct Page {
    told: Told,
    begun: bool,
    /// Number of the next block.
    next: u64,
    open: Open,
    usage: Option<Usage>,
    finish: Option<(FinishReason, Option<String>)>,
}

/// The block being written.
enum Open {
    None,
    /// Begins when it has words: reasoning without any is told another way.
    Thought,
    Thinking,
    Text,
    /// Ended, but the sources that follow still belong to it.
    Ended,
    Call(String),
    Picture(String, String),
    /// Nothing this protocol tells.
    Silent,
}

impl Events {
    pub(super) fn new(told: Told) -> Self {
        let page = Page { told, begun: false, next: 0, open: Open::None, usage: None, finish: None };
        Self { steps: Steps::default(), page }
    }
}

impl Write for Events {
    fn event(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        match event {
            StreamEvent::Usage(usage) => self.page.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, raw } => self.page.finish = Some((*reason, raw.clone())),
            _ => self.steps.event(event, &mut |step| self.page.step(step, out)),
        }
    }

    fn end(&mut self, cost: Option<PicoUsd>, out: &mut Vec<u8>) {
        self.steps.end(&mut |step| self.page.step(step, out));
        self.page.end_text(out);
        self.page.begin(out);
        let (reason, stop) = stop_reason(self.page.finish.as_ref());
        let usage = write::messages_usage(self.page.usage.as_ref(), self.page.told.counted.as_ref(), cost);
        let delta = json!({ "type": "message_delta",
            "delta": { "stop_reason": reason, "stop_sequence": stop }, "usage": usage });
        event(&delta, out);
        event(&json!({ "type": "message_stop" }), out);
    }

    fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        event(&errors::messages_error(failure), out);
    }

    fn counted(&mut self, usage: &Usage) {
        self.page.told.counted = Some(usage.clone());
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        event(&json!({ "type": "ping" }), out);
    }
}

impl Page {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        // The protocol wants a number here; until the provider says one it is 0, and the end says what counts.
        let mut usage = write::messages_usage(self.usage.as_ref(), None, None);
        for key in ["input_tokens", "output_tokens"] {
            if usage.get(key).is_none_or(Value::is_null) {
                usage.insert(key.into(), 0.into());
            }
        }
        let mut message = message(&self.told, Vec::new());
        message.insert("stop_reason".into(), Value::Null);
        message.insert("stop_sequence".into(), Value::Null);
        message.insert("usage".into(), usage.into());
        event(&json!({ "type": "message_start", "message": message }), out);
    }

    fn step(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Open(BlockKind::Citation { url, title }) => {
                if matches!(self.open, Open::Ended) {
                    let citation = citation(url.as_deref(), title.as_deref());
                    self.delta(&json!({ "type": "citations_delta", "citation": citation }), out);
                }
            }
            Step::Open(kind) => {
                self.end_text(out);
                self.open(kind, out);
            }
            Step::Delta(text) => self.more(text, out),
            Step::Close(signature) => self.close(signature, out),
            Step::Late { call, signature } => {
                self.end_text(out);
                self.redacted(Some(call.unwrap_or(seal::EARLIER)), signature, out);
            }
        }
    }

    fn open(&mut self, kind: &BlockKind, out: &mut Vec<u8>) {
        self.open = match kind {
            BlockKind::Text | BlockKind::Refusal => {
                self.start(&json!({ "type": "text", "text": "" }), out);
                Open::Text
            }
            BlockKind::Reasoning => Open::Thought,
            BlockKind::ToolCall { id, name } => {
                self.start(&json!({ "type": "tool_use", "id": id, "name": name, "input": {} }), out);
                Open::Call(id.clone())
            }
            BlockKind::Image { media_type } => Open::Picture(media_type.clone(), String::new()),
            BlockKind::ServerTool { .. } | BlockKind::Citation { .. } | BlockKind::Seam(_) => Open::Silent,
        };
    }

    fn more(&mut self, text: &str, out: &mut Vec<u8>) {
        if matches!(self.open, Open::Thought) && !self.told.hide_reasoning {
            self.start(&json!({ "type": "thinking", "thinking": "", "signature": "" }), out);
            self.open = Open::Thinking;
        }
        let (sort, field) = match &mut self.open {
            Open::Text => ("text_delta", "text"),
            Open::Thinking => ("thinking_delta", "thinking"),
            Open::Call(_) => ("input_json_delta", "partial_json"),
            Open::Picture(_, base64) => {
                base64.push_str(text);
                return;
            }
            Open::None | Open::Thought | Open::Ended | Open::Silent => return,
        };
        let mut data = String::with_capacity(text.len() + 96);
        data.push_str(&format!(
            "{{\"type\":\"content_block_delta\",\"index\":{}",
            self.next.saturating_sub(1)
        ));
        data.push_str(&format!(",\"delta\":{{\"type\":\"{sort}\",\"{field}\":"));
        write::text(text, &mut data);
        data.push_str("}}");
        write::sse(Some("content_block_delta"), &data, out);
    }

    fn close(&mut self, signature: Option<&str>, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::None) {
            Open::Text | Open::Ended => self.open = Open::Ended,
            Open::Thinking => {
                // Marked even without a proof, so that it is never sent to a provider as its own.
                let proof = seal::seal(&self.told.issuer, None, signature);
                self.delta(&json!({ "type": "signature_delta", "signature": proof }), out);
                self.stop(out);
            }
            Open::Thought => {
                if let Some(signature) = signature {
                    self.redacted(None, signature, out);
                }
            }
            Open::Call(id) => {
                self.stop(out);
                if let Some(signature) = signature {
                    self.redacted(Some(&id), signature, out);
                }
            }
            Open::Picture(media_type, base64) => {
                self.start(&json!({ "type": "text", "text": "" }), out);
                let text = write::picture(&media_type, &base64);
                self.delta(&json!({ "type": "text_delta", "text": text }), out);
                self.stop(out);
            }
            Open::None | Open::Silent => {}
        }
    }

    fn end_text(&mut self, out: &mut Vec<u8>) {
        if matches!(self.open, Open::Ended) {
            self.open = Open::None;
            self.stop(out);
        }
    }

    fn redacted(&mut self, call: Option<&str>, signature: &str, out: &mut Vec<u8>) {
        let data = seal::seal(&self.told.issuer, call, Some(signature));
        self.start(&json!({ "type": "redacted_thinking", "data": data }), out);
        self.stop(out);
    }

    fn start(&mut self, block: &Value, out: &mut Vec<u8>) {
        self.begin(out);
        let index = self.next;
        self.next += 1;
        event(&json!({ "type": "content_block_start", "index": index, "content_block": block }), out);
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<u8>) {
        let index = self.next.saturating_sub(1);
        event(&json!({ "type": "content_block_delta", "index": index, "delta": delta }), out);
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        event(&json!({ "type": "content_block_stop", "index": self.next.saturating_sub(1) }), out);
    }
}

/// Writes an event under its own type's name.
fn event(value: &Value, out: &mut Vec<u8>) {
    write::sse(value["type"].as_str(), &value.to_string(), out);
}

fn message(told: &Told, content: Vec<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("id".into(), format!("msg_{}", told.id).into());
    all.insert("type".into(), "message".into());
    all.insert("role".into(), "assistant".into());
    all.insert("model".into(), told.model.as_str().into());
    all.insert("content".into(), content.into());
    write::put(&mut all, "provider", told.provider.as_deref());
    write::warn(&mut all, told);
    all
}

fn citation(url: Option<&str>, title: Option<&str>) -> Value {
    json!({ "type": "web_search_result_location", "url": url.unwrap_or_default(), "title": title,
        "cited_text": "", "encrypted_index": "" })
}

/// The protocol's word, and the sequence that ended the answer where the word is about one.
fn stop_reason(finish: Option<&(FinishReason, Option<String>)>) -> (&'static str, Option<&str>) {
    let word = match finish {
        Some((FinishReason::Stop, Some(raw))) if raw == "stop_sequence" => "stop_sequence",
        Some((FinishReason::Stop, _) | (FinishReason::Other, None)) => "end_turn",
        Some((FinishReason::ToolCalls, _)) => "tool_use",
        Some((FinishReason::ContentFilter, _)) => "refusal",
        Some((FinishReason::Pause, _)) => "pause_turn",
        // Whatever else it was, the answer is not whole.
        _ => "max_tokens",
    };
    (word, None)
}

/// The answer as one document.
pub(super) fn whole(told: &Told, folded: &Folded, cost: Option<PicoUsd>) -> Value {
    let mut content: Vec<Value> = Vec::new();
    let redacted = |call: Option<&str>, signature: &str| json!({ "type": "redacted_thinking", "data": seal::seal(&told.issuer, call, Some(signature)) });
    for block in &folded.blocks {
        let proof = block.signature.as_deref();
        match &block.kind {
            BlockKind::Text | BlockKind::Refusal => {
                if !block.text.is_empty() {
                    content.push(json!({ "type": "text", "text": block.text }));
                }
            }
            BlockKind::Reasoning if block.text.is_empty() || told.hide_reasoning => {
                content.extend(proof.map(|proof| redacted(None, proof)));
            }
            BlockKind::Reasoning => content.push(json!({ "type": "thinking", "thinking": block.text,
                "signature": seal::seal(&told.issuer, None, proof) })),
            BlockKind::ToolCall { id, name } => {
                let input = write::arguments(&block.text);
                content.push(json!({ "type": "tool_use", "id": id, "name": name, "input": input }));
                content.extend(proof.map(|proof| redacted(Some(id), proof)));
            }
            BlockKind::Image { media_type } => {
                content.push(json!({ "type": "text", "text": write::picture(media_type, &block.text) }));
            }
            BlockKind::Citation { url, title } => {
                let text = content.iter_mut().rev().find(|block| block["type"] == "text");
                if let Some(text) = text {
                    let note = citation(url.as_deref(), title.as_deref());
                    match text["citations"].as_array_mut() {
                        Some(notes) => notes.push(note),
                        None => text["citations"] = json!([note]),
                    }
                }
            }
            BlockKind::ServerTool { .. } | BlockKind::Seam(_) => {}
        }
    }
    content.extend(folded.late.iter().map(|late| redacted(late.call.as_deref(), &late.signature)));
    let (reason, stop) = stop_reason(folded.finish.as_ref());
    let mut all = message(told, content);
    all.insert("stop_reason".into(), reason.into());
    all.insert("stop_sequence".into(), stop.into());
    all.insert(
        "usage".into(),
        write::messages_usage(folded.usage.as_ref(), told.counted.as_ref(), cost).into(),
    );
    all.into()
}
