//! A response's body under its deadlines and its cap.

use crate::classify::{Place, idle_time, reading, total_time};
use bytes::Bytes;
use domain::{ErrorKind, Failure};
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The longest body read. Text at 200 tokens a second for an hour is about 3 MB; the rest is room for
/// images, and a bound for a server that never ends.
pub(crate) const BODY_CAP: usize = 64 * 1024 * 1024;

type Upstream = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

pub(crate) struct Body {
    upstream: Option<Upstream>,
    place: Place,
    idle: Duration,
    idle_timer: Pin<Box<Sleep>>,
    total: Duration,
    total_timer: Pin<Box<Sleep>>,
    room: usize,
}

impl Body {
    /// `started` is when the call was sent: the total deadline counts from there.
    pub(crate) fn new(
        response: reqwest::Response,
        place: Place,
        idle: Duration,
        total: Duration,
        started: Instant,
    ) -> Self {
        Self {
            upstream: Some(Box::pin(response.bytes_stream())),
            place,
            idle,
            idle_timer: Box::pin(tokio::time::sleep(idle)),
            total,
            total_timer: Box::pin(tokio::time::sleep_until(started + total)),
            room: BODY_CAP,
        }
    }

    /// Ends the stream with a failure. Letting go of the upstream closes the connection now, not when
    /// the caller drops us.
    fn fail(&mut self, failure: Failure) -> Poll<Option<Result<Bytes, Failure>>> {
        self.upstream = None;
        Poll::Ready(Some(Err(failure)))
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.upstream.is_some() && this.total_timer.as_mut().poll(cx).is_ready() {
            let failure = total_time(&this.place, this.total);
            return this.fail(failure);
        }
        loop {
            let Some(upstream) = this.upstream.as_mut() else { return Poll::Ready(None) };
            match upstream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => {
                    let Some(room) = this.room.checked_sub(piece.len()) else {
                        let failure = this.place.failure(
                            ErrorKind::StreamMalformed,
                            format!(
                                "The answer of {} is longer than 64 MiB and was cut off.",
                                this.place.host
                            ),
                        );
                        return this.fail(failure);
                    };
                    this.room = room;
                    this.idle_timer.as_mut().reset(Instant::now() + this.idle);
                    return Poll::Ready(Some(Ok(piece)));
                }
                Poll::Ready(Some(Err(error))) => {
                    let failure = reading(&error, &this.place);
                    return this.fail(failure);
                }
                Poll::Ready(None) => this.upstream = None,
                Poll::Pending => {
                    ready!(this.idle_timer.as_mut().poll(cx));
                    let failure = idle_time(&this.place, this.idle);
                    return this.fail(failure);
                }
            }
        }
    }
}
