//! Requests of no sense, made from sensible ones: each gets an answer, and none of them is a failure of ours.

use crate::{bench::Bench, dice::Dice};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What parsers trip over.
const THORNS: [&str; 22] = [
    "null",
    "{}",
    "[]",
    "-1",
    "1e400",
    "0.1",
    "18446744073709551616",
    "\"\"",
    "true",
    "\"\\ud800\"",
    "\"data:image/png;base64,!\"",
    "\"https://example.com/x.png\"",
    "\"\\u0000\"",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
    "{\"type\":\"function\"}",
    "{\"type\":\"text\",\"text\":\"x\"}",
    "[{\"role\":\"user\",\"content\":\"x\"}]",
    "\"user\"",
    "\"none\"",
    "\"m@chat\"",
    "\"../../v1/models\"",
    "\"\u{1F600}\"",
];

/// Sensible requests: path and body.
fn corpus() -> Vec<(&'static str, Value)> {
    let tool = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    vec![
        (
            "/v1/chat/completions",
            json!({ "model": "m@nobody", "stream": true, "n": 1, "temperature": 0.5, "max_tokens": 5,
                "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": [
                    { "type": "text", "text": "x" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAEC" } }] },
                    { "role": "assistant", "content": null, "reasoning_details": [{ "type": "reasoning.text", "text": "t", "signature": "s" }],
                        "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
                    { "role": "tool", "tool_call_id": "c", "content": "y" }],
                "tools": [{ "type": "function", "function": { "name": "f", "parameters": tool } }],
                "tool_choice": "auto", "response_format": { "type": "json_object" }, "models": ["m@other"],
                "provider": { "order": ["a"], "max_price": { "prompt": "1" } }, "reasoning": { "effort": "low" } }),
        ),
        (
            "/api/v1/responses",
            json!({ "model": "m@nobody", "instructions": "s", "reasoning": { "effort": "low" },
                "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "x" }] },
                    { "type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e" },
                    { "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" },
                    { "type": "function_call_output", "call_id": "c", "output": "y" }],
                "tools": [{ "type": "function", "name": "f", "parameters": tool }],
                "text": { "format": { "type": "json_schema", "name": "n", "schema": tool } } }),
        ),
        (
            "/v1/messages",
            json!({ "model": "m@nobody", "max_tokens": 5, "system": [{ "type": "text", "text": "s" }],
                "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }, { "type": "document",
                    "source": { "type": "text", "media_type": "text/plain", "data": "d" } }] },
                    { "role": "assistant", "content": [{ "type": "thinking", "thinking": "t", "signature": "s" },
                        { "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
                    { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c", "content": "y" }] }],
                "tools": [{ "name": "f", "input_schema": tool }], "tool_choice": { "type": "any" },
                "thinking": { "type": "enabled", "budget_tokens": 1024 } }),
        ),
        (
            "/v1/messages/count_tokens",
            json!({ "model": "m@nobody", "messages": [{ "role": "user", "content": "x" }] }),
        ),
        (
            "/v1beta/models/m@nobody:generateContent",
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" },
                    { "inlineData": { "mimeType": "image/png", "data": "AAEC" } }] },
                    { "role": "model", "parts": [{ "functionCall": { "name": "f", "args": {} }, "thoughtSignature": "s" }] },
                    { "role": "user", "parts": [{ "functionResponse": { "name": "f", "response": { "output": "y" } } }] }],
                "generationConfig": { "maxOutputTokens": 5, "thinkingConfig": { "thinkingBudget": 0 } },
                "tools": [{ "functionDeclarations": [{ "name": "f", "parameters": tool }] }] }),
        ),
    ]
}

/// Puts a thorn in the place of some value.
fn prick(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.below(4) > 0;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let place = dice.below(fields.len());
            if let Some(inner) = fields.values_mut().nth(place) {
                return prick(inner, dice);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let place = dice.below(items.len());
            return prick(&mut items[place], dice);
        }
        _ => {}
    }
    let thorn = THORNS[dice.below(THORNS.len())];
    *value = serde_json::from_str(thorn).unwrap_or_else(|_| Value::from(thorn));
}

/// Breaks bytes.
fn scratch(body: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(body.len() + 1);
    let end = (at + dice.below(40)).min(body.len());
    match dice.below(4) {
        0 if at < body.len() => body[at] ^= 1 << dice.below(8),
        1 => drop(body.drain(at..end)),
        2 => body.truncate(at),
        _ => drop(body.splice(at..at, THORNS[dice.below(THORNS.len())].bytes())),
    }
}

