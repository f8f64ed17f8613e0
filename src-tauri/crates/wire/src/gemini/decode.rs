//! Answers of the Gemini API: chunks of a stream, or the same object whole.

use super::{
    args,
    usage::{unwritten, usage},
};
use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::Json,
    snapshot::Snapshot,
};
use domain::{BlockKind, ErrorKind, Failure, FinishReason, StreamEvent};
use serde_json::Value;

/// Sources kept of one answer.
const MAX_SOURCES: usize = 256;

#[derive(Default)]
pub(super) struct Contents {
    blocks: Blocks,
    /// A call whose arguments are still arriving.
    partial: Option<Partial>,
    /// The proof of a text, kept until the text ends.
    proof: Option<String>,
    sources: Vec<(Option<String>, Option<String>)>,
    usage: Snapshot,
    response: Option<String>,
    started: bool,
    /// Something of an answer came.
    wrote: bool,
    called: bool,
    stop: Option<String>,
    /// What the provider says about why it stopped.
    words: Option<String>,
    failed: Option<Failure>,
}

struct Partial {
    id: Option<String>,
    name: String,
    args: Value,
    proof: Option<String>,
}

impl Protocol for Contents {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        let json = doc.json;
        if self.failed.is_some() {
            return;
        }
        if json.get("error").is_some() || doc.name == "error" {
            self.failed = Some(failure::from_json(json));
            return;
        }
        // Some proxies of the API wrap every chunk.
        let json = json.get("response").filter(|inner| inner.is_object()).unwrap_or(json);
        let known = ["candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion"];
        if !known.iter().any(|key| json.get(key).is_some()) {
            let name = json.fields().first().map_or("chunk", |(key, _)| key.as_ref());
            out.push(StreamEvent::Unknown { name: cap(name), bytes: doc.bytes });
            return;
        }
        self.start(json, out);
        if let Some(said) = json.get("usageMetadata")
            && self.usage.take(said, out)
        {
            out.push(StreamEvent::Usage(usage(&self.usage)));
        }
        if let Some(blocked) = json.at("/promptFeedback/blockReason").and_then(Json::str).filter(said) {
            self.stop = Some(format!("PROMPT_BLOCKED:{blocked}"));
        }
        let parts =
            |candidate: &Json<'_>| candidate.at("/content/parts").is_some_and(|all| !all.items().is_empty());
        self.wrote |= json.list("candidates").iter().any(parts);
        // Only one candidate is ever asked for.
        let first = |c: &&Json<'_>| c.get("index").and_then(Json::index).unwrap_or(0) == 0;
        if let Some(candidate) = json.list("candidates").iter().find(first) {
            self.candidate(candidate, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        self.end_partial(out);
        self.end_text(out);
        for (url, title) in std::mem::take(&mut self.sources) {
            self.blocks.whole(BlockKind::Citation { url, title }, "", out);
        }
        self.blocks.close_all(out);
        if let Some(failure) = self.failed.take() {
            out.push(StreamEvent::Finish { reason: FinishReason::Error, raw: None });
            return Ending::Failed(failure);
        }
        let Some(raw) = self.stop.take() else { return Ending::Truncated };
        if !self.wrote
            && let Some(usage) = unwritten(&self.usage)
        {
            out.push(StreamEvent::Usage(usage));
        }
        let reason = self.reason(&raw);
        let broke = (reason == FinishReason::Error).then(|| broke(&raw, self.words.as_deref()));
        out.push(StreamEvent::Finish { reason, raw: Some(raw) });
        broke.map_or(Ending::Complete, Ending::Failed)
    }
}

impl Contents {
    fn start(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if self.started {
            return;
        }
        self.started = true;
        self.response = json.text("responseId").map(str::to_owned);
        let model = json.text("modelVersion").map(str::to_owned);
        out.push(StreamEvent::Started { response_id: self.response.clone(), model });
    }

    fn candidate(&mut self, candidate: &Json<'_>, out: &mut Vec<StreamEvent>) {
        for part in candidate.at("/content/parts").map_or(&[][..], Json::items) {
            self.part(part, out);
        }
        if let Some(reason) = candidate.text("finishReason").filter(said) {
            self.stop = Some(reason.to_owned());
        }
        if let Some(words) = candidate.text("finishMessage") {
            self.words = Some(words.to_owned());
        }
        for chunk in candidate.at("/groundingMetadata/groundingChunks").map_or(&[][..], Json::items) {
            // `web`, `retrievedContext`, `maps`: each is one field holding the source.
            if let Some((_, source)) = chunk.fields().iter().find(|(_, value)| value.is_object()) {
                self.cite(
                    source.text("uri"),
                    source.text("title").or_else(|| source.text("fileSearchStore")),
                );
            }
        }
        for source in candidate.at("/citationMetadata/citationSources").map_or(&[][..], Json::items) {
            self.cite(source.text("uri"), source.text("title"));
        }
    }

