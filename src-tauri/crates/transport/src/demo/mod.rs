//! Demo models inside this process, for looking at the program without a key and for tests.
//!
//! They speak real bytes of the `openai-chat` dialect at the pace of real models, so that everything
//! above the transport works as it does with a provider. They say what they are: no AI, no network.
//! The same request always gives the same bytes.

mod ask;
mod text;

#[cfg(test)]
mod tests;

use crate::{ByteStream, Response};
use ask::Ask;
use bytes::Bytes;
use domain::{Call, Headers, Method};
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How a demo model behaves. Times are for speed 1.
struct Model {
    id: &'static str,
    tokens_per_second: u32,
    /// Silence before the first token.
    wait: Duration,
    /// Ends about half way with an error inside the stream, every time.
    breaks: bool,
    write: fn(&Ask) -> Answer,
}

/// What a model says.
struct Answer {
    reasoning: String,
    content: String,
}

const MODELS: &[Model] = &[
    Model {
        id: "quick",
        tokens_per_second: 180,
        wait: Duration::from_millis(120),
        breaks: false,
        write: text::quick,
    },
    Model {
        id: "steady",
        tokens_per_second: 70,
        wait: Duration::from_millis(350),
        breaks: false,
        write: text::steady,
    },
    Model {
        id: "thinker",
        tokens_per_second: 90,
        wait: Duration::from_millis(250),
        breaks: false,
        write: text::thinker,
    },
    Model {
        id: "flaky",
        tokens_per_second: 60,
        wait: Duration::from_millis(300),
        breaks: true,
        write: text::flaky,
    },
];

/// What `flaky` sends instead of the second half.
const BREAK: &str = "This demo model broke off on purpose, to show what a provider's failure looks like.";

/// Whether a base URL means these models.
pub fn is_demo(base_url: &str) -> bool {
    base_url.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("demo:"))
}

/// Ids of the demo models, in the order of the model list.
pub fn models() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|model| model.id)
}

/// The demo provider.
pub(crate) struct Demo {
    speed: u32,
}

impl Demo {
    /// `speed` times as fast as real models.
    pub(crate) fn new(speed: u32) -> Self {
        Self { speed: speed.max(1) }
    }

    pub(crate) fn answer(&self, call: &Call) -> Response {
        match call.method {
            Method::Get if call.path.ends_with("/models") => whole(200, &model_list(), Duration::ZERO),
            Method::Post if call.path.ends_with("/chat/completions") => self.chat(&call.body),
            _ => error(404, "not_found", "The demo serves /models and /chat/completions."),
        }
    }

    fn chat(&self, body: &[u8]) -> Response {
        let Some(ask) = Ask::parse(body) else {
            return error(400, "invalid_json", "The body is not a chat completion request.");
        };
        let Some(model) = MODELS.iter().find(|model| model.id == ask.model) else {
            return error(404, "model_not_found", "There is no such demo model.");
        };
        let run = Run::new(model, &ask);
        if ask.stream {
            return respond(200, "text/event-stream", paced(run.events(self.speed)));
        }
        if model.breaks {
            return error(500, "demo_interrupted", BREAK);
        }
        whole(200, &run.completion(), run.due(run.tokens.len(), self.speed))
    }
}

/// One token of an answer.
struct Token {
    reasoning: bool,
    text: String,
}

struct Run<'a> {
    model: &'a Model,
    id: String,
    tokens: Vec<Token>,
    finish: &'static str,
    prompt_tokens: usize,
}

impl<'a> Run<'a> {
    fn new(model: &'a Model, ask: &Ask) -> Self {
        let answer = (model.write)(ask);
        let tokens = |text: &str, reasoning| {
            ask::tokens(text).map(|text| Token { reasoning, text: text.to_owned() }).collect::<Vec<_>>()
        };
        let mut all = tokens(&answer.reasoning, true);
        all.extend(tokens(&answer.content, false));
        let mut finish = "stop";
        if let Some(limit) = ask.max_tokens.filter(|limit| *limit < all.len()) {
            all.truncate(limit);
            finish = "length";
        }
        let id = format!("demo-{:016x}", ask.hash);
        Self { model, id, tokens: all, finish, prompt_tokens: ask.prompt_tokens }
    }

