//! Answers of the Converse API: frames of a stream, or the message whole. Both give the same events.

use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::Json,
    replay::REDACTED,
    snapshot::{Snapshot, count},
};
use domain::{
    BlockKind, ErrorKind, Failure, FinishReason, InputUsage, OutputUsage, StreamEvent, Upstream, Usage,
    UsageSource,
};

/// More blocks open at once than this are no answer but an attack on memory.
const MAX_OPEN: usize = 1024;

#[derive(Default)]
pub(super) struct Converse {
    blocks: Blocks,
    open: Vec<Open>,
    /// Sources cited in a text; shown behind it, since blocks do not nest.
    cited: Vec<(Option<String>, Option<String>)>,
    usage: Snapshot,
    tier: Option<String>,
    started: bool,
    stop: Option<String>,
    failed: Option<Failure>,
}

/// A content block between its first delta and its stop.
struct Open {
    /// The provider's index.
    index: u64,
    block: u32,
    kind: BlockKind,
    signature: String,
    wrote: bool,
}

impl Protocol for Converse {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        if self.failed.is_some() {
            return;
        }
        let json = doc.json;
        let index = json.get("contentBlockIndex").and_then(Json::index).unwrap_or(0);
        match doc.name {
            "messageStart" => self.start(out),
            "contentBlockStart" => {
                self.start(out);
                if let Some(start) = json.get("start") {
                    self.block_start(index, start, doc.bytes, out);
                }
            }
            "contentBlockDelta" => {
                self.start(out);
                if let Some(delta) = json.get("delta") {
                    self.delta(index, delta, doc.bytes, out);
                }
            }
            "contentBlockStop" => self.close(index, out),
            "messageStop" => self.stop = Some(json.text("stopReason").unwrap_or_default().to_owned()),
            "metadata" => self.metadata(json, out),
            "error" => self.failed = Some(failure::from_json(json)),
            "" if json.get("output").is_some() => self.whole(json, out),
            // An error under a successful status.
            "" if json.get("message").is_some() || json.get("error").is_some() => {
                self.failed = Some(failure::from_json(json));
            }
            name => {
                let name = if name.is_empty() { "event" } else { name };
                out.push(StreamEvent::Unknown { name: name.chars().take(80).collect(), bytes: doc.bytes });
            }
        }
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
        let Some(raw) = self.stop.take() else { return Ending::Truncated };
        let reason = reason(&raw);
        let spoiled = (reason == FinishReason::Error).then(|| {
            let message = format!("The model spoiled its answer ({raw}). Try again.");
            let upstream = Upstream { code: Some(raw.clone()), ..Upstream::default() };
            Failure::new(ErrorKind::UpstreamInternal, message).with_upstream(upstream)
        });
        out.push(StreamEvent::Finish { reason, raw: (!raw.is_empty()).then_some(raw) });
        spoiled.map_or(Ending::Complete, Ending::Failed)
    }
}

impl Converse {
    fn start(&mut self, out: &mut Vec<StreamEvent>) {
        if !self.started {
            self.started = true;
            // The API names neither the response nor the model in its answer.
            out.push(StreamEvent::Started { response_id: None, model: None });
        }
    }

    fn whole(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.start(out);
        let content = json.at("/output/message/content").map_or(&[][..], Json::items);
        for (index, part) in (0..).zip(content) {
            let bytes = u32::try_from(part.to_text().len()).unwrap_or(u32::MAX);
            if part.get("toolUse").is_some() || part.get("toolResult").is_some() {
                self.block_start(index, part, bytes, out);
            }
            self.delta(index, part, bytes, out);
            self.close(index, out);
        }
        self.stop = Some(json.text("stopReason").unwrap_or_default().to_owned());
        self.metadata(json, out);
    }

