//! Answers in the words of the Gemini API.

use super::{
    Told, Write, errors,
    fold::{Block, Folded},
    seal,
    steps::{Step, Steps},
    write,
};
use domain::{BlockKind, Failure, FinishReason, PicoUsd, StreamEvent, Usage};
use serde_json::{Map, Value, json};

/// One stream of chunks.
pub(super) struct Chunks {
    steps: Steps,
    page: Page,
}

/// What is written.
struct Page {
    told: Told,
    begun: bool,
    /// The open block; its words are kept only where a part must be whole.
    open: Option<Block>,
    spoke: bool,
    sources: Vec<Value>,
    usage: Option<Usage>,
    finish: Option<(FinishReason, Option<String>)>,
}

impl Chunks {
    pub(super) fn new(told: Told) -> Self {
        let page = Page {
            told,
            begun: false,
            open: None,
            spoke: false,
            sources: Vec::new(),
            usage: None,
            finish: None,
        };
        Self { steps: Steps::default(), page }
    }
}

impl Write for Chunks {
    fn event(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        match event {
            StreamEvent::Usage(usage) => self.page.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, raw } => self.page.finish = Some((*reason, raw.clone())),
            _ => self.steps.event(event, &mut |step| self.page.step(step, out)),
        }
    }

    fn end(&mut self, _cost: Option<PicoUsd>, out: &mut Vec<u8>) {
        self.steps.end(&mut |step| self.page.step(step, out));
        let page = &mut self.page;
        let mut candidate = Map::new();
        candidate.insert("content".into(), json!({ "role": "model", "parts": [] }));
        candidate.insert("finishReason".into(), reason(page.finish.as_ref()).into());
        candidate.insert("index".into(), 0.into());
        let sources = std::mem::take(&mut page.sources);
        grounding(&mut candidate, sources);
        let chunk = document(&page.told, candidate.into(), page.usage.as_ref());
        page.chunk(&chunk.to_string(), out);
        if page.told.array {
            out.extend_from_slice(b"]");
        }
    }

    fn failed(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let error = errors::gemini_error(failure).to_string();
        self.page.chunk(&error, out);
        if self.page.told.array {
            out.extend_from_slice(b"]");
        }
    }

    fn keep_alive(&self, out: &mut Vec<u8>) {
        // In an array white space means nothing, before it and between its items.
        out.extend_from_slice(if self.page.told.array { b"\n" } else { b": PROCESSING\n\n" });
    }
}

impl Page {
    /// A chunk, as an event or as the next item of the array.
    fn chunk(&mut self, json: &str, out: &mut Vec<u8>) {
        if self.told.array {
            out.push(if self.begun { b',' } else { b'[' });
            out.extend_from_slice(json.as_bytes());
            out.push(b'\n');
        } else {
            write::sse(None, json, out);
        }
        self.begun = true;
    }

    fn part(&mut self, part: &Value, out: &mut Vec<u8>) {
        let candidate = json!({ "content": { "role": "model", "parts": [part] }, "index": 0 });
        let chunk = document(&self.told, candidate, None);
        self.chunk(&chunk.to_string(), out);
    }

    fn step(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Open(BlockKind::Citation { url, title }) => {
                self.sources.push(source(url.as_deref(), title.as_deref()));
                self.open = None;
            }
            Step::Open(kind) => {
                self.spoke = false;
                self.open = Some(Block { kind: kind.clone(), text: String::new(), signature: None });
            }
            Step::Delta(text) => {
                let Some(open) = &mut self.open else { return };
                self.spoke = true;
                match open.kind {
                    BlockKind::Text | BlockKind::Refusal => self.part(&json!({ "text": text }), out),
                    BlockKind::Reasoning if self.told.hide_reasoning => {}
                    BlockKind::Reasoning => self.part(&json!({ "text": text, "thought": true }), out),
                    _ => open.text.push_str(text),
                }
            }
            Step::Close(signature) => {
                let Some(mut open) = self.open.take() else { return };
                open.signature = signature.map(str::to_owned);
                let told =
                    matches!(open.kind, BlockKind::Reasoning) && self.spoke && !self.told.hide_reasoning;
                if told {
                    let proof = seal::seal(&self.told.issuer, None, signature);
                    self.part(&json!({ "text": "", "thought": true, "thoughtSignature": proof }), out);
                } else if !matches!(open.kind, BlockKind::Text | BlockKind::Refusal)
                    && let Some(part) = part(&open, &self.told)
                {
                    self.part(&part, out);
                }
            }
            Step::Late { call, signature } => {
                let proof = seal::seal(&self.told.issuer, call, Some(signature));
                self.part(&json!({ "text": "", "thoughtSignature": proof }), out);
            }
        }
    }
}

