//! Answers in the words of Chat Completions, with OpenRouter's fields for reasoning and pictures.

use super::{Told, Write, errors, fold::Folded, seal, write};
use domain::{BlockKind, Failure, FinishReason, PicoUsd, StreamEvent, Usage};
use serde_json::{Map, Value, json};

/// Between two pieces of reasoning that are told as one text.
const APART: &str = "\n\n";

/// A block while it is open.
struct Open {
    block: u32,
    kind: BlockKind,
    /// Number among the tool calls, or among the blocks of reasoning.
    number: usize,
    /// What is told only when it is whole: a picture.
    text: String,
    spoke: bool,
}

/// One stream of chunks.
pub(super) struct Chunks {
    told: Told,
    /// What every chunk begins with, up to the delta.
    head: String,
    begun: bool,
    calls: usize,
    thoughts: usize,
    /// Some reasoning was told.
    thought: bool,
    /// Names of the calls that are not told: the older form has room for one.
    unsaid: Vec<String>,
    open: Vec<Open>,
    usage: Option<Usage>,
    finish: Option<(FinishReason, Option<String>)>,
}

impl Chunks {
    pub(super) fn new(told: Told) -> Self {
        let mut head = Value::from(envelope(&told, "chat.completion.chunk")).to_string();
        head.pop();
        Self {
            told,
            head,
            begun: false,
            calls: 0,
            thoughts: 0,
            thought: false,
            unsaid: Vec::new(),
            open: Vec::new(),
            usage: None,
            finish: None,
        }
    }

    /// A chunk whose delta holds these fields, written as `"name":value` pairs.
    fn delta(&mut self, fields: &str, out: &mut Vec<u8>) {
        let mut chunk = String::with_capacity(self.head.len() + fields.len() + 96);
        chunk.push_str(&self.head);
        if !self.begun && !self.told.warnings.is_empty() {
            chunk.push_str(&format!(",\"warnings\":{}", Value::from(self.told.warnings.as_slice())));
        }
        chunk.push_str(",\"choices\":[{\"index\":0,\"delta\":{");
        if !self.begun {
            self.begun = true;
            chunk.push_str("\"role\":\"assistant\"");
            // Clients read a first chunk's content without looking whether it is there.
            if !fields.contains("\"content\":") {
                chunk.push_str(",\"content\":\"\"");
            }
            chunk.push(',');
        }
        chunk.push_str(fields);
        if chunk.ends_with(',') {
            chunk.pop();
        }
        chunk.push_str("},\"finish_reason\":null}]}");
        write::sse(None, &chunk, out);
    }

    fn opened(&mut self, block: u32, kind: &BlockKind, out: &mut Vec<u8>) {
        let mut number = 0;
        match kind {
            BlockKind::ToolCall { name, .. } if self.told.old_calls && self.calls > 0 => {
                self.unsaid.push(name.clone());
                return;
            }
            BlockKind::ToolCall { id, name } => {
                number = self.calls;
                self.calls += 1;
                if self.told.old_calls {
                    let call = json!({ "name": name, "arguments": "" });
                    self.delta(&format!("\"function_call\":{call}"), out);
                } else {
                    let call = json!([{ "index": number, "id": id, "type": "function",
                        "function": { "name": name, "arguments": "" } }]);
                    self.delta(&format!("\"tool_calls\":{call}"), out);
                }
            }
            BlockKind::Reasoning => {
                number = self.thoughts;
                self.thoughts += 1;
            }
            BlockKind::Citation { url, title } => {
                let note = annotation(url.as_deref(), title.as_deref());
                self.delta(&format!("\"annotations\":[{note}]"), out);
            }
            _ => {}
        }
        self.open.push(Open { block, kind: kind.clone(), number, text: String::new(), spoke: false });
    }

