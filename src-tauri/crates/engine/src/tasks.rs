//! The only place that spawns. A panic in one lane ends that lane, not the program.

use domain::{ErrorKind, Failure};
use futures_util::FutureExt as _;
use std::{future::Future, panic::AssertUnwindSafe};
use tokio::task::JoinHandle;

/// Spawns a task that belongs to the engine.
#[allow(clippy::disallowed_methods, reason = "every task starts here")]
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

/// Does work that takes long and waits for nothing, beside the tasks that answers wait for.
#[allow(clippy::disallowed_methods, reason = "every task starts here")]
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        if error.is_cancelled() {
            // The program ends, and what had not begun is left.
            return Failure::new(ErrorKind::Cancelled, "Parallax closed before this was done.");
        }
        Failure::new(
            ErrorKind::Bug,
            "Parallax made a mistake while reckoning. Try again, and please report it.",
        )
    })
}

/// Runs a future; a panic in it becomes a failure of kind `bug` whose text holds no payload, since a
/// panic message may quote content.
pub(crate) async fn guarded<T>(task: impl Future<Output = T>) -> Result<T, Failure> {
    AssertUnwindSafe(task).catch_unwind().await.map_err(|_| {
        Failure::new(
            ErrorKind::Bug,
            "Parallax made a mistake while handling this answer. What had arrived is kept; try again, and \
             please report it.",
        )
    })
}
