//! Requests of no sense, made from sensible ones. Each follows from a seed and its number alone, so that any of them
//! can be made again.

use crate::{
    dice::Dice,
    thorns::{monster, prick, scratch, text_of},
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Models: of each of the four providers, of none, and what is no name.
const MODELS: [&str; 12] = [
    "m@chat",
    "m@responses",
    "m@messages",
    "m@gemini",
    "m:free@chat",
    "m@messages",
    "m@nobody",
    "m",
    "auto",
    "openai/gpt-5",
    "",
    "\u{1F600}@chat",
];

/// How a request came to have no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It has some: its words, model and form vary.
    Sound,
    /// Values and fields of it were changed.
    Values,
    /// Bytes of its body were changed.
    Bytes,
    /// Nothing like it: too deep, too long, too many, no text.
    Shape,
    /// Its first line, path or headers are odd.
    Head,
    /// Its body comes in pieces, chunks, twice or not whole.
    Frame,
    /// Its client hangs up before the answer is whole.
    Left,
}

impl Kind {
    pub(crate) const ALL: [(Self, usize, &'static str); 7] = [
        (Self::Sound, 60, "sensible, with other words"),
        (Self::Values, 530, "values and fields changed"),
        (Self::Bytes, 300, "bytes changed"),
        (Self::Shape, 20, "too deep, too long, too many, no text"),
        (Self::Head, 50, "odd first lines, paths and headers"),
        (Self::Frame, 30, "in chunks, in pieces, two at once, cut short"),
        (Self::Left, 10, "the client hangs up"),
    ];

    fn of(dice: &mut Dice) -> Self {
        let mut place = dice.below(1000);
        for (kind, share, _) in Self::ALL {
            match place.checked_sub(share) {
                Some(rest) => place = rest,
                None => return kind,
            }
        }
        Self::Values
    }
}

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// So many answers; then the connection goes on as they say.
    Answers(usize),
    /// Its HTTP is broken: it is refused or the connection is closed.
    Refusal,
    /// The same, and its client sends no more.
    Silence,
    /// Nothing: its client leaves, at once or after it has read something.
    Nothing { reads: bool },
}

/// One request as its bytes travel.
pub(crate) struct Made {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    pub due: Due,
    /// It asks for the head alone.
    pub bare: bool,
    /// In how many pieces it is written.
    pub pieces: usize,
}

/// A sensible request: its path, with `*` for the model, its body, and where in it its words are.
type Sensible = (&'static str, Value, &'static str);

pub(crate) struct Maker {
    seed: u64,
    host: String,
    /// Keys, the usual one first.
    keys: Vec<String>,
    corpus: Vec<Sensible>,
}