    fn part(&mut self, part: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let proof = part.text("thoughtSignature").filter(|s| !s.is_empty()).map(str::to_owned);
        if let Some(call) = part.get("functionCall") {
            self.call(call, proof, out);
            return;
        }
        if let Some(text) = part.text("text") {
            let thought = part.get("thought").is_some_and(Json::is_true);
            let kind = if thought { BlockKind::Reasoning } else { BlockKind::Text };
            if !text.is_empty() && self.blocks.flowing() != Some(&kind) {
                self.end_text(out);
            }
            self.blocks.flow(kind, text, out);
            self.keep(proof, out);
            return;
        }
        self.end_text(out);
        if let Some(data) = part.get("inlineData") {
            let media_type = data.text("mimeType").unwrap_or_default();
            // A picture it thought with is not its answer.
            if media_type.starts_with("image/") && !part.get("thought").is_some_and(Json::is_true) {
                let kind = BlockKind::Image { media_type: media_type.to_owned() };
                self.blocks.whole(kind, data.text("data").unwrap_or_default(), out);
            } else {
                unknown(part, out);
            }
        } else if let Some(code) = part.get("executableCode") {
            self.server_tool("code_execution", code.text("code").unwrap_or_default(), out);
        } else if let Some(result) = part.get("codeExecutionResult") {
            let text = result.text("output").or_else(|| result.text("outcome"));
            self.server_tool("code_execution", text.unwrap_or_default(), out);
        } else if let Some(tool) = part.get("toolCall").or_else(|| part.get("toolResponse")) {
            let name = tool.text("toolType").unwrap_or("tool").to_ascii_lowercase();
            let said = ["args", "response"].iter().find_map(|key| tool.get(key));
            self.server_tool(&name, &said.map(Json::to_text).unwrap_or_default(), out);
        } else if proof.is_none() {
            unknown(part, out);
        }
        self.keep(proof, out);
    }

    fn server_tool(&mut self, name: &str, text: &str, out: &mut Vec<StreamEvent>) {
        self.blocks.whole(BlockKind::ServerTool { name: name.to_owned() }, text, out);
    }

    /// The proof of a text stands behind it, as reasoning without words: a text has nowhere to keep one.
    fn keep(&mut self, proof: Option<String>, out: &mut Vec<StreamEvent>) {
        if proof.is_none() {
            return;
        }
        match self.blocks.flowing() {
            Some(BlockKind::Reasoning) => self.blocks.end_flow(proof, out),
            Some(_) => {
                self.write_proof(out);
                self.proof = proof;
            }
            None => {
                // One that waits for its text's end comes first; neither takes the other's place.
                self.write_proof(out);
                self.proof = proof;
                self.write_proof(out);
            }
        }
    }

    fn write_proof(&mut self, out: &mut Vec<StreamEvent>) {
        if let Some(proof) = self.proof.take() {
            self.blocks.end_flow(None, out);
            let block = self.blocks.open(BlockKind::Reasoning, out);
            self.blocks.close(block, Some(proof), out);
        }
    }

    fn end_text(&mut self, out: &mut Vec<StreamEvent>) {
        self.blocks.end_flow(None, out);
        self.write_proof(out);
    }

