//! A lane whose prompt was sent while an answer it is shown is still being written: it begins when that has
//! ended.

use crate::{
    context,
    frame::{WaitFor, Waiting},
    inner::Inner,
    lane::Job,
    mixer::{LaneMessage, News},
};
use domain::{Failure, RunId};
use std::{sync::Arc, time::Duration};
use store::Tx;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Another process does not tell us that its answer has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn unfinished(tx: &Tx<'_>, after: &[RunId]) -> Result<bool, Failure> {
    for run in after {
        if tx.run(*run)?.is_some_and(|run| !run.state.is_final()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The job with its request as it is to be sent. A Stop ends the wait; the lane then sends nothing.
pub(crate) async fn for_earlier(
    inner: &Arc<Inner>,
    mut job: Job,
    cancel: &CancellationToken,
    out: &mpsc::Sender<LaneMessage>,
) -> Result<Job, Failure> {
    if job.after.is_empty() {
        return Ok(job);
    }
    let waiting = Waiting { provider: String::new(), why: WaitFor::Earlier, ms: None, ahead: 0 };
    // The mixer hangs up only when the disk refuses; the lane finds that out by itself.
    let _ = out.send(LaneMessage { run: job.row.id, news: News::Waiting(waiting) }).await;
    loop {
        // Asked for before looking, so that an end in between is not missed.
        let ended = inner.live.ended.notified();
        let after = job.after.clone();
        if !inner.store.read(move |tx| unfinished(tx, &after)).await? {
            break;
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(job),
            () = ended => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
    let row = job.row.clone();
    job.request = Arc::new(inner.store.read(move |tx| context::request_of(tx, &row)).await?);
    Ok(job)
}
