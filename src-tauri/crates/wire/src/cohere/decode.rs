//! Answers of Cohere's chat, streamed or whole.

use super::PLAN;
use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::{Count, Json},
};
use domain::{
    BilledTokens, BlockKind, ErrorKind, Failure, FinishReason, InputUsage, NoticeKind, OutputUsage,
    StreamEvent, Usage, say,
};

/// More calls than any answer makes; finding one takes time in proportion to their number.
const MAX_CALLS: usize = 1_000;

/// State of one answer.
#[derive(Default)]
pub(super) struct Chat {
    started: bool,
    blocks: Blocks,
    /// A plan is being written.
    planning: bool,
    /// Calls by index, with their block.
    calls: Vec<(u64, u32)>,
    citations: Vec<(Option<String>, Option<String>)>,
    end: Option<String>,
    failed: Option<Failure>,
}

impl Chat {
    fn start(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if !self.started {
            self.started = true;
            let text = |key| json.text(key).map(str::to_owned);
            out.push(StreamEvent::Started { response_id: text("id"), model: text("model") });
        }
    }

    /// A part of the content, whole or a piece of it.
    fn content(&mut self, content: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.close_plan(out);
        self.blocks.flow(BlockKind::Reasoning, content.text("thinking").unwrap_or_default(), out);
        let text = content.text("text").or_else(|| content.str()).unwrap_or_default();
        self.blocks.flow(BlockKind::Text, text, out);
    }

    fn plan(&mut self, text: &str, out: &mut Vec<StreamEvent>) {
        if !text.is_empty() {
            if !self.planning {
                self.blocks.end_flow(None, out);
            }
            self.planning = true;
            self.blocks.flow(BlockKind::Reasoning, text, out);
        }
    }

    fn close_plan(&mut self, out: &mut Vec<StreamEvent>) {
        if std::mem::take(&mut self.planning) {
            self.blocks.end_flow(Some(PLAN.into()), out);
        }
    }

    fn call(&mut self, index: u64, call: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if self.calls.len() >= MAX_CALLS {
            out.push(StreamEvent::Unknown { name: "one tool call too many".into(), bytes: 0 });
            return;
        }
        self.close_plan(out);
        self.blocks.end_flow(None, out);
        let made = format!("call_{}", self.blocks.count());
        let id = call.text("id").filter(|id| !id.is_empty()).unwrap_or(&made).to_owned();
        let name = call.at("/function/name").and_then(Json::str).unwrap_or_default().to_owned();
        let block = self.blocks.open(BlockKind::ToolCall { id, name }, out);
        self.calls.retain(|(i, _)| *i != index);
        self.calls.push((index, block));
        self.arguments(index, call, out);
    }

    fn arguments(&mut self, index: u64, call: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let Some(block) = self.calls.iter().find(|(i, _)| *i == index).map(|(_, b)| *b) else { return };
        match call.at("/function/arguments") {
            Some(Json::String(text)) => self.blocks.delta(block, text, out),
            Some(object) => self.blocks.delta(block, &object.to_text(), out),
            None => {}
        }
    }

    fn end_call(&mut self, index: u64, out: &mut Vec<StreamEvent>) {
        if let Some((_, block)) = self.calls.iter().find(|(i, _)| *i == index) {
            self.blocks.close(*block, None, out);
        }
    }

    fn cite(&mut self, citation: &Json<'_>) {
        for source in citation.list("sources") {
            let document = source.get("document").unwrap_or(source);
            let text = |key| document.text(key).map(str::to_owned);
            let cited = (text("url"), text("title").or_else(|| source.text("id").map(str::to_owned)));
            let new = cited != (None, None) && !self.citations.contains(&cited);
            if new && self.citations.len() < 1_000 {
                self.citations.push(cited);
            }
        }
    }

    /// A whole answer.
    fn whole(&mut self, json: &Json<'_>, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.start(json, out);
        self.plan(message.text("tool_plan").unwrap_or_default(), out);
        if let Some(text) = message.get("content").filter(|c| c.str().is_some()) {
            self.content(text, out);
        }
        for content in message.list("content") {
            self.content(content, out);
        }
        for (index, call) in message.list("tool_calls").iter().enumerate() {
            self.call(index as u64, call, out);
            self.end_call(index as u64, out);
        }
        message.list("citations").iter().for_each(|citation| self.cite(citation));
        self.end(json, out);
    }

    fn end(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        if let Some(usage) = json.get("usage") {
            self.usage(usage, out);
        }
        let reason = json.text("finish_reason").unwrap_or("unknown").to_owned();
        if let Some(error) = json.text("error").filter(|error| !error.is_empty()) {
            let said = failure::Said { message: Some(error.to_owned()), ..failure::Said::default() };
            self.failed.get_or_insert_with(|| failure::judge(said));
        }
        self.end = Some(reason);
    }