/// One request as bytes, for a connection that stays open.
fn request(bench: &Bench, dice: &mut Dice) -> Vec<u8> {
    let corpus = corpus();
    let (path, mut body) = corpus[dice.below(corpus.len())].clone();
    let whole = ["{}", "[]", "null", ""];
    let bytes = match dice.below(8) {
        0 => whole[dice.below(whole.len())].as_bytes().to_vec(),
        1 | 2 => {
            let mut bytes = body.to_string().into_bytes();
            (0..=dice.below(3)).for_each(|_| scratch(&mut bytes, dice));
            bytes
        }
        _ => {
            (0..=dice.below(3)).for_each(|_| prick(&mut body, dice));
            body.to_string().into_bytes()
        }
    };
    let paths = [
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/a/b/endpoints",
        "/x",
        "/v1/models/%00:generateContent",
        "/v1beta/models/:generateContent",
        "/api/v1/key",
        "/openapi.json",
        "/v1//messages",
        "/v1/models/a%2Fb:streamGenerateContent?alt=sse",
    ];
    let path = if dice.below(12) == 0 { paths[dice.below(paths.len())] } else { path };
    let method =
        if dice.below(40) == 0 { ["GET", "PUT", "DELETE", "OPTIONS"][dice.below(4)] } else { "POST" };
    let kind = if dice.below(40) == 0 { "text/plain" } else { "application/json" };
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nx-api-key: {}\r\n", bench.address(), bench.key);
    text.push_str(&format!("content-type: {kind}\r\ncontent-length: {}\r\n\r\n", bytes.len()));
    let mut all = text.into_bytes();
    all.extend(bytes);
    all
}

/// A connection that is kept, and what was read of it beyond the last answer.
struct Line {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Line {
    async fn new(bench: &Bench) -> Self {
        Self { stream: TcpStream::connect(bench.address()).await.unwrap(), rest: Vec::new() }
    }

    /// Bytes up to and with `mark`.
    async fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.windows(mark.len()).position(|piece| piece == mark) {
                return Some(self.rest.drain(..at + mark.len()).collect());
            }
            if self.stream.read_buf(&mut self.rest).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Reads `count` bytes.
    async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.rest.len() < count {
            if self.stream.read_buf(&mut self.rest).await.ok()? == 0 {
                return None;
            }
        }
        Some(self.rest.drain(..count).collect())
    }

    /// Sends a request and reads its answer: status, body, whether the connection goes on.
    async fn ask(&mut self, request: &[u8]) -> Option<(u16, Vec<u8>, bool)> {
        self.stream.write_all(request).await.ok()?;
        let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n").await?).to_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let value = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim))
        };
        let mut body = Vec::new();
        if value("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.until(b"\r\n").await?;
                let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
                let chunk = self.take(size + 2).await?;
                if size == 0 {
                    break;
                }
                body.extend_from_slice(&chunk[..size]);
            }
        } else if let Some(length) = value("content-length") {
            body = self.take(length.parse().ok()?).await?;
        }
        Some((status, body, value("connection") != Some("close")))
    }
}

/// So many requests from so many connections; how often each status came.
pub(crate) async fn storm(bench: &Bench, count: usize, seed: u64) -> BTreeMap<u16, usize> {
    let mut dice = Dice(seed);
    let mut statuses = BTreeMap::new();
    let mut line = Line::new(bench).await;
    for number in 0..count {
        let request = request(bench, &mut dice);
        let shown = || String::from_utf8_lossy(&request).into_owned();
        let answer = tokio::time::timeout(std::time::Duration::from_secs(20), line.ask(&request)).await;
        let answer =
            answer.unwrap_or_else(|_| panic!("no answer within 20 s to request {number}:\n{}", shown()));
        let Some((status, body, goes_on)) = answer else {
            panic!("no answer to request {number}:\n{}", shown())
        };
        let text = String::from_utf8_lossy(&body);
        assert!((200..500).contains(&status), "request {number}: {status} {text}\n{}", shown());
        if status >= 400 && !body.is_empty() {
            let said = serde_json::from_slice::<Value>(&body).is_ok_and(|body| body["error"].is_object());
            assert!(said, "request {number}: {status} without an error to read: {text}\n{}", shown());
        }
        *statuses.entry(status).or_default() += 1;
        if !goes_on {
            line = Line::new(bench).await;
        }
    }
    statuses
}
