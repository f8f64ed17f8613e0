//! `text/event-stream`, read piece by piece.
//!
//! Total: any bytes in any pieces give the same events and never a panic. Line ends may be LF, CR or
//! CRLF, mixed and split; a leading BOM is dropped; invalid UTF-8 becomes U+FFFD.

use crate::scan;

/// Longest line. Images arrive as base64 in one line, so this is generous.
pub(crate) const MAX_LINE: usize = 16 << 20;
/// Longest event: all its `data:` lines together.
pub(crate) const MAX_EVENT: usize = 16 << 20;

/// One dispatched event.
pub(crate) struct SseEvent<'a> {
    /// Value of `event:`, empty where the stream names none.
    pub(crate) event: &'a str,
    /// The `data:` lines joined by line feeds.
    pub(crate) data: &'a str,
    /// Offset of its first byte in the body.
    pub(crate) at: u64,
    /// The body ended before the blank line that closes the event, so its data may be cut.
    pub(crate) cut: bool,
}

/// A line or an event grew past its cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// Offset of the event in the body.
    pub(crate) at: u64,
    /// Which cap.
    pub(crate) why: &'static str,
}

/// Parser state between pieces.
#[derive(Default)]
pub(crate) struct Sse {
    line: Vec<u8>,
    event: String,
    data: String,
    has_data: bool,
    /// The last byte was a CR: a LF right after it belongs to the same line end.
    after_cr: bool,
    first_line_done: bool,
    /// Bytes taken so far.
    taken: u64,
    /// Where the current event's first line began.
    event_at: u64,
    line_at: u64,
    strange: u64,
    failed: Option<TooLong>,
}

impl Sse {
    /// Takes the next bytes and hands over every event they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], f: &mut impl FnMut(SseEvent<'_>)) -> Result<(), TooLong> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        while !bytes.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                if bytes[0] == b'\n' {
                    self.take(1);
                    self.line_at = self.taken;
                    bytes = &bytes[1..];
                    continue;
                }
            }
            let end = scan::find(bytes, b'\n', b'\r');
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + piece.len() > MAX_LINE {
                return self.fail("a line is longer than 16 MiB");
            }
            self.take(piece.len());
            let Some(end) = end else {
                self.line.extend_from_slice(piece);
                break;
            };
            self.take(1);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if self.line.is_empty() {
                self.end_line(piece, f)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(piece);
                let done = self.end_line(&line, f);
                line.clear();
                // A buffer that once held an image is not kept for a stream of small lines.
                if line.capacity() <= 1 << 16 {
                    self.line = line;
                }
                done?;
            }
            self.line_at = self.taken;
        }
        Ok(())
    }

    /// The body ended: hands over an event that no blank line closed.
    pub(crate) fn finish(&mut self, f: &mut impl FnMut(SseEvent<'_>)) -> Result<(), TooLong> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.end_line(&line, f)?;
        }
        self.dispatch(true, f);
        Ok(())
    }

    /// Lines that are no field of the format: a body full of them is no event stream.
    pub(crate) fn strange(&self) -> u64 {
        self.strange
    }

    /// Bytes taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    fn take(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count as u64);
    }

    fn fail(&mut self, why: &'static str) -> Result<(), TooLong> {
        let failed = TooLong { at: self.event_at, why };
        self.failed = Some(failed);
        self.line = Vec::new();
        self.data = String::new();
        Err(failed)
    }

    fn end_line(&mut self, line: &[u8], f: &mut impl FnMut(SseEvent<'_>)) -> Result<(), TooLong> {
        let line = if self.first_line_done {
            line
        } else {
            self.first_line_done = true;
            line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
        };
        if line.is_empty() {
            self.dispatch(false, f);
            return Ok(());
        }
        if !self.has_data && self.event.is_empty() {
            self.event_at = self.line_at;
        }
        let (name, value) = match line.iter().position(|&b| b == b':') {
            Some(colon) => {
                let value = &line[colon + 1..];
                (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &b""[..]),
        };
        match name {
            b"" | b"id" | b"retry" => {}
            b"data" => self.add_data(value)?,
            b"event" => {
                self.event.clear();
                self.event.push_str(&scan::text(value));
            }
            // GPUStack writes its errors into a field of this name, which the format does not have.
            b"error" => {
                self.event = "error".into();
                self.add_data(value)?;
            }
            _ => self.strange += 1,
        }
        Ok(())
    }

    fn add_data(&mut self, value: &[u8]) -> Result<(), TooLong> {
        if self.data.len() + value.len() >= MAX_EVENT {
            return self.fail("an event is longer than 16 MiB");
        }
        if self.has_data {
            self.data.push('\n');
        }
        self.has_data = true;
        self.data.push_str(&scan::text(value));
        Ok(())
    }

    fn dispatch(&mut self, cut: bool, f: &mut impl FnMut(SseEvent<'_>)) {
        if self.has_data {
            f(SseEvent { event: &self.event, data: &self.data, at: self.event_at, cut });
        }
        self.event.clear();
        self.data.clear();
        if self.data.capacity() > 1 << 16 {
            self.data = String::new();
        }
        self.has_data = false;
    }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
mod tests;
