//! From bytes to JSON documents, whatever framing carried them; a dialect adds what they mean.
//!
//! What a server labels its body is often wrong (a JSON error where an event stream was asked, an event
//! stream labelled JSON), so the first byte that is not white space decides: JSON documents begin with a
//! bracket, event streams never do. The label only tells one document from one document a line.

use crate::{
    Decoder, Ending, Framing,
    json::{BadJson, Json},
    scan,
    sse::{Sse, SseEvent},
};
use domain::{NoticeKind, StreamEvent, say};

/// Largest body read as one piece; also the longest NDJSON line.
const MAX_WHOLE: usize = 32 << 20;
/// Longest answer. What a decoder keeps until its end (arguments, proofs, sources) is never more than it was
/// sent, so this bounds that too.
pub(crate) const MAX_BODY: u64 = 128 << 20;
/// What is said of a longer one.
pub(crate) const TOO_LONG: &str = "the answer is longer than 128 MiB";
/// Broken documents after which the rest of a whole body is given up: each may be searched to the end.
const MAX_BROKEN: u64 = 64;
/// Skipped events reported one by one; after that they are only counted.
const MAX_SKIP_NOTICES: u64 = 16;

/// One document of a body: an event of a stream, or the whole answer.
pub(crate) struct Doc<'a> {
    /// Name the event stream gave it, else empty.
    pub(crate) name: &'a str,
    /// Its content. For an event named `error` whose data is no JSON: the data as a string.
    pub(crate) json: &'a Json<'a>,
    /// Size of its text.
    pub(crate) bytes: u32,
}

/// What a dialect does with the documents of one answer. Total: nothing in them may make it panic.
pub(crate) trait Protocol: Send {
    /// Takes the next document.
    fn document(&mut self, doc: &Doc<'_>, out: &mut Vec<StreamEvent>);
    /// `data: [DONE]` came; of what follows only [`Protocol::after_done`] is told.
    fn done(&mut self) {}
    /// The closing mark was among the documents.
    fn ended(&self) -> bool {
        false
    }
    /// A document behind the closing mark: nothing of the answer any more, but some say there what it cost.
    fn after_done(&mut self, _json: &Json<'_>, _out: &mut Vec<StreamEvent>) {}
    /// The body ended: closes open blocks, says why the answer stopped, and whether it is whole.
    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Ending;
}

/// Decoder of a dialect that speaks in JSON documents.
pub(crate) struct Framed<P> {
    shape: Shape,
    lines: bool,
    /// Where in the body the current line began.
    line_at: u64,
    core: Core<P>,
}

enum Shape {
    /// Only white space so far.
    Unknown,
    Sse(Sse),
    /// One document, or what is left of a body that is not what it seemed.
    Whole(Vec<u8>),
    /// One document a line.
    Lines(Vec<u8>),
}

struct Core<P> {
    protocol: P,
    /// Bytes of the body taken.
    taken: u64,
    good: u64,
    skipped: u64,
    first_bad: Option<(u64, &'static str)>,
    /// The last document was cut by the end of the body: what to say of it if the answer is whole without
    /// it. Of a broken-off answer the cut is known, and needs no second telling.
    cut: Option<domain::Words>,
    broken: Option<(u64, &'static str)>,
    done: bool,
}

impl<P: Protocol> Framed<P> {
    /// A decoder; `hint` is what the label says.
    pub(crate) fn new(hint: Framing, protocol: P) -> Self {
        let core = Core {
            protocol,
            taken: 0,
            good: 0,
            skipped: 0,
            first_bad: None,
            cut: None,
            broken: None,
            done: false,
        };
        Self { shape: Shape::Unknown, lines: hint == Framing::Ndjson, line_at: 0, core }
    }

    fn push_whole(&mut self, bytes: &[u8]) {
        let Shape::Whole(buffer) = &mut self.shape else { return };
        if buffer.len() + bytes.len() > MAX_WHOLE {
            let at = self.core.taken.saturating_sub(buffer.len() as u64);
            *buffer = Vec::new();
            self.core.broken = Some((at, "the body is longer than 32 MiB"));
        } else {
            buffer.extend_from_slice(bytes);
        }
    }

    fn push_lines(&mut self, mut bytes: &[u8], out: &mut Vec<StreamEvent>) {
        while let Some(end) = scan::find(bytes, b'\n', b'\n') {
            let Shape::Lines(buffer) = &mut self.shape else { return };
            let mut line = std::mem::take(buffer);
            line.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            if line.len() > MAX_WHOLE {
                self.core.broken = Some((self.line_at, "a line is longer than 32 MiB"));
                return;
            }
            if !self.core.line(&line, self.line_at, out) {
                // The first line is no document by itself: one document over several lines, then.
                line.extend_from_slice(bytes);
                self.shape = Shape::Whole(line);
                return;
            }
            self.line_at += line.len() as u64;
        }
        let Shape::Lines(buffer) = &mut self.shape else { return };
        if buffer.len() + bytes.len() > MAX_WHOLE {
            self.core.broken = Some((self.line_at, "a line is longer than 32 MiB"));
            *buffer = Vec::new();
        } else {
            buffer.extend_from_slice(bytes);
        }
    }
}

impl<P: Protocol> Decoder for Framed<P> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) {
        if self.core.broken.is_some() {
            return;
        }
        let mut bytes = bytes;
        if matches!(self.shape, Shape::Unknown) {
            // White space and a byte order mark mean nothing in any framing.
            let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0xEF | 0xBB | 0xBF);
            let skip = bytes.iter().position(|b| !blank(b)).unwrap_or(bytes.len());
            self.core.taken += skip as u64;
            bytes = &bytes[skip..];
            self.shape = match bytes.first() {
                None => return,
                Some(b'{' | b'[') if self.lines => {
                    self.line_at = self.core.taken;
                    Shape::Lines(Vec::new())
                }
                Some(b'{' | b'[') => Shape::Whole(Vec::new()),
                Some(_) => Shape::Sse(Sse::default()),
            };
        }
        let base = self.core.taken;
        match &mut self.shape {
            Shape::Unknown => {}
            Shape::Sse(sse) => {
                let core = &mut self.core;
                let offset = sse_offset(base, sse);
                if let Err(long) = sse.push(bytes, &mut |e| core.event(&e, offset, out))
                    && !core.done
                {
                    core.broken = Some((offset + long.at, long.why));
                }
            }
            Shape::Whole(_) => self.push_whole(bytes),
            Shape::Lines(_) => self.push_lines(bytes, out),
        }
        self.core.taken = base + bytes.len() as u64;
        if self.core.taken > MAX_BODY {
            self.core.broken.get_or_insert((MAX_BODY, TOO_LONG));
            self.shape = Shape::Unknown;
        }
    }

    fn ended(&self) -> bool {
        self.core.done || self.core.protocol.ended()
    }

    fn finish(self: Box<Self>, out: &mut Vec<StreamEvent>) -> Ending {
        self.close(out).0
    }
}

impl<P: Protocol> Framed<P> {
    /// What the documents are for.
    pub(crate) const fn protocol(&mut self) -> &mut P {
        &mut self.core.protocol
    }