    fn more(&mut self, block: u32, text: &str, out: &mut Vec<u8>) {
        let Some(open) = self.open.iter_mut().find(|open| open.block == block) else { return };
        let first = !std::mem::replace(&mut open.spoke, true);
        let number = open.number;
        let mut fields = String::with_capacity(text.len() + 64);
        match &open.kind {
            BlockKind::Text => {
                fields.push_str("\"content\":");
                write::text(text, &mut fields);
            }
            BlockKind::Refusal => {
                fields.push_str("\"refusal\":");
                write::text(text, &mut fields);
            }
            BlockKind::Reasoning if self.told.hide_reasoning => return,
            BlockKind::Reasoning => {
                fields.push_str("\"reasoning\":");
                // The field is one text, whatever the details beside it are parts of.
                if std::mem::replace(&mut self.thought, true) && first {
                    write::text(&format!("{APART}{text}"), &mut fields);
                } else {
                    write::text(text, &mut fields);
                }
                fields.push_str(",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":");
                write::text(text, &mut fields);
                fields.push_str(&format!(",\"format\":\"unknown\",\"index\":{number}}}]"));
            }
            BlockKind::ToolCall { .. } if self.told.old_calls => {
                fields.push_str("\"function_call\":{\"arguments\":");
                write::text(text, &mut fields);
                fields.push('}');
            }
            BlockKind::ToolCall { .. } => {
                let call = format!("\"tool_calls\":[{{\"index\":{number},\"function\":{{\"arguments\":");
                fields.push_str(&call);
                write::text(text, &mut fields);
                fields.push_str("}}]");
            }
            BlockKind::Image { .. } => {
                open.text.push_str(text);
                return;
            }
            BlockKind::ServerTool { .. } | BlockKind::Citation { .. } | BlockKind::Seam(_) => return,
        }
        self.delta(&fields, out);
    }

    fn closed(&mut self, block: u32, signature: Option<&str>, out: &mut Vec<u8>) {
        let Some(place) = self.open.iter().position(|open| open.block == block) else { return };
        let open = self.open.remove(place);
        match &open.kind {
            BlockKind::Image { media_type } => {
                self.delta(&format!("\"images\":[{}]", image(media_type, &open.text, 0)), out);
            }
            BlockKind::Reasoning if open.spoke && !self.told.hide_reasoning => {
                let proof = seal::seal(&self.told.issuer, None, signature);
                let detail = json!({ "type": "reasoning.text", "signature": proof, "format": "unknown",
                    "index": open.number });
                self.delta(&format!("\"reasoning_details\":[{detail}]"), out);
            }
            BlockKind::Reasoning | BlockKind::ToolCall { .. } => {
                let call = match &open.kind {
                    BlockKind::ToolCall { id, .. } => Some(id.as_str()),
                    _ => None,
                };
                if signature.is_some() {
                    let number = if call.is_some() { self.thoughts } else { open.number };
                    self.thoughts += usize::from(call.is_some());
                    let detail = encrypted(&self.told, call, signature, number);
                    self.delta(&format!("\"reasoning_details\":[{detail}]"), out);
                }
            }
            _ => {}
        }
    }
}

impl Write for Chunks {
    fn event(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        match event {
            StreamEvent::BlockOpen { block, kind } => self.opened(*block, kind, out),
            StreamEvent::BlockDelta { block, text } => self.more(*block, text, out),
            StreamEvent::BlockClose { block, signature } => self.closed(*block, signature.as_deref(), out),
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, raw } => self.finish = Some((*reason, raw.clone())),
            StreamEvent::Started { .. } | StreamEvent::Notice { .. } | StreamEvent::Unknown { .. } => {}
        }
    }

    fn end(&mut self, cost: Option<PicoUsd>, out: &mut Vec<u8>) {
        let open: Vec<u32> = self.open.iter().map(|open| open.block).collect();
        open.into_iter().for_each(|block| self.closed(block, None, out));
        if !self.begun {
            self.delta("", out);
        }
        let reason = reason(&self.told, self.finish.as_ref());
        let native = self.finish.as_ref().and_then(|(_, raw)| raw.clone());
        let mut chunk = envelope(&self.told, "chat.completion.chunk");
        chunk.insert(
            "choices".into(),
            json!([{ "index": 0, "delta": {}, "finish_reason": reason, "native_finish_reason": native }]),
        );
        write::put(&mut chunk, "warnings", unsaid(&self.unsaid).map(|words| vec![words]));
        let tier = self.usage.as_ref().and_then(|usage| usage.service_tier.clone());
        write::put(&mut chunk, "service_tier", tier);
        write::sse(None, &Value::from(chunk).to_string(), out);
        if self.told.include_usage
            && let Some(usage) = write::chat_usage(self.usage.as_ref(), self.told.counted.as_ref(), cost)
        {
            let mut chunk = envelope(&self.told, "chat.completion.chunk");
            chunk.insert("choices".into(), json!([]));
            chunk.insert("usage".into(), usage);
            write::sse(None, &Value::from(chunk).to_string(), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn counted(&mut self, usage: &Usage) {
        self.told.counted = Some(usage.clone());
    }

    fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let mut chunk = envelope(&self.told, "chat.completion.chunk");
        let error = match self.told.openrouter {
            true => errors::openrouter(failure, errors::status_of(failure)),
            false => errors::chat_error(failure),
        };
        chunk.insert("error".into(), error);
        chunk.insert(
            "choices".into(),
            json!([{ "index": 0, "delta": { "content": "" }, "finish_reason": "error" }]),
        );
        write::sse(None, &Value::from(chunk).to_string(), out);
    }
}

fn envelope(told: &Told, object: &str) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("id".into(), told.id.as_str().into());
    all.insert("object".into(), object.into());
    all.insert("created".into(), told.created.into());
    all.insert("model".into(), told.model.as_str().into());
    write::put(&mut all, "provider", told.provider.as_deref());
    all
}

/// Why it ended; a call has another word where the client knows only `functions`.
fn reason(told: &Told, finish: Option<&(FinishReason, Option<String>)>) -> &'static str {
    match write::chat_reason(finish) {
        "tool_calls" if told.old_calls => "function_call",
        reason => reason,
    }
}