/// One that every protocol's parts are in.
fn corpus() -> Vec<Sensible> {
    let tool = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let chat = json!({ "model": "m", "stream": true, "n": 1, "temperature": 0.5, "max_tokens": 5,
        "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": [
            { "type": "text", "text": "x" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAEC" } }] },
            { "role": "assistant", "content": null, "reasoning_details": [{ "type": "reasoning.text", "text": "t", "signature": "s" }],
                "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c", "content": "y" }],
        "tools": [{ "type": "function", "function": { "name": "f", "parameters": tool } }],
        "tool_choice": "auto", "response_format": { "type": "json_object" }, "models": ["m@messages"],
        "provider": { "order": ["chat", "gemini"], "max_price": { "prompt": "9" } }, "reasoning": { "effort": "low" } });
    let plain_chat = json!({ "model": "m", "max_tokens": 5, "usage": { "include": true },
        "messages": [{ "role": "user", "content": "x" }] });
    let responses = json!({ "model": "m", "instructions": "s", "reasoning": { "effort": "low" },
        "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "x" }] },
            { "type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e" },
            { "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "c", "output": "y" }],
        "tools": [{ "type": "function", "name": "f", "parameters": tool }],
        "text": { "format": { "type": "json_schema", "name": "n", "schema": tool } } });
    let messages = json!({ "model": "m", "max_tokens": 1025, "system": [{ "type": "text", "text": "s" }],
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "x" }, { "type": "document",
            "source": { "type": "text", "media_type": "text/plain", "data": "d" } }] },
            { "role": "assistant", "content": [{ "type": "thinking", "thinking": "t", "signature": "s" },
                { "type": "tool_use", "id": "c", "name": "f", "input": {} }] },
            { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c", "content": "y" }] }],
        "tools": [{ "name": "f", "input_schema": tool }], "tool_choice": { "type": "auto" },
        "thinking": { "type": "enabled", "budget_tokens": 1024 } });
    let plain_messages =
        json!({ "model": "m", "max_tokens": 5, "messages": [{ "role": "user", "content": "x" }] });
    let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "text": "x" },
            { "inlineData": { "mimeType": "image/png", "data": "AAEC" } }] },
            { "role": "model", "parts": [{ "functionCall": { "name": "f", "args": {} }, "thoughtSignature": "s" }] },
            { "role": "user", "parts": [{ "functionResponse": { "name": "f", "response": { "output": "y" } } }] }],
        "generationConfig": { "maxOutputTokens": 5, "thinkingConfig": { "thinkingBudget": 0 } },
        "tools": [{ "functionDeclarations": [{ "name": "f", "parameters": tool }] }] });
    let embeddings = json!({ "model": "m", "input": ["x", "y"], "encoding_format": "float" });
    vec![
        ("/v1/chat/completions", chat, "/messages/1/content/0/text"),
        ("/v1/chat/completions", plain_chat, "/messages/0/content"),
        ("/api/v1/responses", responses.clone(), "/input/0/content/0/text"),
        ("/v1/messages", messages.clone(), "/messages/0/content/0/text"),
        ("/v1/messages", plain_messages, "/messages/0/content"),
        ("/v1beta/models/*:generateContent", gemini.clone(), "/contents/0/parts/0/text"),
        ("/v1beta/models/*:streamGenerateContent?alt=sse", gemini.clone(), "/contents/0/parts/0/text"),
        ("/v1/models/*:streamGenerateContent", gemini.clone(), "/contents/0/parts/0/text"),
        ("/v1/embeddings", embeddings, "/input/0"),
        ("/v1/messages/count_tokens", messages, "/messages/0/content/0/text"),
        ("/v1/responses/input_tokens", responses, "/input/0/content/0/text"),
        ("/v1beta/models/*:countTokens", gemini, "/contents/0/parts/0/text"),
    ]
}

const OTHER_PATHS: [&str; 22] = [
    "/v1/models",
    "/v1/models/a/b/endpoints",
    "/v1/models/openai/gpt-5",
    "/v1/models/m@chat",
    "/x",
    "/v1/models/%00:generateContent",
    "/v1beta/models/:generateContent",
    "/v1beta/models",
    "/v1beta/models/m@chat",
    "/api/v1/key",
    "/api/v1/credits",
    "/v1//messages",
    "/v1/models/a%2Fb:streamGenerateContent?alt=sse",
    "/v1/models/%FF%FE",
    "/v1/models/%",
    "/v1/models/..%2f..%2fkey",
    "/v1/messages?key=sk-parallax-x",
    "/v1/messages?&&==&alt=sse",
    "/v1/chat/completions/",
    "/",
    "*",
    "http://127.0.0.1/v1/models",
];

/// Headers that are sound HTTP, and odd.
const ODD: [&str; 30] = [
    "origin: null",
    "sec-fetch-site: cross-site",
    "sec-fetch-site: none",
    "upgrade: websocket",
    "upgrade: h2c",
    "expect: 100-continue",
    "content-encoding: gzip",
    "content-encoding: identity",
    "accept-encoding: gzip, br",
    "anthropic-version: 2023-06-01",
    "anthropic-version: \u{FF}\u{FE}",
    "anthropic-beta: a,,b",
    "anthropic-beta: ",
    "openai-beta: \u{1F600}",
    "openai-beta: responses=v1",
    "x-api-key: sk-parallax-wrong",
    "x-api-key: \u{E9}",
    "authorization: Bearer",
    "authorization: Basic Zm9v",
    "authorization: Bearer sk-parallax-0000",
    "host: evil.example",
    "cookie: a=b",
    "x-forwarded-for: 1.2.3.4",
    "te: trailers",
    "connection: close",
    "connection: keep-alive, x-api-key",
    "content-type: text/plain",
    "range: bytes=0-1",
    "accept: text/event-stream",
    "x-http-method-override: DELETE",
];

