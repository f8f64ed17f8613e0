//! A gateway over providers of this machine, and a client that says exactly what it is told to.

use domain::ProcessId;
use engine::{AppKeyChange, Clock as _, Engine, NewAppKey, Parts, SystemClock};
use gateway::Server;
use parallax_suite::support::replay::{Answer, Replay, Route};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use store::Store;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use transport::{Http, ProxyChoice};
use vault::Vault;

pub(crate) struct Bench {
    pub engine: Engine,
    pub server: Server,
    pub upstream: Replay,
    /// Of the app “editor”, which may everything.
    pub key: String,
    folder: tempfile::TempDir,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body came to its end.
    pub whole: bool,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

impl Bench {
    /// The same upstream as a provider of each dialect: `chat`, `messages` and `gemini`.
    pub(crate) async fn new(routes: Vec<Route>) -> Self {
        Self::tuned(routes, &store::Tuning::default()).await
    }

    /// The same with other limits of the database.
    pub(crate) async fn tuned(routes: Vec<Route>, tuning: &store::Tuning) -> Self {
        let upstream = Replay::start(routes);
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let process = ProcessId::new(clock.id());
        let options = store::Options { process, now: clock.now(), version: "test" };
        let parts = Parts {
            store: Store::open_tuned(folder.path(), options, tuning).unwrap(),
            vault: Vault::memory(),
            transport: Arc::new(Http::new(ProxyChoice::None).unwrap()),
            clock,
            process,
            origin: "cli",
        };
        let engine = Engine::assemble(parts).await.unwrap();
        for (id, dialect, path) in [
            ("chat", "openai-chat", "/v1"),
            ("responses", "openai-responses", "/v1"),
            ("messages", "anthropic-messages", ""),
            ("gemini", "gemini", ""),
        ] {
            engine.add_provider(id, dialect, &format!("{}{path}", upstream.url())).await.unwrap();
        }
        let server = gateway::start(engine.clone(), 0).await.unwrap();
        let new = NewAppKey { name: "editor".to_owned(), change: AppKeyChange::default() };
        let key = engine.create_app_key(new).await.unwrap().1.expose().to_owned();
        Self { engine, server, upstream, key, folder }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Sends these bytes and reads until the connection closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut all = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut all));
        let _ = read.await.unwrap_or_else(|_| panic!("no answer within 20 s"));
        parse(&all)
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        request(self.address(), method, path, headers, body)
    }

    /// Asks with the editor's key.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        self.raw(&self.request("POST", path, &[("authorization", &bearer)], &body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        self.raw(&self.request("GET", path, &[("authorization", &bearer)], "")).await
    }

    /// Everything booked, once nothing is under way.
    pub(crate) async fn booked(&self) -> Vec<store::Entry> {
        self.engine.relays_idle(Duration::from_secs(5)).await;
        let read = self.engine.store().read(|tx| {
            assert!(tx.verify_chain()? && tx.holds()?.is_empty());
            tx.entries(domain::Timestamp(0), domain::Timestamp(i64::MAX))
        });
        read.await.unwrap()
    }
}

/// A request as its bytes travel, over a connection for it alone.
pub(crate) fn request(
    host: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method == "POST" {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Takes a response apart.
pub(crate) fn parse(all: &[u8]) -> Reply {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = all.get(end + 4..).unwrap_or_default();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let (body, whole) = if chunked { unchunked(rest) } else { (rest.to_vec(), true) };
    Reply { status: status.unwrap_or(0), headers, body, whole }
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let Ok(size) = usize::from_str_radix(&String::from_utf8_lossy(&rest[..line]), 16) else {
            return (body, false);
        };
        if size == 0 {
            return (body, true);
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else { return (body, false) };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
}

/// `data:` of an event stream, one JSON each, of however many lines; `[DONE]` is left out.
pub(crate) fn data(text: &str) -> Vec<Value> {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n")
        .filter_map(|event| {
            let lines: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
            serde_json::from_str(lines.join("\n").trim()).ok()
        })
        .collect()
}

pub(crate) fn chat(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "Say hello." }] })
}