    /// The body ended: how, and what the documents were for.
    pub(crate) fn close(self, out: &mut Vec<StreamEvent>) -> (Ending, P) {
        let Self { shape, mut core, .. } = self;
        if core.broken.is_none() {
            match shape {
                Shape::Unknown => {}
                Shape::Sse(mut sse) => {
                    let offset = sse_offset(core.taken, &sse);
                    let end = sse.finish(&mut |e| core.event(&e, offset, out));
                    if let Err(long) = end.or_else(|long| if core.done { Ok(()) } else { Err(long) }) {
                        core.broken = Some((offset + long.at, long.why));
                    } else if core.good == 0 && core.first_bad.is_none() && sse.strange() > 0 {
                        core.first_bad = Some((offset, "neither an event stream nor JSON"));
                    }
                }
                Shape::Whole(body) | Shape::Lines(body) => core.whole(&body, out),
            }
        }
        core.end(out)
    }
}

/// Where in the body the event stream began: white space before it was dropped.
fn sse_offset(taken: u64, sse: &Sse) -> u64 {
    taken.saturating_sub(sse.taken())
}

impl<P: Protocol> Core<P> {
    fn event(&mut self, event: &SseEvent<'_>, offset: u64, out: &mut Vec<StreamEvent>) {
        let data = event.data.trim();
        if data.is_empty() {
            return;
        }
        if self.done {
            if let Ok(json) = Json::parse(data) {
                self.protocol.after_done(&json, out);
            }
            return;
        }
        if data == "[DONE]" {
            self.done = true;
            self.protocol.done();
            return;
        }
        match Json::parse(data) {
            Ok(json) => self.document(event.event, &json, data.len(), out),
            // Before its name is believed, which is that of the last one alone.
            Err(_) if self.run_together(event, data, offset, out) => {}
            Err(_) if event.event == "error" && !event.cut => {
                let words = Json::String(data.into());
                self.document("error", &words, data.len(), out);
            }
            Err(bad) => self.skip(offset + event.at, bad, event.cut, out),
        }
    }

