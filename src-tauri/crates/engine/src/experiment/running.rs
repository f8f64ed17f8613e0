//! Experiments that run in this process, beside everything else.

use super::{Ended, RunOptions, invalid, run};
use crate::{
    inner::{Inner, Table},
    live::lock,
    tasks,
};
use domain::{ExperimentId, Failure, Millis, say};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use store::CellState;
use tokio_util::sync::CancellationToken;

/// How a run in this process goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// It goes on.
    pub running: bool,
    /// It was told to pause, and what is being answered comes to its end.
    pub pausing: bool,
    /// Cells that came to their end in this run.
    pub told: u32,
    /// About so much longer, as the cells so far let one think; `None` = it does not run, or none has ended yet.
    pub left: Option<Millis>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// Why it broke off.
    pub failure: Option<Failure>,
}

struct Going {
    pause: CancellationToken,
    began: Duration,
    told: u32,
    wanted: u32,
    ended: Option<Result<Ended, Failure>>,
}

/// Those that run or ran in this process.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<ExperimentId, Going>>);

impl Running {
    pub(super) fn pause(&self, id: ExperimentId) -> bool {
        let goings = lock(&self.0);
        let going = goings.get(&id).filter(|going| going.ended.is_none());
        going.inspect(|going| going.pause.cancel()).is_some()
    }

    /// One of them goes on.
    pub(crate) fn any(&self) -> bool {
        lock(&self.0).values().any(|going| going.ended.is_none())
    }

    pub(super) fn progress(&self, id: ExperimentId, now: Duration) -> Option<Progress> {
        let goings = lock(&self.0);
        let going = goings.get(&id)?;
        let running = going.ended.is_none();
        Some(Progress {
            running,
            pausing: running && going.pause.is_cancelled(),
            told: going.told,
            left: running.then(|| left(now.saturating_sub(going.began), going.told, going.wanted)).flatten(),
            ended: going.ended.as_ref().and_then(|ended| ended.as_ref().ok().copied()),
            failure: going.ended.as_ref().and_then(|ended| ended.as_ref().err().cloned()),
        })
    }
}

/// How much longer, when `told` of `wanted` took so long.
fn left(took: Duration, told: u32, wanted: u32) -> Option<Millis> {
    let each = took.as_millis().checked_div(u128::from(told))?;
    let rest = each.saturating_mul(u128::from(wanted.saturating_sub(told)));
    Some(Millis(u64::try_from(rest).unwrap_or(u64::MAX)))
}

/// Runs an experiment in a task of its own.
pub(super) async fn start(inner: &Arc<Inner>, id: ExperimentId, options: RunOptions) -> Result<(), Failure> {
    let open = inner
        .store
        .read(move |tx| {
            super::away::kept(tx, id)?;
            Ok(tx
                .cells(id)?
                .iter()
                .filter(|cell| is_open(cell.state, options.retry_failed, options.retry_uncertain))
                .count())
        })
        .await?;
    {
        let mut goings = lock(&inner.experiments.0);
        if goings.get(&id).is_some_and(|going| going.ended.is_none()) {
            return Err(invalid(say!("This experiment is running already.")));
        }
        let going = Going {
            pause: options.pause.clone(),
            began: inner.clock.elapsed(),
            told: 0,
            wanted: u32::try_from(open).unwrap_or(u32::MAX),
            ended: None,
        };
        goings.insert(id, going);
    }
    inner.changed(Table::Experiments);
    let inner = Arc::clone(inner);
    // Nobody waits for it: how it ended stands in its progress.
    drop(tasks::spawn(async move {
        let counted = Arc::clone(&inner);
        let told = move |_: &super::CellResult| {
            if let Some(going) = lock(&counted.experiments.0).get_mut(&id) {
                going.told = going.told.saturating_add(1);
            }
            counted.changed(Table::Experiments);
        };
        let ended = tasks::guarded(Box::pin(run(&inner, id, &options, &told))).await.and_then(|ended| ended);
        if let Some(going) = lock(&inner.experiments.0).get_mut(&id) {
            going.ended = Some(ended);
        }
        inner.changed(Table::Experiments);
    }));
    Ok(())
}

fn is_open(state: CellState, retry_failed: bool, retry_uncertain: bool) -> bool {
    match state {
        CellState::Queued | CellState::Running => true,
        CellState::Failed => retry_failed,
        CellState::Uncertain => retry_uncertain,
        CellState::Done => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_has_ended() {
        assert_eq!(left(Duration::from_secs(10), 0, 5), None);
        assert_eq!(left(Duration::from_secs(10), 2, 5), Some(Millis(15_000)));
        assert_eq!(left(Duration::from_secs(10), 7, 5), Some(Millis(0)));
    }
}
