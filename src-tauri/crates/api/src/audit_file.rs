//! The log of what left this machine, for other programs: one line a call, as CSV or JSON.

use crate::export::{utc, words};
use engine::LoggedRow;
use serde_json::json;

const COLUMNS: [&str; 14] = [
    "seq",
    "at",
    "purpose",
    "host",
    "provider",
    "account",
    "endpoint",
    "policy",
    "origin",
    "app",
    "bytes",
    "messages",
    "attachments",
    "attempt",
];

/// The first line of the CSV, with its line break.
pub(crate) fn header() -> String {
    COLUMNS.join(",") + "\r\n"
}

/// A line of CSV (RFC 4180), with its line break. An empty cell: none.
pub(crate) fn csv(logged: &LoggedRow) -> String {
    let LoggedRow { seq, row } = logged;
    let account = row.account.as_ref().map(|label| words(label.as_str()));
    let endpoint = row.endpoint.as_ref().map(|endpoint| words(endpoint.as_str()));
    let cells = [
        seq.to_string(),
        utc(row.at),
        row.purpose.to_owned(),
        words(&row.host),
        words(row.provider.as_str()),
        account.unwrap_or_default(),
        endpoint.unwrap_or_default(),
        row.policy.as_deref().map(words).unwrap_or_default(),
        words(&row.origin),
        row.app.as_deref().map(words).unwrap_or_default(),
        row.bytes.to_string(),
        row.messages.to_string(),
        row.attachments.to_string(),
        row.attempt.map(|id| id.to_string()).unwrap_or_default(),
    ];
    cells.join(",") + "\r\n"
}

/// A line of JSON in the fields of the CSV, with its line break.
pub(crate) fn json(logged: &LoggedRow) -> String {
    let LoggedRow { seq, row } = logged;
    let line = json!({
        "seq": seq,
        "at": utc(row.at),
        "purpose": row.purpose,
        "host": row.host,
        "provider": row.provider,
        "account": row.account,
        "endpoint": row.endpoint,
        "policy": row.policy,
        "origin": row.origin,
        "app": row.app,
        "bytes": row.bytes,
        "messages": row.messages,
        "attachments": row.attachments,
        "attempt": row.attempt,
    });
    format!("{line}\n")
}
