//! One small answer in every dialect: five words, usage, an end; and the same provider's error.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};

/// The answer's pieces: bytes of several lengths, so that every cut falls inside one sooner or later.
pub(crate) const WORDS: [&str; 5] = ["Grüße ", "aus ", "dem ", "Norden ", "😀"];

/// How events are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Sse,
    Lines,
    Frames,
}

/// One event before it is packed.
#[derive(Clone)]
pub(crate) struct Event {
    /// Name of the event or frame; empty where the dialect gives none.
    pub(crate) name: &'static str,
    pub(crate) data: String,
    /// A frame that is an exception instead of an event.
    pub(crate) exception: bool,
}

/// What the provider counted, as the engine must report it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) input: Option<u64>,
    pub(crate) cached: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) reasoning: Option<u64>,
}

/// One answer in one dialect.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) dialect: &'static str,
    pub(crate) packing: Packing,
    pub(crate) head: Vec<Event>,
    pub(crate) words: Vec<Event>,
    /// Between the last word and the closing mark.
    pub(crate) end: Vec<Event>,
    /// What proves that the answer is whole.
    pub(crate) mark: Event,
    /// Behind the mark (Converse counts there).
    pub(crate) after: Vec<Event>,
    /// "Slow down", said inside an answer.
    pub(crate) error: Event,
    /// The same as an HTTP body.
    pub(crate) refusal: Value,
    /// Without its mark the answer is still known to be whole: the reason it ended was given before.
    pub(crate) whole_without_mark: bool,
    /// Counted when all was sent.
    pub(crate) counts: Counts,
    /// Counted by everything but mark and what follows it.
    pub(crate) before_mark: Counts,
    /// Counted once the third word was sent.
    pub(crate) early: Counts,
    /// Counted by the error when it comes instead of the fourth word, and when it comes first.
    pub(crate) by_error: (Counts, Counts),
}

fn event(name: &'static str, data: &Value) -> Event {
    Event { name, data: data.to_string(), exception: false }
}

fn counts(input: u64, cached: Option<u64>, output: u64, reasoning: Option<u64>) -> Counts {
    Counts { input: Some(input), cached, output: Some(output), reasoning }
}

const NONE: Counts = Counts { input: None, cached: None, output: None, reasoning: None };

/// Every dialect's.
pub(crate) fn all() -> Vec<Script> {
    vec![chat(), responses(), messages(), gemini(), cohere(), converse(), ollama()]
}

fn chat() -> Script {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        event(
            "",
            &json!({ "id": "r1", "object": "chat.completion.chunk", "model": "m", "choices": [choice] }),
        )
    };
    // As xAI counts: reasoning beside the completion.
    let usage = json!({ "id": "r1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": {
        "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 32,
        "prompt_tokens_details": { "cached_tokens": 16 },
        "completion_tokens_details": { "reasoning_tokens": 7 },
    }});
    let all = counts(20, Some(16), 12, Some(7));
    Script {
        dialect: "openai-chat",
        packing: Packing::Sse,
        head: vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)],
        words: WORDS.iter().map(|word| chunk(json!({ "content": word }), Value::Null)).collect(),
        end: vec![chunk(json!({}), json!("stop")), event("", &usage)],
        mark: Event { name: "", data: "[DONE]".into(), exception: false },
        after: Vec::new(),
        error: event("", &json!({ "error": { "message": "Slow down", "code": "rate_limit_exceeded" } })),
        refusal: json!({ "error": { "message": "Slow down", "type": "requests", "code": "rate_limit_exceeded" } }),
        whole_without_mark: true,
        counts: all,
        before_mark: all,
        early: NONE,
        by_error: (NONE, NONE),
    }
}

