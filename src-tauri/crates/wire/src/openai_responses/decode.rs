//! Answers of the Responses dialect, streamed or whole.
//!
//! A stream says everything up to three times: in deltas, when a part is done, and when its item is
//! done; servers that copy it leave some of these out. So whatever was not said by a delta is taken from
//! the item, and the final response is only read for items when the stream had none.

use super::items::{Item, MAX_PARTS, Mark, SAID, of_provider, paragraph, server, tool};
use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::Json,
    tally::Tally,
};
use domain::{BlockKind, ErrorKind, Failure, FinishReason, Quirks, StreamEvent};

/// Events that only tell of progress.
const PROGRESS: &[&str] = &[
    "response.queued",
    "response.content_part.added",
    "response.content_part.done",
    "response.reasoning_part.added",
    "response.reasoning_part.done",
    "response.reasoning_summary_part.done",
    "response.image_generation_call.partial_image",
    "keepalive",
    "ping",
];

/// More items than any answer has. Finding one takes time in proportion to their number. Items that only the
/// final response names are numbered behind it.
const MAX_ITEMS: u64 = 4_096;
/// Items of a final response among which one that was not numbered is looked for.
const MOST_OUTPUT: usize = 4_096;

/// State of one answer.
pub(super) struct Responses {
    usage_paths: Vec<String>,
    started: bool,
    blocks: Blocks,
    items: Vec<Item>,
    called: bool,
    /// Something was said in words.
    spoke: bool,
    citations: Vec<(Option<String>, Option<String>)>,
    tally: Tally,
    /// Word and meaning of the terminal event.
    end: Option<(String, FinishReason)>,
    failed: Option<Failure>,
}

impl Responses {
    pub(super) fn new(quirks: &Quirks) -> Self {
        Self {
            usage_paths: quirks.usage_paths.clone(),
            started: false,
            blocks: Blocks::default(),
            items: Vec::new(),
            called: false,
            spoke: false,
            citations: Vec::new(),
            tally: Tally::default(),
            end: None,
            failed: None,
        }
    }

    fn item(&mut self, index: u64) -> &mut Item {
        let place = match self.items.iter().rposition(|item| item.index == index) {
            Some(place) => place,
            None => {
                self.items.push(Item {
                    index,
                    parts: Vec::new(),
                    section: 0,
                    held: String::new(),
                    said: false,
                    done: false,
                });
                self.items.len() - 1
            }
        };
        &mut self.items[place]
    }

    /// Extends the block of an item's part, opening it if need be.
    fn extend(&mut self, index: u64, part: u64, kind: BlockKind, text: &str, out: &mut Vec<StreamEvent>) {
        let part = part.min(MAX_PARTS);
        let item = self.item(index);
        if item.done || text.is_empty() {
            return;
        }
        item.said = true;
        self.spoke |= matches!(kind, BlockKind::Text | BlockKind::Refusal);
        let item = self.item(index);
        let block = match (item.written(part), item.parts.first()) {
            (Some(written), _) => written.block,
            // Parts of one item's reasoning are paragraphs of one block.
            (None, Some(first)) if kind == BlockKind::Reasoning => {
                let block = first.block;
                self.blocks.delta(block, "\n\n", out);
                self.item(index).opened(part, block);
                block
            }
            (None, _) => {
                let block = self.blocks.open(kind, out);
                self.item(index).opened(part, block);
                block
            }
        };
        self.blocks.delta(block, text, out);
        if let Some(written) = self.item(index).parts.iter_mut().find(|written| written.part == part) {
            written.bytes += text.len();
            written.mark = written.mark.and(text);
        }
    }

    /// Says what deltas left out of a part. False where they said something else, or said it as another part.
    fn rest(
        &mut self,
        index: u64,
        part: u64,
        kind: BlockKind,
        whole: &str,
        out: &mut Vec<StreamEvent>,
    ) -> bool {
        let part = part.min(MAX_PARTS);
        let item = self.item(index);
        let from = match item.written(part) {
            Some(written) => match whole.split_at_checked(written.bytes) {
                Some((begin, _)) if Mark::NONE.and(begin) == written.mark => written.bytes,
                _ => return false,
            },
            None if item.parts.iter().any(|w| w.bytes == whole.len() && Mark::NONE.and(whole) == w.mark) => {
                return false;
            }
            None => 0,
        };
        self.extend(index, part, kind, &whole[from..], out);
        true
    }

