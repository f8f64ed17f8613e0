//! Answers in the words of the Responses API.

use super::{
    Told, Write, errors,
    fold::{Block, Folded},
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
    sequence: u64,
    /// Items that are done.
    output: Vec<Value>,
    open: Option<Block>,
    /// The open item was told: reasoning and pictures may turn out to have nothing to tell.
    added: bool,
    /// A message's block ended, but the sources that follow still belong to it.
    ended: bool,
    notes: Vec<Value>,
    usage: Option<Usage>,
    finish: Option<(FinishReason, Option<String>)>,
}

impl Events {
    pub(super) fn new(told: Told) -> Self {
        let page = Page {
            told,
            begun: false,
            sequence: 0,
            output: Vec::new(),
            open: None,
            added: false,
            ended: false,
            notes: Vec::new(),
            usage: None,
            finish: None,
        };
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
        self.page.end_message(out);
        self.page.begin(out);
        let page = &mut self.page;
        let output = std::mem::take(&mut page.output);
        let (status, why) = status(page.finish.as_ref());
        let mut response = response(&page.told, status, output);
        if let Some(why) = why {
            response.insert("incomplete_details".into(), json!({ "reason": why }));
        }
        let usage = write::responses_usage(page.usage.as_ref(), page.told.counted.as_ref(), cost);
        response.insert("usage".into(), usage);
        page.send(&format!("response.{status}"), json!({ "response": response }), out);
    }

    fn counted(&mut self, usage: &Usage) {
        self.page.told.counted = Some(usage.clone());
    }

    fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let page = &mut self.page;
        let output = std::mem::take(&mut page.output);
        let mut response = response(&page.told, "failed", output);
        response.insert("error".into(), errors::responses_error(failure));
        page.send("response.failed", json!({ "response": response }), out);
    }
}

