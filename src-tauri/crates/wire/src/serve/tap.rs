//! An answer that passes as it came, and is understood on its way.

use super::{Protocol, ToldUsage, reframe::Reframer, splice::Splice};
use crate::{Decoder, Ending, Framing, decoder_for, dialect, framed::MAX_BODY, framing_of, json::Json, scan};
use domain::{NoticeKind, Quirks, StreamEvent};
use std::borrow::Cow;

/// Watches a same-protocol answer. Events of a stream pass whole or not at all, so that one that breaks off can be
/// followed by a proper error; usage that nobody asked for and events that cannot be read are withheld. An answer
/// in another framing than the client waits for is put into that one.
pub struct Tap {
    protocol: Protocol,
    decoder: Option<Box<dyn Decoder>>,
    framing: Option<Framing>,
    /// Whether the client wants one document or a stream; `None` = whatever comes.
    whole: Option<bool>,
    reframer: Option<Reframer>,
    /// Something of a reframed answer was given.
    gave: bool,
    usage: ToldUsage,
    /// Bytes that do not make up an event yet.
    held: Vec<u8>,
    /// How many of them were looked at.
    seen: usize,
    /// Where among them the last line begins.
    line: usize,
    begun: bool,
}

impl Tap {
    /// A tap; `content_type` is what the provider says its answer is, `usage` comes from [`super::Passed`].
    pub fn new(protocol: Protocol, content_type: Option<&str>, quirks: &Quirks, usage: ToldUsage) -> Self {
        let decoder = dialect(protocol.dialect()).map(|dialect| match content_type.and_then(framing_of) {
            Some(Framing::Ndjson) => decoder_for(dialect, content_type, quirks),
            // Reads text as well; frames are not always labelled so.
            _ => dialect.decoder(Framing::AwsEventStream, quirks),
        });
        Self {
            protocol,
            decoder,
            framing: None,
            whole: None,
            reframer: None,
            gave: false,
            usage,
            held: Vec::new(),
            seen: 0,
            line: 0,
            begun: false,
        }
    }

    /// The client waits for one document (`whole`), or for a stream of events, whatever comes.
    #[must_use]
    pub fn wanted(mut self, whole: bool) -> Self {
        self.whole = Some(whole);
        self
    }

    /// The answer is put into another framing, so a failure that the provider tells in it is not passed on.
    pub fn reframes(&self) -> bool {
        self.reframer.is_some()
    }

    /// What the answer turned out to be, once its first byte is there: [`Framing::Sse`], frames of AWS, or
    /// [`Framing::Json`] for anything else. It is neither always what was asked for nor what its label says.
    pub fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// The closing mark was read: see [`Decoder::ended`].
    pub fn ended(&self) -> bool {
        self.decoder.as_ref().is_some_and(|decoder| decoder.ended())
    }