    /// Extends what is said to a tool, or keeps it until the tool is named.
    fn argue(&mut self, index: u64, text: &str, out: &mut Vec<StreamEvent>) {
        let item = self.item(index);
        if !item.parts.is_empty() {
            // The block is open: its kind is not asked again.
            return self.extend(index, 0, tool("", ""), text, out);
        }
        if !item.done && !text.is_empty() {
            item.said = true;
            item.held.push_str(text);
        }
    }

    /// A delta, or the whole of a part none of which was said before.
    fn delta(&mut self, event: &str, json: &Json<'_>, out: &mut Vec<StreamEvent>) -> bool {
        let Some((what, step)) = event.strip_prefix("response.").and_then(|e| e.rsplit_once('.')) else {
            return false;
        };
        let numbered = |key: &str| json.get(key).and_then(Json::index);
        let number = |key: &str| numbered(key).unwrap_or(0);
        let index = number("output_index").min(MAX_ITEMS);
        let (part, kind, whole) = match what {
            "output_text" => (number("content_index"), Some(BlockKind::Text), "text"),
            "refusal" => (number("content_index"), Some(BlockKind::Refusal), "refusal"),
            "reasoning_text" | "reasoning_summary_text" | "reasoning_summary" | "reasoning" => {
                let place =
                    numbered(if what == "reasoning_text" { "content_index" } else { "summary_index" });
                let place = place.unwrap_or_else(|| self.item(index).section);
                (paragraph(place, what == "reasoning_text"), Some(BlockKind::Reasoning), "text")
            }
            "function_call_arguments" | "mcp_call_arguments" => (0, None, "arguments"),
            "custom_tool_call_input" => (0, None, "input"),
            "code_interpreter_call_code" => (0, Some(server("code_interpreter")), "code"),
            _ => return false,
        };
        let text = match step {
            "delta" => json.text("delta"),
            "done" if !self.item(index).said => json.text(whole),
            "done" => {
                let kind = kind.unwrap_or_else(|| tool("", ""));
                if let Some(whole) = json.text(whole).filter(|_| self.item(index).written(part).is_some()) {
                    self.rest(index, part, kind, whole, out);
                }
                return true;
            }
            _ => return false,
        };
        match kind {
            Some(kind) => self.extend(index, part, kind, text.unwrap_or_default(), out),
            None => self.argue(index, text.unwrap_or_default(), out),
        }
        true
    }

    /// An item begins: what names a tool is only known here.
    fn added(&mut self, index: u64, item: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if let Some(place) = self.items.iter().position(|i| i.index == index && !i.done)
            && !self.items[place].parts.is_empty()
        {
            return;
        }
        let sort = item.text("type").unwrap_or_default();
        let called = matches!(sort, "function_call" | "custom_tool_call");
        if called && item.text("name").is_none_or(str::is_empty) {
            // It may still be named when it is complete.
            return;
        }
        let mut held = String::new();
        if let Some(place) = self.items.iter().rposition(|i| i.index == index) {
            if !self.items[place].done {
                held = std::mem::take(&mut self.items[place].held);
            }
            // A server that numbers every item alike.
            self.items.retain(|i| i.index != index);
        }
        let kind = match sort {
            _ if called => {
                self.called = true;
                let id = item.text("call_id").or_else(|| item.text("id")).filter(|id| !id.is_empty());
                let made = format!("call_{}", self.blocks.count());
                tool(id.unwrap_or(&made), item.text("name").unwrap_or_default())
            }
            other => match of_provider(other) {
                Some(name) => server(name),
                None => return,
            },
        };
        let block = self.blocks.open(kind, out);
        self.item(index).opened(0, block);
        self.extend(index, 0, server(""), &held, out);
    }

