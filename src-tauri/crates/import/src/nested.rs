//! Trees of messages that are deeper than a parser goes. LibreChat writes a message into the one it answers, so that a
//! long conversation is a deep file. Here its messages are taken out of each other; each names the one before it.

use serde_json::Value;

enum Frame {
    Object { message: bool },
    Array { messages: bool },
}

/// The conversation with its messages in one list, in the order of the file; `None` = it is no sound tree of that form.
pub(crate) fn flat(bytes: &[u8]) -> Option<Value> {
    let (trunk, messages) = parted(bytes)?;
    let mut value: Value = serde_json::from_slice(&trunk).ok()?;
    let list =
        messages.into_iter().map(|message| serde_json::from_slice(&message).ok()).collect::<Option<_>>()?;
    let fields = value.as_object_mut()?;
    fields.remove("messagesTree");
    fields.insert("messages".to_owned(), Value::Array(list));
    Some(value)
}

/// The text without its messages, and each message without its children.
fn parted(bytes: &[u8]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    // Messages that are still open: what of them was read, and their places.
    let mut open: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut last: &[u8] = b"";
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let listed = matches!(frames.last(), Some(Frame::Array { messages: true }));
        let mut end = at + 1;
        match byte {
            b'"' => {
                end = string(bytes, at)?;
                last = &bytes[at + 1..end - 1];
            }
            b'{' => {
                if listed {
                    open.push((messages.len(), std::mem::take(&mut out)));
                    messages.push(Vec::new());
                }
                frames.push(Frame::Object { message: listed });
            }
            b'[' => {
                // In an object the last string before a list is the list's name.
                let messages = match frames.as_slice() {
                    [.., Frame::Object { message: true }] => last == b"children",
                    [Frame::Object { .. }] => last == b"messages" || last == b"messagesTree",
                    _ => false,
                };
                frames.push(Frame::Array { messages });
                out.push(b'[');
                at = end;
                continue;
            }
            b'}' => {
                let Some(Frame::Object { message }) = frames.pop() else { return None };
                out.push(b'}');
                if message {
                    let (place, above) = open.pop()?;
                    messages[place] = std::mem::replace(&mut out, above);
                }
                at = end;
                continue;
            }
            b']' => {
                let Some(Frame::Array { .. }) = frames.pop() else { return None };
                out.push(b']');
                at = end;
                continue;
            }
            _ => {}
        }
        // What parts messages in a list goes with them.
        if !listed || *byte == b'{' {
            out.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    (frames.is_empty() && !messages.is_empty()).then_some((out, messages))
}

/// Where the string ends that begins here.
fn string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}