/// Heads that are no HTTP, or more of it than fits.
fn broken_head(dice: &mut Dice) -> String {
    match dice.below(7) {
        0 => "x\u{0}y: z\r\n".to_owned(),
        1 => " folded\r\n".to_owned(),
        2 => "no colon\r\n".to_owned(),
        3 => "transfer-encoding: identity\r\n".to_owned(),
        4 => "x: y\r\n".repeat(80),
        5 => format!("x: {}\r\n", "a".repeat(70_000)),
        _ => "content-length: 99999999999999999999\r\n".to_owned(),
    }
}

impl Maker {
    pub(crate) fn new(seed: u64, host: String, keys: Vec<String>) -> Self {
        Self { seed, host, keys, corpus: corpus() }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The request of this number.
    pub(crate) fn make(&self, number: u64) -> Made {
        // Numbers that follow each other are spread over all there are (splitmix64).
        let mut mixed = self.seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mut dice = Dice((mixed ^ (mixed >> 31)) | 1);
        let kind = Kind::of(&mut dice);
        let (path, body) = self.sensible(kind, &mut dice);
        let body = match kind {
            Kind::Shape => monster(&mut dice),
            Kind::Bytes => {
                let mut bytes = body.to_string().into_bytes();
                (0..=dice.below(3)).for_each(|_| scratch(&mut bytes, &mut dice));
                bytes
            }
            _ => text_of(&body).into_bytes(),
        };
        match kind {
            Kind::Head => self.odd_head(&path, &body, &mut dice),
            Kind::Frame => self.framed(&path, &body, &mut dice),
            _ => {
                let mut bytes = self.head("POST", &path, kind == Kind::Shape, &mut dice);
                put_length(&mut bytes, &body);
                let left = kind == Kind::Left;
                let due = if left { Due::Nothing { reads: dice.below(2) == 0 } } else { Due::Answers(1) };
                Made { kind, bytes, due, bare: false, pieces: 1 }
            }
        }
    }

    /// A sensible request, or one whose values have changed.
    fn sensible(&self, kind: Kind, dice: &mut Dice) -> (String, Value) {
        let (path, body, words) = &self.corpus[dice.below(self.corpus.len())];
        let mut body = body.clone();
        // Mostly one that can be asked.
        let most = if kind != Kind::Frame && dice.below(4) == 0 { MODELS.len() } else { 6 };
        let model = MODELS[dice.below(most)];
        if body.get("model").is_some() {
            body["model"] = Value::from(model);
        }
        if body.get("max_tokens").is_some() || body.get("instructions").is_some() {
            body["stream"] = Value::from(dice.below(2) == 0);
        }
        if let Some(words) = body.pointer_mut(words) {
            *words = Value::from(format!("x{}", dice.below(64)));
        }
        if !matches!(kind, Kind::Sound | Kind::Bytes) && (kind == Kind::Values || dice.below(4) == 0) {
            (0..=dice.below(3)).for_each(|_| prick(&mut body, dice));
        }
        (path.replace('*', model), body)
    }

    /// The usual head, but for the end of it. `sure`: there is no reason in it to leave the body unread.
    fn head(&self, method: &str, path: &str, sure: bool, dice: &mut Dice) -> Vec<u8> {
        let key = &self.keys[if sure || dice.below(8) > 0 { 0 } else { dice.below(self.keys.len()) }];
        let key_in = ["x-api-key: ", "authorization: Bearer ", "x-goog-api-key: ", "api-key: "];
        let key_in = key_in[dice.below(key_in.len())];
        let mut head = String::with_capacity(1024);
        // Writing to a text cannot fail.
        let _ = write!(head, "{method} {path} HTTP/1.1\r\nhost: {}\r\n{key_in}{key}\r\n", self.host);
        if sure || dice.below(100) > 0 {
            head.push_str("content-type: application/json\r\n");
        }
        head.into_bytes()
    }

    fn odd_head(&self, path: &str, body: &[u8], dice: &mut Dice) -> Made {
        let methods = ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "post", "M-SEARCH"];
        let method = if dice.below(4) == 0 { methods[dice.below(methods.len())] } else { "POST" };
        let other = dice.below(2) == 0;
        let path = if other { OTHER_PATHS[dice.below(OTHER_PATHS.len())] } else { path };
        let method = if other && dice.below(4) > 0 { "GET" } else { method };
        let mut due = Due::Answers(1);
        let mut bytes = self.head(method, path, false, dice);
        match dice.below(12) {
            0 => {
                let line: [&[u8]; 6] = [
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03",
                    b"POST /v1/messages HTTP/3.0\r\n",
                    b"POST  /v1/messages  HTTP/1.1\r\n",
                    b"POST /v1/mess\xFFages HTTP/1.1\r\n",
                    b"POST /v1/messages\r\n",
                ];
                bytes.splice(0..0, line[dice.below(line.len())].iter().copied());
                due = Due::Refusal;
            }
            1 => {
                bytes.extend(broken_head(dice).into_bytes());
                due = Due::Refusal;
            }
            2 if path != "*" && !path.starts_with("http") => {
                let long = ["/".repeat(3_000), "?a=b".repeat(20_000), "%41".repeat(300)];
                let at = bytes.windows(6).position(|six| six == b" HTTP/").unwrap_or(0);
                bytes.splice(at..at, long[dice.below(3)].bytes());
                due = Due::Refusal;
            }
            _ => {
                for _ in 0..=dice.below(3) {
                    bytes.extend(ODD[dice.below(ODD.len())].bytes());
                    bytes.extend(b"\r\n");
                }
            }
        }
        put_length(&mut bytes, body);
        Made { kind: Kind::Head, bytes, due, bare: method == "HEAD", pieces: 1 }
    }