    /// An item is complete: says what its deltas did not and closes it.
    fn done(&mut self, index: u64, item: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if self.items.iter().all(|i| i.index != index || (i.parts.is_empty() && !i.done)) {
            self.added(index, item, out);
        }
        let mut proof = None;
        match item.text("type").unwrap_or_default() {
            "message" => self.message(index, item, out),
            "reasoning" => {
                let summary =
                    (0..).zip(item.list("summary")).map(|(place, part)| (paragraph(place, false), part));
                let content =
                    (0..).zip(item.list("content")).map(|(place, part)| (paragraph(place, true), part));
                let mut agrees = true;
                for (part, content) in summary.chain(content) {
                    let text = content.text("text").unwrap_or_default();
                    agrees = agrees && self.rest(index, part, BlockKind::Reasoning, text, out);
                }
                if item.text("encrypted_content").is_some_and(|c| !c.is_empty()) {
                    proof = Some(item.to_text());
                    self.hidden(index, out);
                }
            }
            _ if self.item(index).parts.is_empty() => {
                let name = item.text("type").unwrap_or("item").chars().take(80).collect();
                out.push(StreamEvent::Unknown { name, bytes: 0 });
            }
            sort => {
                let text = SAID.iter().find_map(|k| item.get(k)).map(|value| match value {
                    Json::String(text) => text.clone().into_owned(),
                    other => other.to_text(),
                });
                self.rest(index, 0, server(""), &text.unwrap_or_default(), out);
                if sort == "image_generation_call" {
                    let format = item.text("output_format").unwrap_or("png");
                    let kind = BlockKind::Image { media_type: format!("image/{format}") };
                    self.extend(index, 1, kind, item.text("result").unwrap_or_default(), out);
                }
            }
        }
        let item = self.item(index);
        item.done = true;
        for written in std::mem::take(&mut item.parts) {
            self.blocks.close(written.block, proof.take(), out);
        }
    }

    /// Reasoning of which nothing is shown still has to go back.
    fn hidden(&mut self, index: u64, out: &mut Vec<StreamEvent>) {
        if self.item(index).parts.is_empty() {
            let block = self.blocks.open(BlockKind::Reasoning, out);
            self.item(index).opened(0, block);
        }
    }

    fn message(&mut self, index: u64, item: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let mut agrees = true;
        for (part, content) in (0..).zip(item.list("content")) {
            let (kind, text) = match content.text("type") {
                Some("refusal") => (BlockKind::Refusal, content.text("refusal")),
                _ => (BlockKind::Text, content.text("text")),
            };
            agrees = agrees && self.rest(index, part, kind, text.unwrap_or_default(), out);
            for note in content.list("annotations") {
                self.cite(note);
            }
        }
    }

    fn cite(&mut self, note: &Json<'_>) {
        let source = (
            note.text("url").map(str::to_owned),
            note.text("title").or_else(|| note.text("filename")).map(str::to_owned),
        );
        if source != (None, None) && self.citations.len() < 1_000 && !self.citations.contains(&source) {
            self.citations.push(source);
        }
    }

    /// The response object, at the beginning, at the end, or as the whole answer. `end` is how it ended where it
    /// does not say so itself; `None` = it has not.
    fn response(&mut self, response: &Json<'_>, end: Option<&str>, out: &mut Vec<StreamEvent>) {
        if !self.started {
            self.started = true;
            let text = |key| response.text(key).map(str::to_owned);
            out.push(StreamEvent::Started { response_id: text("id"), model: text("model") });
        }
        if let Some(error) = response.get("error").filter(|e| !e.fields().is_empty() || e.str().is_some()) {
            self.fail(error);
        }
        let Some(end) = end else { return };
        // Arguments that wait for their tool's name: the item at their place has it.
        let waiting: Vec<u64> =
            self.items.iter().filter(|item| !item.held.is_empty()).map(|item| item.index).collect();
        for (index, item) in (0..).zip(response.list("output")) {
            if waiting.contains(&index) && item.text("name").is_some() {
                self.done(index, item, out);
            }
        }
        // Numbered otherwise, the same call is known by its words.
        for item in &mut self.items {
            let same = |call: &Json<'_>| {
                ["arguments", "input"].iter().any(|key| call.text(key) == Some(item.held.as_str()))
            };
            if !item.held.is_empty() && response.list("output").iter().take(MOST_OUTPUT).any(same) {
                item.held.clear();
            }
        }
        self.name_none(out);
        let none = self.items.is_empty();
        let (called, spoke) = (self.called, self.spoke);
        for (index, item) in (MAX_ITEMS + 1..=2 * MAX_ITEMS).zip(response.list("output")) {
            let silent = match item.text("type").unwrap_or_default() {
                "function_call" | "custom_tool_call" => !called,
                "message" => !spoke,
                _ => false,
            };
            if none || silent {
                self.done(index, item, out);
            }
        }
        if none && let Some(text) = response.text("output_text").filter(|_| self.blocks.count() == 0) {
            self.extend(0, 0, BlockKind::Text, text, out);
        }
        self.tally.around(response);
        if let Some(usage) = response.get("usage") {
            self.tally.read(usage);
        }
        for path in &self.usage_paths {
            if let Some(usage) = response.at(path) {
                self.tally.read(usage);
            }
        }
        self.tally.snapshot(out);
        self.end = self.ended(response, end);
    }

    /// Why it ended, if it did: a response that goes on in the background has not.
    fn ended(&mut self, response: &Json<'_>, end: &str) -> Option<(String, FinishReason)> {
        let status = response.text("status").unwrap_or(end);
        let reason = match status {
            "completed" | "complete" if self.called => FinishReason::ToolCalls,
            "completed" | "complete" => FinishReason::Stop,
            "incomplete" => {
                let why = response.at("/incomplete_details/reason").and_then(Json::str).unwrap_or("unknown");
                let reason = match why {
                    "max_output_tokens" | "max_tokens" => FinishReason::Length,
                    "content_filter" => FinishReason::ContentFilter,
                    _ => FinishReason::Other,
                };
                return Some((format!("incomplete:{why}"), reason));
            }
            "failed" => {
                self.failed.get_or_insert_with(|| {
                    let words = "The provider failed while answering and did not say why. Try again.";
                    Failure::new(ErrorKind::UpstreamInternal, words)
                });
                FinishReason::Error
            }
            "in_progress" | "queued" => return None,
            _ => FinishReason::Other,
        };
        Some((status.to_owned(), reason))
    }

    /// Opens the blocks of calls that nobody ever named, so that what was said to them is not lost.
    fn name_none(&mut self, out: &mut Vec<StreamEvent>) {
        for item in &mut self.items {
            let held = std::mem::take(&mut item.held);
            if !held.is_empty() {
                let block = self.blocks.open(tool(&format!("call_{}", self.blocks.count()), ""), out);
                self.blocks.delta(block, &held, out);
                self.called = true;
            }
        }
    }

    fn fail(&mut self, error: &Json<'_>) {
        self.failed.get_or_insert_with(|| failure::from_json(error));
    }
}

