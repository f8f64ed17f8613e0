//! One cell: asked, found again, or taken from an equal request.

use super::{CellResult, invalid};
use crate::{
    alone::{self, Alone},
    inner::Inner,
    mixer::Observer,
    result::{RunResult, total_cost},
    turn::{Listeners, Started},
    view,
};
use compare::experiment::{Answer, Check};
use domain::{
    ConversationId, Cost, ErrorKind, ExperimentId, Failure, Lane, Millis, Part, PicoUsd, RunId, RunState,
    StreamEvent,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::{CellRow, CellState, CheckFound, Tx};

/// Keeps the result of a run that is settled.
struct Keep(Arc<Mutex<Option<RunResult>>>);

impl Observer for Keep {
    fn events(&mut self, _: u32, _: RunId, _: &[StreamEvent]) {}

    fn ended(&mut self, result: &RunResult) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.clone());
    }
}

/// Asks one cell, or takes the answer to an equal request. `None` = somebody else has taken the cell, or it was
/// stopped before anything that costs had left and waits to be asked again.
pub(super) async fn one(
    inner: &Arc<Inner>,
    conversation: ConversationId,
    lanes: &BTreeMap<String, Lane>,
    cell: CellRow,
    reuse: bool,
) -> Result<Option<CellResult>, Failure> {
    if reuse && let Some(found) = reused(inner, &cell).await? {
        return Ok(Some(found));
    }
    let content = cell.content.clone();
    let prompt = inner.store.read(move |tx| tx.content(&content)).await?.map(|parts| view::plain(&parts));
    let prompt = prompt.ok_or_else(|| invalid("The prompt of a cell is gone."))?;
    let lane = lanes.get(&cell.label).ok_or_else(|| invalid("The models of this experiment are gone."))?;
    let result = Arc::new(Mutex::new(None));
    let listeners = Listeners { sink: None, observer: Some(Box::new(Keep(Arc::clone(&result)))) };
    let (id, position) = (cell.experiment, cell.position);
    let claimed = cell.clone();
    let alone = Alone {
        conversation,
        lane: Lane { target: cell.target.clone(), head: None, ..lane.clone() },
        prompt: prompt.clone(),
        claim: Box::new(move |tx: &mut Tx<'_>| tx.claim_cell(id, position)),
        recorded: Box::new(move |tx: &mut Tx<'_>, run| {
            tx.update_cell(&CellRow { state: CellState::Running, run: Some(run), ..claimed.clone() })
        }),
    };
    let Some(Started { view, done, .. }) = alone::start(inner, alone, listeners).await? else {
        return Ok(None);
    };
    let ended = done.await;
    let result = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut cell = CellRow { run: view.runs.first().map(|run| run.id), ..cell };
    let Some(result) = result.filter(|_| ended.is_ok()) else {
        cell.state = CellState::Failed;
        cell.failure = Some(Failure::new(ErrorKind::Bug, "The end of this cell's run was not told."));
        return finish(inner, cell, prompt, String::new(), None, None).await.map(Some);
    };
    if result.failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::BillingBudget)
        && result.attempts.is_empty()
    {
        // Nothing was sent: it waits for more money.
        cell.state = CellState::Queued;
        cell.run = None;
        return finish(inner, cell, prompt, String::new(), None, None).await.map(Some);
    }
    let text = result.draft.text();
    if result.state == RunState::Cancelled {
        if !result.attempts.iter().any(|attempt| !free(attempt.cost.as_ref())) {
            let queued = CellRow { state: CellState::Queued, run: None, ..cell };
            inner.store.write(move |tx| tx.update_cell(&queued)).await?;
            return Ok(None);
        }
        cell.state = CellState::Uncertain;
        cell.failure = Some(Failure::new(ErrorKind::Cancelled, STOPPED));
        return finish(inner, cell, prompt, text, Some(result.cost), result.duration).await.map(Some);
    }
    judge(&mut cell, result.state, result.failure.clone(), &text, result.cost.total, result.duration);
    finish(inner, cell, prompt, text, Some(result.cost), result.duration).await.map(Some)
}

/// What is asked again although it was asked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Again {
    /// What got no answer.
    pub failed: bool,
    /// What may have been billed without an answer.
    pub uncertain: bool,
}

/// What a settled run means for its cell.
fn judge(
    cell: &mut CellRow,
    state: RunState,
    failure: Option<Failure>,
    text: &str,
    cost: Option<PicoUsd>,
    took: Option<Millis>,
) {
    if state != RunState::Done {
        cell.state = CellState::Failed;
        cell.failure =
            Some(failure.unwrap_or_else(|| {
                Failure::new(ErrorKind::Cancelled, "The answer was stopped before its end.")
            }));
        return;
    }
    let answer = Answer { text, cost, took };
    let found = cell.checks.iter().map(|written| match Check::read(written) {
        Ok(check) => {
            let found = check.run(&answer);
            CheckFound { name: check.name, passed: found.passed, reason: found.reason }
        }
        Err(bad) => {
            let name = written["type"].as_str().unwrap_or_default().to_owned();
            CheckFound { name, passed: Some(false), reason: bad.to_string() }
        }
    });
    cell.found = Some(found.collect());
    cell.state = CellState::Done;
    cell.failure = None;
}