    fn metadata(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let tier = json.at("/serviceTier/type").and_then(Json::str).map(str::to_owned);
        let news = tier.is_some() && tier != self.tier;
        self.tier = tier.or(self.tier.take());
        if let Some(said) = json.get("usage")
            && (self.usage.take(said, out) || news)
        {
            out.push(StreamEvent::Usage(usage(&self.usage, self.tier.clone())));
        }
    }

    fn block_start(&mut self, index: u64, start: &Json<'_>, bytes: u32, out: &mut Vec<StreamEvent>) {
        self.close(index, out);
        let kind = if let Some(tool) = start.get("toolUse") {
            let name = tool.text("name").unwrap_or_default().to_owned();
            let id = tool.text("toolUseId").filter(|id| !id.is_empty());
            let id = id.map_or_else(|| format!("tooluse_{}", self.blocks.count()), str::to_owned);
            match tool.text("type") {
                Some("server_tool_use") => BlockKind::ServerTool { name },
                _ => BlockKind::ToolCall { id, name },
            }
        } else if let Some(result) = start.get("toolResult") {
            let sort = result.text("type").unwrap_or("tool_result");
            BlockKind::ServerTool { name: sort.strip_suffix("_tool_result").unwrap_or(sort).to_owned() }
        } else if let Some(image) = start.get("image") {
            BlockKind::Image { media_type: format!("image/{}", image.text("format").unwrap_or("png")) }
        } else {
            let name = start.fields().first().map_or("start", |(key, _)| key.as_ref());
            out.push(StreamEvent::Unknown { name: name.chars().take(80).collect(), bytes });
            return;
        };
        self.open(index, kind, out);
    }

    fn open(&mut self, index: u64, kind: BlockKind, out: &mut Vec<StreamEvent>) {
        if self.open.len() < MAX_OPEN {
            let block = self.blocks.open(kind.clone(), out);
            self.open.push(Open { index, block, kind, signature: String::new(), wrote: false });
        }
    }

    /// A delta, or a whole content block: they differ only in depth.
    fn delta(&mut self, index: u64, delta: &Json<'_>, bytes: u32, out: &mut Vec<StreamEvent>) {
        if let Some(text) = delta.text("text") {
            self.write(index, BlockKind::Text, text, out);
        } else if let Some(cited) = delta.get("citationsContent") {
            for piece in cited.list("content") {
                self.write(index, BlockKind::Text, piece.text("text").unwrap_or_default(), out);
            }
            cited.list("citations").iter().for_each(|citation| self.cite(citation));
        } else if let Some(tool) = delta.get("toolUse") {
            let text = match tool.get("input") {
                Some(Json::String(piece)) => piece.to_string(),
                Some(Json::Object(fields)) if fields.is_empty() => String::new(),
                Some(whole) => whole.to_text(),
                None => String::new(),
            };
            self.append(index, &text, out);
        } else if let Some(result) = delta.get("toolResult") {
            let pieces = if result.items().is_empty() { result.list("content") } else { result.items() };
            for piece in pieces {
                let json = piece.get("json").map(Json::to_text);
                self.append(index, json.as_deref().or_else(|| piece.text("text")).unwrap_or_default(), out);
            }
        } else if let Some(thought) = delta.get("reasoningContent") {
            self.thought(index, thought, out);
        } else if let Some(citation) = delta.get("citation") {
            self.cite(citation);
        } else if let Some(image) = delta.get("image") {
            if let Some(format) = image.text("format") {
                self.open(index, BlockKind::Image { media_type: format!("image/{format}") }, out);
            }
            let data = image.at("/source/bytes").and_then(Json::str).unwrap_or_default();
            self.append(index, data, out);
        } else {
            let name = delta.fields().first().map_or("delta", |(key, _)| key.as_ref());
            out.push(StreamEvent::Unknown { name: name.chars().take(80).collect(), bytes });
        }
    }