    /// When the token with this index is sent, counted from the start.
    fn due(&self, index: usize, speed: u32) -> Duration {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        (self.model.wait + Duration::from_secs(1) * index / self.model.tokens_per_second) / speed
    }

    fn usage(&self) -> Value {
        let completion = self.tokens.len();
        let reasoning = self.tokens.iter().filter(|token| token.reasoning).count();
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "completion_tokens_details": { "reasoning_tokens": reasoning },
        })
    }

    fn chunk(&self, delta: Value, finish: Option<&str>) -> Bytes {
        event(&json!({
            "id": self.id, "object": "chat.completion.chunk", "created": 0, "model": self.model.id,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        }))
    }

    fn events(&self, speed: u32) -> VecDeque<(Duration, Bytes)> {
        let mut events = VecDeque::new();
        events
            .push_back((self.due(0, speed), self.chunk(json!({ "role": "assistant", "content": "" }), None)));
        let cut = if self.model.breaks { self.tokens.len() / 2 } else { self.tokens.len() };
        for (index, token) in self.tokens.iter().take(cut).enumerate() {
            let field = if token.reasoning { "reasoning_content" } else { "content" };
            events.push_back((self.due(index, speed), self.chunk(json!({ field: token.text }), None)));
        }
        let end = self.due(cut, speed);
        if self.model.breaks {
            events.push_back((end, event(&error_object("demo_interrupted", BREAK))));
            return events;
        }
        events.push_back((end, self.chunk(json!({}), Some(self.finish))));
        let usage = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": 0, "model": self.model.id,
            "choices": [], "usage": self.usage(),
        });
        events.push_back((end, event(&usage)));
        events.push_back((end, Bytes::from_static(b"data: [DONE]\n\n")));
        events
    }

    fn completion(&self) -> Value {
        let join = |reasoning: bool| -> String {
            self.tokens.iter().filter(|t| t.reasoning == reasoning).map(|t| t.text.as_str()).collect()
        };
        let mut message = json!({ "role": "assistant", "content": join(false) });
        let reasoning = join(true);
        if !reasoning.is_empty() {
            message["reasoning_content"] = reasoning.into();
        }
        json!({
            "id": self.id, "object": "chat.completion", "created": 0, "model": self.model.id,
            "choices": [{ "index": 0, "message": message, "finish_reason": self.finish }],
            "usage": self.usage(),
        })
    }
}

fn model_list() -> Value {
    let data: Vec<Value> =
        models().map(|id| json!({ "id": id, "object": "model", "created": 0, "owned_by": "demo" })).collect();
    json!({ "object": "list", "data": data })
}

fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

fn error_object(code: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": "demo_error", "code": code, "param": null } })
}

fn error(status: u16, code: &str, message: &str) -> Response {
    whole(status, &error_object(code, message), Duration::ZERO)
}

fn whole(status: u16, body: &Value, after: Duration) -> Response {
    respond(status, "application/json", paced(VecDeque::from([(after, Bytes::from(body.to_string()))])))
}

fn respond(status: u16, content_type: &str, body: ByteStream) -> Response {
    let mut headers = Headers::default();
    headers.push("content-type", content_type);
    Response { status, headers, body, token: None, redactors: Vec::new() }
}

/// Sends each piece at its time, counted from the first read. The times are absolute, so that coarse
/// timers make pieces uneven but never the whole answer slower.
fn paced(pieces: VecDeque<(Duration, Bytes)>) -> ByteStream {
    Box::pin(stream::unfold((pieces, None::<Instant>), |(mut pieces, start)| async move {
        let start = start.unwrap_or_else(Instant::now);
        let (due, bytes) = pieces.pop_front()?;
        tokio::time::sleep_until(start + due).await;
        Some((Ok(bytes), (pieces, Some(start))))
    }))
}