    fn framed(&self, path: &str, body: &[u8], dice: &mut Dice) -> Made {
        let mut bytes = self.head("POST", path, true, dice);
        let made = |bytes, due, pieces| Made { kind: Kind::Frame, bytes, due, bare: false, pieces };
        match dice.below(8) {
            0 | 1 => {
                bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
                put_chunks(&mut bytes, body, dice);
                let pieces = 1 + dice.below(4);
                made(bytes, Due::Answers(1), pieces)
            }
            2 => {
                put_length(&mut bytes, body);
                let pieces = 2 + dice.below(5);
                made(bytes, Due::Answers(1), pieces)
            }
            3 => {
                put_length(&mut bytes, body);
                let again = bytes.clone();
                bytes.extend(again);
                made(bytes, Due::Answers(2), 1)
            }
            4 => {
                put_length(&mut bytes, body);
                bytes.truncate(bytes.len() - dice.below(body.len().max(1)));
                made(bytes, Due::Silence, 1)
            }
            5 => {
                bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
                let from = bytes.len();
                put_chunks(&mut bytes, body, dice);
                bytes.truncate(from + dice.below(bytes.len() - from));
                made(bytes, Due::Silence, 1)
            }
            6 => {
                let size = ["zz", "-1", "ffffffffffffffff", "10000000000000000", "", ";", "0x10", " 5"];
                bytes.extend(b"transfer-encoding: chunked\r\n\r\n");
                bytes.extend(size[dice.below(size.len())].bytes());
                bytes.extend(b"\r\nhello\r\n0\r\n\r\n");
                made(bytes, Due::Silence, 1)
            }
            _ => {
                let (less, more) = (body.len() / 2, body.len() + 7);
                let lengths = [
                    format!("content-length: {less}\r\n"),
                    format!("content-length: {more}\r\n"),
                    format!("content-length: {}\r\ncontent-length: {less}\r\n", body.len()),
                    "content-length: -1\r\n".to_owned(),
                    "content-length: +5\r\n".to_owned(),
                    "content-length: 40000000\r\n".to_owned(),
                    "content-length: 5\r\ntransfer-encoding: chunked\r\n".to_owned(),
                    "transfer-encoding: chunked, gzip\r\n".to_owned(),
                ];
                bytes.extend(lengths[dice.below(lengths.len())].bytes());
                bytes.extend(b"\r\n");
                bytes.extend(body);
                made(bytes, Due::Silence, 1)
            }
        }
    }
}

/// The end of a head, and the body.
fn put_length(bytes: &mut Vec<u8>, body: &[u8]) {
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
}

/// The body in chunks, some with words beside their size, perhaps with a header behind them.
fn put_chunks(bytes: &mut Vec<u8>, body: &[u8], dice: &mut Dice) {
    let size = 1 + dice.below(body.len().max(1));
    for chunk in body.chunks(size) {
        let beside = if dice.below(4) == 0 { ";x=\"y\"" } else { "" };
        bytes.extend(format!("{:X}{beside}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    let after = if dice.below(4) == 0 { "0\r\nx-after: y\r\n\r\n" } else { "0\r\n\r\n" };
    bytes.extend(after.bytes());
}