async fn finish(
    inner: &Arc<Inner>,
    row: CellRow,
    prompt: String,
    text: String,
    cost: Option<Cost>,
    took: Option<Millis>,
) -> Result<CellResult, Failure> {
    let stored = row.clone();
    inner.store.write(move |tx| tx.update_cell(&stored)).await?;
    Ok(CellResult { row, prompt, text, cost, took })
}

/// The answer to an equal request, checked by this cell's own checks; nothing is sent.
async fn reused(inner: &Arc<Inner>, cell: &CellRow) -> Result<Option<CellResult>, Failure> {
    let request = cell.request.clone();
    let Some(run) = inner.store.read(move |tx| tx.answered_before(&request)).await? else { return Ok(None) };
    let (id, position) = (cell.experiment, cell.position);
    if !inner.store.write(move |tx| tx.claim_cell(id, position)).await? {
        return Ok(None);
    }
    let row = CellRow { run: Some(run), reused: true, ..cell.clone() };
    let mut found = inner.store.read(move |tx| of_run(tx, row)).await?;
    let cost = found.cost.as_ref().and_then(|cost| cost.total);
    let (text, took) = (found.text.clone(), found.took);
    judge(&mut found.row, RunState::Done, None, &text, cost, took);
    let stored = found.row.clone();
    inner.store.write(move |tx| tx.update_cell(&stored)).await?;
    Ok(Some(found))
}

/// A cell with what its run left in the database.
pub(super) fn of_run(tx: &Tx<'_>, row: CellRow) -> Result<CellResult, Failure> {
    let prompt = tx.content(&row.content)?.map(|parts| view::plain(&parts)).unwrap_or_default();
    let run = match row.run {
        Some(run) => tx.run(run)?,
        None => None,
    };
    let Some(run) = run else {
        return Ok(CellResult { row, prompt, text: String::new(), cost: None, took: None });
    };
    let content = tx.message(run.message)?.map(|message| message.content);
    let parts = match content {
        Some(content) => tx.content(&content)?.unwrap_or_default(),
        None => Vec::new(),
    };
    let attempts = tx.attempts(run.id)?;
    let costs: Vec<Cost> =
        attempts.iter().map(|attempt| attempt.cost.clone().unwrap_or_else(Cost::unknown)).collect();
    let text: String = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    Ok(CellResult { row, prompt, text, cost: Some(total_cost(&costs)), took: run.duration })
}

/// What is said of a cell that was cut off.
const UNCERTAIN: &str = "Parallax ended while this was being answered. Whether the provider billed it is not known, so \
                         it is not asked again unless you say so.";

/// What is said of a cell that was stopped while this process went on.
const STOPPED: &str = "This was stopped while it was being answered. Whether the provider billed it is not known, so it \
                       is not asked again unless you say so.";

/// Surely nothing is billed for an attempt of this cost.
fn free(cost: Option<&Cost>) -> bool {
    cost.and_then(|cost| cost.total) == Some(PicoUsd::ZERO)
}

/// May the provider have billed something for this run? Only what nobody was asked for, and what is free, is surely
/// not.
fn perhaps_billed(tx: &Tx<'_>, run: RunId) -> Result<bool, Failure> {
    Ok(tx.attempts(run)?.iter().any(|attempt| !free(attempt.cost.as_ref())))
}

/// Puts right what an earlier process left: an answer that had come is taken, what was cut off before anything left is
/// asked again, and what may have been billed waits for the user's word.
pub(super) async fn settle_earlier(
    inner: &Arc<Inner>,
    id: ExperimentId,
    again: Again,
    told: &(dyn Fn(&CellResult) + Sync),
) -> Result<(), Failure> {
    let taken = inner
        .store
        .write(move |tx| {
            let mut taken = Vec::new();
            for mut row in tx.cells(id)? {
                if row.state == CellState::Failed && again.failed
                    || row.state == CellState::Uncertain && again.uncertain
                {
                    tx.update_cell(&CellRow { state: CellState::Queued, failure: None, ..row })?;
                    continue;
                }
                if row.state != CellState::Running {
                    continue;
                }
                let run = match row.run {
                    Some(run) => tx.run(run)?,
                    None => None,
                };
                match run.as_ref().map(|run| run.state) {
                    Some(RunState::Pending | RunState::Connecting | RunState::Streaming) => {
                        return Err(invalid(
                            "This experiment is being run by another Parallax: wait for it, or stop it first.",
                        ));
                    }
                    Some(state @ (RunState::Done | RunState::Failed)) => {
                        let failure = run.and_then(|run| run.failure);
                        let mut result = of_run(tx, row)?;
                        let cost = result.cost.as_ref().and_then(|cost| cost.total);
                        let (text, took) = (result.text.clone(), result.took);
                        judge(&mut result.row, state, failure, &text, cost, took);
                        tx.update_cell(&result.row)?;
                        taken.push(result);
                    }
                    Some(RunState::Cancelled | RunState::Interrupted)
                        if !again.uncertain && row.run.map_or(Ok(false), |run| perhaps_billed(tx, run))? =>
                    {
                        row.state = CellState::Uncertain;
                        row.failure = Some(Failure::new(ErrorKind::Cancelled, UNCERTAIN));
                        tx.update_cell(&row)?;
                        taken.push(of_run(tx, row)?);
                    }
                    Some(RunState::Cancelled | RunState::Interrupted) | None => {
                        row.state = CellState::Queued;
                        row.run = None;
                        tx.update_cell(&row)?;
                    }
                }
            }
            Ok(taken)
        })
        .await?;
    taken.iter().for_each(told);
    Ok(())
}