fn responses() -> Script {
    let usage = json!({
        "input_tokens": 20, "input_tokens_details": { "cached_tokens": 16 },
        "output_tokens": 12, "output_tokens_details": { "reasoning_tokens": 7 }, "total_tokens": 32,
    });
    let text = WORDS.concat();
    let item = |status: &str, content: Value| json!({ "id": "i1", "type": "message", "role": "assistant", "status": status, "content": content });
    let typed = |name: &'static str, mut data: Value| {
        data["type"] = name.into();
        event(name, &data)
    };
    let full = item("completed", json!([{ "type": "output_text", "text": text, "annotations": [] }]));
    let failure = json!({ "code": "rate_limit_exceeded", "message": "Slow down" });
    let all = counts(20, Some(16), 12, Some(7));
    Script {
        dialect: "openai-responses",
        packing: Packing::Sse,
        head: vec![
            typed(
                "response.created",
                json!({ "response": { "id": "r1", "model": "m", "status": "in_progress" } }),
            ),
            typed(
                "response.output_item.added",
                json!({ "output_index": 0, "item": item("in_progress", json!([])) }),
            ),
        ],
        words: WORDS
            .iter()
            .map(|word| {
                typed(
                    "response.output_text.delta",
                    json!({ "output_index": 0, "content_index": 0, "delta": word }),
                )
            })
            .collect(),
        end: vec![
            typed(
                "response.output_text.done",
                json!({ "output_index": 0, "content_index": 0, "text": text }),
            ),
            typed("response.output_item.done", json!({ "output_index": 0, "item": full })),
        ],
        mark: typed(
            "response.completed",
            json!({ "response": { "id": "r1", "model": "m", "status": "completed", "output": [full], "usage": usage } }),
        ),
        after: Vec::new(),
        error: typed(
            "response.failed",
            json!({ "response": { "id": "r1", "status": "failed", "error": failure, "usage": usage } }),
        ),
        refusal: json!({ "error": failure }),
        whole_without_mark: false,
        counts: all,
        before_mark: NONE,
        early: NONE,
        by_error: (all, all),
    }
}

fn messages() -> Script {
    let typed = |name: &'static str, mut data: Value| {
        data["type"] = name.into();
        event(name, &data)
    };
    let began = json!({ "input_tokens": 4, "cache_read_input_tokens": 16, "cache_creation_input_tokens": 0, "output_tokens": 1 });
    let error = json!({ "type": "error", "error": { "type": "rate_limit_error", "message": "Slow down" } });
    let early = counts(20, Some(16), 1, None);
    Script {
        dialect: "anthropic-messages",
        packing: Packing::Sse,
        head: vec![
            typed(
                "message_start",
                json!({ "message": { "id": "r1", "model": "m", "role": "assistant", "content": [], "usage": began } }),
            ),
            typed(
                "content_block_start",
                json!({ "index": 0, "content_block": { "type": "text", "text": "" } }),
            ),
            typed("ping", json!({})),
        ],
        words: WORDS
            .iter()
            .map(|word| {
                typed(
                    "content_block_delta",
                    json!({ "index": 0, "delta": { "type": "text_delta", "text": word } }),
                )
            })
            .collect(),
        end: vec![
            typed("content_block_stop", json!({ "index": 0 })),
            typed(
                "message_delta",
                json!({ "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 12 } }),
            ),
        ],
        mark: typed("message_stop", json!({})),
        after: Vec::new(),
        error: event("error", &error),
        refusal: error,
        whole_without_mark: false,
        counts: counts(20, Some(16), 12, None),
        before_mark: counts(20, Some(16), 12, None),
        early,
        by_error: (early, NONE),
    }
}

fn gemini() -> Script {
    let chunk = |text: &str, written: usize, finish: Option<&str>| {
        let mut candidate =
            json!({ "index": 0, "content": { "role": "model", "parts": [{ "text": text }] } });
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        event(
            "",
            &json!({ "candidates": [candidate], "responseId": "r1", "modelVersion": "m", "usageMetadata": {
                "promptTokenCount": 20, "cachedContentTokenCount": 16, "candidatesTokenCount": written,
                "thoughtsTokenCount": 7, "totalTokenCount": 27 + written,
            }}),
        )
    };
    let error = json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Slow down" } });
    let all = counts(20, Some(16), 12, Some(7));
    let third = counts(20, Some(16), 10, Some(7));
    Script {
        dialect: "gemini",
        packing: Packing::Sse,
        head: Vec::new(),
        words: WORDS.iter().enumerate().map(|(n, word)| chunk(word, n + 1, None)).collect(),
        end: Vec::new(),
        mark: chunk("", 5, Some("STOP")),
        after: Vec::new(),
        error: event("", &error),
        refusal: error,
        whole_without_mark: false,
        counts: all,
        before_mark: all,
        early: third,
        by_error: (third, NONE),
    }
}

fn cohere() -> Script {
    let typed = |name: &'static str, mut data: Value| {
        data["type"] = name.into();
        event(name, &data)
    };
    let usage = json!({
        "billed_units": { "input_tokens": 20, "output_tokens": 12 },
        "tokens": { "input_tokens": 20, "output_tokens": 12 }, "cached_tokens": 16,
    });
    let all = counts(20, Some(16), 12, None);
    Script {
        dialect: "cohere",
        packing: Packing::Sse,
        head: vec![
            typed(
                "message-start",
                json!({ "id": "r1", "delta": { "message": { "role": "assistant", "content": [] } } }),
            ),
            typed(
                "content-start",
                json!({ "index": 0, "delta": { "message": { "content": { "type": "text", "text": "" } } } }),
            ),
        ],
        words: WORDS
            .iter()
            .map(|word| {
                typed(
                    "content-delta",
                    json!({ "index": 0, "delta": { "message": { "content": { "text": word } } } }),
                )
            })
            .collect(),
        end: vec![typed("content-end", json!({ "index": 0 }))],
        mark: typed("message-end", json!({ "delta": { "finish_reason": "COMPLETE", "usage": usage } })),
        after: Vec::new(),
        error: typed(
            "message-end",
            json!({ "delta": { "finish_reason": "ERROR", "error": "rate limit exceeded: slow down", "usage": usage } }),
        ),
        refusal: json!({ "id": "r1", "message": "rate limit exceeded: slow down" }),
        whole_without_mark: false,
        counts: all,
        before_mark: NONE,
        early: NONE,
        by_error: (all, all),
    }
}

