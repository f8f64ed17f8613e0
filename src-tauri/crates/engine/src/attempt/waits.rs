//! How long a provider is waited for.

use bytes::Bytes;
use domain::{ErrorKind, Failure, Provider};
use futures_util::{StreamExt as _, stream::Fuse};
use std::{future::poll_fn, task::Poll, time::Duration};
use transport::{ByteStream, Deadlines};

/// How long a document may take until its first byte, and be silent, and a stream of a model that thinks, until its
/// first content: it comes when it is written, and clients wait as long (the SDKs of OpenAI and Anthropic, read 2026-11-22).
const DOCUMENT: Duration = Duration::from_secs(600);
/// How long what may stand behind the closing mark is waited for.
const TRAIL: Duration = Duration::from_secs(2);

/// A body as it arrives; once it has ended it may be asked again.
type Body = Fuse<ByteStream>;

/// What is waited for in a body.
pub(super) enum Wait<'a> {
    /// Its first content, for as long as its connection is given.
    Content,
    /// More of it, from the provider of this name, for so long.
    More(&'a str, Duration),
    /// What may stand behind its closing mark.
    Trail,
}

/// The next piece of a body; behind the closing mark a body that stays open is taken for ended.
pub(super) async fn next(body: &mut Body, wait: Wait<'_>) -> Option<Result<Bytes, Failure>> {
    match wait {
        Wait::Content => body.next().await,
        Wait::More(name, limit) => {
            let silent = |_| Some(Err(silent(name, limit)));
            tokio::time::timeout(limit, body.next()).await.unwrap_or_else(silent)
        }
        Wait::Trail => tokio::time::timeout(TRAIL, body.next()).await.unwrap_or(None),
    }
}

fn silent(name: &str, limit: Duration) -> Failure {
    let minutes = limit.as_secs() / 60;
    Failure::new(
        ErrorKind::TimeIdle,
        format!("{name} sent nothing more for {minutes} minutes. What arrived is kept."),
    )
}

/// The next piece of a body if it has arrived: its connection, which reads one piece ahead, is given one turn to hand
/// it over, and nothing else is waited for.
pub(super) async fn here(body: &mut Body) -> Option<Result<Bytes, Failure>> {
    let mut waited = false;
    poll_fn(|cx| match body.poll_next_unpin(cx) {
        Poll::Ready(chunk) => Poll::Ready(chunk),
        Poll::Pending if waited => Poll::Ready(None),
        Poll::Pending => {
            waited = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

impl<'a> Wait<'a> {
    /// Between two pieces of what a provider says.
    pub(super) fn more(provider: &'a Provider) -> Self {
        Self::More(&provider.name, usual(provider.local).idle)
    }
}

fn usual(local: bool) -> Deadlines {
    if local { Deadlines::local() } else { Deadlines::default() }
}

/// `late`: no stream answers it, or its model may think for long before it says the first word of one. Between the words
/// of a stream nobody thinks so long: see [`Wait::More`].
pub(super) fn deadlines(local: bool, late: bool) -> Deadlines {
    let usual = usual(local);
    if !late {
        return usual;
    }
    Deadlines { first_byte: usual.first_byte.max(DOCUMENT), idle: usual.idle.max(DOCUMENT), ..usual }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "tests fail by panicking and start tasks"
    )]
    use super::*;
    use futures_util::stream;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn what_has_arrived_is_taken_and_nothing_else_is_waited_for() {
        let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
        let first: ByteStream = Box::pin(stream::iter([piece("a")]).chain(stream::pending()));
        let mut body = first.fuse();
        assert_eq!(here(&mut body).await, Some(piece("a")));
        assert_eq!(here(&mut body).await, None, "there is no more yet");

        // What the connection has ready is taken too.
        let (sender, receiver) = mpsc::channel(1);
        let pieces = stream::unfold(receiver, async |mut pieces| Some((pieces.recv().await?, pieces)));
        let mut body = (Box::pin(pieces) as ByteStream).fuse();
        tokio::spawn(async move { sender.send(piece("b")).await.unwrap() });
        assert_eq!(here(&mut body).await, Some(piece("b")));
        assert_eq!(here(&mut body).await, None);
        assert_eq!(next(&mut body, Wait::Content).await, None, "it has ended, which is no piece");
    }

    #[tokio::test]
    async fn silence_is_endured_before_the_first_word_and_not_within() {
        let silent: ByteStream = Box::pin(stream::pending());
        let mut body = silent.fuse();
        let limit = Duration::from_millis(20);
        let before = tokio::time::timeout(limit * 5, next(&mut body, Wait::Content)).await;
        assert!(before.is_err(), "its connection has a limit of its own");
        let failure = next(&mut body, Wait::More("Acme", limit)).await.unwrap().unwrap_err();
        assert_eq!(failure.kind, ErrorKind::TimeIdle);
        assert!(
            super::silent("Acme", usual(false).idle)
                .message
                .starts_with("Acme sent nothing more for 2 minutes")
        );
    }

    #[test]
    fn a_document_is_waited_for_as_long_as_its_clients_wait() {
        for local in [false, true] {
            let (stream, document) = (deadlines(local, false), deadlines(local, true));
            assert_eq!(stream, usual(local));
            assert!(stream.first_byte < DOCUMENT && document.first_byte == DOCUMENT);
            assert_eq!((document.idle, document.connect), (DOCUMENT, stream.connect));
        }
    }
}
