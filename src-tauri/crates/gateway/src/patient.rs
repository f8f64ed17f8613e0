//! A connection that is given up once its client has taken nothing for too long. Without that, one that asks and never
//! reads would hold its answer, the provider behind it and its place for as long as it likes.

use std::{
    io::{Error, ErrorKind, IoSlice, Result},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Longest time in which nothing of what waits to be written goes. Who takes a little now and then is only slow.
const UNREAD: Duration = Duration::from_secs(120);

/// Reads and writes as what is in it does, but for that limit.
pub(crate) struct Patient<S> {
    stream: S,
    /// Runs while something cannot be written.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, waiting: None }
    }

    /// What a write came to; an error once such have come to nothing for too long.
    fn within<T>(&mut self, cx: &mut Context<'_>, written: Poll<Result<T>>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client reads nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.within(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.within(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "tests fail by panicking and start tasks"
    )]
    use super::*;
    use crate::{body::Answer, reply};
    use bytes::Bytes;
    use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use std::{convert::Infallible, sync::Arc};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
        sync::Semaphore,
        task::JoinHandle,
        time::Instant,
    };

    /// Pieces of an answer, far more than any buffer between holds.
    const PIECES: usize = 200;
    const PIECE: usize = 10_000;

    /// A client that has asked, and its connection, whose answer holds the one place there is.
    async fn asked(places: &Arc<Semaphore>) -> (DuplexStream, JoinHandle<hyper::Result<()>>) {
        let (mut client, server) = tokio::io::duplex(1_024);
        let places = Arc::clone(places);
        let service = service_fn(move |_: Request<Incoming>| {
            let places = Arc::clone(&places);
            async move {
                let place = places.acquire_owned().await.unwrap();
                let pieces = vec![Bytes::from(vec![b'a'; PIECE]); PIECES];
                Ok::<_, Infallible>(reply::response(200, Answer::replay(pieces).holding(place)))
            }
        });
        let io = TokioIo::new(Patient::new(server));
        let connection = tokio::spawn(http1::Builder::new().serve_connection(io, service));
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        (client, connection)
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_loses_the_connection_and_its_place() {
        let places = Arc::new(Semaphore::new(1));
        let start = Instant::now();
        let (client, connection) = asked(&places).await;
        let ended = connection.await.unwrap();
        assert!(ended.is_err(), "it was given up: its client is still there");
        assert!(start.elapsed() >= UNREAD && start.elapsed() < UNREAD * 2, "{:?}", start.elapsed());
        assert_eq!(places.available_permits(), 1);
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_given_all_of_it() {
        let places = Arc::new(Semaphore::new(1));
        let (mut client, connection) = asked(&places).await;
        let mut read = 0;
        let mut room = vec![0; 100_000];
        while read < PIECES * PIECE {
            sleep(UNREAD / 2).await;
            // Some of it; the connection between holds a kilobyte.
            let until = (read + 40_000).min(PIECES * PIECE);
            while read < until {
                let n = client.read(&mut room).await.unwrap();
                assert!(n > 0, "given up after {read}");
                read += n;
            }
        }
        assert_eq!(places.available_permits(), 1);
        drop(client);
        // It ends with its client.
        let _ = connection.await.unwrap();
    }
}
