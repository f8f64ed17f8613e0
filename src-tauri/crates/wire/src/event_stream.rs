//! `application/vnd.amazon.eventstream`: binary frames with checksums, each around one JSON document.
//!
//! A body labelled so may still be plain JSON (an error before the stream began), and frames may come
//! under another label or none, so the first byte decides: a frame begins with its length, and a length
//! of printable bytes would be absurd.

use crate::{
    Decoder, Ending, Framing,
    framed::{Doc, Framed, MAX_BODY, Protocol, TOO_LONG},
    json::Json,
    scan,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{NoticeKind, StreamEvent, say};

/// Largest frame. The format allows 4 GiB; a length is checked before anything is kept for it.
const MAX_FRAME: usize = 16 << 20;
/// Lengths and checksums around headers and payload.
const MIN_FRAME: usize = 16;
/// Two lengths and their checksum, before the headers.
const PRELUDE: usize = 12;
/// Unreadable payloads told one by one.
const MAX_SKIP_NOTICES: u32 = 16;

/// A decoder of frames, or of whatever text comes in their place; `framing` is what the label says.
pub(crate) fn decoder<P: Protocol + 'static>(framing: Framing, protocol: P) -> Box<dyn Decoder> {
    let text = if framing == Framing::AwsEventStream { Framing::Json } else { framing };
    Box::new(EventStream::Unknown(Some(protocol), text))
}

/// The same, of a body without a label.
pub(crate) fn told_by_first_byte<P: Protocol>(protocol: P) -> EventStream<P> {
    EventStream::Unknown(Some(protocol), Framing::Json)
}

/// See [`told_by_first_byte`].
pub(crate) enum EventStream<P> {
    /// Nothing has come yet. Beside it how text would be framed.
    Unknown(Option<P>, Framing),
    Frames(Frames<P>),
    Text(Box<Framed<P>>),
}

impl<P: Protocol> Decoder for EventStream<P> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) {
        if let (Self::Unknown(protocol, framing), Some(first)) = (&mut *self, bytes.first()) {
            let Some(protocol) = protocol.take() else { return };
            *self = match first {
                b'\t' | b'\n' | b'\r' | b' '.. => Self::Text(Box::new(Framed::new(*framing, protocol))),
                _ => {
                    Self::Frames(Frames { protocol, buffer: Vec::new(), taken: 0, skipped: 0, broken: None })
                }
            };
        }
        match self {
            Self::Unknown(..) => {}
            Self::Frames(frames) => frames.push(bytes, out),
            Self::Text(text) => text.push(bytes, out),
        }
    }

    fn ended(&self) -> bool {
        match self {
            Self::Unknown(..) => false,
            Self::Frames(frames) => frames.protocol.ended(),
            Self::Text(text) => text.ended(),
        }
    }

    fn finish(self: Box<Self>, out: &mut Vec<StreamEvent>) -> Ending {
        self.close(out).0
    }
}

impl<P: Protocol> EventStream<P> {
    /// What the documents are for.
    pub(crate) fn protocol(&mut self) -> Option<&mut P> {
        match self {
            Self::Unknown(protocol, _) => protocol.as_mut(),
            Self::Frames(frames) => Some(&mut frames.protocol),
            Self::Text(text) => Some(text.protocol()),
        }
    }

    /// The body ended: how, and what the documents were for.
    pub(crate) fn close(self, out: &mut Vec<StreamEvent>) -> (Ending, Option<P>) {
        match self {
            Self::Unknown(Some(mut protocol), _) => (protocol.finish(out), Some(protocol)),
            Self::Unknown(None, _) => (Ending::Truncated, None),
            Self::Frames(frames) => {
                let (ending, protocol) = frames.close(out);
                (ending, Some(protocol))
            }
            Self::Text(text) => {
                let (ending, protocol) = text.close(out);
                (ending, Some(protocol))
            }
        }
    }
}

