//! Bodies of our answers: a document, or a stream that ends with whoever reads it.

use crate::{again::Recorder, rates::Counted};
use bytes::Bytes;
use domain::{ErrorKind, Failure};
use engine::{End, Engine, Piece};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, Sleep, sleep},
};
use wire::serve::{self, Costs, Encoder, Protocol, Told};

/// Longest silence in a stream: proxies and clients close a connection that says nothing.
const SILENCE: Duration = Duration::from_secs(15);

/// A body.
pub(crate) struct Answer {
    content: Content,
    /// Others wait for it.
    turn: Option<OwnedSemaphorePermit>,
}

enum Content {
    Whole(Option<Bytes>),
    /// An answer that was given before, in its pieces.
    Replay(std::vec::IntoIter<Bytes>),
    Stream(Box<Stream>),
}

/// An answer as it arrives. Dropping it stops the attempt.
pub(crate) struct Stream {
    pub pieces: mpsc::Receiver<Piece>,
    pub mouth: Mouth,
    pub counted: Option<Counted>,
    /// Takes it down to be given again.
    recorder: Option<(Recorder, Engine)>,
    alive: Pin<Box<Sleep>>,
    over: bool,
    /// Its closing mark came: whoever has that may leave, and the rest is taken down all the same.
    ended: Arc<AtomicBool>,
}

/// What puts pieces into the client's protocol.
pub(crate) enum Mouth {
    /// They are in it, but perhaps for the cost.
    Passed(Protocol, Box<Told>, Option<Costs>),
    Encoded(Box<Encoder>),
}

impl Mouth {
    fn say(&mut self, piece: Piece, out: &mut Vec<u8>) {
        match (self, piece) {
            (Self::Passed(_, _, None), Piece::Bytes(bytes)) => *out = bytes,
            (Self::Passed(_, _, Some(costs)), Piece::Bytes(bytes)) => *out = costs.pass(bytes),
            (Self::Encoded(encoder), Piece::Events(events)) => {
                events.iter().for_each(|event| encoder.event(event, out));
            }
            (mouth, Piece::End(end)) => mouth.end(&end, out),
            // Neither comes: a head is taken before, and an attempt speaks in one way.
            (_, Piece::Head(_) | Piece::Bytes(_) | Piece::Events(_)) => {}
        }
    }

    fn end(&mut self, end: &End, out: &mut Vec<u8>) {
        if let Self::Passed(_, _, costs) = self
            && let Some(costs) = costs.take()
        {
            out.extend(costs.end(end.cost.total.filter(|_| end.failure.is_none())));
        }
        match (self, &end.failure) {
            (Self::Passed(..), None) => {}
            (Self::Passed(..), Some(_)) if end.told => {}
            (Self::Passed(protocol, told, _), Some(failure)) => {
                serve::broken_off(*protocol, failure, told, out);
            }
            (Self::Encoded(encoder), None) => {
                if let Some(counted) = &end.counted {
                    encoder.counted(counted);
                }
                encoder.end(end.cost.total, out);
            }
            (Self::Encoded(encoder), Some(failure)) => encoder.failed(failure, out),
        }
    }
}

impl Stream {
    pub(crate) fn new(
        pieces: mpsc::Receiver<Piece>,
        mouth: Mouth,
        counted: Option<Counted>,
        ended: Arc<AtomicBool>,
    ) -> Self {
        let alive = Box::pin(sleep(SILENCE));
        Self { pieces, mouth, counted, recorder: None, alive, over: false, ended }
    }

    /// Nobody reads on, but what follows its closing mark is wanted.
    fn is_left_whole(&self) -> bool {
        !self.over
            && (self.recorder.is_some() || self.counted.is_some())
            && self.ended.load(Ordering::Acquire)
    }

    /// Reads to its end what nobody reads any more.
    async fn finish(mut self: Box<Self>) {
        let rest = async { while poll_fn(|cx| self.poll(cx)).await.is_some() {} };
        // The engine ends it by itself soon; this is for the case that it does not.
        let _ = tokio::time::timeout(SILENCE, rest).await;
    }

    /// The same, taken down.
    pub(crate) fn recorded(mut self, recorder: Option<Recorder>, engine: &Engine) -> Self {
        self.recorder = recorder.map(|recorder| (recorder, engine.clone()));
        self
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if self.over {
                return Poll::Ready(None);
            }
            let mut out = Vec::new();
            let mut whole = None;
            match self.pieces.poll_recv(cx) {
                Poll::Ready(Some(piece)) => {
                    if let Piece::End(end) = &piece {
                        self.over = true;
                        count(self.counted.as_ref(), end);
                        whole = end.failure.is_none().then_some(end.cost.total);
                    }
                    self.mouth.say(piece, &mut out);
                }
                Poll::Ready(None) => {
                    self.over = true;
                    let lost = Failure::new(ErrorKind::Bug, "Parallax lost this answer. Ask again.");
                    let end = End::lost(lost);
                    self.mouth.end(&end, &mut out);
                }
                Poll::Pending => {
                    if self.alive.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    if let Mouth::Encoded(encoder) = &self.mouth {
                        encoder.keep_alive(&mut out);
                    }
                    self.alive.as_mut().reset(Instant::now() + SILENCE);
                }
            }
            let bytes = Bytes::from(out);
            if let Some((recorder, engine)) = &mut self.recorder {
                if !bytes.is_empty() {
                    recorder.chunk(&bytes);
                }
                if let Some(cost) = whole {
                    recorder.keep(cost, engine.clock().elapsed());
                }
            }
            if !bytes.is_empty() {
                self.alive.as_mut().reset(Instant::now() + SILENCE);
                return Poll::Ready(Some(bytes));
            }
        }
    }
}

/// Corrects what a request counts with, once that is known.
pub(crate) fn count(counted: Option<&Counted>, end: &End) {
    let usage = end.usage.as_ref();
    let both = usage.and_then(|usage| usage.input.total.zip(usage.output.total));
    if let (Some(counted), Some((input, output))) = (counted, both) {
        counted.tokens(input.saturating_add(output));
    }
}

impl Answer {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { content: Content::Whole(Some(bytes.into())), turn: None }
    }

    pub(crate) fn replay(chunks: Vec<Bytes>) -> Self {
        Self { content: Content::Replay(chunks.into_iter()), turn: None }
    }

    pub(crate) fn stream(stream: Stream) -> Self {
        Self { content: Content::Stream(Box::new(stream)), turn: None }
    }

    /// The same, holding its place until it is sent.
    pub(crate) fn holding(mut self, turn: OwnedSemaphorePermit) -> Self {
        self.turn = Some(turn);
        self
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Content::Stream(stream) = &self.content
            && stream.is_left_whole()
            && let Content::Stream(stream) = std::mem::replace(&mut self.content, Content::Whole(None))
        {
            crate::listen::spawn(stream.finish());
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take()),
            Content::Replay(chunks) => Poll::Ready(chunks.next()),
            Content::Stream(stream) => stream.poll(cx),
        };
        if matches!(next, Poll::Ready(None)) {
            self.turn = None;
        }
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Content::Replay(chunks) => chunks.len() == 0,
            Content::Stream(stream) => stream.over,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Replay(_) | Content::Stream(_) => SizeHint::default(),
        }
    }
}