fn converse() -> Script {
    let usage =
        json!({ "inputTokens": 4, "cacheReadInputTokens": 16, "outputTokens": 12, "totalTokens": 32 });
    let message = json!({ "message": "Too many requests, please wait before trying again." });
    Script {
        dialect: "bedrock-converse",
        packing: Packing::Frames,
        head: vec![event("messageStart", &json!({ "role": "assistant", "p": "abc" }))],
        words: WORDS
            .iter()
            .map(|word| {
                event(
                    "contentBlockDelta",
                    &json!({ "contentBlockIndex": 0, "delta": { "text": word }, "p": "abcdefgh" }),
                )
            })
            .collect(),
        end: vec![event("contentBlockStop", &json!({ "contentBlockIndex": 0 }))],
        mark: event("messageStop", &json!({ "stopReason": "end_turn" })),
        after: vec![event("metadata", &json!({ "usage": usage, "metrics": { "latencyMs": 10 } }))],
        error: Event { name: "throttlingException", data: message.to_string(), exception: true },
        refusal: message,
        whole_without_mark: false,
        counts: counts(20, Some(16), 12, None),
        before_mark: NONE,
        early: NONE,
        by_error: (NONE, NONE),
    }
}

fn ollama() -> Script {
    let line = |text: &str| {
        event(
            "",
            &json!({ "model": "m", "message": { "role": "assistant", "content": text }, "done": false }),
        )
    };
    let error = json!({ "error": "too many requests: slow down" });
    Script {
        dialect: "ollama",
        packing: Packing::Lines,
        head: Vec::new(),
        words: WORDS.iter().map(|word| line(word)).collect(),
        end: Vec::new(),
        mark: event(
            "",
            &json!({
                "model": "m", "message": { "role": "assistant", "content": "" }, "done": true,
                "done_reason": "stop", "prompt_eval_count": 20, "eval_count": 12,
            }),
        ),
        after: Vec::new(),
        error: event("", &error),
        refusal: error,
        whole_without_mark: false,
        counts: counts(20, None, 12, None),
        before_mark: NONE,
        early: NONE,
        by_error: (NONE, NONE),
    }
}

impl Script {
    pub(crate) fn content_type(&self) -> &'static str {
        match self.packing {
            Packing::Sse => "text/event-stream",
            Packing::Lines => "application/x-ndjson",
            Packing::Frames => "application/vnd.amazon.eventstream",
        }
    }

    /// All events in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mark = std::slice::from_ref(&self.mark);
        [&self.head, &self.words, &self.end, mark, &self.after].into_iter().flatten().cloned().collect()
    }

    /// One event as it travels.
    pub(crate) fn pack(&self, event: &Event) -> Vec<u8> {
        match self.packing {
            Packing::Sse if event.name.is_empty() => format!("data: {}\n\n", event.data).into_bytes(),
            Packing::Sse => format!("event: {}\ndata: {}\n\n", event.name, event.data).into_bytes(),
            Packing::Lines => format!("{}\n", event.data).into_bytes(),
            Packing::Frames => frame(event),
        }
    }

    pub(crate) fn packed(&self, events: &[Event]) -> Vec<u8> {
        events.iter().flat_map(|event| self.pack(event)).collect()
    }
}

fn frame(event: &Event) -> Vec<u8> {
    let sort = if event.exception { "exception" } else { "event" };
    let name = if event.exception { ":exception-type" } else { ":event-type" };
    let header =
        |name: &'static str, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(event.data.clone().into_bytes())
        .add_header(header(name, event.name))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", sort));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}