    /// Takes the next bytes: what they mean goes to `events`, what may be sent on goes to `pass`.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        if !self.begun {
            self.held.extend_from_slice(bytes);
            let start = self.held.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.held);
            let Some(first) = start.iter().find(|b| !b.is_ascii_whitespace()) else { return };
            if *first == 0xEF && self.held.len() < 3 {
                return;
            }
            let framing = match first {
                b'{' | b'[' => Framing::Json,
                // The length of a frame, which is never so long that it needs this byte.
                0 => Framing::AwsEventStream,
                _ => Framing::Sse,
            };
            let fits = match (framing, self.whole) {
                (Framing::AwsEventStream, _) => false,
                (_, None) => true,
                // A stream as one list is no document.
                (Framing::Json, Some(whole)) => whole && *first == b'{',
                (_, Some(whole)) => !whole,
            };
            self.framing = Some(framing);
            let mark = self.held.len() - start.len();
            self.held.drain(..mark);
            self.begun = true;
            if !fits {
                let whole = self.whole.unwrap_or_default();
                self.reframer = Some(Reframer::new(self.protocol, whole, self.usage));
                let held = std::mem::take(&mut self.held);
                return self.reframe(&held, events, pass);
            }
        } else if self.reframer.is_some() {
            return self.reframe(bytes, events, pass);
        } else {
            self.held.extend_from_slice(bytes);
        }
        match self.framing {
            Some(Framing::Sse) => self.events(events, pass),
            _ => self.document(events),
        }
    }

    fn reframe(&mut self, bytes: &[u8], events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        if let Some(decoder) = &mut self.decoder {
            decoder.push(bytes, events);
        }
        let before = pass.len();
        if let Some(reframer) = &mut self.reframer {
            reframer.push(bytes, pass);
        }
        self.gave |= pass.len() > before;
    }

    /// One document is only known to be whole when it ends.
    fn document(&mut self, events: &mut Vec<StreamEvent>) {
        if let Some(decoder) = &mut self.decoder {
            decoder.push(&self.held[self.seen..], events);
        }
        // Beyond what the decoder takes nothing needs to be kept: it can only end as malformed.
        if self.held.len() as u64 > MAX_BODY {
            self.held = Vec::new();
        }
        self.seen = self.held.len();
    }

    fn events(&mut self, events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        let mut held = std::mem::take(&mut self.held);
        let mut start = 0;
        while let Some(end) = self.end_of_event(&held) {
            self.event(&held[start..end], events, pass);
            start = end;
        }
        if held.len() as u64 - start as u64 > MAX_BODY {
            // Nothing so long is an event; the decoder says so.
            self.event(&held[start..], events, &mut Vec::new());
            start = held.len();
            (self.seen, self.line) = (start, start);
        }
        held.drain(..start);
        self.seen -= start;
        self.line -= start;
        self.held = held;
    }

    /// The place behind the next blank line, if it is there.
    fn end_of_event(&mut self, held: &[u8]) -> Option<usize> {
        loop {
            let Some(step) = scan::find(&held[self.seen..], b'\n', b'\r') else {
                self.seen = held.len();
                return None;
            };
            let at = self.seen + step;
            let blank = at == self.line;
            let end = match (held[at], held.get(at + 1)) {
                (b'\r', Some(b'\n')) => at + 2,
                // The line feed that belongs to it may be still on its way.
                (b'\r', None) if !blank => {
                    self.seen = at;
                    return None;
                }
                _ => at + 1,
            };
            (self.seen, self.line) = (end, end);
            if blank {
                return Some(end);
            }
        }
    }

    fn event(&mut self, event: &[u8], events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        let Some(apart) = apart(event) else { return self.one(event, events, pass) };
        for mut event in apart {
            event.extend_from_slice(b"\n\n");
            self.one(&event, events, pass);
        }
    }

    fn one(&mut self, event: &[u8], events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) {
        let before = events.len();
        if let Some(decoder) = &mut self.decoder {
            decoder.push(event, events);
        }
        let skipped =
            |event: &StreamEvent| matches!(event, StreamEvent::Notice { kind: NoticeKind::SkippedEvent, .. });
        if !events[before..].iter().any(skipped) {
            pass.extend_from_slice(&told(self.usage, event));
        }
    }

    /// The body ended. Of a complete answer, or one that ends with the provider's own error, the rest is in
    /// `pass`; after any other ending [`super::broken_off`] says what happened.
    pub fn finish(mut self, events: &mut Vec<StreamEvent>, pass: &mut Vec<u8>) -> Ending {
        let mut rest = std::mem::take(&mut self.held);
        let stream = self.framing == Some(Framing::Sse);
        let mut late = Vec::new();
        if let (true, Some(mut apart)) = (stream && self.reframer.is_none(), apart(&rest)) {
            // The last one may be cut, as any that no blank line ends.
            rest = apart.pop().unwrap_or_default();
            for mut event in apart {
                event.extend_from_slice(b"\n\n");
                self.one(&event, events, &mut late);
            }
        }
        if let (true, Some(decoder)) = (stream, &mut self.decoder) {
            decoder.push(&rest, events);
        }
        let ending = match self.decoder {
            Some(decoder) => decoder.finish(events),
            None => Ending::Truncated,
        };
        if let Some(reframer) = self.reframer {
            if ending != Ending::Complete {
                return ending;
            }
            let before = pass.len();
            reframer.finish(pass);
            if !self.gave && pass.len() == before {
                return Ending::Malformed { at: 0, why: "nothing that its client could read" };
            }
            return ending;
        }
        if matches!(ending, Ending::Complete | Ending::Failed(_)) {
            pass.append(&mut late);
            if !stream {
                pass.extend_from_slice(&rest);
            } else if is_event(&rest) {
                rest.extend_from_slice(b"\n\n");
                pass.extend_from_slice(&told(self.usage, &rest));
            }
        }
        ending
    }
}

