//! Standard output and error. A reader that has gone away (`parallax models | head`) ends the program
//! quietly.

use domain::{Failure, Upstream};
use serde_json::{Value, json};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// Writes to standard output at once; false = nobody reads any more.
pub(crate) fn text(text: &str) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
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
    // Without a standard error there is nowhere else to say it.
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// The end of a program that could not begin.
pub(crate) fn fatal(words: &str) -> ExitCode {
    note(&format!("parallax: {words}"));
    ExitCode::FAILURE
}

/// A failure of the whole command.
pub(crate) fn failure(failure: &Failure, as_json: bool) -> ExitCode {
    if as_json {
        object(&json!({
            "type": "error",
            "lane": null,
            "kind": failure.kind.as_str(),
            "message": failure.message,
        }));
    }
    fatal(&format!("{} [{}]", failure.message, failure.kind.as_str()))
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
