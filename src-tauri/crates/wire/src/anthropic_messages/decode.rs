//! Answers of the Messages API: a stream of events, or the message whole. Both give the same events.

use super::usage::usage;
use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::Json,
    replay::REDACTED,
    snapshot::Snapshot,
};
use domain::{BlockKind, FinishReason, StreamEvent};

/// More blocks open at once than this are no answer but an attack on memory.
const MAX_OPEN: usize = 1024;

#[derive(Default)]
pub(super) struct Messages {
    blocks: Blocks,
    open: Vec<Open>,
    /// Sources cited in a text; shown behind it, since blocks do not nest.
    cited: Vec<(Option<String>, Option<String>)>,
    usage: Snapshot,
    started: bool,
    stop: Option<String>,
    stopped: bool,
    failed: Option<domain::Failure>,
}

/// A content block between its start and its stop.
struct Open {
    /// The provider's index.
    index: u64,
    /// Ours; `None` for a block of a type this version does not know.
    block: Option<u32>,
    kind: Kind,
    signature: String,
    /// Input given whole at the start; deltas, if any come, replace it.
    input: String,
    wrote: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Tool,
    ServerTool,
    Unknown,
}

impl Protocol for Messages {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        if self.failed.is_some() || self.stopped {
            return;
        }
        let json = doc.json;
        // Gateways may name an event only in its SSE field.
        let name = json.text("type").unwrap_or(doc.name);
        match name {
            "message_start" => {
                if let Some(message) = json.get("message") {
                    self.start(message, out);
                }
            }
            "content_block_start" => {
                if let Some(content) = json.get("content_block") {
                    self.open(index(json), content, doc.bytes, out);
                }
            }
            "content_block_delta" => self.delta(json, doc.bytes, out),
            "content_block_stop" => self.close(index(json), out),
            "message_delta" => {
                if let Some(reason) = json.at("/delta/stop_reason").and_then(Json::str) {
                    self.stop = Some(reason.to_owned());
                }
                self.count(json.get("usage"), out);
            }
            "message_stop" => self.stopped = true,
            "ping" => {}
            "message" => self.whole(json, out),
            "error" => self.fail(json),
            _ if json.get("error").is_some() => self.fail(json),
            _ => out.push(StreamEvent::Unknown { name: cap(name, "event"), bytes: doc.bytes }),
        }
    }

    fn ended(&self) -> bool {
        self.stopped
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        while let Some(open) = self.open.first() {
            let index = open.index;
            self.close(index, out);
        }
        self.blocks.close_all(out);
        if let Some(failure) = self.failed.take() {
            out.push(StreamEvent::Finish { reason: FinishReason::Error, raw: None });
            return Ending::Failed(failure);
        }
        // Only `message_stop` closes an answer: one with a reason may still have been cut.
        if !self.stopped {
            return Ending::Truncated;
        }
        let raw = self.stop.take();
        let reason = raw.as_deref().map_or(FinishReason::Other, reason);
        out.push(StreamEvent::Finish { reason, raw });
        Ending::Complete
    }
}

impl Messages {
    /// Gateways send it twice; the second only brings newer counts.
    fn start(&mut self, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if !self.started {
            self.started = true;
            let text = |key| message.text(key).map(str::to_owned);
            out.push(StreamEvent::Started { response_id: text("id"), model: text("model") });
        }
        self.count(message.get("usage"), out);
    }

    fn whole(&mut self, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.start(message, out);
        for (index, content) in (0..).zip(message.list("content")) {
            let bytes = u32::try_from(content.to_text().len()).unwrap_or(u32::MAX);
            self.open(index, content, bytes, out);
            self.close(index, out);
        }
        self.stop = message.text("stop_reason").map(str::to_owned);
        self.stopped = true;
    }

    fn count(&mut self, said: Option<&Json<'_>>, out: &mut Vec<StreamEvent>) {
        if let Some(said) = said
            && self.usage.take(said, out)
        {
            out.push(StreamEvent::Usage(usage(&self.usage)));
        }
    }

    fn fail(&mut self, json: &Json<'_>) {
        self.failed = Some(failure::from_json(json));
    }

    fn open(&mut self, index: u64, content: &Json<'_>, bytes: u32, out: &mut Vec<StreamEvent>) {
        self.close(index, out);
        if self.open.len() >= MAX_OPEN {
            out.push(StreamEvent::Unknown { name: "content_block_start".into(), bytes });
            return;
        }
        let kind = content.text("type").unwrap_or_default();
        let name = || content.text("name").unwrap_or_default().to_owned();
        let (kind, block) = match kind {
            "text" => (Kind::Text, BlockKind::Text),
            "thinking" | "redacted_thinking" => (Kind::Thinking, BlockKind::Reasoning),
            "tool_use" => {
                let id = content.text("id").filter(|id| !id.is_empty());
                let id = id.map_or_else(|| format!("toolu_{}", self.blocks.count()), str::to_owned);
                (Kind::Tool, BlockKind::ToolCall { id, name: name() })
            }
            "server_tool_use" | "mcp_tool_use" => (Kind::ServerTool, BlockKind::ServerTool { name: name() }),
            other => match other.strip_suffix("_tool_result") {
                Some(tool) => (Kind::ServerTool, BlockKind::ServerTool { name: tool.to_owned() }),
                None => {
                    out.push(StreamEvent::Unknown { name: cap(other, "content block"), bytes });
                    self.open.push(Open::new(index, None, Kind::Unknown));
                    return;
                }
            },
        };
        let block = self.blocks.open(block, out);
        let mut open = Open::new(index, Some(block), kind);
        match kind {
            Kind::Text => {
                open.write(&self.blocks, content.text("text").unwrap_or_default(), out);
                content.list("citations").iter().for_each(|c| self.cite(c));
            }
            Kind::Thinking => {
                open.write(&self.blocks, content.text("thinking").unwrap_or_default(), out);
                open.signature = match content.text("data") {
                    Some(data) => format!("{REDACTED}{data}"),
                    None => content.text("signature").unwrap_or_default().to_owned(),
                };
            }
            Kind::Tool | Kind::ServerTool => open.input = input(content),
            Kind::Unknown => {}
        }
        self.open.push(open);
    }