    /// Calls come whole, each a call of its own however it is numbered, or in pieces that go on until
    /// one says nothing of going on.
    fn call(&mut self, call: &Json<'_>, proof: Option<String>, out: &mut Vec<StreamEvent>) {
        let more = call.get("willContinue").is_some_and(Json::is_true);
        let pieces = call.list("partialArgs");
        let name = call.text("name").filter(|name| !name.is_empty());
        if name.is_some() {
            self.end_partial(out);
        }
        let id = call.text("id").filter(|id| !id.is_empty()).map(str::to_owned);
        let whole = call.get("args").map(Json::to_text);
        if self.partial.is_none() && !more && pieces.is_empty() {
            // An empty call without a name closes one that is closed already.
            if name.is_some() || whole.is_some() {
                let arguments = whole.unwrap_or_else(|| "{}".into());
                self.write_call(id, name.unwrap_or_default().to_owned(), &arguments, proof, out);
            }
            return;
        }
        let partial = self.partial.get_or_insert_with(|| Partial {
            id,
            name: name.unwrap_or_default().to_owned(),
            args: Value::Object(serde_json::Map::new()),
            proof: None,
        });
        partial.proof = proof.or(partial.proof.take());
        if let Some(whole) = whole.and_then(|text| serde_json::from_str(&text).ok()) {
            partial.args = whole;
        }
        for piece in pieces {
            let path = piece.text("jsonPath").unwrap_or_default();
            if !args::put(&mut partial.args, path, value(piece)) {
                unknown(piece, out);
            }
        }
        if !more {
            self.end_partial(out);
        }
    }

    fn end_partial(&mut self, out: &mut Vec<StreamEvent>) {
        if let Some(partial) = self.partial.take() {
            let arguments = partial.args.to_string();
            self.write_call(partial.id, partial.name, &arguments, partial.proof, out);
        }
    }

    fn write_call(
        &mut self,
        id: Option<String>,
        name: String,
        arguments: &str,
        proof: Option<String>,
        out: &mut Vec<StreamEvent>,
    ) {
        self.end_text(out);
        self.called = true;
        // Unlike a number, the response's id keeps calls of different answers apart.
        let made = || {
            let count = self.blocks.count();
            match self.response.as_deref().filter(|id| !id.is_empty()) {
                Some(response) => format!("call_{}_{count}", cap(response)),
                None => format!("call_{count}"),
            }
        };
        let id = id.unwrap_or_else(made);
        let block = self.blocks.open(BlockKind::ToolCall { id, name }, out);
        self.blocks.delta(block, arguments, out);
        self.blocks.close(block, proof, out);
    }

    fn cite(&mut self, url: Option<&str>, title: Option<&str>) {
        let owned = |text: Option<&str>| text.filter(|t| !t.is_empty()).map(str::to_owned);
        let source = (owned(url), owned(title));
        if source != (None, None) && !self.sources.contains(&source) && self.sources.len() < MAX_SOURCES {
            self.sources.push(source);
        }
    }

    fn reason(&self, raw: &str) -> FinishReason {
        match raw {
            // The API has no word of its own for this.
            "STOP" if self.called => FinishReason::ToolCalls,
            "STOP" => FinishReason::Stop,
            "MAX_TOKENS" => FinishReason::Length,
            "SAFETY"
            | "RECITATION"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION" => FinishReason::ContentFilter,
            "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" | "MISSING_THOUGHT_SIGNATURE" => {
                FinishReason::Error
            }
            _ if raw.starts_with("MALFORMED_") => FinishReason::Error,
            _ if raw.starts_with("PROMPT_BLOCKED:") => FinishReason::ContentFilter,
            _ => FinishReason::Other,
        }
    }
}

/// Whether a reason is one: where every field is written out, none is written as unspecified.
fn said(reason: &&str) -> bool {
    !reason.is_empty() && !reason.ends_with("_UNSPECIFIED")
}

/// The model spoiled its own answer.
fn broke(raw: &str, words: Option<&str>) -> Failure {
    let upstream = domain::Upstream {
        code: Some(cap(raw)),
        message: words.map(|w| w.chars().take(2_000).collect()),
        ..domain::Upstream::default()
    };
    let message = format!("The model spoiled its answer ({}). Try again.", cap(raw));
    Failure::new(ErrorKind::UpstreamInternal, message).with_upstream(upstream)
}

/// The value of a piece of arguments: the one field that is neither its path nor its going on.
fn value(piece: &Json<'_>) -> Value {
    if let Some(text) = piece.text("stringValue") {
        return Value::String(text.to_owned());
    }
    let value = ["numberValue", "boolValue"].iter().find_map(|key| piece.get(key));
    value.and_then(|value| serde_json::from_str(&value.to_text()).ok()).unwrap_or(Value::Null)
}

fn unknown(part: &Json<'_>, out: &mut Vec<StreamEvent>) {
    let name = part.fields().first().map_or("part", |(key, _)| key.as_ref());
    let bytes = u32::try_from(part.to_text().len()).unwrap_or(u32::MAX);
    out.push(StreamEvent::Unknown { name: cap(name), bytes });
}

fn cap(name: &str) -> String {
    name.chars().take(80).collect()
}
