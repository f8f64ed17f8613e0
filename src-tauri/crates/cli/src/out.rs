//! Standard output and error. A reader that has gone away (`parallax models | head`) ends the program
//! quietly.

use domain::{Failure, Upstream};
use serde_json::{Value, json};
use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    sync::OnceLock,
};

/// Why output could not be written, unless its reader has gone, who wants no more of it.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes to standard output at once; false = nobody reads any more.
fn raw(text: &str) -> bool {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = &written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error.to_string());
    }
    written.is_ok()
}

/// The command's end: no success where its output was lost, for a script reads no more than that.
pub(crate) fn ended(code: ExitCode) -> ExitCode {
    match LOST.get() {
        Some(error) => fatal(&format!(
            "The output could not be written: {error}. What the command did is done; ask for it again."
        )),
        None => code,
    }
}

/// Text for a reader, or rows for a program, which gets them as they are; false = nobody reads any more.
pub(crate) fn text(text: &str) -> bool {
    if io::stdout().is_terminal() { raw(&harmless(text)) } else { raw(text) }
}

/// What a terminal shows and does not obey: models and providers could otherwise move its cursor, set its
/// title or write into its clipboard.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// One line.
pub(crate) fn line(line: &str) -> bool {
    text(&format!("{line}\n"))
}

/// One JSON object.
pub(crate) fn object(value: &Value) -> bool {
    line(&value.to_string())
}

/// A word to the user that is not output.
pub(crate) fn note(words: &str) {
    let mut out = io::stderr().lock();
    let words = if out.is_terminal() { harmless(words) } else { words.to_owned() };
    // Without a standard error there is nowhere else to say it.
    let _ = writeln!(out, "{words}");
}

/// The end of a program that could not begin.
pub(crate) fn fatal(words: &str) -> ExitCode {
    note(&format!("parallax: {words}"));
    ExitCode::FAILURE
}

/// A failure of the whole command, in words.
pub(crate) fn failure(failure: &Failure) -> ExitCode {
    fatal(&format!("{} [{}]", failure.message, failure.kind.as_str()))
}

/// A failure of a whole command that knows no lanes, for JSON.
pub(crate) fn failure_line(failure: &Failure) {
    object(&json!({ "type": "error", "kind": failure.kind.as_str(), "message": failure.message }));
}

/// What the provider said, for JSON.
pub(crate) fn upstream(upstream: Option<&Upstream>) -> Value {
    upstream.map_or(Value::Null, |upstream| {
        json!({
            "provider": upstream.provider,
            "status": upstream.status,
            "code": upstream.code,
            "message": upstream.message,
            "param": upstream.param,
            "request_id": upstream.request_id,
            "retry_after_ms": upstream.retry_after,
        })
    })
}

/// `1 conversation`, `2 conversations`.
pub(crate) fn plural(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_but_text() {
        assert_eq!(harmless("a\tb\n\u{1b}[2Jc\r\u{7}\u{7f}\u{9b}1mé😀"), "a\tb\n[2Jc1mé😀");
    }
}