    fn thought(&mut self, index: u64, thought: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let whole = thought.get("reasoningText").unwrap_or(thought);
        self.write(index, BlockKind::Reasoning, whole.text("text").unwrap_or_default(), out);
        let redacted = thought.text("redactedContent");
        let proof = whole.text("signature").or(redacted).unwrap_or_default();
        if proof.is_empty() {
            return;
        }
        if !self.open.iter().any(|open| open.index == index) {
            self.open(index, BlockKind::Reasoning, out);
        }
        if let Some(open) = self.open.iter_mut().find(|open| open.index == index) {
            if redacted.is_some() && open.signature.is_empty() {
                open.signature.push_str(REDACTED);
            }
            open.signature.push_str(proof);
        }
    }

    /// Text and reasoning begin without a start, and some of them stay empty: those are no block.
    fn write(&mut self, index: u64, kind: BlockKind, text: &str, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        if self.open.iter().any(|open| open.index == index && open.kind != kind) {
            self.close(index, out);
        }
        if !self.open.iter().any(|open| open.index == index) {
            self.open(index, kind, out);
        }
        self.append(index, text, out);
    }

    fn append(&mut self, index: u64, text: &str, out: &mut Vec<StreamEvent>) {
        if let Some(open) = self.open.iter_mut().find(|open| open.index == index)
            && !text.is_empty()
        {
            open.wrote = true;
            self.blocks.delta(open.block, text, out);
        }
    }

    fn close(&mut self, index: u64, out: &mut Vec<StreamEvent>) {
        let Some(place) = self.open.iter().position(|open| open.index == index) else { return };
        let open = self.open.remove(place);
        if !open.wrote && matches!(open.kind, BlockKind::ToolCall { .. }) {
            self.blocks.delta(open.block, "{}", out);
        }
        let signature = (!open.signature.is_empty()).then_some(open.signature);
        self.blocks.close(open.block, signature, out);
        if open.kind == BlockKind::Text {
            for (url, title) in std::mem::take(&mut self.cited) {
                self.blocks.whole(BlockKind::Citation { url, title }, "", out);
            }
        }
    }

    fn cite(&mut self, citation: &Json<'_>) {
        let owned = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let url = citation.at("/location/web/url").and_then(Json::str);
        let source = (owned(url), owned(citation.text("title").or_else(|| citation.text("source"))));
        if source != (None, None) && !self.cited.contains(&source) && self.cited.len() < MAX_OPEN {
            self.cited.push(source);
        }
    }
}

/// The counts said so far. `inputTokens` leaves out what the cache served or took; the total here does
/// not.
fn usage(said: &Snapshot, tier: Option<String>) -> Usage {
    let json = said.json();
    let count = |pointer| count(&json, pointer);
    let read = count("/cacheReadInputTokens");
    let written = count("/cacheWriteInputTokens");
    let hour = json
        .list("cacheDetails")
        .iter()
        .find(|detail| detail.text("ttl") == Some("1h"))
        .and_then(|detail| detail.get("inputTokens").and_then(Json::index))
        .map(|hour| hour.min(written.unwrap_or(hour)));
    let short = written.map(|all| all - hour.unwrap_or(0).min(all));
    let cached = [read, short, hour].into_iter().flatten().fold(0, u64::saturating_add);
    let input = count("/inputTokens").map(|fresh| fresh.saturating_add(cached));
    let output = count("/outputTokens");
    let parts = input.unwrap_or(0).saturating_add(output.unwrap_or(0));
    Usage {
        input: InputUsage {
            total: input,
            cache_read: read,
            cache_write_5m: short,
            cache_write_1h: hour,
            ..InputUsage::default()
        },
        output: OutputUsage { total: output, ..OutputUsage::default() },
        unexplained: count("/totalTokens").and_then(|t| t.checked_sub(parts)).filter(|&rest| rest > 0),
        service_tier: tier,
        source: UsageSource::Reported,
        raw: Some(said.raw()),
        ..Usage::default()
    }
}

fn reason(raw: &str) -> FinishReason {
    match raw {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "malformed_model_output" | "malformed_tool_use" => FinishReason::Error,
        _ => FinishReason::Other,
    }
}