    /// Events of a server that sends no blank lines between them come as one, a document a line. False where
    /// its first line is none.
    fn run_together(
        &mut self,
        event: &SseEvent<'_>,
        data: &str,
        offset: u64,
        out: &mut Vec<StreamEvent>,
    ) -> bool {
        let Some((first, mut rest)) = data.split_once('\n') else { return false };
        if !matches!(Json::parse(first.trim()), Ok(Json::Object(_) | Json::Array(_))) {
            return false;
        }
        let mut line = first;
        loop {
            let last = rest.is_empty();
            let name = if last { event.event } else { "" };
            let alone = SseEvent { event: name, data: line, at: event.at, cut: event.cut && last };
            self.event(&alone, offset, out);
            if last {
                return true;
            }
            (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        }
    }

    fn document(&mut self, name: &str, json: &Json<'_>, bytes: usize, out: &mut Vec<StreamEvent>) {
        self.good += 1;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        match json {
            // Gemini without `alt=sse` streams one array; Google wraps some errors in one.
            Json::Array(items) => {
                for json in items {
                    self.protocol.document(&Doc { name, json, bytes }, out);
                }
            }
            json => self.protocol.document(&Doc { name, json, bytes }, out),
        }
    }

    fn skip(&mut self, at: u64, bad: BadJson, cut: bool, out: &mut Vec<StreamEvent>) {
        let detail = say!("Skipped an unreadable event at byte {at}: {why}.", at, why = bad.why);
        self.skipped += 1;
        if cut && bad.cut {
            self.cut = Some(detail);
            return;
        }
        self.first_bad.get_or_insert((at, bad.why));
        if self.skipped <= MAX_SKIP_NOTICES {
            out.push(StreamEvent::Notice { kind: NoticeKind::SkippedEvent, detail });
        }
    }

    /// A line of NDJSON that began at `at`. False if the very first one is cut, so that it may go on in the
    /// next.
    fn line(&mut self, line: &[u8], at: u64, out: &mut Vec<StreamEvent>) -> bool {
        let text = scan::text(line);
        let text = text.trim();
        if text.is_empty() {
            return true;
        }
        match Json::parse(text) {
            Ok(json) => self.document("", &json, text.len(), out),
            Err(bad) if bad.cut && self.good == 0 && self.skipped == 0 => return false,
            Err(bad) => self.skip(at, bad, false, out),
        }
        true
    }

    /// A body read to its end: one document, or several one after another.
    fn whole(&mut self, body: &[u8], out: &mut Vec<StreamEvent>) {
        let text = scan::text(body);
        let base = self.taken.saturating_sub(body.len() as u64);
        let mut rest = text.trim();
        while !rest.is_empty() && self.skipped < MAX_BROKEN {
            match Json::parse_prefix(rest) {
                Ok((json, after)) => {
                    self.document("", &json, rest.len() - after.len(), out);
                    rest = after.trim_start();
                }
                Err(bad) => {
                    let next = rest.find('\n').map_or("", |end| rest[end..].trim_start());
                    let at = base + (text.len() - rest.len()) as u64;
                    self.skip(at, bad, next.is_empty() || bad.cut, out);
                    rest = next;
                }
            }
        }
    }

    fn end(mut self, out: &mut Vec<StreamEvent>) -> (Ending, P) {
        if self.skipped > MAX_SKIP_NOTICES {
            let detail = say!("Skipped {skipped} unreadable events in all.", skipped = self.skipped);
            out.push(StreamEvent::Notice { kind: NoticeKind::SkippedEvent, detail });
        }
        let ending = self.protocol.finish(out);
        let cut = self.cut.is_some();
        if let Some(detail) = self.cut.filter(|_| ending == Ending::Complete) {
            out.push(StreamEvent::Notice { kind: NoticeKind::SkippedEvent, detail });
        }
        let ending = match (ending, self.broken) {
            (Ending::Failed(failure), _) => Ending::Failed(failure),
            (_, Some((at, why))) => Ending::Malformed { at, why },
            (Ending::Truncated, None) if self.good == 0 && !cut => match self.first_bad {
                Some((at, why)) => Ending::Malformed { at, why },
                None => Ending::Truncated,
            },
            (ending, None) => ending,
        };
        (ending, self.protocol)
    }
}

#[cfg(test)]
#[path = "framed_tests.rs"]
mod tests;