/// Told of calls beyond the one that the older form has room for. They were asked for none, and the model may make
/// them again when it is given the result of the first.
fn unsaid(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("function_call: the model called several functions, and an answer to `functions` holds one. Left out: {names}.")
    })
}

fn annotation(url: Option<&str>, title: Option<&str>) -> Value {
    json!({ "type": "url_citation", "url_citation": {
        "url": url.unwrap_or_default(), "title": title.unwrap_or_default(), "start_index": 0, "end_index": 0,
    }})
}

fn image(media_type: &str, base64: &str, index: usize) -> Value {
    let url = write::data_url(media_type, base64);
    json!({ "type": "image_url", "image_url": { "url": url }, "index": index })
}

fn encrypted(told: &Told, call: Option<&str>, signature: Option<&str>, index: usize) -> Value {
    let data = seal::seal(&told.issuer, call, signature);
    let mut detail =
        json!({ "type": "reasoning.encrypted", "data": data, "format": "unknown", "index": index });
    if let Some(call) = call {
        detail["id"] = call.into();
    }
    detail
}

/// The answer as one document.
pub(super) fn whole(told: &Told, folded: &Folded, cost: Option<PicoUsd>) -> Value {
    let (mut text, mut thought, mut refusal) = (String::new(), String::new(), String::new());
    let (mut calls, mut details, mut images, mut notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut left_out = Vec::new();
    for block in &folded.blocks {
        let proof = block.signature.as_deref();
        match &block.kind {
            BlockKind::Text => text.push_str(&block.text),
            BlockKind::Refusal => refusal.push_str(&block.text),
            BlockKind::Reasoning if block.text.is_empty() || told.hide_reasoning => {
                if proof.is_some() {
                    details.push(encrypted(told, None, proof, details.len()));
                }
            }
            BlockKind::Reasoning => {
                if !thought.is_empty() {
                    thought.push_str(APART);
                }
                thought.push_str(&block.text);
                let signature = seal::seal(&told.issuer, None, proof);
                details.push(json!({ "type": "reasoning.text", "text": block.text, "signature": signature,
                    "format": "unknown", "index": details.len() }));
            }
            BlockKind::ToolCall { name, .. } if told.old_calls && !calls.is_empty() => {
                left_out.push(name.clone());
            }
            BlockKind::ToolCall { id, name } => {
                calls.push(json!({ "id": id, "type": "function",
                    "function": { "name": name, "arguments": block.text } }));
                if proof.is_some() {
                    details.push(encrypted(told, Some(id), proof, details.len()));
                }
            }
            BlockKind::Image { media_type } => images.push(image(media_type, &block.text, images.len())),
            BlockKind::Citation { url, title } => notes.push(annotation(url.as_deref(), title.as_deref())),
            BlockKind::ServerTool { .. } | BlockKind::Seam(_) => {}
        }
    }
    for late in &folded.late {
        details.push(encrypted(told, late.call.as_deref(), Some(&late.signature), details.len()));
    }
    let some = |text: String| (!text.is_empty()).then_some(text);
    let list = |items: Vec<Value>| (!items.is_empty()).then_some(items);
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    let alone = calls.is_empty() && refusal.is_empty();
    message.insert("content".into(), some(text).or(alone.then(String::new)).into());
    message.insert("refusal".into(), some(refusal).into());
    write::put(&mut message, "reasoning", some(thought));
    write::put(&mut message, "reasoning_details", list(details));
    if told.old_calls && !calls.is_empty() {
        message.insert("function_call".into(), calls.remove(0)["function"].take());
    }
    write::put(&mut message, "tool_calls", list(calls));
    write::put(&mut message, "images", list(images));
    write::put(&mut message, "annotations", list(notes));
    let mut all = envelope(told, "chat.completion");
    let warnings: Vec<String> = told.warnings.iter().cloned().chain(unsaid(&left_out)).collect();
    write::put(&mut all, "warnings", (!warnings.is_empty()).then_some(warnings));
    all.insert("system_fingerprint".into(), Value::Null);
    let native = folded.finish.as_ref().and_then(|(_, raw)| raw.clone());
    all.insert(
        "choices".into(),
        json!([{ "index": 0, "message": message, "logprobs": null,
            "finish_reason": reason(told, folded.finish.as_ref()), "native_finish_reason": native }]),
    );
    let usage = write::chat_usage(folded.usage.as_ref(), told.counted.as_ref(), cost);
    write::put(&mut all, "usage", usage);
    let tier = folded.usage.as_ref().and_then(|usage| usage.service_tier.clone());
    write::put(&mut all, "service_tier", tier);
    all.into()
}
