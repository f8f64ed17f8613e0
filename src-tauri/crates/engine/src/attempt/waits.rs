//! How long a provider is waited for.

use bytes::Bytes;
use domain::Failure;
use futures_util::StreamExt as _;
use std::time::Duration;
use transport::{ByteStream, Deadlines};

/// How long a document may take until its first byte, and be silent: it comes when it is written, and clients wait as
/// long (the SDKs of OpenAI and Anthropic, read 2026-11-22).
const DOCUMENT: Duration = Duration::from_secs(600);
/// How long what may stand behind the closing mark is waited for.
const TRAIL: Duration = Duration::from_secs(2);

/// The next piece of a body; behind the closing mark a body that stays open is taken for ended.
pub(super) async fn next(body: &mut ByteStream, ended: bool) -> Option<Result<Bytes, Failure>> {
    if ended { tokio::time::timeout(TRAIL, body.next()).await.unwrap_or(None) } else { body.next().await }
}

/// `document`: no stream answers it.
pub(super) fn deadlines(local: bool, document: bool) -> Deadlines {
    let usual = if local { Deadlines::local() } else { Deadlines::default() };
    if !document {
        return usual;
    }
    Deadlines { first_byte: usual.first_byte.max(DOCUMENT), idle: usual.idle.max(DOCUMENT), ..usual }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_waited_for_as_long_as_its_clients_wait() {
        for local in [false, true] {
            let (stream, document) = (deadlines(local, false), deadlines(local, true));
            assert!(stream.first_byte < DOCUMENT && document.first_byte == DOCUMENT);
            assert_eq!((document.idle, document.connect), (DOCUMENT, stream.connect));
        }
    }
}
