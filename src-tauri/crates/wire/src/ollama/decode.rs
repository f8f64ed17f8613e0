//! Answers of Ollama's chat, streamed or whole: both are documents of one shape.

use crate::{
    Ending,
    blocks::Blocks,
    failure,
    framed::{Doc, Protocol},
    json::{Count, Json},
};
use domain::{
    BlockKind, Failure, FinishReason, InputUsage, NoticeKind, OutputUsage, StreamEvent, Usage, say,
};

/// State of one answer.
#[derive(Default)]
pub(super) struct Chat {
    started: bool,
    blocks: Blocks,
    called: bool,
    done: bool,
    reason: Option<String>,
    failed: Option<Failure>,
}

impl Chat {
    fn message(&mut self, message: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.blocks.flow(BlockKind::Reasoning, message.text("thinking").unwrap_or_default(), out);
        self.blocks.flow(BlockKind::Text, message.text("content").unwrap_or_default(), out);
        for call in message.list("tool_calls") {
            let function = call.get("function").unwrap_or(call);
            let made = format!("call_{}", self.blocks.count());
            let id = call.text("id").filter(|id| !id.is_empty()).unwrap_or(&made).to_owned();
            let name = function.text("name").unwrap_or_default().to_owned();
            let arguments = match function.get("arguments") {
                None => String::new(),
                Some(Json::String(text)) => text.clone().into_owned(),
                Some(object) => object.to_text(),
            };
            self.called = true;
            self.blocks.whole(BlockKind::ToolCall { id, name }, &arguments, out);
        }
    }
}

impl Protocol for Chat {
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>) {
        let json = doc.json;
        if json.get("error").is_some() || doc.name == "error" {
            self.failed.get_or_insert_with(|| failure::from_json(json));
            return;
        }
        let Some(message) = json.get("message") else {
            if !json.get("done").is_some_and(Json::is_true) {
                out.push(StreamEvent::Unknown { name: "line".into(), bytes: doc.bytes });
                return;
            }
            self.end(json, out);
            return;
        };
        if !self.started {
            self.started = true;
            let model = json.text("model").map(str::to_owned);
            out.push(StreamEvent::Started { response_id: None, model });
        }
        self.message(message, out);
        if json.get("done").is_some_and(Json::is_true) {
            self.end(json, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending {
        self.blocks.close_all(out);
        let raw = self.reason.take();
        if let Some(failure) = self.failed.take() {
            out.push(StreamEvent::Finish { reason: FinishReason::Error, raw });
            return Ending::Failed(failure);
        }
        if !self.done {
            return Ending::Truncated;
        }
        let reason = match raw.as_deref() {
            // Calls of tools end with "stop" too. Old versions give no reason at all.
            Some("stop") | None if self.called => FinishReason::ToolCalls,
            Some("stop") | None => FinishReason::Stop,
            Some("length") => FinishReason::Length,
            Some(_) => FinishReason::Other,
        };
        out.push(StreamEvent::Finish { reason, raw });
        Ending::Complete
    }
}

impl Chat {
    fn end(&mut self, json: &Json<'_>, out: &mut Vec<StreamEvent>) {
        self.done = true;
        self.reason = json.text("done_reason").map(str::to_owned);
        let mut count = |key: &str| match json.get(key).map(Json::count) {
            Some(Count::Said(n)) => Some(n),
            Some(Count::Bad) => {
                let detail = say!("The provider's usage gives no whole number for “{key}”.", key);
                out.push(StreamEvent::Notice { kind: NoticeKind::UsageMismatch, detail });
                None
            }
            Some(Count::Silent) | None => None,
        };
        // The prompt's count is missing when all of it was still in memory.
        let (input, output) = (count("prompt_eval_count"), count("eval_count"));
        if input.is_some() || output.is_some() {
            let fields =
                json.fields().iter().filter(|(key, _)| key.ends_with("_count") || key.ends_with("_duration"));
            let raw: Vec<String> =
                fields.map(|(key, value)| format!("\"{key}\":{}", value.to_text())).collect();
            out.push(StreamEvent::Usage(Usage {
                input: InputUsage { total: input, ..InputUsage::default() },
                output: OutputUsage { total: output, ..OutputUsage::default() },
                raw: Some(format!("{{{}}}", raw.join(","))),
                ..Usage::default()
            }));
        }
    }
}
