//! The answer to a read or write that is still on its way.

use domain::{ErrorKind, Failure};
use futures_channel::oneshot;
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
};

/// Await it, or [`Pending::wait`] for it. Dropping it does not stop the work.
#[must_use = "a write is known to be durable only once it has answered"]
pub struct Pending<T>(oneshot::Receiver<Result<T, Failure>>);

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Failure>>;

impl<T> Pending<T> {
    pub(crate) fn new() -> (Reply<T>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }

    /// Blocks the calling thread until the answer is here. Not for async code.
    pub fn wait(self) -> Result<T, Failure> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut this = pin!(self);
        loop {
            match this.as_mut().poll(&mut context) {
                Poll::Ready(answer) => return answer,
                // A wake-up between poll and park is not lost: park returns at once then.
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| {
            answer.unwrap_or_else(|_| Err(Failure::new(ErrorKind::Bug, "The database is closed.")))
        })
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