impl Page {
    /// Sends an event: its type and number before what it holds.
    fn send(&mut self, name: &str, fields: Value, out: &mut Vec<u8>) {
        let mut all = Map::new();
        all.insert("type".into(), name.into());
        all.insert("sequence_number".into(), self.sequence.into());
        self.sequence += 1;
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        write::sse(Some(name), &Value::from(all).to_string(), out);
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            for name in ["response.created", "response.in_progress"] {
                let response = response(&self.told, "in_progress", Vec::new());
                self.send(name, json!({ "response": response }), out);
            }
        }
    }

    fn index(&self) -> usize {
        self.output.len()
    }

    fn step(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Open(BlockKind::Citation { url, title }) => {
                if self.ended {
                    self.cite(annotation(url.as_deref(), title.as_deref()), out);
                }
            }
            Step::Open(kind) => {
                self.end_message(out);
                self.added = false;
                self.open = Some(Block { kind: kind.clone(), text: String::new(), signature: None });
                if matches!(kind, BlockKind::Text | BlockKind::Refusal | BlockKind::ToolCall { .. }) {
                    self.add(out);
                }
            }
            Step::Delta(text) => self.more(text, out),
            Step::Close(signature) => {
                if self.ended {
                    return;
                }
                match &mut self.open {
                    Some(Block { kind: BlockKind::Text | BlockKind::Refusal, .. }) => self.ended = true,
                    Some(open) => {
                        open.signature = signature.map(str::to_owned);
                        self.close(out);
                    }
                    None => {}
                }
            }
            Step::Late { call, signature } => {
                self.end_message(out);
                self.proof(Some(call.unwrap_or(seal::EARLIER)), signature, out);
            }
        }
    }

    /// Tells that the open item begins.
    fn add(&mut self, out: &mut Vec<u8>) {
        let Some(open) = &self.open else { return };
        self.added = true;
        let index = self.index();
        let item = item(open, index, "in_progress", &self.told, &[]);
        let part = match &open.kind {
            BlockKind::Text => Some((
                "response.content_part.added",
                json!({ "part": { "type": "output_text", "text": "", "annotations": [] }, "content_index": 0 }),
            )),
            BlockKind::Refusal => Some((
                "response.content_part.added",
                json!({ "part": { "type": "refusal", "refusal": "" }, "content_index": 0 }),
            )),
            BlockKind::Reasoning => Some((
                "response.reasoning_summary_part.added",
                json!({ "part": { "type": "summary_text", "text": "" }, "summary_index": 0 }),
            )),
            _ => None,
        };
        let id = item["id"].clone();
        self.begin(out);
        let mut begun = item;
        // Words come in deltas only.
        if let Some(content) = begun.get_mut("content") {
            *content = json!([]);
        }
        self.send("response.output_item.added", json!({ "output_index": index, "item": begun }), out);
        if let Some((name, mut fields)) = part {
            fields["item_id"] = id;
            fields["output_index"] = index.into();
            self.send(name, fields, out);
        }
    }

    fn more(&mut self, text: &str, out: &mut Vec<u8>) {
        let hidden = self.told.hide_reasoning;
        let Some(open) = &mut self.open else { return };
        let (name, place) = match &open.kind {
            BlockKind::Text => ("response.output_text.delta", ",\"content_index\":0"),
            BlockKind::Refusal => ("response.refusal.delta", ",\"content_index\":0"),
            BlockKind::Reasoning if hidden => return,
            BlockKind::Reasoning => ("response.reasoning_summary_text.delta", ",\"summary_index\":0"),
            BlockKind::ToolCall { .. } => ("response.function_call_arguments.delta", ""),
            BlockKind::Image { .. } => {
                open.text.push_str(text);
                return;
            }
            BlockKind::ServerTool { .. } | BlockKind::Citation { .. } | BlockKind::Seam(_) => return,
        };
        if !self.added {
            self.add(out);
        }
        let Some(open) = &mut self.open else { return };
        open.text.push_str(text);
        let logprobs = if matches!(open.kind, BlockKind::Text) { ",\"logprobs\":[]" } else { "" };
        let id = item_id(&open.kind, self.output.len(), &self.told);
        let mut data = String::with_capacity(text.len() + 192);
        data.push_str(&format!("{{\"type\":\"{name}\",\"sequence_number\":{}", self.sequence));
        data.push_str(",\"item_id\":");
        write::text(&id, &mut data);
        data.push_str(&format!(",\"output_index\":{}{place}{logprobs},\"delta\":", self.output.len()));
        write::text(text, &mut data);
        data.push('}');
        self.sequence += 1;
        write::sse(Some(name), &data, out);
    }

    fn cite(&mut self, note: Value, out: &mut Vec<u8>) {
        let Some(open) = &self.open else { return };
        let id = item_id(&open.kind, self.index(), &self.told);
        let fields = json!({ "item_id": id, "output_index": self.index(), "content_index": 0,
            "annotation_index": self.notes.len(), "annotation": note });
        self.notes.push(note);
        self.send("response.output_text.annotation.added", fields, out);
    }

    fn end_message(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.ended) {
            self.close(out);
        }
    }

    /// Says the open item once more, whole, and that it is done.
    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        let notes = std::mem::take(&mut self.notes);
        let index = self.index();
        let told = match &open.kind {
            BlockKind::Reasoning => self.added || open.signature.is_some(),
            BlockKind::Image { .. } => true,
            BlockKind::ServerTool { .. } | BlockKind::Citation { .. } | BlockKind::Seam(_) => false,
            BlockKind::Text | BlockKind::Refusal | BlockKind::ToolCall { .. } => true,
        };
        if !told {
            return;
        }
        let done = item(&open, index, "completed", &self.told, &notes);
        if !self.added {
            self.begin(out);
            self.send("response.output_item.added", json!({ "output_index": index, "item": done }), out);
        } else {
            self.finish_part(&open, &done, index, out);
        }
        self.send("response.output_item.done", json!({ "output_index": index, "item": done }), out);
        self.output.push(done);
        if let (BlockKind::ToolCall { id, .. }, Some(signature)) = (&open.kind, &open.signature) {
            self.proof(Some(id), signature, out);
        }
    }

    fn finish_part(&mut self, open: &Block, done: &Value, index: usize, out: &mut Vec<u8>) {
        let at = |mut fields: Value| {
            fields["item_id"] = done["id"].clone();
            fields["output_index"] = index.into();
            fields
        };
        let text = open.text.as_str();
        match &open.kind {
            BlockKind::Text => {
                let words = json!({ "content_index": 0, "text": text, "logprobs": [] });
                self.send("response.output_text.done", at(words), out);
                let part = json!({ "content_index": 0, "part": done["content"][0] });
                self.send("response.content_part.done", at(part), out);
            }
            BlockKind::Refusal => {
                self.send("response.refusal.done", at(json!({ "content_index": 0, "refusal": text })), out);
                let part = json!({ "content_index": 0, "part": done["content"][0] });
                self.send("response.content_part.done", at(part), out);
            }
            BlockKind::Reasoning => {
                let words = json!({ "summary_index": 0, "text": text });
                self.send("response.reasoning_summary_text.done", at(words), out);
                let part = json!({ "summary_index": 0, "part": { "type": "summary_text", "text": text } });
                self.send("response.reasoning_summary_part.done", at(part), out);
            }
            BlockKind::ToolCall { name, .. } => {
                let words = json!({ "arguments": text, "name": name });
                self.send("response.function_call_arguments.done", at(words), out);
            }
            _ => {}
        }
    }

    /// An item with nothing but a proof.
    fn proof(&mut self, call: Option<&str>, signature: &str, out: &mut Vec<u8>) {
        self.begin(out);
        let index = self.index();
        let item = proof(call, signature, index, &self.told);
        self.send("response.output_item.added", json!({ "output_index": index, "item": item }), out);
        self.send("response.output_item.done", json!({ "output_index": index, "item": item }), out);
        self.output.push(item);
    }
}

fn item_id(kind: &BlockKind, index: usize, told: &Told) -> String {
    let sort = match kind {
        BlockKind::Reasoning => "rs",
        BlockKind::ToolCall { .. } => "fc",
        BlockKind::Image { .. } => "ig",
        _ => "msg",
    };
    format!("{sort}_{}_{index}", told.id)
}