/// A part that is whole; `None` where there is nothing to tell.
fn part(block: &Block, told: &Told) -> Option<Value> {
    let proof = block.signature.as_deref();
    let sealed = || seal::seal(&told.issuer, None, proof);
    Some(match &block.kind {
        BlockKind::Text | BlockKind::Refusal => json!({ "text": block.text }),
        BlockKind::Reasoning if block.text.is_empty() || told.hide_reasoning => {
            proof?;
            json!({ "text": "", "thoughtSignature": sealed() })
        }
        BlockKind::Reasoning => json!({ "text": block.text, "thought": true, "thoughtSignature": sealed() }),
        BlockKind::ToolCall { id, name } => {
            let call = json!({ "id": id, "name": name, "args": write::arguments(&block.text) });
            match proof {
                Some(_) => json!({ "functionCall": call, "thoughtSignature": sealed() }),
                None => json!({ "functionCall": call }),
            }
        }
        BlockKind::Image { media_type } => {
            json!({ "inlineData": { "mimeType": media_type, "data": block.text } })
        }
        BlockKind::ServerTool { .. } | BlockKind::Citation { .. } | BlockKind::Seam(_) => return None,
    })
}

fn source(url: Option<&str>, title: Option<&str>) -> Value {
    json!({ "web": { "uri": url.unwrap_or_default(), "title": title.unwrap_or_default() } })
}

fn grounding(candidate: &mut Map<String, Value>, sources: Vec<Value>) {
    if !sources.is_empty() {
        candidate.insert("groundingMetadata".into(), json!({ "groundingChunks": sources }));
    }
}

fn document(told: &Told, candidate: Value, usage: Option<&Usage>) -> Value {
    let mut all = Map::new();
    all.insert("candidates".into(), json!([candidate]));
    if let Some(usage) = usage.filter(|usage| !usage.is_silent()) {
        all.insert("usageMetadata".into(), write::gemini_usage(usage));
    }
    all.insert("modelVersion".into(), told.model.as_str().into());
    all.insert("responseId".into(), told.id.as_str().into());
    all.into()
}

fn reason(finish: Option<&(FinishReason, Option<String>)>) -> &'static str {
    match finish {
        Some((FinishReason::Stop | FinishReason::ToolCalls, _) | (FinishReason::Other, None)) => "STOP",
        Some((FinishReason::Length | FinishReason::Budget, _)) => "MAX_TOKENS",
        Some((FinishReason::ContentFilter, _)) => "SAFETY",
        _ => "OTHER",
    }
}

/// The answer as one document.
pub(super) fn whole(told: &Told, folded: &Folded) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    let mut sources = Vec::new();
    for block in &folded.blocks {
        match &block.kind {
            BlockKind::Citation { url, title } => sources.push(source(url.as_deref(), title.as_deref())),
            _ => parts.extend(part(block, told)),
        }
    }
    for late in &folded.late {
        let proof = seal::seal(&told.issuer, late.call.as_deref(), Some(&late.signature));
        parts.push(json!({ "text": "", "thoughtSignature": proof }));
    }
    let mut candidate = Map::new();
    candidate.insert("content".into(), json!({ "role": "model", "parts": parts }));
    candidate.insert("finishReason".into(), reason(folded.finish.as_ref()).into());
    candidate.insert("index".into(), 0.into());
    grounding(&mut candidate, sources);
    document(told, candidate.into(), folded.usage.as_ref())
}