    fn delta(&mut self, json: &Json<'_>, bytes: u32, out: &mut Vec<StreamEvent>) {
        let Some(delta) = json.get("delta") else { return };
        let index = index(json);
        let kind = delta.text("type").unwrap_or_default();
        if !self.open.iter().any(|open| open.index == index) {
            // A gateway left the start out.
            let kind = match kind {
                "text_delta" => Kind::Text,
                "thinking_delta" | "signature_delta" => Kind::Thinking,
                _ => Kind::Unknown,
            };
            let block = match kind {
                Kind::Text => Some(self.blocks.open(BlockKind::Text, out)),
                Kind::Thinking => Some(self.blocks.open(BlockKind::Reasoning, out)),
                Kind::Tool | Kind::ServerTool | Kind::Unknown => None,
            };
            if self.open.len() < MAX_OPEN {
                self.open.push(Open::new(index, block, kind));
            }
        }
        let Some(open) = self.open.iter_mut().find(|open| open.index == index) else { return };
        let text = |key| delta.text(key).unwrap_or_default();
        match (kind, open.kind) {
            ("text_delta", Kind::Text) => open.write(&self.blocks, text("text"), out),
            ("thinking_delta", Kind::Thinking) => open.write(&self.blocks, text("thinking"), out),
            ("signature_delta", Kind::Thinking) => open.signature.push_str(text("signature")),
            ("input_json_delta", Kind::Tool | Kind::ServerTool) => {
                open.write(&self.blocks, text("partial_json"), out);
            }
            ("citations_delta", Kind::Text) => {
                if let Some(citation) = delta.get("citation") {
                    self.cite(citation);
                }
            }
            _ => out.push(StreamEvent::Unknown { name: cap(kind, "delta"), bytes }),
        }
    }

    fn close(&mut self, index: u64, out: &mut Vec<StreamEvent>) {
        let Some(place) = self.open.iter().position(|open| open.index == index) else { return };
        let mut open = self.open.remove(place);
        let Some(block) = open.block else { return };
        if !open.wrote {
            let input = std::mem::take(&mut open.input);
            let input = if input.is_empty() && open.kind == Kind::Tool { "{}".to_owned() } else { input };
            open.write(&self.blocks, &input, out);
        }
        let signature = (!open.signature.is_empty()).then_some(open.signature);
        self.blocks.close(block, signature, out);
        if open.kind == Kind::Text {
            for (url, title) in std::mem::take(&mut self.cited) {
                self.blocks.whole(BlockKind::Citation { url, title }, "", out);
            }
        }
    }

    /// Keeps a source once for each text.
    fn cite(&mut self, citation: &Json<'_>) {
        let text = |key| citation.text(key).filter(|s| !s.is_empty()).map(str::to_owned);
        let source =
            (text("url"), text("title").or_else(|| text("document_title")).or_else(|| text("source")));
        if source != (None, None) && !self.cited.contains(&source) && self.cited.len() < MAX_OPEN {
            self.cited.push(source);
        }
    }
}

impl Open {
    fn new(index: u64, block: Option<u32>, kind: Kind) -> Self {
        Self { index, block, kind, signature: String::new(), input: String::new(), wrote: false }
    }

    fn write(&mut self, blocks: &Blocks, text: &str, out: &mut Vec<StreamEvent>) {
        if let Some(block) = self.block
            && !text.is_empty()
        {
            self.wrote = true;
            blocks.delta(block, text, out);
        }
    }
}

fn index(json: &Json<'_>) -> u64 {
    json.get("index").and_then(Json::index).unwrap_or(0)
}

/// Input of a tool, or output of one that ran at the provider, as JSON text; empty for an empty object.
fn input(content: &Json<'_>) -> String {
    match content.get("input").or_else(|| content.get("content")) {
        Some(value) if value.is_object() && value.fields().is_empty() => String::new(),
        Some(value) => readable(value).to_text(),
        None => String::new(),
    }
}

/// Search results carry their pages encrypted, for replay only; nobody can read that.
fn readable<'a>(value: &Json<'a>) -> Json<'a> {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(readable).collect()),
        Json::Object(fields) => Json::Object(
            fields
                .iter()
                .filter(|(key, _)| !key.starts_with("encrypted_"))
                .map(|(key, value)| (key.clone(), readable(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn reason(raw: &str) -> FinishReason {
    match raw {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "pause_turn" => FinishReason::Pause,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}

/// A name fit for a list: the provider's word, or `what` where it gives none.
fn cap(name: &str, what: &str) -> String {
    if name.is_empty() { what.to_owned() } else { name.chars().take(80).collect() }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
