//! A lane whose task panicked: what it left is put in order from the store.

use crate::{
    inner::Inner,
    lane::Job,
    mixer::{Finished, LaneMessage, News, Settlement},
    result::{RunResult, total_cost},
    startup::{self, close_attempt, recover_in},
};
use domain::{Cost, Failure, RunState, Usage};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Ends a run whose task panicked: what had been committed stays.
pub(crate) async fn end(inner: Arc<Inner>, job: Job, failure: Failure, out: mpsc::Sender<LaneMessage>) {
    let run = job.row.id;
    // The journal holds every event that was shown. If it cannot be read now, the mixer still knows them.
    let read = inner.store.read(move |tx| {
        let attempts = tx.attempts(run)?;
        let open = attempts.iter().find(|row| row.outcome.is_none());
        let hold = open.map(|row| tx.hold(row.id)).transpose()?.flatten();
        Ok((tx.journal(run)?, attempts, hold))
    });
    let (chunks, mut attempts, hold) = read.await.unwrap_or_default();
    let draft = startup::replay(&chunks);
    let before = job.kept.as_ref().map_or(0, |kept| 1 + kept.draft.seams());
    let own = draft.piece(before + startup::settled(&attempts));
    let mut costs: Vec<Cost> = Vec::new();
    // Of two that were made beside each other nothing was shown; the first counts, as in the store.
    let open = attempts.iter().position(|row| row.outcome.is_none()).map(|place| attempts.remove(place));
    costs.extend(attempts.iter().map(|row| row.cost.clone().unwrap_or_else(Cost::unknown)));
    let mut usage_shown = Usage::default();
    if let Some(ended) =
        open.map(|row| close_attempt(&inner, row, &job.request, &own, hold.as_ref(), &failure))
    {
        usage_shown = ended.billed.unwrap_or_default();
        costs.push(ended.cost);
        attempts.push(ended.row);
    }
    let result = RunResult {
        run,
        position: job.row.position,
        target: job.row.target.clone(),
        state: RunState::Failed,
        notices: draft.notices.clone(),
        draft,
        failure: Some(failure.clone()),
        attempts,
        cost: total_cost(&costs),
        ttft: None,
        duration: None,
        usage_shown,
        continue_on: Vec::new(),
    };
    let write: Settlement =
        Arc::new(move |tx| recover_in(&inner, tx, run, &failure, RunState::Failed).map(|_| ()));
    let finished = Finished { result, write, abandoned: true };
    let _ = out.send(LaneMessage { run, news: News::End(Box::new(finished)) }).await;
}