/// The data of an event.
pub(super) fn data(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let mut data = String::new();
    for line in text.split(['\n', '\r']) {
        if let Some(piece) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(piece.strip_prefix(' ').unwrap_or(piece));
        }
    }
    data
}

/// Events of a server that sends no blank lines between them come as one, a document a line: each with the name
/// before it, without a blank line behind it. `None` for anything else.
fn apart(event: &[u8]) -> Option<Vec<Vec<u8>>> {
    let lines = || event.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines().filter(|line| line.starts_with(b"data:")).nth(1)?;
    let document = |text: &str| matches!(Json::parse(text.trim()), Ok(Json::Object(_) | Json::Array(_)));
    let data = data(event);
    if Json::parse(&data).is_ok() || !document(data.lines().next()?) {
        return None;
    }
    let mut found = Vec::new();
    let mut alone = Vec::new();
    for line in lines().filter(|line| !line.is_empty()) {
        alone.extend_from_slice(line);
        if line.starts_with(b"data:") {
            found.push(std::mem::take(&mut alone));
        } else {
            alone.push(b'\n');
        }
    }
    Some(found)
}

/// An event that no blank line ended, but that is whole.
fn is_event(rest: &[u8]) -> bool {
    let data = data(rest);
    data.trim() == "[DONE]" || Json::parse(&data).is_ok()
}

/// An event as its client is told it, which may be nothing.
fn told(usage: ToldUsage, event: &[u8]) -> Cow<'_, [u8]> {
    match usage {
        ToldUsage::AsItComes => Cow::Borrowed(event),
        ToldUsage::AtTheEnd => without_usage(event, false),
        ToldUsage::Never => without_usage(event, true),
    }
}

/// An event without a `"usage": null`, which a client that did not ask for usage need not understand; and `hidden`,
/// nothing of the chunk that tells nothing else.
fn without_usage(event: &[u8], hidden: bool) -> Cow<'_, [u8]> {
    // Looked for before it is read: every other chunk of the stream would be read for nothing.
    if !event.windows(7).any(|piece| piece == b"\"usage\"") {
        return Cow::Borrowed(event);
    }
    let data = data(event);
    match Json::parse(&data) {
        Ok(json) if hidden && only_usage(&json) => Cow::Borrowed(&[]),
        Ok(json) if json.get("usage").is_none() => {
            without_null(event).map_or(Cow::Borrowed(event), Cow::Owned)
        }
        _ => Cow::Borrowed(event),
    }
}

/// The chunk that tells nothing but the usage.
pub(super) fn only_usage(json: &Json<'_>) -> bool {
    let none = matches!(json.get("choices"), Some(Json::Array(choices)) if choices.is_empty());
    none && json.get("usage").is_some() && json.get("error").is_none()
}

/// An event whose data is one line, without its usage. What stands deeper in it stays.
fn without_null(event: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(event).ok()?;
    let start = text.find("data:")? + "data:".len();
    let line = text[start..].find(['\n', '\r']).map_or(&text[start..], |end| &text[start..start + end]);
    let mut chunk = Splice::new(line.trim()).ok()?;
    chunk.value("usage")?;
    chunk.remove("usage");
    let rest = &event[start + line.len()..];
    Some([&event[..start], b" ".as_slice(), &chunk.finish(), rest].concat())
}
