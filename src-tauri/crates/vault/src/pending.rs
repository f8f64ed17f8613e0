//! An answer that is on its way, for callers with and without an executor.

use domain::{ErrorKind, Failure};
use futures_channel::oneshot;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// An answer of the vault. Await it, or [`wait`](Self::wait) for it on a thread that may block.
/// Dropping it does not undo the call.
#[must_use = "a failure of the keychain would go unnoticed"]
pub struct Pending<T>(Inner<T>);

enum Inner<T> {
    Coming(oneshot::Receiver<Result<T, Failure>>),
    Here(Option<Result<T, Failure>>),
}

// Neither kind is ever pinned in place.
impl<T> Unpin for Pending<T> {}

impl<T> Pending<T> {
    pub(crate) fn coming(receiver: oneshot::Receiver<Result<T, Failure>>) -> Self {
        Self(Inner::Coming(receiver))
    }

    pub(crate) fn ready(answer: Result<T, Failure>) -> Self {
        Self(Inner::Here(Some(answer)))
    }

    /// Blocks until the answer is there. Never on a thread that runs an async executor.
    pub fn wait(self) -> Result<T, Failure> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut this = pin!(self);
        loop {
            match this.as_mut().poll(&mut context) {
                Poll::Ready(answer) => return answer,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Inner::Coming(receiver) => {
                Pin::new(receiver).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(gone())))
            }
            Inner::Here(answer) => Poll::Ready(answer.take().unwrap_or_else(|| Err(gone()))),
        }
    }
}

fn gone() -> Failure {
    Failure::new(ErrorKind::Bug, "The part of the program that keeps keys has stopped. Restart Parallax.")
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