pub(crate) fn messages(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "max_tokens": 100,
            "messages": [{ "role": "user", "content": "Say hello." }] })
}

/// What an OpenAI-compatible provider streams.
pub(crate) fn chat_events() -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1",
                            "x_vendor": "kept", "choices": [choice] });
        format!("data: {chunk}\n\n")
    };
    let usage = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1",
        "choices": [], "usage": { "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25 } });
    let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    events
        .extend(["Hel", "lo ", "wör", "ld", "!"].map(|text| chunk(json!({ "content": text }), Value::Null)));
    events.push(chunk(json!({}), json!("stop")));
    events.push(format!("data: {usage}\n\n"));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

pub(crate) fn chat_document() -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1", "x_vendor": "kept",
        "choices": [{ "index": 0, "finish_reason": "stop",
                      "message": { "role": "assistant", "content": "Hello wörld!" } }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25 } })
}

pub(crate) fn messages_document() -> Value {
    json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1",
        "content": [{ "type": "text", "text": "Hello wörld!" }], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": { "input_tokens": 20, "output_tokens": 5 } })
}

pub(crate) fn gemini_document() -> Value {
    json!({ "candidates": [{ "index": 0, "finishReason": "STOP",
                             "content": { "role": "model", "parts": [{ "text": "Hello wörld!" }] } }],
        "usageMetadata": { "promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 25 },
        "modelVersion": "m-1" })
}

/// What Anthropic streams.
pub(crate) fn messages_events() -> Vec<String> {
    let event = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
    let delta = |text: &str| {
        event(
            "content_block_delta",
            json!({ "type": "content_block_delta", "index": 0,
            "delta": { "type": "text_delta", "text": text } }),
        )
    };
    let mut events = vec![
        event(
            "message_start",
            json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message",
            "role": "assistant", "model": "m-1", "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": 20, "output_tokens": 1 } } }),
        ),
        event(
            "content_block_start",
            json!({ "type": "content_block_start", "index": 0,
            "content_block": { "type": "text", "text": "" } }),
        ),
    ];
    events.extend(["Hel", "lo ", "wör", "ld", "!"].map(delta));
    events.push(event("content_block_stop", json!({ "type": "content_block_stop", "index": 0 })));
    events.push(event(
        "message_delta",
        json!({ "type": "message_delta",
        "delta": { "stop_reason": "end_turn", "stop_sequence": null }, "usage": { "output_tokens": 5 } }),
    ));
    events.push(event("message_stop", json!({ "type": "message_stop" })));
    events
}

/// What Gemini streams.
pub(crate) fn gemini_events() -> Vec<String> {
    let chunk = |text: &str, last: bool| {
        let mut candidate =
            json!({ "index": 0, "content": { "role": "model", "parts": [{ "text": text }] } });
        if last {
            candidate["finishReason"] = json!("STOP");
        }
        let usage = json!({ "promptTokenCount": 20, "candidatesTokenCount": 5, "totalTokenCount": 25 });
        let chunk = json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1" });
        format!("data: {chunk}\r\n\r\n")
    };
    let words = ["Hel", "lo ", "wör", "ld", "!"];
    words.iter().enumerate().map(|(place, word)| chunk(word, place == words.len() - 1)).collect()
}

/// An upstream that answers every protocol, streamed or not as it is asked.
pub(crate) fn every_protocol() -> Vec<Route> {
    let stream = |events: Vec<String>| Answer::event_stream(events.concat());
    vec![
        Route::answer(stream(messages_events())).path("/v1/messages").body("\"stream\":true"),
        Route::answer(stream(chat_events())).path("/v1/chat/completions").body("\"stream\":true"),
        Route::answer(Answer::json(200, &chat_document())).path("/v1/chat/completions"),
        Route::answer(Answer::json(200, &messages_document())).path("/v1/messages"),
        Route::answer(Answer::json(200, &gemini_document())).path("/v1beta/models").named(":generateContent"),
        Route::answer(stream(gemini_events())).path("/v1beta/models"),
    ]
}