impl Protocol for Responses {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        let json = doc.json;
        let event = json.text("type").unwrap_or(doc.name);
        let index = json.get("output_index").and_then(Json::index).unwrap_or(0).min(MAX_ITEMS);
        match event {
            "response.created" | "response.in_progress" => {
                if let Some(response) = json.get("response") {
                    self.response(response, None, out);
                }
            }
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.done"
            | "response.cancelled" => {
                if let Some(response) = json.get("response") {
                    let word = event.trim_start_matches("response.");
                    self.response(response, Some(if word == "done" { "completed" } else { word }), out);
                }
            }
            "response.output_item.added" => {
                if let Some(item) = json.get("item") {
                    self.added(index, item, out);
                }
            }
            "response.output_item.done" => {
                if let Some(item) = json.get("item") {
                    self.done(index, item, out);
                }
            }
            "response.reasoning_summary_part.added" => {
                let place = json.get("summary_index").and_then(Json::index);
                let item = self.item(index);
                item.section = place.unwrap_or(item.section + u64::from(item.said));
            }
            "response.output_text.annotation.added" => {
                if let Some(note) = json.get("annotation") {
                    self.cite(note);
                }
            }
            "error" | "response.error" => self.fail(json),
            _ if json.text("object") == Some("response") => self.response(json, Some("completed"), out),
            _ if json.get("error").is_some() || json.text("object") == Some("error") => self.fail(json),
            _ if PROGRESS.contains(&event) || self.delta(event, json, out) => {}
            // Progress of a tool that runs at the provider.
            _ if event.starts_with("response.") && (event.contains("_call.") || event.contains("_call_")) => {
            }
            _ if event.starts_with("response.mcp_list_tools.") => {}
            _ => {
                let name = event.chars().take(80).collect();
                out.push(StreamEvent::Unknown { name, bytes: doc.bytes });
            }
        }
    }

    fn ended(&self) -> bool {
        self.end.is_some()
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        self.name_none(out);
        for (url, title) in std::mem::take(&mut self.citations) {
            self.blocks.whole(BlockKind::Citation { url, title }, "", out);
        }
        self.blocks.close_all(out);
        self.tally.finish(out);
        let end = self.end.take();
        if let Some(failure) = self.failed.take() {
            let raw = end.map(|(word, _)| word);
            out.push(StreamEvent::Finish { reason: FinishReason::Error, raw });
            return Ending::Failed(failure);
        }
        let Some((word, reason)) = end else { return Ending::Truncated };
        out.push(StreamEvent::Finish { reason, raw: Some(word) });
        Ending::Complete
    }
}