fn annotation(url: Option<&str>, title: Option<&str>) -> Value {
    json!({ "type": "url_citation", "url": url.unwrap_or_default(), "title": title.unwrap_or_default(),
        "start_index": 0, "end_index": 0 })
}

/// An item of the output.
fn item(block: &Block, index: usize, status: &str, told: &Told, notes: &[Value]) -> Value {
    let id = item_id(&block.kind, index, told);
    match &block.kind {
        BlockKind::Reasoning => {
            let said = !block.text.is_empty() && !told.hide_reasoning;
            let summary =
                if said { json!([{ "type": "summary_text", "text": block.text }]) } else { json!([]) };
            let mut item = json!({ "type": "reasoning", "id": id, "summary": summary });
            if status == "completed" {
                // Marked even without a proof, so that it is never sent to a provider as its own.
                item["encrypted_content"] = seal::seal(&told.issuer, None, block.signature.as_deref()).into();
            }
            item
        }
        BlockKind::ToolCall { id: call, name } => json!({ "type": "function_call", "id": id, "call_id": call,
            "name": name, "arguments": block.text, "status": status }),
        BlockKind::Image { media_type } => {
            let format = media_type.strip_prefix("image/").unwrap_or("png");
            json!({ "type": "image_generation_call", "id": id, "status": status, "result": block.text,
                "output_format": format })
        }
        BlockKind::Refusal => json!({ "type": "message", "id": id, "role": "assistant", "status": status,
            "content": [{ "type": "refusal", "refusal": block.text }] }),
        _ => json!({ "type": "message", "id": id, "role": "assistant", "status": status,
            "content": [{ "type": "output_text", "text": block.text, "annotations": notes, "logprobs": [] }] }),
    }
}

fn proof(call: Option<&str>, signature: &str, index: usize, told: &Told) -> Value {
    json!({ "type": "reasoning", "id": item_id(&BlockKind::Reasoning, index, told), "summary": [],
        "encrypted_content": seal::seal(&told.issuer, call, Some(signature)) })
}

/// What a client may read of every response, also where there is nothing to tell: OpenRouter's demands each.
fn response(told: &Told, status: &str, output: Vec<Value>) -> Map<String, Value> {
    let fields = json!({
        "id": format!("resp_{}", told.id), "object": "response", "created_at": told.created, "status": status,
        "completed_at": null, "frequency_penalty": null, "presence_penalty": null,
        "error": null, "incomplete_details": null, "instructions": null, "max_output_tokens": null,
        "model": told.model, "output": output, "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null }, "store": false, "temperature": null,
        "text": { "format": { "type": "text" } }, "tool_choice": "auto", "tools": [], "top_p": null,
        "truncation": "disabled", "usage": null, "user": null, "metadata": {},
    });
    let mut all = match fields {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    write::put(&mut all, "provider", told.provider.as_deref());
    write::warn(&mut all, told);
    all
}

/// The protocol's word, and why the answer is not whole where it is not.
fn status(finish: Option<&(FinishReason, Option<String>)>) -> (&'static str, Option<&str>) {
    match finish {
        Some((FinishReason::Stop | FinishReason::ToolCalls, _) | (FinishReason::Other, None)) => {
            ("completed", None)
        }
        Some((FinishReason::ContentFilter, _)) => ("incomplete", Some("content_filter")),
        _ => ("incomplete", Some("max_output_tokens")),
    }
}

/// The answer as one document.
pub(super) fn whole(told: &Told, folded: &Folded, cost: Option<PicoUsd>) -> Value {
    let mut output: Vec<Value> = Vec::new();
    for block in &folded.blocks {
        let index = output.len();
        match &block.kind {
            BlockKind::Reasoning if block.text.is_empty() && block.signature.is_none() => {}
            BlockKind::Reasoning if told.hide_reasoning && block.signature.is_none() => {}
            BlockKind::Citation { url, title } => {
                let message = output.iter_mut().rev().find(|item| item["type"] == "message");
                let notes = message.and_then(|item| item["content"][0]["annotations"].as_array_mut());
                if let Some(notes) = notes {
                    notes.push(annotation(url.as_deref(), title.as_deref()));
                }
            }
            BlockKind::ServerTool { .. } | BlockKind::Seam(_) => {}
            _ => output.push(item(block, index, "completed", told, &[])),
        }
        if let (BlockKind::ToolCall { id, .. }, Some(signature)) = (&block.kind, &block.signature) {
            output.push(proof(Some(id), signature, output.len(), told));
        }
    }
    for late in &folded.late {
        output.push(proof(late.call.as_deref(), &late.signature, output.len(), told));
    }
    let (status, why) = status(folded.finish.as_ref());
    let mut all = response(told, status, output);
    if let Some(why) = why {
        all.insert("incomplete_details".into(), json!({ "reason": why }));
    }
    let usage = write::responses_usage(folded.usage.as_ref(), told.counted.as_ref(), cost);
    all.insert("usage".into(), usage);
    all.into()
}
