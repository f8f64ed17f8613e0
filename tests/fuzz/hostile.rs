//! Servers that never stop: what a decoder keeps of them is bounded, whatever they send.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use domain::{Quirks, StreamEvent};
use std::sync::OnceLock;
use wire::{DIALECTS, Decoder, Framing};

/// A body without end: its beginning, and what follows for ever.
pub(crate) struct Endless {
    pub(crate) name: &'static str,
    pub(crate) framing: Framing,
    pub(crate) head: Vec<u8>,
    pub(crate) more: Vec<u8>,
}

fn endless(name: &'static str, framing: Framing, head: &[u8], more: &[u8]) -> Endless {
    Endless { name, framing, head: head.to_vec(), more: more.to_vec() }
}

/// Bodies that no framing may gather without bound.
pub(crate) fn framings() -> Vec<Endless> {
    let giant = |length: u32| [length.to_be_bytes().as_slice(), &64u32.to_be_bytes()].concat();
    vec![
        endless("a line without an end", Framing::Sse, b"data: {\"a\":\"", b"aaaaaaaaaaaaaaaa"),
        endless("a comment without an end", Framing::Sse, b": ", b"aaaaaaaaaaaaaaaa"),
        endless("an event of endless lines", Framing::Sse, b"", b"data: aaaaaaaaaaaaaaaaaaaaaaaa\n"),
        endless("an endless name", Framing::Sse, b"event: ", b"aaaaaaaaaaaaaaaa"),
        endless("names without end", Framing::Sse, b"", b"event: aaaaaaaaaaaaaaaa\n"),
        endless("blank lines", Framing::Sse, b"x", b"\r\n\n\r"),
        endless("comments", Framing::Sse, b"", b": ping\n\n"),
        endless("a string without an end", Framing::Json, b"{\"a\":\"", b"aaaaaaaaaaaaaaaa"),
        endless("brackets", Framing::Json, b"[", b"[[[[[[[[[[[[[[[["),
        endless("a line of JSON without an end", Framing::Ndjson, b"{\"a\":\"", b"aaaaaaaaaaaaaaaa"),
        endless("lines that are cut", Framing::Ndjson, b"{}\n", b"{\"a\":\n"),
        endless("a giant frame", Framing::AwsEventStream, &giant(16 << 20), b"aaaaaaaaaaaaaaaa"),
        endless("a frame longer than allowed", Framing::AwsEventStream, &giant(u32::MAX), b"aaaaaaaa"),
        endless("JSON instead of frames", Framing::AwsEventStream, b"{\"a\":\"", b"aaaaaaaaaaaaaaaa"),
    ]
}

/// Answers of one dialect that go on for ever with what has to be kept until its end.
pub(crate) fn answers() -> Vec<(&'static str, Endless)> {
    let sse = |name, head: &str, more: &str| {
        let pack = |data: &str| if data.is_empty() { String::new() } else { format!("data: {data}\n\n") };
        endless(name, Framing::Sse, pack(head).as_bytes(), pack(more).as_bytes())
    };
    let long = "a".repeat(400);
    let url = "https://x/".to_owned() + &long;
    vec![
        (
            "openai-chat",
            sse(
                "arguments of a call without a name",
                "",
                &format!(
                    r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":0,"function":{{"arguments":"{long}"}}}}]}}}}]}}"#
                ),
            ),
        ),
        (
            "openai-chat",
            sse(
                "a proof in pieces",
                "",
                &format!(
                    r#"{{"choices":[{{"delta":{{"reasoning_details":[{{"type":"reasoning.encrypted","data":"{long}","index":0}}]}}}}]}}"#
                ),
            ),
        ),
        ("openai-chat", sse("sources", "", &format!(r#"{{"choices":[],"citations":["{url}"]}}"#))),
        (
            "openai-responses",
            sse(
                "items",
                "",
                &format!(
                    r#"{{"type":"response.output_item.added","output_index":9,"item":{{"type":"function_call","name":"{long}"}}}}"#
                ),
            ),
        ),
        (
            "anthropic-messages",
            sse(
                "a signature",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
                &format!(
                    r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"signature_delta","signature":"{long}"}}}}"#
                ),
            ),
        ),
        (
            "gemini",
            sse(
                "arguments in pieces",
                "",
                &format!(
                    r#"{{"candidates":[{{"content":{{"parts":[{{"functionCall":{{"name":"","willContinue":true,"partialArgs":[{{"jsonPath":"$.a","stringValue":"{long}"}}]}}}}]}}}}]}}"#
                ),
            ),
        ),
        (
            "cohere",
            sse(
                "calls",
                "",
                &format!(
                    r#"{{"type":"tool-call-start","index":0,"delta":{{"message":{{"tool_calls":{{"id":"{long}","function":{{"name":"f"}}}}}}}}}}"#
                ),
            ),
        ),
        in_frames(&long),
        (
            "ollama",
            endless(
                "lines",
                Framing::Ndjson,
                b"",
                format!("{{\"model\":\"m\",\"message\":{{\"thinking\":\"{long}\"}},\"done\":false}}\n")
                    .as_bytes(),
            ),
        ),
    ]
}

fn in_frames(long: &str) -> (&'static str, Endless) {
    let event =
        format!(r#"{{"contentBlockIndex":0,"delta":{{"reasoningContent":{{"signature":"{long}"}}}}}}"#);
    let body = endless("a signature in frames", Framing::AwsEventStream, b"", &frame(&event));
    ("bedrock-converse", body)
}

/// One event in a binary frame.
fn frame(payload: &str) -> Vec<u8> {
    let text = |text: &'static str| HeaderValue::String(text.into());
    let message = Message::new(payload.as_bytes().to_vec())
        .add_header(Header::new(":event-type", text("contentBlockDelta")))
        .add_header(Header::new(":message-type", text("event")));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

/// Feeds a body until `bytes` were given; the most memory the process held meanwhile above what it held
/// before the first of them. Events are taken away as the engine does.
pub(crate) fn feed(dialect: &str, body: &Endless, bytes: usize) -> usize {
    static BEFORE: OnceLock<usize> = OnceLock::new();
    let before = *BEFORE.get_or_init(resident);
    let speaks = DIALECTS.iter().find(|known| known.id() == dialect).unwrap();
    let mut decoder: Box<dyn Decoder> = speaks.decoder(body.framing, &Quirks::default());
    let piece: Vec<u8> =
        body.more.iter().copied().cycle().take((64 << 10) / body.more.len() * body.more.len()).collect();
    let mut events: Vec<StreamEvent> = Vec::new();
    let mut most = before;
    decoder.push(&body.head, &mut events);
    for round in 0..bytes / piece.len() {
        decoder.push(&piece, &mut events);
        events.clear();
        if round % 16 == 0 {
            most = most.max(resident());
        }
    }
    decoder.finish(&mut events);
    most.max(resident()).saturating_sub(before)
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}
