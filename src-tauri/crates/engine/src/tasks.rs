//! The only place that spawns. A panic in one lane ends that lane, not the program.

use domain::{ErrorKind, Failure, say};
use futures_util::FutureExt as _;
use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::JoinHandle,
};

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
            return Failure::new(ErrorKind::Cancelled, say!("Parallax closed before this was done."));
        }
        Failure::new(
            ErrorKind::Bug,
            "Parallax made a mistake while reckoning. Try again, and please report it.",
        )
    })
}

/// Does work in the middle of a task. What takes `long` keeps no other task of this worker from running.
pub(crate) fn beside_others<T>(long: bool, work: impl FnOnce() -> T) -> T {
    let hands_over = || {
        Handle::try_current()
            .is_ok_and(|runtime| matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread))
    };
    if long && hands_over() { tokio::task::block_in_place(work) } else { work() }
}

/// Runs a future whose every step may take `long`.
pub(crate) async fn in_long_steps<T>(long: bool, task: impl Future<Output = T>) -> T {
    let mut task = pin!(task);
    poll_fn(|context| beside_others(long, || task.as_mut().poll(context))).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc::channel, time::Duration};
    use tokio::runtime::Builder;

    #[test]
    fn a_long_step_keeps_no_other_task_of_its_worker_waiting() {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (told, hears) = channel();
        let steps = runtime.block_on(async {
            let long = spawn(in_long_steps(true, async move {
                spawn(async move { told.send(()).unwrap() });
                hears.recv_timeout(Duration::from_secs(10))
            }));
            long.await.unwrap()
        });
        assert_eq!(steps, Ok(()), "the other ran while this one stood still");
    }

    #[tokio::test]
    async fn where_there_is_one_thread_alone_it_is_done_there() {
        assert_eq!(in_long_steps(true, async { 7 }).await, 7);
    }
}