    /// What was counted and, since Cohere counts more than it bills, what is billed.
    fn usage(&self, usage: &Json<'_>, out: &mut Vec<StreamEvent>) {
        let mut odd = Vec::new();
        let mut count = |pointer: &'static str| match usage.at(pointer).map(Json::count) {
            Some(Count::Said(n)) => Some(n),
            Some(Count::Bad) => {
                odd.push(say!("The provider's usage gives no whole number at {pointer}.", pointer));
                None
            }
            Some(Count::Silent) | None => None,
        };
        let (billed_input, billed_output) =
            (count("/billed_units/input_tokens"), count("/billed_units/output_tokens"));
        let input = count("/tokens/input_tokens").or(billed_input);
        let output = count("/tokens/output_tokens").or(billed_output);
        let cached = count("/cached_tokens");
        let reasoning = count("/tokens/reasoning_tokens");
        for (part, whole, name) in [(cached, input, say!("cached")), (reasoning, output, say!("reasoning"))] {
            if part.zip(whole).is_some_and(|(part, whole)| part > whole) {
                odd.push(say!("The provider counts more {name} tokens than tokens.", name));
            }
        }
        let within = |part: Option<u64>, whole: Option<u64>| part.filter(|p| whole.is_none_or(|w| *p <= w));
        let billed = billed_input.zip(billed_output).map(|(input, output)| BilledTokens { input, output });
        out.push(StreamEvent::Usage(Usage {
            input: InputUsage { total: input, cache_read: within(cached, input), ..InputUsage::default() },
            output: OutputUsage {
                total: output,
                reasoning: within(reasoning, output),
                ..OutputUsage::default()
            },
            billed: billed.filter(|b| (Some(b.input), Some(b.output)) != (input, output)),
            raw: Some(usage.to_text()),
            ..Usage::default()
        }));
        for detail in odd {
            out.push(StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail });
        }
    }
}

impl Protocol for Chat {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        let json = doc.json;
        let index = json.get("index").and_then(Json::index).unwrap_or(0);
        let delta = |key: &str| json.at("/delta/message").and_then(|message| message.get(key));
        match json.text("type").unwrap_or(doc.name) {
            "message-start" => self.start(json, out),
            // Parts of the content are blocks of their own.
            "content-start" => {
                self.blocks.end_flow(None, out);
                delta("content").into_iter().for_each(|content| self.content(content, out));
            }
            "content-delta" => delta("content").into_iter().for_each(|content| self.content(content, out)),
            "content-end" => self.blocks.end_flow(None, out),
            "tool-plan-delta" => self.plan(delta("tool_plan").and_then(Json::str).unwrap_or_default(), out),
            "tool-call-start" => delta("tool_calls").into_iter().for_each(|call| self.call(index, call, out)),
            "tool-call-delta" => {
                delta("tool_calls").into_iter().for_each(|call| self.arguments(index, call, out));
            }
            "tool-call-end" => self.end_call(index, out),
            "citation-start" => delta("citations").into_iter().for_each(|citation| self.cite(citation)),
            "citation-end" | "debug" => {}
            "message-end" => {
                if let Some(delta) = json.get("delta") {
                    self.end(delta, out);
                }
            }
            _ => match json.get("message") {
                Some(message) if message.is_object() => self.whole(json, message, out),
                Some(_) => drop(self.failed.get_or_insert_with(|| failure::from_json(json))),
                None if json.get("error").is_some() || doc.name == "error" => {
                    self.failed.get_or_insert_with(|| failure::from_json(json));
                }
                None => {
                    let name: String = json.text("type").unwrap_or(doc.name).chars().take(80).collect();
                    out.push(StreamEvent::Unknown { name, bytes: doc.bytes });
                }
            },
        }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        self.close_plan(out);
        self.blocks.end_flow(None, out);
        for (url, title) in std::mem::take(&mut self.citations) {
            self.blocks.whole(BlockKind::Citation { url, title }, "", out);
        }
        self.blocks.close_all(out);
        let raw = self.end.take();
        let reason = raw.as_deref().map(|raw| match raw {
            "COMPLETE" | "STOP_SEQUENCE" => FinishReason::Stop,
            "MAX_TOKENS" => FinishReason::Length,
            "TOOL_CALL" => FinishReason::ToolCalls,
            "ERROR_TOXIC" => FinishReason::ContentFilter,
            "ERROR" | "TIMEOUT" | "ERROR_LIMIT" => FinishReason::Error,
            _ => FinishReason::Other,
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
        let Some(reason) = reason else { return Ending::Truncated };
        out.push(StreamEvent::Finish { reason, raw });
        Ending::Complete
    }
}