pub(crate) struct Frames<P> {
    protocol: P,
    /// The beginning of a frame whose end has not come.
    buffer: Vec<u8>,
    /// Bytes of the body before the buffer.
    taken: u64,
    skipped: u32,
    broken: Option<(u64, &'static str)>,
}

impl<P: Protocol> Frames<P> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) {
        if self.broken.is_some() {
            return;
        }
        if self.buffer.is_empty() {
            // Most pieces end where a frame does, or nearly so: only the rest is copied.
            let taken = self.frames(bytes, out);
            self.buffer.extend_from_slice(&bytes[taken..]);
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(bytes);
            let taken = self.frames(&buffer, out);
            buffer.drain(..taken);
            self.buffer = buffer;
        }
        if self.taken > MAX_BODY {
            self.broken.get_or_insert((MAX_BODY, TOO_LONG));
        }
        if self.broken.is_some() {
            self.buffer = Vec::new();
        }
    }

    /// Reads every whole frame at the beginning; how many bytes they have.
    fn frames(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> usize {
        let mut at = 0;
        let from = self.taken;
        while let Some(length) = length(&bytes[at..]) {
            if !(MIN_FRAME..=MAX_FRAME).contains(&length) {
                self.broken = Some((self.taken, "a frame's length is impossible"));
                break;
            }
            let Some(frame) = bytes.get(at..at + length) else { break };
            if !self.frame(frame, out) {
                self.broken = Some((self.taken, "a frame's checksum or headers are wrong"));
                break;
            }
            at += length;
            self.taken = from + at as u64;
        }
        at
    }

    /// False if the frame is damaged.
    fn frame(&mut self, frame: &[u8], out: &mut Vec<StreamEvent>) -> bool {
        let Some(message) = Message::open(frame) else { return false };
        let header = |name: &str| message.header(name);
        let payload = scan::text(message.payload);
        match header(":message-type").unwrap_or("event") {
            "event" => self.event(header(":event-type").unwrap_or_default(), &payload, out),
            // An exception names itself in a header and says its words in the payload, or in another header.
            _ => {
                let sort = header(":exception-type").or_else(|| header(":error-code")).unwrap_or("exception");
                let json = Json::parse(payload.trim()).unwrap_or(Json::Null);
                let words = ["message", "Message", "originalMessage"].iter().find_map(|key| json.text(key));
                let words = words.or_else(|| header(":error-message")).unwrap_or_default();
                let field =
                    |key: &'static str, value: &str| (key.into(), Json::String(value.to_owned().into()));
                let error = Json::Object(vec![field("type", sort), field("message", words)]);
                let json = Json::Object(vec![("error".into(), error)]);
                self.document("error", &json, payload.len(), out);
            }
        }
        true
    }

    fn event(&mut self, name: &str, payload: &str, out: &mut Vec<StreamEvent>) {
        let Ok(json) = Json::parse(payload.trim()) else { return self.skip(out) };
        // InvokeModel wraps the model's own document.
        let Some(wrapped) = json.text("bytes") else {
            return self.document(name, &json, payload.len(), out);
        };
        let inner = STANDARD.decode(wrapped).unwrap_or_default();
        let text = scan::text(&inner);
        match Json::parse(text.trim()) {
            Ok(json) => self.document("", &json, text.len(), out),
            Err(_) => self.skip(out),
        }
    }

    fn document(&mut self, name: &str, json: &Json<'_>, bytes: usize, out: &mut Vec<StreamEvent>) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.protocol.document(&Doc { name, json, bytes }, out);
    }

    fn skip(&mut self, out: &mut Vec<StreamEvent>) {
        self.skipped = self.skipped.saturating_add(1);
        if self.skipped <= MAX_SKIP_NOTICES {
            let detail = say!("Skipped an unreadable event of the stream.");
            out.push(StreamEvent::Notice { kind: NoticeKind::SkippedEvent, detail });
        }
    }

    fn close(mut self, out: &mut Vec<StreamEvent>) -> (Ending, P) {
        let ending = match (self.protocol.finish(out), self.broken) {
            (Ending::Failed(failure), _) => Ending::Failed(failure),
            (_, Some((at, why))) => Ending::Malformed { at, why },
            (ending, None) => ending,
        };
        (ending, self.protocol)
    }
}

/// A whole frame taken apart where it lies. The AWS crate's reader copies every name, value and payload, which
/// cost more than reading the JSON inside; the tests hold the two against each other.
struct Message<'a> {
    headers: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// `None` if a checksum, a length or a header is wrong.
    fn open(frame: &'a [u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(*frame.get(at..)?.first_chunk()?));
        let headers_end = PRELUDE.checked_add(usize::try_from(number(4)?).ok()?)?;
        let end = frame.len().checked_sub(4)?;
        let message =
            Self { headers: frame.get(PRELUDE..headers_end)?, payload: frame.get(headers_end..end)? };
        let sound = usize::try_from(number(0)?).ok()? == frame.len()
            && crc32fast::hash(frame.get(..8)?) == number(8)?
            && crc32fast::hash(frame.get(..end)?) == number(end)?;
        let mut rest = message.headers;
        while sound && !rest.is_empty() {
            rest = header(rest)?.2;
        }
        sound.then_some(message)
    }

    /// A header's text.
    fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        while let Some((found, value, after)) = header(rest) {
            if found == name {
                return value;
            }
            rest = after;
        }
        None
    }
}

/// The first header of several: its name, its value if it is text, and what follows it.
fn header(bytes: &[u8]) -> Option<(&str, Option<&str>, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (sort, rest) = rest.split_first()?;
    let (value, rest) = match sort {
        0 | 1 => rest.split_at_checked(0),
        2 => rest.split_at_checked(1),
        3 => rest.split_at_checked(2),
        4 => rest.split_at_checked(4),
        5 | 8 => rest.split_at_checked(8),
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk()?;
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        }
        9 => rest.split_at_checked(16),
        _ => None,
    }?;
    let text = match sort {
        7 => Some(std::str::from_utf8(value).ok()?),
        _ => None,
    };
    Some((std::str::from_utf8(name).ok()?, text, rest))
}

/// The length at the beginning of a frame.
fn length(bytes: &[u8]) -> Option<usize> {
    let bytes: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

#[cfg(test)]
#[path = "event_stream_tests.rs"]
mod tests;
